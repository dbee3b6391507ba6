/** A load of no rows is no error of the warehouse, and hardly ever what was meant: it is said wherever a run is shown. */
import type { Run } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { printable } from '../output.ts';
import { finishedLoads } from './finished-loads.ts';
import type { HistoryRow, RunReader } from './run-reader.ts';

/** One sentence for each finished COPY of the run that loaded nothing. */
export async function emptyLoads(
  reader: RunReader,
  run: Run,
  history: readonly HistoryRow[],
): Promise<string[]> {
  const isEmpty = ({ status, rows, rowsByStatement = [] }: HistoryRow): boolean =>
    status === 'FINISHED' && (rows === 0 || rowsByStatement.includes(0));
  if (!history.some(isEmpty)) return [];
  const plan = await reader.loadPlan(run.planHash);
  const file = fileOf(run.trigger);
  const from = file === undefined ? '' : ` from s3://${file.bucket}/${printable(file.key)}`;
  const warnings = finishedLoads(plan, history)
    .filter(({ rows }) => rows === 0)
    .map(
      ({ row }) => `${row.name} loaded 0 rows${from}: check whether the file is empty or has only a header`,
    );
  return [...new Set(warnings)];
}
