/** "Run Succeeded", as Baton publishes it: other pipelines may start behind the run. */
import type { JsonObject } from './read.ts';
import { LONGEST_NAME, RefusedInputError, text } from './read.ts';

/** Gives the run's id. @throws RefusedInputError */
export function parseRunSucceeded(event: JsonObject, stage: string): string {
  const type = text(event, 'detail-type');
  const itsStage = text(event, 'detail.stage');
  if (type !== 'Run Succeeded' || itsStage !== stage)
    throw new RefusedInputError(
      `expected "Run Succeeded" of stage ${stage}; got "${type}" of stage ${itsStage}`,
    );
  return text(event, 'detail.runId', LONGEST_NAME);
}
