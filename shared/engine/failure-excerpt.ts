/** The failed statement as its author wrote it, with line numbers: a few lines around the place of the error. */
import type { Plan, StatementTemplate } from '../pipeline/plan.ts';
import type { RunIn, Stopped } from '../run/run.ts';
import { shortened } from '../run/text.ts';

/** Lines before and after the place of the error. */
const AROUND = 3;

const LONGEST_LINE = 160;

/** Of `failurePlace` (failure-place.ts). */
const PLACE = / line (\d+), column (\d+)/;

/** Empty if it is not known which statement failed, or none was sent. */
export function excerptOf({ life, step }: RunIn<Stopped>, plan: Plan | undefined): readonly string[] {
  const { error } = life;
  const statements = plan?.steps.find(({ name }) => name === (error.step ?? step))?.statements ?? [];
  const [, line, column] = PLACE.exec(error.place ?? '') ?? [];
  if (line === undefined && (error.statementId === undefined || statements.length !== 1)) return [];
  const at = { line: Number(line ?? 0), column: Number(column ?? 0) };
  const statement =
    line === undefined
      ? statements[0]
      : statements.findLast(({ at: from }) => from !== undefined && isUpTo(from, at));
  if (statement?.at === undefined) return [];
  const lines = sourceOf(statement).split('\n');
  const failed = line === undefined ? 0 : at.line - statement.at.line;
  const from = Math.max(0, failed - AROUND);
  const shown = lines.slice(from, failed + AROUND + 1);
  const first = statement.at.line + from;
  const width = String(first + shown.length).length;
  const more = lines.length - from - shown.length;
  return [
    ...shown.map((text, i) => {
      const isPlace = line !== undefined && first + i === at.line;
      return `${isPlace ? '>' : ' '} ${String(first + i).padStart(width)} | ${shortened(text, LONGEST_LINE)}`;
    }),
    ...(more > 0 ? [`  ${' '.repeat(width)} | … ${more} more line${more === 1 ? '' : 's'}`] : []),
  ];
}

function isUpTo(
  from: { readonly line: number; readonly column: number },
  to: { readonly line: number; readonly column: number },
): boolean {
  return from.line < to.line || (from.line === to.line && from.column <= to.column);
}

function sourceOf({ parts }: StatementTemplate): string {
  return parts.map((part) => (typeof part === 'string' ? part : `:${part.param}`)).join('');
}
