/** A whole world for the engine: fakes of every port, a clock that only moves when told, and the events that flew. */
import { problemsOf } from './documented-events.ts';
import type {
  Driver,
  Engine,
  FoundFile,
  ListedFile,
  ListedPage,
  Ports,
  Publication,
} from '../../shared/engine/ports.ts';
import { drive } from '../../shared/engine/drive.ts';
import type { Driven } from '../../shared/engine/drive.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import { parseDuration } from '../../shared/pipeline/duration.ts';
import type { Plan, Step } from '../../shared/pipeline/plan.ts';
import { DEFAULTS } from '../../shared/pipeline/schema.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { RunFile } from '../../shared/run/trigger.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { parseStatementName } from '../../shared/warehouse/statement-name.ts';
import type { Report } from './fake-warehouse.ts';
import { FakeWarehouse } from './fake-warehouse.ts';
import { MemoryRunStore } from './memory-run-store.ts';

/** Of a session between steps, where a pipeline says nothing else. */
export const KEEP_ALIVE_SECONDS = parseDuration(DEFAULTS.keepAlive) ?? 0;

const START = Date.parse('2026-11-24T08:00:00Z');

export class World {
  time = START;
  readonly store = new MemoryRunStore();
  readonly warehouse = new FakeWarehouse(() => this.time);
  readonly published: Publication[] = [];
  /** Queues that are to be looked at, and when. */
  readonly laters: { readonly pipeline: string; readonly seconds: number }[] = [];
  /** The texts of objects that are read: `bucket/key`. */
  readonly texts = new Map<string, string>();
  readonly artifacts = new Map<string, string>();
  readonly objects = new Map<string, FoundFile>();
  readonly logs: string[] = [];
  /** Totals. */
  readonly metered = new Map<string, number>();
  readonly ports: Ports;
  readonly plans: PlanCache;
  #invocations = 0;
  #chances = 0;

  constructor() {
    this.store.now = () => this.time;
    this.ports = {
      store: this.store,
      warehouse: this.warehouse,
      files: {
        find: async (bucket, key) => {
          this.warehouse.calls.push('head');
          return this.objects.get(`${bucket}/${key}`);
        },
        getArtifact: async (key) => this.artifacts.get(key),
        readStart: async (bucket, key) => {
          const text = this.texts.get(`${bucket}/${key}`);
          return text === undefined ? undefined : { text, isWhole: true };
        },
        read: async (bucket, key) => this.texts.get(`${bucket}/${key}`),
        list: async (bucket, prefix, after, limit) => this.#list(bucket, prefix, after, limit),
        putArtifact: async (key, body) => {
          this.artifacts.set(key, body);
        },
      },
      publisher: {
        publish: async (entries) => {
          const problems = entries.flatMap(problemsOf);
          if (problems.length > 0) throw new Error(`an event is not as documented: ${problems.join('; ')}`);
          this.published.push(...entries);
        },
      },
      later: async (pipeline, seconds) => {
        this.laters.push({ pipeline, seconds });
      },
      settings: {
        service: 'baton',
        stage: 'test',
        landingBucket: 'landing',
        artifactsBucket: 'artifacts',
        copyRole: 'default',
        historyDays: 400,
      },
      now: () => this.time,
      randomToken: () => {
        this.#chances += 1;
        return `${toLetters(this.#chances)}${'a'.repeat(42)}`;
      },
      randomFraction: () => 0.5,
      pause: async (ms) => {
        this.time += ms;
      },
      meter: (name, value) => {
        this.metered.set(name, (this.metered.get(name) ?? 0) + value);
      },
      log: (level, message) => {
        this.logs.push(`${level} ${message}`);
      },
    };
    this.plans = new PlanCache(this.store);
  }

  driver(): Driver {
    this.#invocations += 1;
    return { id: `invocation-${this.#invocations}`, remainingMs: () => 60_000 };
  }

  /** Of one more invocation. `today`: the plans that were deployed with it. */
  engine(today?: readonly Plan[]): Engine {
    const plans = today === undefined ? this.plans : new PlanCache(this.store, () => today);
    return { ...this.ports, plans, driver: this.driver() };
  }

  /** The run as it is stored; undefined: there is none. */
  run(runId: string): StoredRun | undefined {
    const run = this.store.runs.get(runId);
    return run && storedRun(run);
  }

  async drive(runId: string, event: RunEvent = { kind: 'Woken' }): Promise<Driven> {
    return drive(runId, event, this.engine());
  }

