/** Drives that ended with an error of our own (a plan that is gone, a permission that is missing): counted, not for ever. */
import { iso, SUBMISSION, without } from './decision.ts';
import { MOST_TROUBLES } from './limits.ts';
import type { Run } from './run.ts';
import { isAtRest } from './run.ts';
import { shortened } from './text.ts';

/** The run to store; undefined where it is at rest: what it owes is tried without end. Needs no plan: that may be what is gone. */
export function onTrouble(run: Run, message: string, now: number): Run | undefined {
  if (isAtRest(run)) return undefined;
  const troubles = (run.troubles ?? 0) + 1;
  if (troubles < MOST_TROUBLES) return { ...run, troubles };
  return {
    ...without(run, ...SUBMISSION, 'next'),
    // Of a claim or a submission nobody knows what became.
    state: run.phase === 'READY' ? 'FAILED' : 'NEEDS_DECISION',
    phase: 'READY',
    error: {
      class: 'unknown',
      message: shortened(`the run could not be driven ${troubles} times in a row: ${message}`, 1_000),
      ...(run.step === undefined ? {} : { step: run.step }),
      ...(run.statementId === undefined ? {} : { statementId: run.statementId }),
    },
    endedAt: iso(now),
  };
}
