/**
 * One schedule of the simulator: a few files of one pipeline, drivers that interleave at every call and die at any, and
 * whatever else can go wrong. It ends in a quiet phase in which everything must finish.
 */
import '../fakes/lazy-modules.ts';
import { runIdOf } from '../../shared/engine/start-run.ts';
import type { Run } from '../../shared/run/run.ts';
import { isAtEnd } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import type { Tally } from './fault-kinds.ts';
import {
  deliverEvent,
  deliverFile,
  deliverWake,
  endStatement,
  sweepAfter,
  TROUBLES,
  whileWaiting,
} from './moves.ts';
import type { Trouble } from './moves.ts';
import { Person } from './person.ts';
import { Stage } from './stage.ts';
import { isLasting } from './untruth.ts';

export { simulatedPlan } from './plans.ts';

/** Turns before the quiet phase, at most. */
const TURNS = 400;

/** Minutes of the quiet phase, about: whatever takes longer is stuck. */
const ROUNDS = 150;

/** Without any change in between: the rest is for the quiet phase. */
const SWEEPS_IN_VAIN = 4;

/** A schedule in which a rule was broken; `tally` is what had gone wrong till then. */
export class ScheduleError extends Error {
  override name = 'ScheduleError';
  readonly tally: Tally;

  constructor(seed: number, tally: Tally, cause: unknown) {
    super(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.tally = tally;
  }
}

/**
 * What went wrong in the schedule, by kind, all of it survived.
 * @throws ScheduleError where an invariant does not hold; its message names the seed.
 */
export async function simulate(seed: number): Promise<Tally> {
  const schedule = new Schedule(seed);
  try {
    await schedule.run();
    return schedule.tally;
  } catch (error) {
    throw new ScheduleError(seed, schedule.tally, error);
  }
}

function isOf({ trigger }: Run, { file }: Stage['arrivals'][number]): boolean {
  const its = fileOf(trigger);
  return its?.key === file.key && its.etag === file.etag;
}

/** What may happen next, in the order of its weights in `#somethingHappens`. */
const MOVES: readonly ((this: Schedule, idle: boolean) => void)[] = [
  function newFile() {
    this.deliverFile(true);
  },
  function anyFile() {
    this.deliverFile(false);
  },
  function ending() {
    this.endStatement();
  },
  function event() {
    deliverEvent(this.stage);
  },
  function wakeUp() {
    deliverWake(this.stage);
  },
  function sweeping(idle) {
    this.sweep(idle);
  },
  function waiting(idle) {
    this.wait(idle);
  },
  function troubling() {
    this.trouble();
  },
  function meddling() {
    this.meddle();
  },
];

/** One schedule, to be run once. */
class Schedule {
  readonly stage: Stage;
  readonly #person: Person;
  #changes = 0;
  #sweepsInVain = 0;
  readonly #troubles: readonly Trouble[];
  readonly #happened = new Map<string, number>();

  constructor(seed: number) {
    this.stage = new Stage(seed);
    this.stage.world.warehouse.waits = (statementId, seconds) => {
      whileWaiting(this.stage, statementId, seconds * 1000);
    };
    this.#person = new Person(this.stage);
    this.#troubles = TROUBLES.filter(({ kind }) => this.stage.swarm.kinds.has(kind));
  }

  get tally(): Tally {
    return this.stage.tally;
  }

  async run(): Promise<void> {
    const stage = this.stage;
    for (let i = 0; i < stage.swarm.files; i += 1) stage.arrive(`orders/${i}.csv`, 1);
    for (let turn = 0; turn < TURNS && !this.#isOver() && !this.#isStill(); turn += 1) {
      this.#turn();
      await stage.settle();
      if (stage.swarm.calm && stage.isIdle()) stage.watch.placesAreUsed(stage.today);
    }
    await this.#quietPhase();
    stage.watch.atTheEnd(this.#expected(), stage.published);
    this.#demandOneRunForEachUpload();
    if (stage.swarm.calm) this.#demandNoLookUps();
  }

  /** Every file that arrived made its runs, and they have all ended. */
  #isOver(): boolean {
    const { arrivals, world } = this.stage;
    for (const { delivered } of arrivals) if (!delivered) return false;
    for (const run of world.store.runs.values()) if (!isOver(run)) return false;
    const announced = new Set(arrivals.filter(({ isLost }) => !isLost).map(({ file }) => file.key));
    return world.store.runs.size >= announced.size;
  }

