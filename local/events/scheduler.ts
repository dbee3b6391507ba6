/**
 * Fires schedules on the local clock, one tick after another in the order of their times. When the clock is moved on
 * by hours, every tick on the way fires, each after the one before was taken; or, if so set, only the latest.
 */
import type { Clock, Timer } from '../clock.ts';
import { parseSchedule, type Schedule } from './schedule-expression.ts';

export interface ScheduledWork {
  readonly name: string;
  readonly expression: string;
  /** IANA name; absent: UTC. */
  readonly timeZone?: string;
  /** `at`: the tick's own time, ms since the epoch; not always now. */
  fire(at: number): Promise<void>;
}

/** What happens to ticks whose time went by while the clock was moved. */
export type MissedTicks = 'each' | 'latest';

interface Entry {
  readonly work: ScheduledWork;
  readonly schedule: Schedule;
  /** Ms since the epoch. */
  next: number;
}

export class Scheduler {
  readonly #clock: Clock;
  readonly #missed: MissedTicks;
  readonly #log: (line: string) => void;
  #entries: Entry[] = [];
  #timer: Timer | undefined;
  #firing = false;

  constructor(clock: Clock, missed: MissedTicks, log: (line: string) => void) {
    this.#clock = clock;
    this.#missed = missed;
    this.#log = log;
  }

  /** Replaces all schedules. One that was there before with the same expression keeps its next tick. */
  set(works: readonly ScheduledWork[]): void {
    const now = this.#clock.now();
    const before = new Map(this.#entries.map((entry) => [keyOf(entry.work), entry]));
    this.#entries = works.flatMap((work) => {
      const known = before.get(keyOf(work));
      const schedule = known?.schedule ?? parseSchedule(work.expression, now, work.timeZone);
      const next = known?.next ?? schedule.next(now);
      return next === undefined ? [] : [{ work, schedule, next }];
    });
    this.#arm();
  }

  stop(): void {
    this.#entries = [];
    this.#timer?.cancel();
    this.#timer = undefined;
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
    for (;;) {
      const entry = this.#first();
      if (entry === undefined || entry.next > this.#clock.now()) break;
      const at = this.#tickOf(entry);
      try {
        await entry.work.fire(at);
      } catch (error) {
        this.#log(`schedule ${entry.work.name}: ${String(error)}`);
      }
    }
    this.#firing = false;
    this.#arm();
  }

  /** The tick to fire; moves the entry on past it. */
  #tickOf(entry: Entry): number {
    let at = entry.next;
    let next = entry.schedule.next(at);
    while (this.#missed === 'latest' && next !== undefined && next <= this.#clock.now()) {
      at = next;
      next = entry.schedule.next(at);
    }
    if (next === undefined) this.#entries = this.#entries.filter((each) => each !== entry);
    else entry.next = next;
    return at;
  }
}

function keyOf(work: ScheduledWork): string {
  return `${work.name}\0${work.expression}\0${work.timeZone ?? ''}`;
}
