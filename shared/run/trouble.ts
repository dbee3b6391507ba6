/** Drives that ended with an internal error (a deleted plan, a missing permission): counted, and limited. */
import type { Context, Decision } from './decision.ts';
import { failureOf, nothing, store } from './decision.ts';
import { undecided } from './unknown-outcome.ts';
import { MOST_FAILED_DRIVES } from './limits.ts';
import type { Run } from './run.ts';
import { isAtRest, statementIdOf, underwayOf } from './run.ts';
import { fail, needDecision } from './stop.ts';

/** The pending actions of a run at rest are retried without limit. The plan may be missing: its steps must not be used here. */
export function onDriveFailed(run: Run, context: Context, message: string): Decision {
  if (isAtRest(run)) return nothing(run, `the run is ${run.life.state}`);
  const failedDrives = run.failedDrives + 1;
  if (failedDrives < MOST_FAILED_DRIVES) return store({ ...run, failedDrives });
  const failure = failureOf(
    run,
    'unknown',
    `${failedDrives} attempts in a row to continue the run ended with an internal error: ${message}`,
    statementIdOf(run),
  );
  if (underwayOf(run) === undefined) return fail(run, context, failure);
  const why = 'the end of its statement was not seen';
  return needDecision(run, context, undecided(run, failure, why));
}
