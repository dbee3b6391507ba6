/** What the verbs for one run share: which run is meant, and how its end is shown. */
import type { Run } from '../../shared/run/run.ts';
import type { ExitCode } from '../exit.ts';
import { pipelineNames } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { findRun } from '../runs/find-run.ts';
import { readRunJson } from '../runs/run-json.ts';
import type { HistoryRow, RunReader } from '../runs/run-reader.ts';
import { exitCodeOf, watchRun } from '../runs/watch-run.ts';
import type { Context } from '../verb.ts';

/** The run of the argument ID. */
export function givenRun(reader: RunReader, { args }: Context): Promise<Run> {
  return findRun(reader, args.required('ID'), pipelineNames(sqlFolder(args.text('sql'))));
}

/** Watches the run until it is at rest, and prints what became of it. `seen`: its steps so far, which are not shown. */
export async function watchToEnd(
  reader: RunReader,
  runId: string,
  { out, json, signal }: Context,
  seen: readonly HistoryRow[] = [],
): Promise<ExitCode> {
  const run = await watchRun(reader, runId, out, { signal, seen });
  if (json) out.json(await readRunJson(reader, run));
  else out.data(`${run.id}  ${run.life.state}`);
  return exitCodeOf(run);
}
