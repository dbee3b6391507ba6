/** The world of one schedule, its drivers, and what is under way between them: events, arrivals, the time. */
import { messageOf } from '../../shared/errors.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import type { Engine, Ports, Publication } from '../../shared/engine/ports.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { parseWakeUp, type WakeUp } from '../../shared/events/statement-ended.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import { listOf } from '../../shared/run/batch.ts';
import type { Listed, Run } from '../../shared/run/run.ts';
import { isBesideQueue, underwayOf } from '../../shared/run/run.ts';
import type { RunFile } from '../../shared/run/trigger.ts';
import type { RunStore } from '../../shared/store/run-store.ts';
import { Killed } from '../fakes/crash.ts';
import type { FakeStatement } from '../fakes/fake-warehouse.ts';
import { problemsOf } from '../fakes/documented-events.ts';
import { fileOf, World } from '../fakes/world.ts';
import { Broken } from './broken.ts';
import { CallFaults, Injected } from './call-faults.ts';
import type { Tally } from './fault-kinds.ts';
import { count } from './fault-kinds.ts';
import type { SimDriver, Through } from './gates.ts';
import { Gates, guards, settle, settleLong } from './gates.ts';
import type { ByHand } from './invariants.ts';
import { Watch } from './invariants.ts';
import { mayNeedPerson, simulatedPlanOf } from './plans.ts';
import { Random } from './random.ts';
import type { Swarm } from './swarm.ts';
import { untruthOf } from './untruth.ts';
import { MOST_SKEW_MS, swarmOf } from './swarm.ts';
import { CHECK, WarehouseData } from './warehouse-data.ts';

export interface Arrival {
  readonly file: RunFile;
  readonly time: string;
  readonly replayName?: string;
  /** Delivered at least once, or lost. */
  delivered: boolean;
  /** Its event never came: only a backfill can admit it. */
  readonly isLost: boolean;
}

/** A completion event under way. */
export interface Pending {
  readonly statement: FakeStatement;
  readonly since: number;
  readonly number: number;
}

/** A Lambda sandbox: what it has read once it knows, as long as it lives. */
interface Sandbox {
  store: Pick<RunStore, 'loadPlan' | 'putPlan'>;
  readonly plans: PlanCache;
}

export type Work = (engine: Engine) => Promise<unknown>;

const MINUTE = 60_000;

/** Where none of these fired, no run may fail. */
const REASONS_TO_FAIL = [
  'statement failed',
  'check failed',
  'statement stopped outside Baton',
  'error that names its statement',
  'file overwritten',
  'file put back',
  'file deleted',
  'bad file',
  // The run's time is up, or its step's.
  'hours without anybody',
];

