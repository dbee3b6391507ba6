/**
 * Where each schedule of EventBridge Scheduler stands, on disk: a killed process goes on with the first time that it
 * has not fired. One line a change.
 */
import { Journal } from '../journal.ts';

export interface Place {
  readonly expression: string;
  readonly timeZone: string;
  /** When the schedule came to be; a rate counts from there. Ms since the epoch. */
  readonly start: number;
  /** The time that was fired last; when it came to be, or just before, while there is none. Ms since the epoch. */
  readonly last: number;
}

type Line = Place | { readonly reached: number };

/** A schedule's name has no blank. */
const REACHED = 'the clock';

export class ScheduleMemory {
  readonly #journal: Journal<Line>;

  /** `file`: made when absent. */
  constructor(file: string) {
    this.#journal = new Journal(file);
  }

  /** How far the clock had come when it was last looked at: what was due by then is owed. Ms since the epoch. */
  get reached(): number | undefined {
    const line = this.#journal.get(REACHED);
    return line !== undefined && 'reached' in line ? line.reached : undefined;
  }

  /** The stored position of an unchanged schedule; a changed schedule starts over. */
  placeOf(name: string, expression: string, timeZone: string): Place | undefined {
    const line = this.#journal.get(name);
    if (line === undefined || 'reached' in line) return undefined;
    return line.expression === expression && line.timeZone === timeZone ? line : undefined;
  }

  keep(name: string, place: Place): void {
    this.#journal.set(name, place);
  }

  keepReached(now: number): void {
    this.#journal.set(REACHED, { reached: now });
  }

  /** A schedule that comes back after it was removed is a new one. */
  forgetAllBut(names: ReadonlySet<string>): void {
    for (const name of this.#journal.ids())
      if (name !== REACHED && !names.has(name)) this.#journal.delete(name);
  }

  close(): void {
    this.#journal.close();
  }
}
