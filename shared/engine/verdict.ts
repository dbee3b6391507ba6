/** The verdict of a check, from its result, never from the event. */
import type { Expectation, Step } from '../pipeline/plan.ts';
import type { Finished } from '../run/decision.ts';
import type { RunEvent } from '../run/run-event.ts';
import { shortened } from '../run/text.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/** Rows of a failed check that are kept for people. */
const ROWS_SHOWN = 10;

/** Limit of each column's name and value, in bytes: one long value hides no other. */
const LONGEST_VALUE = 200;

export async function readVerdict(about: Finished, step: Step, warehouse: Warehouse): Promise<RunEvent> {
  const result = await warehouse.result(about.statementId, ROWS_SHOWN);
  // Too late: treated like a statement that the warehouse no longer knows. A check has no lasting effect.
  if (result === 'NOT_FOUND')
    return { kind: 'StatementSeen', statementId: about.statementId, status: 'NOT_FOUND' };
  const expectation = step.expect ?? 'no_rows';
  const passed = holds(expectation, result);
  const shown = [result.columns, ...result.rows].map(lineOf);
  const table = result.rows.length === 0 ? '' : `\n${shown.join('\n')}`;
  const message = `check failed: expected ${WORDS[expectation]}, got ${result.total} row${result.total === 1 ? '' : 's'}${table}`;
  return { kind: 'VerdictRead', passed, message: passed ? '' : message, rows: result.total, about };
}

function lineOf(values: readonly (string | null)[]): string {
  return values.map((value) => shortened(value ?? 'NULL', LONGEST_VALUE)).join(' | ');
}

const WORDS: Readonly<Record<Expectation, string>> = {
  no_rows: 'no rows',
  rows: 'at least one row',
  true: 'one row whose first column is true',
};

function holds(
  expectation: Expectation,
  result: { total: number; rows: readonly (readonly (string | null)[])[] },
): boolean {
  switch (expectation) {
    case 'no_rows':
      return result.total === 0;
    case 'rows':
      return result.total > 0;
    case 'true':
      return result.total === 1 && isTrue(result.rows[0]?.[0]);
    default:
      return expectation satisfies never;
  }
}

function isTrue(value: string | null | undefined): boolean {
  return value === 'true' || value === 't' || value === '1';
}
