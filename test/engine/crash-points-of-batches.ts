/**
 * A batch whose driver is killed at given calls. A lone file runs first and four files wait meanwhile, one of them a newer
 * upload of another's key: these go into one batch. Then a file is bad, or overwritten, or somebody cancels the batch or a
 * file of it. Whatever the points: the sweep alone brings every file to exactly one end, and no slot stays taken.
 */
import { admit } from '../../shared/engine/admit.ts';
import { drive } from '../../shared/engine/drive.ts';
import { operate } from '../../shared/engine/operate.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import { startAll } from '../../shared/engine/start-all.ts';
import { driveTaken } from '../../shared/engine/taken.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { OperateRequest } from '../../shared/events/requests.ts';
import { isAtEnd, isAtRest } from '../../shared/run/run.ts';
import type { Run } from '../../shared/run/run.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { RunStore } from '../../shared/store/run-store.ts';
import type { CrashPoint } from '../fakes/crash.ts';
import { CrashingPorts, Killed } from '../fakes/crash.ts';
import { LoadedFiles } from '../fakes/loaded-files.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';
import { call, commit, load, stage } from '../sim/sample-steps.ts';

export const batchStories = [
  'files in a batch',
  'a bad file is set aside',
  'a bad file is taken out by a person',
  'a file is overwritten before the load',
  'a file is overwritten during the load',
  'the batch is cancelled in GATHER',
  'the batch is cancelled in MARK',
  'the batch is cancelled when SEALED',
  'the batch is cancelled while a file leaves it',
  'a file is cancelled when it is listed',
] as const;

export type BatchStory = (typeof batchStories)[number];

const batch = { files: 500, bytes: 1_000_000, waitSeconds: 0 };

const ISOLATES: readonly BatchStory[] = [
  'a bad file is set aside',
  'the batch is cancelled while a file leaves it',
];

const HAS_BAD_FILE: ReadonlySet<BatchStory> = new Set([...ISOLATES, 'a bad file is taken out by a person']);

const BAD = 'orders/b.csv';

/** Minutes after which every run must have come to its end. */
const LONGEST = 90;

/** What became of a file. */
type End = 'alone' | 'batch' | 'SUPERSEDED' | 'FAILED' | 'CANCELLED' | 'cancelled batch';

/** The files in the order of their events; the number is the upload of the key. */
const FILES = ['orders/first.csv 1', 'orders/a.csv 1', 'orders/b.csv 1', 'orders/a.csv 2', 'orders/c.csv 1'];

const ALL_LOADED: Readonly<Record<string, readonly End[]>> = {
  'orders/first.csv 1': ['alone'],
  'orders/a.csv 1': ['SUPERSEDED'],
  'orders/b.csv 1': ['batch'],
  'orders/a.csv 2': ['batch'],
  'orders/c.csv 1': ['batch'],
};

const OVERWRITTEN: Readonly<Record<string, readonly End[]>> = {
  ...ALL_LOADED,
  // The event of the newer upload comes before the files are compared, or after it.
  'orders/c.csv 1': ['SUPERSEDED', 'FAILED'],
  'orders/c.csv 2': ['alone'],
};

/** The one end of each file; where a person's request may come too late, the ends that are then right. */
const ENDS: Readonly<Record<BatchStory, Readonly<Record<string, readonly End[]>>>> = {
  'files in a batch': ALL_LOADED,
  'a bad file is set aside': { ...ALL_LOADED, 'orders/b.csv 1': ['FAILED'] },
  'a bad file is taken out by a person': { ...ALL_LOADED, 'orders/b.csv 1': ['FAILED'] },
  'a file is overwritten before the load': OVERWRITTEN,
  'a file is overwritten during the load': OVERWRITTEN,
  'the batch is cancelled in GATHER': {
    ...ALL_LOADED,
    // The oldest goes alone, and its object is a newer upload; the others make a batch of their own.
    'orders/a.csv 1': ['SUPERSEDED', 'FAILED'],
  },
  'the batch is cancelled in MARK': cancelled(),
  'the batch is cancelled when SEALED': cancelled(),
  'the batch is cancelled while a file leaves it': { ...cancelled(), 'orders/b.csv 1': ['FAILED'] },
  'a file is cancelled when it is listed': { ...ALL_LOADED, 'orders/b.csv 1': ['CANCELLED', 'batch'] },
};

function cancelled(): Readonly<Record<string, readonly End[]>> {
  const end: readonly End[] = ['cancelled batch'];
  return { ...ALL_LOADED, 'orders/b.csv 1': end, 'orders/a.csv 2': end, 'orders/c.csv 1': end };
}

