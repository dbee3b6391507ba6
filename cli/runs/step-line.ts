/** One line for each step as it ended. */
import { printable, type Style } from '../output.ts';
import type { HistoryRow } from './run-reader.ts';
import { countOf, stepTime } from './units.ts';

const NAME_WIDTH = 24;

/** `  ok   20_load.sql               5,000 rows     0.4 s`; a failed step shows its attempt, and its error below. */
export function stepLine(row: HistoryRow, style: Style): string {
  const good = row.status === 'FINISHED';
  const isRolledBack = row.status === 'ROLLED_BACK';
  const word = good ? style.good('ok  ') : isRolledBack ? 'undo' : style.bad('FAIL');
  const rows = row.rows === undefined ? '' : countOf(row.rows, 'row');
  const time = stepTime(row);
  const notes = [
    ...(row.generation > 1 ? [`session ${row.generation}`] : []),
    ...(row.attempt > 1 || !good ? [`attempt ${row.attempt}`] : []),
    ...(row.status === 'ABORTED' ? ['aborted'] : []),
    ...(isRolledBack ? ['rolled back with the step that failed'] : []),
  ].join(', ');
  const line =
    `  ${word} ${row.name.padEnd(NAME_WIDTH)} ${rows.padStart(14)} ${time.padStart(9)}  ${notes}`.trimEnd();
  return row.error === undefined ? line : `${line}\n${indent(errorText({ ...row, message: row.error }))}`;
}

/** The attempt without the text of its error, which is shown elsewhere. */
export function withoutError(row: HistoryRow): HistoryRow {
  const { error: _, place: __, rolledBack: ___, ...rest } = row;
  return rest;
}

/** The error's own words, where it happened, and what became of the step. */
export function errorText({
  message,
  place,
  rolledBack,
}: {
  readonly message: string;
  readonly place?: string;
  readonly rolledBack?: true;
}): string {
  return [
    message,
    ...(place === undefined ? [] : [`at ${place}`]),
    ...(rolledBack === undefined ? [] : ['the step was rolled back; nothing was applied']),
  ].join('\n');
}

/** Each line of a message set in under the step it belongs to. */
export function indent(message: string): string {
  return printable(message)
    .trim()
    .split('\n')
    .map((line) => `       ${line}`.trimEnd())
    .join('\n');
}
