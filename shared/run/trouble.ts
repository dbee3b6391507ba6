/** Drives that ended with an error of our own (a plan that is gone, a permission that is missing): counted, not for ever. */
import type { Context, Decision } from './decision.ts';
import { nothing, store } from './decision.ts';
import { undecided } from './doubt.ts';
import { MOST_TROUBLES } from './limits.ts';
import type { Failure, Run } from './run.ts';
import { isAtRest } from './run.ts';
import { fail, needDecision } from './stop.ts';

/** What a run at rest owes is tried without end. The plan may be what is gone: nothing of its steps is asked for here. */
export function onDriveFailed(run: Run, context: Context, message: string): Decision {
  if (isAtRest(run)) return nothing(run, `the run is ${run.state}`);
  const troubles = (run.troubles ?? 0) + 1;
  if (troubles < MOST_TROUBLES) return store({ ...run, troubles });
  const failure: Failure = {
    class: 'unknown',
    message: `the run could not be driven ${troubles} times in a row: ${message}`,
    ...(run.step === undefined ? {} : { step: run.step }),
    ...(run.statementId === undefined ? {} : { statementId: run.statementId }),
  };
  return run.phase === 'READY'
    ? fail(run, context, failure)
    : needDecision(
        run,
        context,
        undecided(run, context, failure, 'what became of its statement was not seen'),
      );
}
