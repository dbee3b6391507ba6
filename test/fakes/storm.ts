/** Many files at once into a pipeline with slots for several, in simulated time: how long it takes, how many slots are in use. */
import './lazy-modules.ts';
import { admit } from '../../shared/engine/admit.ts';
import { drive } from '../../shared/engine/drive.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import type { Engine, Ports } from '../../shared/engine/ports.ts';
import { startAll } from '../../shared/engine/start-all.ts';
import { driveTaken } from '../../shared/engine/taken.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import { parseWakeUp } from '../../shared/events/statement-ended.ts';
import type { ObjectCreated } from '../../shared/events/object-created.ts';
import { without } from '../../shared/run/decision.ts';
import type { Run } from '../../shared/run/run.ts';
import { isActive } from '../../shared/run/run.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { parseStatementName } from '../../shared/warehouse/statement-name.ts';
import type { FakeStatement } from './fake-warehouse.ts';
import { MemoryRunStore } from './memory-run-store.ts';
import { Timeline } from './timeline.ts';
import { fileOf, planOf, World } from './world.ts';

/** In ms, about as on AWS. */
const STORE_MS = 8;
const WAREHOUSE_MS = 45;
const WAKE_MS = 120;
const STATEMENT_MS = 3_000;
export const SWEEP_MS = 60_000;
/** Messages that start-run gets at a time. */
const BATCH = 10;

/** Calls that read an index. */
const INDEXED: ReadonlySet<string> = new Set(['findQueued', 'findWaitingPipelines', 'countQueued']);

export interface Conditions {
  readonly files: number;
  readonly concurrency: number;
  /** Completion events come so late, in ms. */
  readonly eventMs: number;
  /** The index of waiting runs is so far behind, in ms. */
  readonly lagMs?: number;
  /** For so long from the start every second call of the table is throttled, in ms. */
  readonly throttledMs?: number;
  /** No wake-up arrives at all. */
  readonly wakesLost?: boolean;
}

export interface Outcome {
  /** From the first file to the end of the last run, in ms. */
  readonly ms: number;
  readonly wakes: number;
  /** Of these, how many changed nothing. */
  readonly inVain: number;
  /** The most runs that went on at once. */
  readonly most: number;
  /** How many runs were active on average while files waited, from the moment when all slots were in use. */
  readonly busy: number;
}

class Stage {
  readonly #world = new World();
  readonly #timeline = new Timeline(this.#world.time);
  readonly #conditions: Conditions;
  /** Of every invocation, but for its driver. */
  readonly #engine: Omit<Engine, 'driver'>;
  readonly #past: { readonly at: number; readonly runs: ReadonlyMap<string, Run> }[] = [];
  #calls = 0;
  #drivers = 0;
  #wakes = 0;
  #inVain = 0;
  #most = 0;
  /** Since all slots were in use. */
  readonly #use: { at: number; active: number; waiting: boolean }[] = [];

