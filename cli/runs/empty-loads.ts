/** A load of no rows is no error of the warehouse, and hardly ever what was meant: it is said wherever a run is shown. */
import type { StatementTemplate } from '../../shared/pipeline/plan.ts';
import type { Run } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { printable } from '../output.ts';
import type { HistoryRow, RunReader } from './run-reader.ts';

const COPY = /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*copy\s/i;

/** `COPY … NOLOAD` only looks at the file. */
function isLoad({ parts }: StatementTemplate): boolean {
  const text = parts.filter((part) => typeof part === 'string').join(' ');
  return COPY.test(text) && !/\snoload\b/i.test(text);
}

/** One sentence for each finished COPY of the run that loaded nothing. */
export async function emptyLoads(
  reader: RunReader,
  run: Run,
  history: readonly HistoryRow[],
): Promise<string[]> {
  const finished = history.filter(({ status }) => status === 'FINISHED');
  const isEmpty = ({ rows, rowsByStatement = [] }: HistoryRow): boolean =>
    rows === 0 || rowsByStatement.includes(0);
  if (!finished.some(isEmpty)) return [];
  const plan = await reader.loadPlan(run.planHash);
  const file = fileOf(run.trigger);
  const from = file === undefined ? '' : ` from s3://${file.bucket}/${printable(file.key)}`;
  const warnings = finished.flatMap((row) => {
    const statements = plan?.steps.find((step) => step.name === row.name)?.statements ?? [];
    // Alone, its rows are those of the step.
    const counts = statements.length === 1 ? [row.rows] : (row.rowsByStatement ?? []);
    return statements.flatMap((statement, i) =>
      isLoad(statement) && counts[i] === 0
        ? [`${row.name} loaded 0 rows${from}: check whether the file is empty or has only a header`]
        : [],
    );
  });
  return [...new Set(warnings)];
}
