/** Whether the step of a run that stopped took effect, and how that is known. */
import type { Plan } from '../pipeline/plan.ts';
import { isVerdict } from '../run/retry.ts';
import type { RunIn, Stopped } from '../run/run.ts';

export interface StepOutcome {
  readonly is: 'applied' | 'not-applied' | 'unknown';
  /** A clause. */
  readonly because: string;
}

/** The steps that were sent as one transaction with the one that failed, and none of which took effect; empty: it was sent alone. */
export function rolledBackTogether(
  { life, cursor }: RunIn<Stopped>,
  plan: Plan | undefined,
): readonly string[] {
  const { group = 0 } = life.error;
  return plan?.steps.slice(cursor, cursor + group).map(({ name }) => name) ?? [];
}

/** `10_stage.sql to 30_check.sql`. */
export function fromTo(names: readonly string[]): string {
  return `${names[0] ?? ''} to ${names.at(-1) ?? ''}`;
}

/** `plan` absent: only what the run itself says. */
export function outcomeOf(run: RunIn<Stopped>, plan: Plan | undefined): StepOutcome {
  const { life, step, rebuild } = run;
  const { error } = life;
  const together = rolledBackTogether(run, plan);
  if (together.length > 1)
    return no(
      isVerdict(error.class)
        ? `the transaction of ${fromTo(together)} was rolled back`
        : `${fromTo(together)} change nothing but their session`,
    );
  if (error.outcome !== undefined) return error.outcome;
  if (error.rolledBack === true) return no('its transaction was rolled back: it has no marker');
  const kind = plan?.steps.find(({ name }) => name === (error.step ?? step))?.kind;
  if (kind === 'check') return no('a check only reads');
  if (kind === 'session') return no('the step changes nothing but its session');
  if (life.state === 'NEEDS_DECISION')
    return rebuild === undefined && plan === undefined
      ? { is: 'unknown', because: 'see the error' }
      : no('the step was lost with its session and has no marker');
  if (error.statementId === undefined) return no('its SQL was not sent');
  if (isVerdict(error.class)) return no('the database rejected the statement, which undoes it');
  return kind === 'opaque'
    ? { is: 'unknown', because: 'the step is opaque; it is declared idempotent, so that it may run again' }
    : { is: 'unknown', because: 'its marker could not be read; a resume reads it first' };
}

function no(because: string): StepOutcome {
  return { is: 'not-applied', because };
}

/** `not applied: its transaction was rolled back: it has no marker`. */
export function outcomeText({ is, because }: StepOutcome): string {
  return `${{ applied: 'yes', 'not-applied': 'no', unknown: 'not known' }[is]}: ${because}`;
}