  /** Nothing changes any more unless a person acts. */
  #isStill(): boolean {
    if (this.stage.changes !== this.#changes) {
      this.#changes = this.stage.changes;
      this.#sweepsInVain = 0;
    }
    return this.#sweepsInVain > SWEEPS_IN_VAIN;
  }

  #turn(): void {
    const { gates, random, swarm } = this.stage;
    const { waiting } = gates;
    if (waiting.length > 0 && random.chance(swarm.calm ? 1 : 0.8)) {
      const i = random.below(waiting.length);
      const gate = waiting[i];
      // Others go on while it waits.
      if (gate?.call === 'await' && !swarm.calm && random.chance(0.5)) {
        this.#somethingHappens();
        return;
      }
      if (gate !== undefined && random.chance(swarm.rates.kill * (gate.call === 'record' ? 4 : 1))) {
        this.stage.fired('driver killed');
        this.stage.kill(gate.driver);
      } else this.stage.open(i);
      return;
    }
    this.#somethingHappens();
  }

  #somethingHappens(): void {
    const { arrivals, events, gates, random, swarm, wakes, world } = this.stage;
    const room = this.stage.hasRoom();
    const idle = gates.waiting.length === 0;
    const fresh = arrivals.filter(({ delivered }) => !delivered);
    const busy = fresh.length + events.length + wakes.length > 0 || world.warehouse.running() !== undefined;
    const { trouble, person, double } = swarm.rates;
    const gain = swarm.calm ? 0 : 1;
    const move = random.index([
      room && fresh.length > 0 ? 3 : 0,
      room && arrivals.length > fresh.length ? double * 0.1 : 0,
      world.warehouse.running() === undefined ? 0 : 4,
      room && events.length > 0 ? 4 : 0,
      room && wakes.length > 0 ? 3 : 0,
      room ? (idle ? (busy ? 0.5 : 3) : 0.05) : 0,
      gain * (idle ? 0.5 : 0.2),
      // The interesting moment is a commit under way.
      trouble * (world.warehouse.underWay().some(isLasting) ? 8 : 1),
      person * 0.7,
    ]);
    MOVES[move]?.call(this, idle);
  }

  deliverFile(fresh: boolean): void {
    const { arrivals, random } = this.stage;
    const arrival = random.pick(
      arrivals.filter(({ delivered, isLost }) => !isLost && (!fresh || !delivered)),
    );
    if (arrival !== undefined) deliverFile(this.stage, arrival);
  }

  endStatement(): void {
    if (this.stage.random.chance(0.1)) this.stage.advance(this.stage.random.below(20_000));
    endStatement(this.stage);
  }

  sweep(idle: boolean): void {
    this.#sweepsInVain += 1;
    sweepAfter(this.stage, this.stage.swarm.calm ? 1_000 : this.#pauseBeforeSweep(idle));
  }

  wait(idle: boolean): void {
    const { random } = this.stage;
    this.stage.advance(random.chance(0.1) ? 60_000 : random.below(idle ? 50_000 : 15_000));
  }

  meddle(): void {
    this.#person.meddle();
  }

  /** Sweeps come every minute; a function that is cut off sooner leaves gaps. */
  #pauseBeforeSweep(idle: boolean): number {
    const { random } = this.stage;
    if (!idle) return random.below(10_000);
    return random.chance(0.2) ? random.between(60_000, 300_000) : random.between(20_000, 100_000);
  }

  trouble(): void {
    const left = this.#troubles.filter(({ kind, most }) => (this.#happened.get(kind) ?? 0) < most);
    const chosen = this.stage.random.weighted(left);
    if (chosen?.happen(this.stage) === true)
      this.#happened.set(chosen.kind, (this.#happened.get(chosen.kind) ?? 0) + 1);
  }

  /** No more faults; people do what runs need of them. Everything must come to its end. */
  async #quietPhase(): Promise<void> {
    const stage = this.stage;
    stage.quiet = true;
    stage.pausedUntil = 0;
    await this.#openAll();
    // Who deleted a run by hand replays its file.
    for (const arrival of stage.arrivals)
      if (!arrival.isLost && !stage.world.store.runs.has(this.#runOf(arrival))) arrival.delivered = false;
    if (stage.arrivals.some(({ isLost }) => isLost)) {
      this.#person.backfill();
      await this.#openAll();
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      // The queue holds every event until it was taken.
      for (const arrival of stage.arrivals) {
        if (arrival.delivered) continue;
        deliverFile(stage, arrival);
        await this.#openAll();
      }
      if (this.#isOver()) return;
      while (stage.world.warehouse.running() !== undefined) endStatement(stage);
      while (stage.events.length > 0) {
        deliverEvent(stage);
        await this.#openAll();
      }
      if (this.#person.unpause()) await this.#openAll();
      for (const run of stage.runs()) {
        if (this.#person.help(run)) await this.#openAll();
      }
      sweepAfter(stage, 100_000);
      await this.#openAll();
      stage.watch.placesAreUsed(stage.today);
    }
    const stuck = stage.runs().filter((run) => !isOver(run));
    throw new Error(`stuck: ${JSON.stringify(stuck)}`);
  }

  async #openAll(): Promise<void> {
    const stage = this.stage;
    await stage.settle();
    while (stage.gates.waiting.length > 0) {
      stage.open(0);
      await stage.settle();
    }
  }

  #runOf(arrival: Stage['arrivals'][number]): string {
    const { file, time, replayName } = arrival;
    const trigger = { kind: 's3' as const, time, file, ...(replayName === undefined ? {} : { replayName }) };
    return runIdOf(this.stage.today, trigger, this.stage.world.ports.settings);
  }

  #expected(): ReadonlySet<string> {
    const { arrivals, requested, world } = this.stage;
    // A request that got no answer may have started nothing: whoever asked asks again.
    const started = [...requested].filter((id) => world.store.runs.has(id));
    return new Set([
      ...arrivals.flatMap((arrival) => this.#runsOf(arrival)),
      ...started,
      // What a backfill admitted was uploaded.
      ...this.#listedRuns()
        .filter((run) => arrivals.some((arrival) => isOf(run, arrival)))
        .map(({ id }) => id),
    ]);
  }

  /** The run of an arrival; none where a backfill's stands for it. */
  #runsOf(arrival: Stage['arrivals'][number]): string[] {
    const { store, objects } = this.stage.world;
    const own = this.#runOf(arrival);
    if (store.runs.has(own)) return [own];
    if (this.#listedRuns().some((run) => isOf(run, arrival))) return [];
    if (!arrival.isLost) return [own];
    // A run of a backfill that a person deleted is not made again: the upload is known.
    if ([...this.stage.byHand.runsDeleted.values()].includes(arrival.file.key)) return [];
    // Without an event only what is there at last can be admitted, and the same bytes only once.
    const { bucket, key, etag } = arrival.file;
    const isKnown = this.stage.runs().some((run) => run.trigger.kind === 's3' && isOf(run, arrival));
    return isKnown || objects.get(`${bucket}/${key}`)?.etag !== etag ? [] : [own];
  }

  #listedRuns(): Run[] {
    return this.stage.runs().filter(({ trigger }) => trigger.kind === 's3' && trigger.backfill === true);
  }

  /** An upload is loaded by its event's run, or by a backfill's. The same bytes may have been put there several times. */
  #demandOneRunForEachUpload(): void {
    const { arrivals, tally } = this.stage;
    if (tally['key deleted'] !== undefined) return;
    const uploads = arrivals.filter(({ replayName }) => replayName === undefined);
    for (const upload of uploads) {
      const same = uploads.filter(
        ({ file }) => file.key === upload.file.key && file.etag === upload.file.etag,
      );
      const runs = this.stage
        .runs()
        .filter(({ trigger, life }) => trigger.replayName === undefined && life.state !== 'SUPERSEDED')
        .filter((run) => run.trigger.kind === 's3' && isOf(run, upload));
      if (runs.length > same.length)
        throw new Error(`broken: ${upload.file.key} has runs ${runs.map(({ id }) => id).join(' and ')}`);
    }
  }

  /** Where nothing went wrong, nobody asks for markers, names or sessions. */
  #demandNoLookUps(): void {
    const asked = this.stage.world.warehouse.calls.find((call) =>
      ['ask', 'findByName', 'session'].includes(call),
    );
    if (asked !== undefined) throw new Error(`broken: nothing went wrong, and ${asked} was called`);
  }
}

/** A file of a batch shares the fate of its batch run. */
function isOver(run: Run): boolean {
  return run.life.state === 'ABSORBED' || (isAtEnd(run) && run.life.pendingActions.length === 0);
}
