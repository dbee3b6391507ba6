/** Resumes many failed runs, one request each, and says of each what became of it. */
import { nameAndMessageOf } from '../../shared/errors.ts';
import type { Run } from '../../shared/run/run.ts';
import type { Operator } from '../aws/operator.ts';
import { CommandError, EXIT, type ExitCode } from '../exit.ts';
import { requestBy } from '../requests.ts';
import { failedSince } from './failed-runs.ts';
import { errorOf, stepNameOf } from './run-parts.ts';

/**
 * `resumed`; `refused`: Baton says why it cannot be resumed; `error`: the request failed, and what became of it is not known;
 * `not requested`: a dry run, or the service could not be reached before.
 */
type Outcome = 'resumed' | 'refused' | 'error' | 'not requested';

export interface ResumedRun {
  readonly id: string;
  readonly pipeline: string;
  readonly class: string | null;
  readonly step: string | null;
  readonly since: string;
  /** Of the run that failed. */
  readonly error: string | null;
  readonly outcome: Outcome;
  /** After the request. */
  readonly state: string;
  readonly message: string | null;
}

export function notRequested(run: Run): ResumedRun {
  const error = errorOf(run);
  return {
    id: run.id,
    pipeline: run.pipeline,
    class: error?.class ?? null,
    step: stepNameOf(run) || null,
    since: failedSince(run),
    error: error?.message ?? null,
    outcome: 'not requested',
    state: run.life.state,
    message: null,
  };
}

/**
 * One after the other, in the order given: the runs of a pipeline take its slots in that order. One that is refused, or whose
 * request fails in the function, does not stop the others; a service that cannot be reached does.
 */
export async function resumeRuns(
  runs: readonly Run[],
  operator: Pick<Operator, 'ask'>,
  options: {
    readonly reason: string | undefined;
    readonly signal: AbortSignal;
    readonly onResult: (result: ResumedRun) => void;
  },
): Promise<{ results: readonly ResumedRun[]; code: ExitCode }> {
  const { reason, signal, onResult } = options;
  const results: ResumedRun[] = [];
  let unreachable = false;
  for (const run of runs) {
    let result = notRequested(run);
    if (!unreachable && !signal.aborted) {
      try {
        const answer = await operator.ask({
          verb: 'resume',
          runId: run.id,
          ...requestBy(reason),
        });
        const { message } = answer;
        result = answer.ok
          ? { ...result, outcome: 'resumed', state: answer.state, message }
          : { ...result, outcome: 'refused', message };
      } catch (error) {
        unreachable = !(error instanceof CommandError);
        const message = error instanceof CommandError ? error.message : nameAndMessageOf(error);
        result = { ...result, outcome: 'error', message };
      }
    }
    results.push(result);
    onResult(result);
  }
  if (unreachable) return { results, code: EXIT.unreachable };
  return { results, code: results.every(({ outcome }) => outcome === 'resumed') ? EXIT.done : EXIT.failed };
}