  constructor(conditions: Conditions) {
    this.#conditions = conditions;
    const plan = planOf(
      [{ name: '10_stage.sql' }, { name: '20_load.sql' }, { name: '30_commit.sql', kind: 'durable' }],
      {
        concurrency: conditions.concurrency,
      },
    );
    const plans = new PlanCache(this.#world.store, () => [plan]);
    this.#engine = { ...this.#portsOf(), plans };
    const { store, warehouse } = this.#world;
    warehouse.observer = {
      started: (statement) => {
        this.#timeline.at(STATEMENT_MS, () => warehouse.end(statement.id, 'FINISHED'));
      },
      takesEffect: () => ({}),
      ended: (statement) => {
        if (statement.name !== undefined)
          this.#timeline.at(conditions.eventMs, () => this.#deliver(statement));
      },
      expired: () => undefined,
    };
    store.stored = () => {
      const runs = new Map(store.runs);
      this.#past.push({ at: this.#timeline.now, runs });
      const active = [...runs.values()].filter(isActive);
      this.#most = Math.max(this.#most, active.length);
      const waiting = [...runs.values()].some(({ life }) => life.state === 'QUEUED');
      if (this.#use.length > 0 || active.length === conditions.concurrency)
        this.#use.push({ at: this.#timeline.now, active: active.length, waiting });
    };
    const arrivals = Array.from({ length: conditions.files }, (_, i) => {
      const file = fileOf(`orders/${String(i).padStart(3, '0')}.csv`);
      this.#world.put(file);
      return { file, time: new Date(this.#timeline.now + i).toISOString() };
    });
    for (let i = 0; i < arrivals.length; i += BATCH) this.#deliverFiles(arrivals.slice(i, i + BATCH));
    this.#sweepLater();
  }

  async run(): Promise<Outcome> {
    const start = this.#timeline.now;
    await this.#timeline.run(start + 3_600_000);
    const runs = [...this.#world.store.runs.values()].map(storedRun);
    const unfinished = this.#conditions.files - runs.filter(({ state }) => state === 'SUCCEEDED').length;
    if (unfinished > 0) throw new Error(`${unfinished} runs have not succeeded within an hour`);
    const ended = Math.max(...runs.map(({ endedAt }) => Date.parse(endedAt ?? '')));
    return {
      ms: ended - start,
      wakes: this.#wakes,
      inVain: this.#inVain,
      most: this.#most,
      busy: this.#busy(),
    };
  }

  /** The queue delivers what failed again. */
  #deliverFiles(arrivals: readonly ObjectCreated[]): void {
    this.#begin(async (engine) => {
      for (let left = arrivals, tries = 0; left.length > 0; tries += 1) {
        const outcomes = await startAll(
          left.map((one) => (into) => admit(one, into)),
          engine,
        );
        left = left.filter((_, i) => outcomes[i]?.status === 'rejected');
        if (tries > 100) throw new Error('the table stays throttled');
        if (left.length > 0) await this.#timeline.sleep(1_000);
      }
    });
  }

  #busy(): number {
    let [time, sum] = [0, 0];
    for (const [i, { at, active, waiting }] of this.#use.entries()) {
      const until = this.#use[i + 1]?.at ?? at;
      if (!waiting) continue;
      time += until - at;
      sum += active * (until - at);
    }
    return sum / time;
  }

  #isOver(): boolean {
    const runs = [...this.#world.store.runs.values()].map(storedRun);
    return (
      runs.length === this.#conditions.files &&
      runs.every((run) => run.state === 'SUCCEEDED' && run.pendingActions === undefined)
    );
  }

  #sweepLater(): void {
    this.#timeline.at(SWEEP_MS, () => {
      if (this.#isOver()) return;
      this.#begin((engine) => sweep(without(engine, 'taken')));
      this.#sweepLater();
    });
  }

  /** An invocation; an error ends it, and its event comes no second time. */
  #begin(work: (engine: Engine) => Promise<unknown>): void {
    this.#drivers += 1;
    const endsAt = this.#timeline.now + 60_000;
    const driver = { id: `driver-${this.#drivers}`, remainingMs: () => endsAt - this.#timeline.now };
    const engine = { ...this.#engine, driver, taken: [] };
    work(engine)
      .then(() => driveTaken(engine))
      .catch(() => undefined);
  }

  #deliver({ id, name, status, rows }: FakeStatement): void {
    const identity = parseStatementName(name ?? '');
    if (identity === undefined || status === 'RUNNING') return;
    const event: RunEvent = {
      kind: 'StatementEnded',
      tokenStart: identity.tokenStart,
      statementId: id,
      status,
      at: new Date(this.#timeline.now).toISOString(),
      rows: rows[0] ?? 0,
      trusted: true,
    };
    this.#begin((engine) => drive(identity.runId, event, engine));
  }

  #wake(runId: string, event: RunEvent): void {
    this.#wakes += 1;
    if (this.#conditions.wakesLost === true) return;
    this.#timeline.at(WAKE_MS, () => {
      const before = this.#world.store.runs.get(runId);
      this.#begin(async (engine) => {
        await drive(runId, event, engine);
        if (this.#world.store.runs.get(runId)?.version === before?.version) this.#inVain += 1;
      });
    });
  }

  #portsOf(): Ports {
    const { ports, store, warehouse } = this.#world;
    const slow = <T extends object>(port: T, ms: number, isTable: boolean): T =>
      new Proxy(port, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== 'function') return method;
          return async (...parameters: unknown[]): Promise<unknown> => {
            await this.#timeline.sleep(ms);
            this.#calls += 1;
            if (isTable && this.#isThrottled()) throw new Error('ThrottlingException');
            this.#world.time = this.#timeline.now;
            const on = INDEXED.has(String(name)) ? this.#index() : target;
            return method.apply(on, parameters) as unknown;
          };
        },
      });
    return {
      ...ports,
      store: slow(store, STORE_MS, true),
      warehouse: slow(warehouse, WAREHOUSE_MS, false),
      publisher: {
        publish: async (entries) => {
          await this.#timeline.sleep(STORE_MS);
          for (const { source, type, detail } of entries) {
            const read = parseWakeUp({ source, 'detail-type': type, detail }, 'test', 'a role');
            if ('runId' in read) this.#wake(read.runId, read.event);
          }
        },
      },
      now: () => this.#timeline.now,
      pause: (ms) => this.#timeline.sleep(ms),
    };
  }

  #isThrottled(): boolean {
    const since = this.#timeline.now - Date.parse('2026-11-24T08:00:00Z');
    return since < (this.#conditions.throttledMs ?? 0) && this.#calls % 2 === 0;
  }

  /** The runs as they were a while ago. */
  #index(): MemoryRunStore {
    const { lagMs = 0 } = this.#conditions;
    const store = new MemoryRunStore();
    const at = this.#timeline.now - lagMs;
    const then =
      lagMs === 0
        ? this.#world.store.runs
        : (this.#past.findLast((one) => one.at <= at)?.runs ?? new Map<string, Run>());
    for (const [id, run] of then) store.runs.set(id, run);
    return store;
  }
}

export async function stormOf(conditions: Conditions): Promise<Outcome> {
  return new Stage(conditions).run();
}