  /** The warehouse ends the running statement; gives the completion event, not yet delivered. */
  end(
    status: 'FINISHED' | 'FAILED' | 'ABORTED' = 'FINISHED',
    detail: Report = {},
  ): { runId: string; event: RunEvent } {
    const running = this.warehouse.running();
    if (running?.name === undefined) throw new Error('nothing is running');
    const statement = this.warehouse.end(running.id, status, detail);
    const identity = parseStatementName(running.name);
    if (identity === undefined) throw new Error(`name ${running.name} is not ours`);
    return {
      runId: identity.runId,
      event: {
        kind: 'StatementEnded',
        tokenStart: identity.tokenStart,
        statementId: statement.id,
        status,
        at: new Date(this.time).toISOString(),
        rows: statement.rows[0] ?? 0,
        trusted: true,
      },
    };
  }

  /** Ends the running statement and delivers its event. */
  async finish(status: 'FINISHED' | 'FAILED' | 'ABORTED' = 'FINISHED', detail: Report = {}): Promise<Driven> {
    const { runId, event } = this.end(status, detail);
    return this.drive(runId, event);
  }

  #list(bucket: string, prefix: string, after: string | undefined, limit: number): ListedPage {
    const bytes = (text: string): Buffer => Buffer.from(text);
    const found = [...this.objects.values()]
      .filter((file) => file.bucket === bucket && file.key.startsWith(prefix))
      .filter(({ key }) => after === undefined || Buffer.compare(bytes(key), bytes(after)) > 0)
      .sort((a, b) => Buffer.compare(bytes(a.key), bytes(b.key)));
    const files = found.slice(0, limit).map((file) => listed(file));
    const last = files.at(-1)?.key;
    const at = new Date(Math.floor(this.time / 1000) * 1000).toISOString();
    return { files, isLast: found.length <= limit, at, ...(last === undefined ? {} : { last }) };
  }

  put(file: RunFile, modified = new Date(this.time).toISOString()): void {
    this.objects.set(`${file.bucket}/${file.key}`, { ...file, modified });
  }

  types(): string[] {
    return this.published.filter((entry) => entry.source === 'baton').map((entry) => entry.type);
  }
}

/** As a listing shows it: without a sequencer. */
function listed({ bucket, key, size, etag, versionId = 'null', modified = '' }: FoundFile): ListedFile {
  return { bucket, key, size, etag, versionId, modified };
}

/** Ten letters, another ten for each number. */
function toLetters(n: number): string {
  let text = '';
  for (let left = n, i = 0; i < 10; i += 1, left = Math.floor(left / 10))
    text = LETTERS.charAt(left % 10) + text;
  return text;
}

const LETTERS = 'abcdefghij';

/** Touches nothing, but what is said. */
export function lineageOf(more: Partial<Step['lineage']>): Step['lineage'] {
  return {
    createsTemp: [],
    readsTemp: [],
    writesTemp: [],
    reads: [],
    writes: [],
    setsSession: false,
    deterministic: true,
    ...more,
  };
}

/** A plan of steps made by hand. */
export function planOf(steps: readonly Partial<Step>[], more: Partial<Plan> = {}): Plan {
  const full = steps.map((step, i): Step => {
    const name = step.name ?? `${i + 1}0_step.sql`;
    return {
      kind: 'session',
      statements: [{ parts: [`SELECT ${i}`] }],
      send: step.kind === 'durable' ? 'transaction' : 'single',
      timeoutSeconds: 3600,
      retry: { attempts: 3, baseSeconds: 5, maxSeconds: 300 },
      idempotent: false,
      repeatable: false,
      lineage: lineageOf({}),
      usesFile: false,
      usesManifest: false,
      conflictRetry: true,
      hash: `hash-${name}`,
      ...step,
      name,
    };
  });
  return {
    schema: 2,
    pipeline: 'orders',
    description: '',
    triggers: [{ kind: 's3', prefix: 'orders/', suffix: '.csv' }],
    steps: full,
    session: { keepAliveSeconds: KEEP_ALIVE_SECONDS, set: {} },
    parameters: [],
    concurrency: 1,
    onFailure: 'hold',
    onReplay: 'resume',
    timeoutSeconds: 43_200,
    grade: 'A',
    hash: `plan-${full.map((step) => step.hash).join('+')}`,
    ...more,
  };
}

export function fileOf(key: string, more: Partial<RunFile> = {}): RunFile {
  return { bucket: 'landing', key, size: 10, etag: `etag-of-${key}`, sequencer: '0001', ...more };
}