export class Stage {
  readonly random: Random;
  readonly swarm: Swarm;
  readonly world = new World();
  readonly gates = new Gates();
  readonly tally: Tally = {};
  readonly broken = new Broken();
  readonly data: WarehouseData;
  readonly watch: Watch;
  readonly byHand: ByHand = { poolDeleted: false, historyDeleted: false, runsDeleted: new Map() };
  readonly calls: CallFaults;
  readonly arrivals: Arrival[] = [];
  /** Runs that a person started, not a file. */
  readonly requested = new Set<string>();
  readonly events: Pending[] = [];
  readonly wakes: Extract<WakeUp, { runId: string }>[] = [];
  /** `<run> <state>`: what was told to the world. */
  readonly published = new Set<string>();
  readonly #messages = new Map<string, string>();
  readonly atWork = new Set<SimDriver>();
  today: Plan;
  /** No more faults. */
  quiet = false;
  /** Counts what happens to runs and statements. */
  changes = 0;
  /** Until then every call of the warehouse is refused. */
  pausedUntil = 0;
  readonly #free: Sandbox[] = [];
  #drivers = 0;
  #ended = 0;
  #unexpected: unknown;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.swarm = swarmOf(this.random);
    this.today = simulatedPlanOf(this.swarm.shaped, 1);
    const { world } = this;
    const { store, warehouse } = world;
    this.data = new WarehouseData(world.objects, world.artifacts, this.broken);
    this.data.oneAtATime = this.today.concurrency === 1;
    this.watch = new Watch(world, this.data, this.broken, this.byHand, {
      mayNeedPerson: mayNeedPerson(this.swarm.shaped.shape),
      mayFail: () => REASONS_TO_FAIL.some((kind) => this.tally[kind] !== undefined),
    });
    this.calls = new CallFaults(this);
    warehouse.observer = {
      started: (statement) => {
        this.watch.started(statement);
      },
      takesEffect: (statement) => this.data.takesEffect(statement),
      ended: (statement) => {
        this.#onEnd(statement);
      },
      expired: () => {
        this.fired('session ended by its keep-alive');
      },
    };
    warehouse.opensSlowly = () => {
      if (this.quiet || !this.swarm.kinds.has('opener slow') || !this.random.chance(0.3)) return false;
      this.fired('opener slow');
      return true;
    };
    warehouse.results.push({
      match: 'sys_load_error_detail',
      columns: [],
      rows: (sql) => this.data.loadErrorsFor(sql),
    });
    warehouse.queries = CHECK;
    warehouse.countsResults = this.random.chance(0.7);
    warehouse.results.push({
      match: '\nCHECK ',
      columns: ['id'],
      rows: (sql) => (this.data.failing.has(sql) ? [['1']] : []),
    });
    warehouse.stopped = (statement) => untruthOf(this, statement, true);
    warehouse.verify = (sql) => {
      const [, run] = /^VERIFY refresh '(.*)'$/.exec(sql) ?? [];
      return run === undefined
        ? undefined
        : [[String(this.data.effectsOf(run, '50_refresh.sql').length > 0)]];
    };
    store.stored = (next, before) => {
      this.changes += 1;
      this.watch.stored(next, before);
      if (before !== undefined) this.#countWhatIsDone(next, before);
      else if (next.trigger.kind === 'batch') this.fired('batch formed');
      if (before === undefined && isBesideQueue(next)) this.fired('run created beside the queue');
      if (
        before !== undefined &&
        isBesideQueue(before) &&
        next.life.state === 'QUEUED' &&
        !isBesideQueue(next)
      )
        this.fired('run put into the queue later');
      this.calls.remember(store.runs);
    };
    // Of earlier runs: from the start they know which steps are short.
    if (this.random.chance(0.7)) {
      const took = Object.fromEntries(
        this.today.steps.map(({ name }) => [name, this.random.pick([0, 200, 200, 200, 9_000]) ?? 0]),
      );
      store.pools.set('orders', { holders: {}, epoch: 0, took });
    }
    store.slotTaken = (_pipeline, pool, _run, from) => {
      if (from !== undefined) this.fired('slot handed on');
      this.watch.slotTaken(pool, this.today);
    };
  }

  #countWhatIsDone(next: Run, before: Run): void {
    if (next.generation > before.generation) this.fired('session rebuilt');
    if (next.cursor === before.cursor && next.attempt > before.attempt) this.fired('attempt repeated');
    const nonce = underwayOf(next)?.nonce;
    if (nonce !== undefined && nonce > (underwayOf(before)?.nonce ?? 1)) this.fired('token replaced');
    if (next.life.state === 'SUPERSEDED' && before.life.state === 'QUEUED')
      this.fired('file superseded while it waited');
    this.#countWhatGroupsDo(next, before);
    if (next.batch !== before.batch) this.#countWhatFilesDo(listOf(next), listOf(before));
    if (next.life.state === 'PAUSED' && before.life.state !== 'PAUSED')
      this.fired('run paused after its step');
    if (next.life.state === 'NEEDS_DECISION' && before.life.state !== 'NEEDS_DECISION')
      this.fired('decision needed');
  }

  #countWhatGroupsDo(next: Run, before: Run): void {
    const claim = underwayOf(next);
    if (claim?.group !== undefined && claim.token !== underwayOf(before)?.token) {
      this.fired('group sent');
      if (next.handoff?.[next.cursor + claim.group] === '+' && next.until !== undefined)
        this.fired('group ends at the step to pause after');
    }
    const { lastStep } = next;
    if (lastStep?.fused === undefined || lastStep === before.lastStep) return;
    if (lastStep.fused.status === 'ROLLED_BACK') this.fired('group rolled back');
    else if (lastStep.status === 'FINISHED') this.fired('group finished');
    else
      this.fired(
        `group committed, ${lastStep.errorClass === 'check' ? 'a check failed' : 'its file was wrong'}`,
      );
  }

  #countWhatFilesDo(next: Listed | undefined, before: Listed | undefined): void {
    if (next === undefined || before === undefined || next.seal === before.seal) return;
    if (before.phase === 'MARK') this.fired('file refused its batch');
    for (const { error } of next.leaving) {
      if (error === undefined) this.fired('file left its batch: newer upload');
      else if (error.class === 'data') this.fired('file set aside');
      else if (!error.message.startsWith('taken out')) this.fired('file left its batch: overwritten');
    }
  }

  fired(kind: string): void {
    count(this.tally, kind);
  }

  isPaused(): boolean {
    return [...this.world.store.pools.values()].some(({ paused }) => paused !== undefined);
  }

  runs(): Run[] {
    return [...this.world.store.runs.values()];
  }

  hasRoom(): boolean {
    return this.atWork.size < this.swarm.drivers;
  }

  /** A file is put into the bucket, and its event is under way. `content`: of an earlier version, which is put back. */
  arrive(key: string, version: number, content = version): void {
    const file = fileOf(key, { etag: `etag-${key}-${content}`, sequencer: `0${version}` });
    const time = new Date(this.world.time + this.arrivals.length).toISOString();
    this.world.put(file, time);
    const { shaped, kinds } = this.swarm;
    if (shaped.batch !== undefined && kinds.has('bad file') && this.random.chance(0.15)) {
      this.fired('bad file');
      this.data.bad.add(file.etag);
    }
    const isLost = this.swarm.kinds.has('file event lost') && this.random.chance(0.5);
    if (isLost) this.fired('file event lost');
    this.arrivals.push({ file, time, delivered: isLost, isLost });
  }

  /** Today's pipeline is another one from now on; runs under way keep theirs. */
  deploy(): void {
    this.today = simulatedPlanOf(this.swarm.shaped, this.random.pick([2, 2, 3, 4] as const) ?? 2);
  }

  /** Starts a driver; it goes on whenever one of its gates is opened. */
  begin(work: Work, waits = false): void {
    this.#drivers += 1;
    const skewMs = this.swarm.skewed ? this.random.between(-MOST_SKEW_MS, MOST_SKEW_MS) : 0;
    if (Math.abs(skewMs) > MINUTE) this.fired('clock off by more than a minute');
    const driver: SimDriver = {
      name: `driver-${this.#drivers}`,
      bornAt: this.world.time,
      skewMs,
      waits,
      standing: 0,
      dead: false,
    };
    const ports = this.#portsOf(driver);
    const sandbox = this.#sandboxOf(ports.store);
    this.atWork.add(driver);
    if (this.atWork.size === 2) this.fired('two drivers at once');
    if (this.atWork.size === 3) this.fired('three drivers at once');
    const remainingMs = (): number => driver.bornAt + this.swarm.lifeMs - this.world.time;
    const more = waits ? { waits } : {};
    work({ ...ports, plans: sandbox.plans, driver: { id: driver.name, remainingMs, ...more } })
      .catch((error: unknown) => {
        if (!(error instanceof Killed) && !(error instanceof Injected)) this.#unexpected = error;
      })
      .finally(() => {
        this.atWork.delete(driver);
        if (!driver.dead) this.#free.push(sandbox);
      });
  }

  #sandboxOf(store: RunStore): Sandbox {
    const warm = this.#free.pop();
    if (warm !== undefined) {
      warm.store = store;
      return warm;
    }
    // Deployed with it: one that is warm may be of yesterday.
    const deployed = [this.today];
    const sandbox: Sandbox = {
      store,
      plans: new PlanCache(
        {
          loadPlan: (hash) => sandbox.store.loadPlan(hash),
          putPlan: (plan) => sandbox.store.putPlan(plan),
        },
        () => deployed,
      ),
    };
    return sandbox;
  }

  #portsOf(driver: SimDriver): Ports {
    const { ports, store, warehouse } = this.world;
    const through: Through = (...call) => this.calls.through(...call);
    return {
      ...ports,
      settings: { ...ports.settings, autoWaitMs: this.swarm.autoWaitMs },
      store: guards.store(store, driver, through),
      warehouse: guards.warehouse(warehouse, driver, through),
      files: guards.files(ports.files, driver, through),
      publisher: guards.publisher(this.#publisher, driver, through),
      now: () => this.world.time + driver.skewMs,
      randomFraction: () => this.random.next(),
      pause: (ms) => this.gates.stop(driver, 'pause', this.world.time, this.world.time + ms),
      meter: () => undefined,
      log: (level, message, fields) => {
        // The sweep survives whatever one run's drive throws: what is not simulated is an error of ours.
        if (level !== 'error' || !message.includes('could not be driven')) return;
        const why = messageOf(fields['error']);
        if (!why.startsWith('simulated')) this.#unexpected ??= new Error(why);
      },
    };
  }

  readonly #publisher = {
    publish: async (entries: readonly Publication[]): Promise<void> => {
      for (const entry of entries) {
        const { source, type, detail } = entry;
        const [problem] = problemsOf(entry);
        if (problem !== undefined) this.#unexpected ??= new Error(problem);
        if (source === 'baton') {
          this.published.add(`${String(detail['runId'])} ${String(detail['state'])}`);
          if (detail['message'] !== undefined) this.#message(type, detail);
        } else if (type === 'Run Woken') this.#onWake(entry);
      }
    },
  };

  /** People may get a message twice, but never two that differ about the same stop. */
  #message(type: string, detail: Publication['detail']): void {
    const runId = String(detail['runId']);
    // An item that was deleted and created again counts from the beginning, while a driver of the deleted one may still send its message.
    if (this.byHand.runsDeleted.has(runId)) return;
    const about = `${type} ${runId} ${String(detail['failures'])}`;
    const text = JSON.stringify(detail);
    const before = this.#messages.get(about) ?? text;
    if (before !== text) this.#unexpected ??= new Error(`two messages of ${about} differ`);
    this.#messages.set(about, text);
  }

  #onWake({ source, type, detail }: Publication): void {
    const read = parseWakeUp({ source, 'detail-type': type, detail }, 'test', 'a role');
    if ('ignored' in read) this.#unexpected ??= new Error(read.ignored);
    else if (this.#loses()) this.fired('wake-up lost');
    else this.wakes.push(read);
  }

  #onEnd(statement: FakeStatement): void {
    this.#ended += 1;
    this.changes += 1;
    if (statement.name === undefined) return;
    if (this.#loses()) this.fired('completion event lost');
    else this.events.push({ statement, since: this.world.time, number: this.#ended });
  }

  #loses(): boolean {
    return !this.quiet && this.random.chance(this.swarm.rates.lose);
  }

  /** Time goes by; drivers whose time is up are ended by Lambda. */
  advance(ms: number): void {
    this.world.time += ms;
    this.world.warehouse.land();
    for (const driver of this.atWork) {
      if (driver.standing === 0 || this.world.time <= driver.bornAt + this.swarm.lifeMs) continue;
      this.fired('driver out of time');
      this.kill(driver);
    }
  }

  kill(driver: SimDriver): void {
    this.gates.kill(driver);
    this.atWork.delete(driver);
  }

  /** Opens a gate; whoever sleeps, sleeps on first. */
  open(i: number): void {
    const gate = this.gates.waiting[i];
    if (gate === undefined) return;
    if (gate.until > this.world.time) {
      this.advance(gate.until - this.world.time);
      // Its own time may have run out over it.
      if (gate.driver.dead) return;
    }
    const stood = this.world.time - gate.since;
    if (gate.call !== 'pause' && stood >= 45_000) this.fired('zombie: 45 seconds');
    if (gate.call !== 'pause' && stood >= 2 * MINUTE) this.fired('zombie: minutes');
    this.gates.open(this.gates.waiting.indexOf(gate));
  }

  /** Everybody goes on to the next gate; then the rules are looked at. @throws Error naming what is broken. */
  async settle(): Promise<void> {
    await settle();
    while (!this.#allStand()) await settleLong();
    if (this.#unexpected !== undefined) throw this.#unexpected as Error;
    this.watch.look(this.today);
  }

  /** No driver is at work, and no news is on its way to one. */
  isIdle(): boolean {
    const { arrivals, atWork, events, gates, wakes } = this;
    const fresh = arrivals.some(({ delivered }) => !delivered);
    return atWork.size + events.length + gates.waiting.length + wakes.length === 0 && !fresh;
  }

  /** Every driver at work stands at a gate. One that loads a module is not there for a while. */
  #allStand(): boolean {
    for (const driver of this.atWork) if (driver.standing === 0) return false;
    return true;
  }

  /** The news that a completion event brings. */
  newsOf({ statement, since }: Pending): RunEvent {
    return {
      kind: 'StatementEnded',
      tokenStart: tokenStartOf(statement),
      statementId: statement.id,
      status: statement.status === 'RUNNING' ? 'FINISHED' : statement.status,
      at: new Date(since - (since % 1000)).toISOString(),
      rows: statement.rows[0] ?? 0,
      trusted: true,
    };
  }
}

export function tokenStartOf(statement: FakeStatement): string {
  return statement.name?.slice(-11, -1) ?? '';
}

export function runOf(statement: FakeStatement): string {
  return statement.name?.split(':')[2] ?? '';
}
