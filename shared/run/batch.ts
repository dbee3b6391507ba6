/** The files of a batch: the list without some of them, and when a file can no longer leave. */
import type { PlanView } from './plan-view.ts';
import type { Failure, FileList, Leaving, Listed, Run } from './run.ts';
import { shortened } from './text.ts';

/** Files that leave a batch at once; the next check finds the others. Keeps the run storable. */
export const MOST_LEAVING = 25;

/** Bytes of the error of a file that leaves. */
const LONGEST_WHY = 400;

/** The batch without these files. `list` undefined: no file is left, and the list stays as it was. */
export function smaller(batch: Listed, list: FileList | undefined, leaving: readonly Leaving[]): Listed {
  const bad = leaving.filter(({ error }) => error?.class === 'data').length;
  return {
    ...batch,
    ...list,
    seal: batch.seal + 1,
    // A batch that stopped meanwhile may not have told those that left before.
    leaving: [
      ...batch.leaving,
      ...leaving.map((each) => ({ ...each, ...(each.error && { error: cut(each.error) }) })),
    ],
    isolated: batch.isolated + bad,
  };
}

function cut(failure: Failure): Failure {
  return { ...failure, message: shortened(failure.message, LONGEST_WHY) };
}

/** The runs of the files that left know it. */
export function settled<R extends Run>(run: R): R {
  return run.batch === undefined || run.batch.phase === 'GATHER'
    ? run
    : { ...run, batch: { ...run.batch, leaving: [] } };
}

/** A step that has taken permanent effect: then no file can leave. The first one's name. */
export function lastingStep(run: Run, { steps }: PlanView): string | undefined {
  const done = steps.slice(0, run.rebuild?.resumeAt ?? run.cursor);
  return done.find(({ kind }) => kind === 'durable' || kind === 'opaque')?.name;
}

/** Index of the first step that loads the files: no earlier step depends on them. */
export function firstLoad({ steps }: PlanView): number {
  return steps.findIndex(({ usesFile }) => usesFile);
}

/** The run's list of files, once it is stored. */
export function listOf({ batch }: Run): Listed | undefined {
  return batch?.phase === 'GATHER' ? undefined : batch;
}
