/**
 * One schedule of the simulator: a few files of one pipeline, drivers that interleave at every call and die at any,
 * events lost, doubled and late, statements that fail. It ends in a quiet phase in which everything must finish.
 */
import { admit } from '../../shared/engine/admit.ts';
import { drive } from '../../shared/engine/drive.ts';
import { operate } from '../../shared/engine/operate.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
// Loaded before the first schedule, so that none depends on how long loading takes.
import '../../shared/engine/plan-rebuild.ts';
import '../../shared/engine/probe-marker.ts';
import type { Driver, Ports } from '../../shared/engine/ports.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import { Killed } from '../fakes/crash.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';
import { Gates, settle } from './gates.ts';
import { checkAlways, checkEnd } from './invariants.ts';
import { Random } from './random.ts';

const nothing = {
  createsTemp: [],
  readsTemp: [],
  writesTemp: [],
  reads: [],
  writes: [],
  setsSession: false,
  deterministic: true,
};

export const simulatedPlan = planOf([
  { name: '10_stage.sql', lineage: { ...nothing, createsTemp: ['stage'] } },
  { name: '20_load.sql', usesFile: true, usesManifest: true, lineage: { ...nothing, writesTemp: ['stage'] } },
  { name: '30_check.sql', kind: 'check', lineage: { ...nothing, readsTemp: ['stage'] } },
  { name: '40_commit.sql', kind: 'durable', lineage: { ...nothing, readsTemp: ['stage'], writes: ['dim'] } },
  { name: '50_audit.sql', kind: 'durable', lineage: { ...nothing, readsTemp: ['stage'], writes: ['audit'] } },
]);

/** What happened in a schedule, counted: faults, and what was done about them. */
export interface Tally {
  /** Drivers that died between two calls. */
  kills: number;
  /** Completion events that never came. */
  lost: number;
  doubled: number;
  /** Statements that failed. */
  failures: number;
  resumes: number;
  sweeps: number;
  /** Calls of the Data API that were throttled, and that timed out though they had their effect. */
  throttled: number;
  timedOut: number;
  /** Hours in which nothing ran; of these, those in which the Data API forgot its tokens. */
  outages: number;
  tokensForgotten: number;
  sessionsKilled: number;
  committedAndKilled: number;
  landedLate: number;
  rebuilt: number;
  cancelled: number;
}

export function noTally(): Tally {
  return {
    kills: 0,
    lost: 0,
    doubled: 0,
    failures: 0,
    resumes: 0,
    sweeps: 0,
    throttled: 0,
    timedOut: 0,
    outages: 0,
    tokensForgotten: 0,
    sessionsKilled: 0,
    committedAndKilled: 0,
    landedLate: 0,
    rebuilt: 0,
    cancelled: 0,
  };
}

export function addTally(total: Tally, more: Tally): void {
  for (const kind of Object.keys(total) as (keyof Tally)[]) total[kind] += more[kind];
}

type FaultRate = 'kill' | 'lose' | 'double' | 'fail' | 'sever' | 'cancel' | 'refuse' | 'outage';

/** The calls of the Data API whose refusals the engine gets as answers. */
const REFUSABLE: ReadonlySet<string> = new Set(['open', 'submit', 'ask', 'runSmall']);

/** The Data API remembers a token for 8 hours. */
const TOKEN_MEMORY_MS = 8 * 3_600_000;

class Refused extends Error {
  constructor(name: string) {
    super(`simulated ${name}`);
    this.name = name;
  }
}

/** @throws Error where an invariant does not hold; its message names the seed. */
export async function simulate(seed: number): Promise<Tally> {
  return new Simulation(seed).run();
}

