/** The verdict of a check, from the number of its rows or from its result, never from the event. */
import type { Expectation, Step } from '../pipeline/plan.ts';
import type { Finished } from '../run/decision.ts';
import type { RunEvent } from '../run/run-event.ts';
import { defined } from '../run/defined.ts';
import type { Run } from '../run/run.ts';
import { shortened } from '../run/text.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { describedSteps } from './group.ts';

type ReadResult = Exclude<Awaited<ReturnType<Warehouse['result']>>, 'NOT_FOUND'>;

/** Rows of a failed check that are kept for people. */
const ROWS_SHOWN = 10;

/** Limit of each column's name and value, in bytes: one long value hides no other. */
const LONGEST_VALUE = 200;

/** Of the check, or of the checks of a group in their order up to the first that fails. */
export async function readVerdict(
  about: Finished,
  run: Run,
  steps: readonly Step[],
  warehouse: Warehouse,
): Promise<RunEvent> {
  const gone = { kind: 'StatementSeen', statementId: about.statementId, status: 'NOT_FOUND' } as const;
  const counted = await countedRows(about, steps, warehouse);
  // Too late: treated like a statement that the warehouse no longer knows. A check has no lasting effect.
  if (counted === 'NOT_FOUND') return gone;
  for (const [i, step] of steps.entries()) {
    if (step.kind !== 'check') continue;
    const expectation = step.expect ?? 'no_rows';
    const returned = counted[i];
    if (returned !== undefined && passesBy(expectation, returned)) continue;
    const result = await warehouse.result(resultId(about.statementId, i, steps), ROWS_SHOWN);
    if (result === 'NOT_FOUND') return gone;
    if (holds(expectation, result)) continue;
    const { total: rows } = result;
    const at = steps.length > 1 ? { at: run.cursor + i } : {};
    return {
      kind: 'VerdictRead',
      passed: false,
      message: whyFailed(expectation, result),
      rows,
      ...at,
      about,
    };
  }
  const [rows] = steps.length > 1 ? [] : counted;
  return { kind: 'VerdictRead', passed: true, message: '', ...defined({ rows }), about };
}

/**
 * How many rows each step returned, as its description says: it may be asked five times as often as a result. Undefined: the
 * description does not say.
 */
async function countedRows(
  { statementId, returned, members }: Finished,
  steps: readonly Step[],
  warehouse: Warehouse,
): Promise<readonly (number | undefined)[] | 'NOT_FOUND'> {
  if (members !== undefined) return members.map((member) => member.returned);
  if (returned !== undefined || steps.every(({ expect }) => expect === 'true')) return [returned];
  const seen = await warehouse.describe(statementId);
  return seen === 'NOT_FOUND' ? seen : describedSteps(seen, steps).map((member) => member.returned);
}

function resultId(statementId: string, member: number, steps: readonly Step[]): string {
  if (steps.length === 1) return statementId;
  const before = steps.slice(0, member).reduce((sum, { statements }) => sum + statements.length, 0);
  return `${statementId}:${before + 1}`;
}

function whyFailed(expectation: Expectation, { columns, rows, total }: ReadResult): string {
  const table = rows.length === 0 ? '' : `\n${[columns, ...rows].map(lineOf).join('\n')}`;
  return `check failed: expected ${WORDS[expectation]}, got ${total} row${total === 1 ? '' : 's'}${table}`;
}

/** Known from the number of rows alone. */
function passesBy(expectation: Expectation, returned: number): boolean {
  return expectation === 'no_rows' ? returned === 0 : expectation === 'rows' && returned > 0;
}

function lineOf(values: readonly (string | null)[]): string {
  return values.map((value) => shortened(value ?? 'NULL', LONGEST_VALUE)).join(' | ');
}

const WORDS: Readonly<Record<Expectation, string>> = {
  no_rows: 'no rows',
  rows: 'at least one row',
  true: 'one row whose first column is true',
};

function holds(expectation: Expectation, result: ReadResult): boolean {
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
