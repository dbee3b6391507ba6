/** Many schedules, and what became of all their faults. */
import type { Tally } from './fault-kinds.ts';
import { addTally, FAULT_KINDS } from './fault-kinds.ts';
import { ScheduleError, simulate } from './simulate.ts';

/** A kind of fault that was survived more seldom, in 20,000 schedules or more, shows nothing. */
export const LEAST = 100;

export interface ManySchedules {
  readonly fired: Tally;
  /** Fired in a schedule that held every rule and came to its end. */
  readonly survived: Tally;
  readonly failures: { readonly message: string; readonly repeat: string }[];
}

/** @param behind the first seed that is not run any more */
export async function manySchedules(first: number, behind: number): Promise<ManySchedules> {
  const fired: Tally = {};
  const survived: Tally = {};
  const failures: ManySchedules['failures'] = [];
  for (let seed = first; seed < behind; seed += 1) {
    try {
      const tally = await simulate(seed);
      addTally(fired, tally);
      addTally(survived, tally);
    } catch (error) {
      if (error instanceof ScheduleError) addTally(fired, error.tally);
      const message = error instanceof Error ? error.message : String(error);
      failures.push({ message, repeat: `BATON_SEED=${seed} npx vitest run test/sim` });
    }
  }
  return { fired, survived, failures };
}

/** The kinds that were survived fewer than `least` times. */
export function seldomSurvived(survived: Tally, least: number): string[] {
  return FAULT_KINDS.filter((kind) => (survived[kind] ?? 0) < least);
}

/** A line for each kind of fault: how often it fired, and was survived. */
export function tableOf(fired: Tally, survived: Tally): string {
  const width = Math.max(...FAULT_KINDS.map((kind) => kind.length));
  const line = (kind: string, a: string | number, b: string | number): string =>
    `  ${kind.padEnd(width)} ${String(a).padStart(10)} ${String(b).padStart(10)}`;
  return [
    line('', 'fired', 'survived'),
    ...FAULT_KINDS.map((kind) => line(kind, fired[kind] ?? 0, survived[kind] ?? 0)),
  ].join('\n');
}
