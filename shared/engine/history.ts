/** The history rows of a finished step, or of a group of steps. Values that the event lacks (rows of a transaction) are requested from the warehouse. */
import { defined } from '../run/defined.ts';
import type { Plan, Step } from '../pipeline/plan.ts';
import type { FinishedStep, Fused, MemberCounts, Run } from '../run/run.ts';
import type { HistoryRow } from '../store/run-store.ts';
import type { StatementStatus } from '../warehouse/warehouse.ts';
import { describedSteps, sumOf } from './group.ts';
import type { Driver, Engine } from './ports.ts';

/** What an invocation read of the last statement that it waited for: its history row needs no other description. */
const waitedFor = new WeakMap<Driver, StatementStatus>();

export function rememberEnd(seen: StatementStatus, driver: Driver): void {
  waitedFor.set(driver, seen);
}

/** Idempotent; does nothing if no row is pending. */
export async function writeLastStep({ id, lastStep }: Run, plan: Plan, engine: Engine): Promise<void> {
  if (lastStep === undefined) return;
  const { fused, ...row } = lastStep;
  const rows =
    fused === undefined || plan.steps[row.index] === undefined
      ? [await historyRow(row, plan, engine)]
      : await rowsOfGroup(row, fused, plan, engine);
  await engine.store.putHistory(id, ...rows);
}

/** Without the steps before it. */
type Row = Omit<FinishedStep, 'fused'>;

/** One for each step. Those that were rolled back have no rows, whatever their statements report. */
async function rowsOfGroup(
  row: Row,
  { first, status, counts: known }: Fused,
  plan: Plan,
  engine: Engine,
): Promise<HistoryRow[]> {
  const steps = plan.steps.slice(first, row.index + 1);
  const counts = known ?? (await countsOf(row, steps, engine));
  // Within the time of the whole, by whichever clock it was measured.
  const whole = Date.parse(row.endedAt);
  let from = Date.parse(row.startedAt);
  return steps.map((step, i) => {
    const { rows, ms } = counts[i] ?? {};
    const startedAt = new Date(from).toISOString();
    from = Math.min(from + (ms ?? 0), Math.max(whole, from));
    const endedAt = ms === undefined ? row.endedAt : new Date(from).toISOString();
    const isLast = first + i === row.index;
    const own = isLast ? { ...row, startedAt } : { ...earlierMember(row), status, startedAt, endedAt };
    return rowOf(own, first + i, step, own.status === 'FINISHED' ? rows : undefined);
  });
}

/** What it shares with the step that the row is about. */
function earlierMember({ generation, attempt, statementId, seal }: Row) {
  return { generation, attempt, ...defined({ statementId, seal }) };
}

function rowOf(
  row: Omit<HistoryRow, 'index' | 'name' | 'kind' | 'statementHash'>,
  index: number,
  { name, kind, hash }: Step,
  rows: number | undefined,
): HistoryRow {
  return { ...row, index, name, kind, statementHash: hash, ...defined({ rows }) };
}

async function countsOf(
  { statementId }: Row,
  steps: readonly Step[],
  { driver, warehouse }: Engine,
): Promise<readonly MemberCounts[]> {
  if (statementId === undefined) return [];
  const seen = waitedOf(statementId, driver) ?? (await warehouse.describe(statementId));
  return seen === 'NOT_FOUND' ? [] : describedSteps(seen, steps);
}

function waitedOf(statementId: string, driver: Driver): StatementStatus | undefined {
  const last = waitedFor.get(driver);
  return last?.statementId === statementId ? last : undefined;
}

async function historyRow(row: Row, plan: Plan, { driver, warehouse }: Engine): Promise<HistoryRow> {
  const step = plan.steps[row.index];
  const base: HistoryRow = { ...row, kind: step?.kind ?? 'unknown', statementHash: step?.hash ?? '' };
  if (row.statementId === undefined) return base;
  const waited = waitedOf(row.statementId, driver);
  if (waited === undefined && row.rows !== undefined) return base;
  const seen = waited ?? (await warehouse.describe(row.statementId));
  if (seen === 'NOT_FOUND') return base;
  const durable = step?.kind === 'durable';
  const rows = row.rows ?? userRows(seen, durable);
  return {
    ...base,
    // A step that was rolled back has no rows.
    ...(rows === undefined || row.status !== 'FINISHED' ? {} : { rows }),
    ...(seen.rows.length > 1 ? { rowsByStatement: seen.rows.map((count) => count ?? null) } : {}),
    ...defined({
      queryId: seen.queryId,
      durationMs: seen.durationMs === undefined ? undefined : Math.round(seen.durationMs),
    }),
  };
}

/** Total rows of the user's statements, without the marker, which is last in a durable step. */
export function userRows(seen: StatementStatus, durable: boolean): number | undefined {
  return sumOf(durable ? seen.rows.slice(0, -1) : seen.rows);
}
