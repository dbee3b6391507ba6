/**
 * Fires schedules on the local clock, one tick after another in the order of their times. When the clock is moved on
 * by hours, every tick on the way fires, each after the one before was taken; or, if so set, only the latest. The
 * place of a remembered one outlives the process.
 */
import type { Clock, Timer } from '../clock.ts';
import { parseSchedule, type Schedule } from './schedule-expression.ts';
import type { Place, ScheduleMemory } from './schedule-memory.ts';

export interface ScheduledWork {
  readonly name: string;
  readonly expression: string;
  /** IANA name; absent: UTC. */
  readonly timeZone?: string;
  readonly missed: MissedTicks;
  /**
   * Its place is kept over the end of the process: what was due by then is fired by the next one, and of what fell due
   * while there was none, so many seconds. Absent: it begins anew with each process.
   */
  readonly rememberedSeconds?: number;
  /** Waited for before each tick. */
  ready?(): Promise<void>;
  /** `at`: the tick's own time, ms since the epoch; not always now. What must survive is kept before it first waits. */
  fire(at: number): Promise<void>;
}

/** What happens to ticks whose time went by while the clock was moved. */
export type MissedTicks = 'each' | 'latest';

interface Entry {
  readonly work: ScheduledWork;
  readonly schedule: Schedule;
  /** Of a remembered one. */
  readonly place?: Place;
  /** Ms since the epoch. */
  next: number;
}

/** While no process was there; ms since the epoch. */
interface Gap {
  readonly from: number;
  readonly to: number;
}

export class Scheduler {
  readonly #clock: Clock;
  readonly #memory: ScheduleMemory | undefined;
  readonly #log: (line: string) => void;
  #gap: Gap | undefined;
  #entries: Entry[] = [];
  #timer: Timer | undefined;
  #firing = false;

  /** `memory`: needed where a schedule is remembered. */
  constructor(clock: Clock, memory: ScheduleMemory | undefined, log: (line: string) => void) {
    this.#clock = clock;
    this.#memory = memory;
    this.#log = log;
  }

  /** Replaces all schedules. One that was there before with the same expression keeps its next tick. */
  set(works: readonly ScheduledWork[]): void {
    const now = this.#clock.now();
    this.#gap ??= { from: this.#memory?.reached ?? now, to: now };
    const before = new Map(this.#entries.map((entry) => [keyOf(entry.work), entry]));
    this.#entries = works.flatMap((work) => {
      const known = before.get(keyOf(work));
      if (known !== undefined) return [{ ...known, work }];
      return this.#entryOf(work, now);
    });
    this.#memory?.forgetAllBut(new Set(works.map(({ name }) => name)));
    this.#memory?.keepReached(now);
    this.#arm();
  }

  /** What recurs begins anew; a remembered one goes on from its last tick, which may be ahead. */
  clockWentBack(): void {
    const now = this.#clock.now();
    this.#entries = this.#entries.flatMap((entry) =>
      entry.place === undefined ? this.#entryOf(entry.work, now) : [entry],
    );
    this.#arm();
  }

  /** When each falls due next, by name. Ms since the epoch. */
  nextTimes(): ReadonlyMap<string, number> {
    return new Map(this.#entries.map(({ work, next }) => [work.name, next]));
  }

  stop(): void {
    if (this.#entries.length > 0) this.#memory?.keepReached(this.#clock.now());
    this.#entries = [];
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #entryOf(work: ScheduledWork, now: number): Entry[] {
    const { name, expression, timeZone = 'UTC', rememberedSeconds } = work;
    if (rememberedSeconds === undefined || this.#memory === undefined) {
      const schedule = parseSchedule(expression, now, timeZone);
      const next = schedule.next(now);
      return next === undefined ? [] : [{ work, schedule, next }];
    }
    // Scheduler gives times to the second; a rate falls due at once, a cron when its time comes.
    const start = Math.floor(now / 1000) * 1000;
    const place = this.#memory.placeOf(name, expression, timeZone) ?? {
      expression,
      timeZone,
      start,
      last: expression.startsWith('rate(') ? start - 1 : now,
    };
    const schedule = parseSchedule(expression, place.start, timeZone);
    this.#memory.keep(name, place);
    const next = this.#nextOf(work, schedule, place.last);
    return next === undefined ? [] : [{ work, schedule, place, next }];
  }

  /** The first tick behind `at`, without those of a time when nobody was there that are too old by now. */
  #nextOf(work: ScheduledWork, schedule: Schedule, at: number): number | undefined {
    const next = schedule.next(at);
    const { rememberedSeconds } = work;
    if (next === undefined || rememberedSeconds === undefined || this.#gap === undefined) return next;
    const oldest = this.#gap.to - rememberedSeconds * 1000;
    if (next <= this.#gap.from || next >= oldest) return next;
    this.#log(
      `schedule ${work.name}: skipped the times from ${isoTime(next)} to ${isoTime(oldest)}, when the local AWS was stopped`,
    );
    return schedule.next(oldest - 1);
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const first = this.#first();
    if (first === undefined || this.#firing) return;
    this.#timer = this.#clock.callAt(first.next, () => {
      void this.#fireDue();
    });
  }

  #first(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (first === undefined || entry.next < first.next) first = entry;
    }
    return first;
  }

  async #fireDue(): Promise<void> {
    if (this.#firing) return;
    this.#firing = true;
    this.#memory?.keepReached(this.#clock.now());
    for (;;) {
      const entry = this.#first();
      if (entry === undefined || entry.next > this.#clock.now()) break;
      await entry.work.ready?.();
      // Stopped or replaced meanwhile.
      if (this.#first() !== entry) continue;
      const at = this.#tickOf(entry);
      try {
        const fired = entry.work.fire(at);
        // The delivery is on disk by now; between the two writes a kill would deliver it twice, never lose it.
        if (entry.place !== undefined) this.#memory?.keep(entry.work.name, { ...entry.place, last: at });
        await fired;
      } catch (error) {
        this.#log(`schedule ${entry.work.name}: ${String(error)}`);
      }
    }
    this.#firing = false;
    this.#arm();
  }

  /** The tick to fire; moves the entry on past it. */
  #tickOf(entry: Entry): number {
    const { work, schedule } = entry;
    const at = work.missed === 'latest' ? latestOf(schedule, entry.next, this.#clock.now()) : entry.next;
    const next = this.#nextOf(work, schedule, at);
    if (next === undefined) this.#entries = this.#entries.filter((each) => each !== entry);
    else entry.next = next;
    return at;
  }
}

/** The last tick from `first` on that is due; a clock that was moved on by years has passed millions. */
function latestOf(schedule: Schedule, first: number, now: number): number {
  let at = first;
  for (let back = 60_000; back < now - first; back *= 2) {
    const near = schedule.next(now - back);
    if (near === undefined || near > now) continue;
    at = near;
    break;
  }
  for (let next = schedule.next(at); next !== undefined && next <= now; next = schedule.next(at)) at = next;
  return at;
}

function keyOf(work: ScheduledWork): string {
  return `${work.name}\0${work.expression}\0${work.timeZone ?? ''}`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