class Simulation {
  readonly #seed: number;
  readonly #random: Random;
  readonly #world = new World();
  readonly #gates = new Gates();
  readonly #events: { runId: string; event: RunEvent }[] = [];
  readonly #arrivals: { key: string; time: string }[] = [];
  readonly #tally = noTally();
  /** How likely each fault is in this schedule: some schedules have none of a kind, some many. */
  readonly #rates: Readonly<Record<FaultRate, number>>;
  #quiet = false;
  #drivers = 0;
  readonly #atWork = new Set<string>();
  #unexpected: unknown;
  /** State of the world that was checked last. */
  #checked = -1;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
    const rate = (most: number): number => (this.#random.chance(0.3) ? 0 : this.#random.next() * most);
    this.#rates = {
      kill: rate(0.08),
      lose: rate(0.9),
      double: rate(0.6),
      fail: rate(0.3),
      sever: rate(1),
      cancel: rate(1),
      refuse: rate(0.1),
      outage: rate(1),
    };
    this.#world.warehouse.before = (call) => {
      if (this.#refuses(call)) {
        this.#tally.throttled += 1;
        throw new Refused('ThrottlingException');
      }
    };
    this.#world.warehouse.after = (call) => {
      if (this.#refuses(call)) {
        this.#tally.timedOut += 1;
        throw new Refused('TimeoutError');
      }
    };
  }

  async run(): Promise<Tally> {
    try {
      const files = 1 + this.#random.below(3);
      for (let i = 0; i < files; i += 1) this.#arrive(i);
      for (let turn = 0; turn < 2000 && !this.#isOver(files); turn += 1) await this.#turn();
      await this.#quietPhase();
      checkEnd(this.#world, simulatedPlan, files);
      for (const run of this.#world.store.runs.values()) this.#tally.rebuilt += run.generation - 1;
      return this.#tally;
    } catch (error) {
      throw new Error(`seed ${this.#seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  #isOver(files: number): boolean {
    const runs = [...this.#world.store.runs.values()];
    return (
      runs.length === files &&
      runs.every((run) => (run.state === 'SUCCEEDED' || run.state === 'CANCELLED') && run.owed === undefined)
    );
  }

  #arrive(i: number): void {
    const file = fileOf(`orders/${i}.csv`, { sequencer: `0${i}` });
    this.#world.put(file);
    this.#arrivals.push({ key: file.key, time: new Date(this.#world.time + i).toISOString() });
  }

  /** Starts a driver; it goes on whenever one of its gates is opened. */
  #begin(work: (ports: Ports, plans: PlanCache, driver: Driver) => Promise<unknown>): void {
    this.#drivers += 1;
    const name = `driver-${this.#drivers}`;
    const { ports } = this.#world;
    const guarded: Ports = {
      ...ports,
      store: this.#gates.guard(this.#world.store, name),
      warehouse: this.#gates.guard(this.#world.warehouse, name),
      files: this.#gates.guard(ports.files, name),
      publisher: this.#gates.guard(ports.publisher, name),
    };
    this.#atWork.add(name);
    work(guarded, new PlanCache(guarded.store), { id: name, remainingMs: () => 60_000 })
      .catch((error: unknown) => {
        if (!(error instanceof Killed)) this.#unexpected = error;
      })
      .finally(() => {
        this.#atWork.delete(name);
      });
  }

  async #turn(): Promise<void> {
    const random = this.#random;
    const dice = random.next();
    if (dice < 0.8 && this.#gates.waiting.length > 0) {
      const gate = random.below(this.#gates.waiting.length);
      if (random.chance(this.#rates.kill)) {
        this.#tally.kills += 1;
        this.#gates.kill(gate);
      } else this.#gates.open(gate);
    } else if (dice < 0.82) this.#deliverArrival();
    else if (dice < 0.9) this.#endStatement(random.chance(this.#rates.fail));
    else if (dice < 0.935) this.#killSession();
    else if (dice < 0.97) this.#deliverEvent();
    else if (dice < 0.972) this.#cancel();
    else if (dice < 0.976) this.#outage();
    else this.#sweep(random.below(120_000));
    await this.#settleAndCheck();
  }

  async #settleAndCheck(): Promise<void> {
    do await settle();
    while (!this.#allStand());
    if (this.#unexpected !== undefined) throw this.#unexpected as Error;
    const { store, warehouse } = this.#world;
    const changes = store.changes + warehouse.changes;
    if (changes === this.#checked) return;
    this.#checked = changes;
    checkAlways(this.#world, simulatedPlan);
  }

  /** Every driver at work stands at a gate. One that loads a module is not there for a while. */
  #allStand(): boolean {
    const standing = new Set(this.#gates.waiting.map((gate) => gate.driver));
    return [...this.#atWork].every((name) => standing.has(name));
  }

  /** The queue delivers at least once, in any order, also again. */
  #deliverArrival(): void {
    const arrival = this.#random.pick(this.#arrivals);
    const file = arrival === undefined ? undefined : this.#world.objects.get(`landing/${arrival.key}`);
    if (arrival === undefined || file === undefined || this.#atWork.size > 3) return;
    this.#begin((ports, plans, driver) =>
      admit({ file, time: arrival.time }, [simulatedPlan], ports, plans, driver),
    );
  }

  #endStatement(fail: boolean): void {
    const running = this.#world.warehouse.running();
    if (running?.name === undefined) return;
    const error = this.#random.chance(0.5)
      ? 'ERROR: the cluster is resizing'
      : 'ERROR: relation "x" does not exist';
    if (fail) this.#tally.failures += 1;
    const event = fail ? this.#world.end('FAILED', { error }) : this.#world.end();
    if (this.#random.chance(this.#rates.lose)) this.#tally.lost += 1;
    else this.#events.push(event);
  }

  /** A person gives a run up, in whatever phase it is; one at most. */
  #cancel(): void {
    const run = this.#random.pick([...this.#world.store.runs.values()]);
    if (run === undefined || this.#tally.cancelled > 0 || this.#atWork.size > 3) return;
    if (!this.#random.chance(this.#rates.cancel)) return;
    this.#tally.cancelled += 1;
    const request = { verb: 'cancel' as const, requestId: 'cancel', runId: run.id, actor: 'simulator' };
    this.#begin((ports, plans, driver) => operate(request, [simulatedPlan], ports, plans, driver));
  }

  /** At most two in a schedule: a run whose session is lost again and again stops for a person. */
  #killSession(): void {
    if (this.#tally.sessionsKilled >= 3 || !this.#random.chance(this.#rates.sever)) return;
    const open = [...this.#world.warehouse.sessions.values()].filter(
      (session) => session.status !== 'CLOSED',
    );
    const busy = open.filter((session) => session.status === 'BUSY');
    const session = this.#random.pick(busy.length > 0 && this.#random.chance(0.7) ? busy : open);
    if (session === undefined) return;
    const durable = this.#world.warehouse.running()?.sqls.some((sql) => sql.includes('step_marker')) === true;
    // The interesting moment is a commit under way.
    if (!durable && this.#random.chance(0.9)) return;
    this.#tally.sessionsKilled += 1;
    const committed = this.#random.chance(0.5);
    const forgotten = this.#random.chance(0.5);
    const late = forgotten && committed && this.#random.chance(0.8);
    if (durable && session.status === 'BUSY' && committed) this.#tally.committedAndKilled += 1;
    if (durable && session.status === 'BUSY' && late) this.#tally.landedLate += 1;
    this.#world.warehouse.kill(session.id, {
      committed,
      forgotten,
      ...(late ? { lateMs: this.#random.below(55_000) } : {}),
    });
  }

  #refuses(call: string): boolean {
    return !this.#quiet && REFUSABLE.has(call) && this.#random.chance(this.#rates.refuse);
  }

  /** For hours nothing runs: no driver lives that long, and tokens are forgotten. Once at most: a run has 12 hours. */
  #outage(): void {
    if (this.#tally.outages > 0 || !this.#random.chance(this.#rates.outage)) return;
    // The interesting moment is a submission that was not recorded.
    const claimed = [...this.#world.store.runs.values()].some((run) => run.phase === 'CLAIMED');
    const unrecorded = claimed && this.#world.warehouse.running() !== undefined;
    if (!unrecorded && this.#random.chance(0.95)) return;
    this.#tally.outages += 1;
    while (this.#gates.waiting.length > 0) this.#gates.kill(0);
    if (this.#random.chance(0.7)) this.#endStatement(false);
    if (this.#random.chance(0.5)) {
      this.#world.time += this.#random.below(TOKEN_MEMORY_MS);
      return;
    }
    this.#world.time += TOKEN_MEMORY_MS + this.#random.below(1_800_000);
    this.#tally.tokensForgotten += 1;
    this.#world.warehouse.tokens.clear();
  }

  #deliverEvent(): void {
    if (this.#events.length === 0 || this.#atWork.size > 3) return;
    const i = this.#random.below(this.#events.length);
    const delivery = this.#events[i];
    if (this.#random.chance(this.#rates.double)) this.#tally.doubled += 1;
    else this.#events.splice(i, 1);
    if (delivery !== undefined) this.#drive(delivery.runId, delivery.event);
  }

  #drive(runId: string, event: RunEvent): void {
    this.#begin((ports, plans, driver) => drive(runId, event, ports, plans, driver));
  }

  #sweep(ms: number): void {
    if (this.#atWork.size > 3) return;
    this.#tally.sweeps += 1;
    this.#world.time += ms;
    this.#begin((ports, plans, driver) => sweep(ports, plans, driver));
  }

  /** No more faults; a person resumes what failed. Everything must come to its end. */
  async #quietPhase(): Promise<void> {
    this.#quiet = true;
    await this.#openAll();
    for (const arrival of this.#arrivals) {
      const file = this.#world.objects.get(`landing/${arrival.key}`);
      if (file !== undefined)
        this.#begin((ports, plans, driver) =>
          admit({ file, time: arrival.time }, [simulatedPlan], ports, plans, driver),
        );
      await this.#openAll();
    }
    for (let round = 0; round < 120; round += 1) {
      if (
        [...this.#world.store.runs.values()].every(
          (run) => (run.state === 'SUCCEEDED' || run.state === 'CANCELLED') && run.owed === undefined,
        )
      )
        return;
      this.#endStatement(false);
      const failed = [...this.#world.store.runs.values()].find(
        (run) => run.state === 'FAILED' && run.owed === undefined,
      );
      if (failed !== undefined) {
        this.#tally.resumes += 1;
        const request = {
          verb: 'resume' as const,
          requestId: `resume-${round}`,
          runId: failed.id,
          actor: 'simulator',
        };
        this.#begin((ports, plans, driver) => operate(request, [simulatedPlan], ports, plans, driver));
      }
      this.#sweep(100_000);
      await this.#openAll();
    }
    const stuck = [...this.#world.store.runs.values()].filter(
      (run) => run.state !== 'SUCCEEDED' && run.state !== 'CANCELLED',
    );
    throw new Error(`stuck: ${JSON.stringify(stuck)}`);
  }

  async #openAll(): Promise<void> {
    await this.#settleAndCheck();
    while (this.#gates.waiting.length > 0) {
      this.#gates.open(0);
      await this.#settleAndCheck();
    }
  }
}