export class BatchTelling {
  readonly #story: BatchStory;
  readonly #eventsAreLost: boolean;
  readonly #world = new World();
  readonly #loaded = new LoadedFiles(this.#world);
  readonly #crashing: CrashingPorts;
  readonly #plans: PlanCache;
  readonly #runs = new Map<string, string>();
  /** Events of files that are not delivered yet. */
  readonly #uploads: { readonly name: string; readonly time: string }[] = [];
  #requestIsDue = true;
  #isActing = false;
  #isOverwritten = false;

  constructor(story: BatchStory, eventsAreLost: boolean, points: readonly CrashPoint[]) {
    this.#story = story;
    this.#eventsAreLost = eventsAreLost;
    this.#crashing = new CrashingPorts(this.#world, points);
    const plan = planOf([stage, load, commit('30_commit.sql', 'dim', 'stage'), call({ idempotent: true })], {
      triggers: [{ kind: 's3', prefix: 'orders/', suffix: '.csv', batch }],
      ...(ISOLATES.includes(story) ? { isolateFiles: 10 } : {}),
    });
    this.#plans = new PlanCache(this.#crashing.ports.store, () => [plan]);
    this.#world.warehouse.results.push({
      match: 'sys_load_error_detail',
      columns: [],
      rows: [[`s3://landing/${BAD}`, '3', 'id', 'int4', 'Invalid digit']],
    });
    this.#world.store.stored = (next) => {
      if (story === 'a file is overwritten before the load' && isSealed(next)) this.#overwrite();
    };
  }

  #engine(): Engine {
    const store = this.#acting(this.#crashing.ports.store);
    return { ...this.#crashing.ports, store, plans: this.#plans, driver: this.#world.driver(), taken: [] };
  }

  /** A person acts between two calls of a driver. */
  #acting(store: RunStore): RunStore {
    return new Proxy(store, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        const method = member as (...parameters: unknown[]) => Promise<unknown>;
        return async (...parameters: unknown[]) => {
          await this.#act();
          return method.apply(target, parameters);
        };
      },
    });
  }

  get calls(): readonly string[] {
    return this.#crashing.calls;
  }

  async run(): Promise<void> {
    const [first = '', ...others] = FILES;
    this.#upload(first);
    await this.#deliver();
    for (let minute = 0; minute < LONGEST && this.#world.warehouse.running() === undefined; minute += 1) {
      this.#world.time += 100_000;
      await this.#survive(() => sweep(this.#engine()));
    }
    for (const name of others) this.#upload(name);
    await this.#deliver();
    for (let minute = 0; minute < LONGEST && !this.#isOver(); minute += 1) {
      await this.#act();
      const ended = this.#endStatement();
      if (ended !== undefined && !this.#eventsAreLost)
        await this.#survive(async () => {
          const engine = this.#engine();
          await drive(ended.runId, ended.event, engine);
          await driveTaken(engine);
        });
      await this.#deliver();
      if (this.#eventsAreLost || this.#world.warehouse.running() === undefined) {
        this.#world.time += 100_000;
        await this.#survive(() => sweep(this.#engine()));
      }
    }
  }

  #upload(name: string): void {
    const file = fileOfName(name);
    this.#world.put(file);
    this.#uploads.push({ name, time: new Date(this.#world.time + this.#uploads.length).toISOString() });
  }

  #overwrite(): void {
    if (this.#isOverwritten) return;
    this.#isOverwritten = true;
    this.#upload('orders/c.csv 2');
  }

  /** The queue delivers an event until it was taken without an error. */
  async #deliver(): Promise<void> {
    for (const { name, time } of this.#uploads) {
      for (let delivery = 0; delivery < 4 && !this.#runs.has(name); delivery += 1) {
        await this.#survive(async () => {
          const arrival = { file: fileOfName(name), time };
          const engine = this.#engine();
          const [outcome] = await startAll([(into) => admit(arrival, into)], engine);
          if (outcome?.status === 'rejected') throw outcome.reason;
          this.#runs.set(name, outcome?.value[0]?.run.id ?? '');
          await driveTaken(engine);
        });
      }
    }
  }

  /** A load that names the bad file fails; so does one whose file is overwritten while it runs, later. */
  #endStatement(): { runId: string; event: RunEvent } | undefined {
    const running = this.#world.warehouse.running();
    if (running?.name === undefined) return undefined;
    const files = this.#loaded.filesOf(running);
    if (this.#story === 'a file is overwritten during the load' && files.length > 1) this.#overwrite();
    return HAS_BAD_FILE.has(this.#story) && files.includes(`landing/${BAD}`)
      ? this.#world.end('FAILED', { error: "ERROR: Load into table 'stage' failed. Check stl_load_errors" })
      : this.#world.end();
  }

  #batches(): Run[] {
    return [...this.#world.store.runs.values()].filter(({ trigger }) => trigger.kind === 'batch');
  }

  /** The request of a person that is due now, if any. */
  #due(): OperateRequest | undefined {
    const [run] = this.#batches();
    if (run === undefined) return undefined;
    const phase = run.batch?.phase;
    const ask = { requestId: 'request', actor: 'me' };
    const isActive = run.life.state === 'RUNNING' || run.life.state === 'WAITING';
    const cancel = { verb: 'cancel' as const, ...ask, runId: run.id };
    switch (this.#story) {
      case 'the batch is cancelled in GATHER':
        return isActive && phase === 'GATHER' ? cancel : undefined;
      case 'the batch is cancelled in MARK':
        return isActive && phase === 'MARK' ? cancel : undefined;
      case 'the batch is cancelled when SEALED':
        return isActive && phase === 'SEALED' ? cancel : undefined;
      case 'the batch is cancelled while a file leaves it':
        return isActive && run.batch?.phase === 'SEALED' && run.batch.leaving.length > 0 ? cancel : undefined;
      case 'a file is cancelled when it is listed': {
        const file = this.#run(`${BAD} 1`);
        return phase === 'MARK' && file?.life.state === 'QUEUED' ? { ...cancel, runId: file.id } : undefined;
      }
      case 'a bad file is taken out by a person':
        return run.life.state === 'FAILED' && run.life.pendingActions.length === 0
          ? { verb: 'resume', ...ask, runId: run.id, without: [BAD] }
          : undefined;
      default:
        return undefined;
    }
  }

  /** A person asks until there is an answer. */
  async #act(): Promise<void> {
    if (this.#isActing || !this.#requestIsDue) return;
    this.#isActing = true;
    try {
      for (let i = 0; i < 4 && this.#requestIsDue; i += 1) {
        const request = this.#due();
        if (request === undefined) return;
        await this.#survive(async () => {
          await operate(request, this.#engine());
          this.#requestIsDue = false;
        });
      }
    } finally {
      this.#isActing = false;
    }
  }

  async #survive(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  #run(name: string): Run | undefined {
    return this.#world.store.runs.get(this.#runs.get(name) ?? '');
  }

  /** A file that was set aside stays FAILED. */
  #isOver(): boolean {
    return [...this.#world.store.runs.values()].every(
      (run) =>
        isAtRest(run) &&
        run.life.pendingActions.length === 0 &&
        (run.trigger.kind !== 'batch' || isAtEnd(run)),
    );
  }

  check(): void {
    const { store, warehouse } = this.#world;
    const runs = [...store.runs.values()];
    for (const run of runs)
      demand(
        isAtRest(run) && run.life.pendingActions.length === 0,
        `${run.id} is ${run.life.state}, and something is still to be done`,
      );
    demand(Object.keys(store.pools.get('orders')?.holders ?? {}).length === 0, 'a slot was not released');
    demand(warehouse.running() === undefined, 'a statement runs on');
    for (const [name, ends] of Object.entries(ENDS[this.#story])) {
      const end = this.#endOf(name);
      demand(ends.includes(end), `${name} ended as ${end}; expected ${ends.join(' or ')}`);
    }
  }

  #endOf(name: string): End {
    const run = this.#run(name);
    if (run === undefined) throw new Error(`${name} has no run`);
    const loadedBy = this.#loaded.runsThatLoaded(fileOfName(name));
    const [by, ...others] = loadedBy;
    demand(others.length === 0, `${name} was loaded by ${loadedBy.join(' and ')}`);
    const { life } = run;
    if (life.state === 'ABSORBED') {
      const into = this.#world.store.runs.get(life.into);
      if (into?.life.state === 'SUCCEEDED') {
        demand(by === into.id, `${name} is in batch ${into.id}, and was loaded by ${by ?? 'no run'}`);
        return 'batch';
      }
      demand(into?.life.state === 'CANCELLED', `${name} is in a batch that is ${into?.life.state ?? 'gone'}`);
      demand(by === undefined, `${name} was loaded, and its batch is cancelled`);
      return 'cancelled batch';
    }
    if (life.state === 'SUCCEEDED') {
      demand(by === run.id, `${name} SUCCEEDED, and was loaded by ${by ?? 'no run'}`);
      return 'alone';
    }
    demand(by === undefined, `${name} is ${life.state}, and was loaded by ${by ?? ''}`);
    return life.state as End;
  }
}

function isSealed({ batch: files }: Run): boolean {
  return files?.phase === 'SEALED';
}

function fileOfName(name: string) {
  const [key = '', upload = ''] = name.split(' ');
  return fileOf(key, { sequencer: `000${upload}`, etag: `etag-of-${name}` });
}

function demand(holds: boolean, rule: string): void {
  if (!holds) throw new Error(rule);
}
