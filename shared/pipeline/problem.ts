/** A problem of a pipeline, with its position. */

export interface Problem {
  /** The file's name within the pipeline's folder; from `loadPipelines` with the folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** `sql/stores/20_load.sql:3:6: error: …`, which editors and terminals make clickable. */
export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message}`;
}

/** Line and column, from 1, of an offset in a text. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  // Editors do not count a byte order mark.
  const lineStart = before.includes('\n')
    ? before.lastIndexOf('\n') + 1
    : before.startsWith('\uFEFF')
      ? 1
      : 0;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** By file, then by place. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) => a.file.localeCompare(b.file, 'en', { numeric: true }) || a.line - b.line || a.column - b.column,
  );
}
