/** The COPY statements that a run has finished, from its plan and its history. */
import type { Plan, StatementTemplate } from '../../shared/pipeline/plan.ts';
import type { HistoryRow } from './run-reader.ts';

export interface FinishedLoad {
  /** Of the attempt. */
  readonly row: HistoryRow;
  /** The step loads the files of the run. */
  readonly ofFile: boolean;
  /** Undefined if the warehouse did not report it. */
  readonly rows: number | undefined;
}

const COPY = /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*copy\s/i;

/** `COPY … NOLOAD` only looks at the file. */
function isLoad({ parts }: StatementTemplate): boolean {
  const text = parts.filter((part) => typeof part === 'string').join(' ');
  return COPY.test(text) && !/\snoload\b/i.test(text);
}

/** In the order in which they ran. */
export function finishedLoads(plan: Plan | undefined, history: readonly HistoryRow[]): FinishedLoad[] {
  return history
    .filter(({ status }) => status === 'FINISHED')
    .flatMap((row) => {
      const step = plan?.steps.find(({ name }) => name === row.name);
      const statements = step?.statements ?? [];
      // Alone, its rows are those of the step.
      const counts = statements.length === 1 ? [row.rows] : (row.rowsByStatement ?? []);
      return statements.flatMap((statement, i) =>
        isLoad(statement) ? [{ row, ofFile: step?.usesFile === true, rows: counts[i] ?? undefined }] : [],
      );
    });
}
