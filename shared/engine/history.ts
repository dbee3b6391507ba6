/** The history row of a finished step. Values that the event lacks (rows of a transaction) are requested from the warehouse. */
import { defined } from '../run/defined.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { FinishedStep, Run } from '../run/run.ts';
import type { HistoryRow } from '../store/run-store.ts';
import type { StatementStatus } from '../warehouse/warehouse.ts';
import type { Driver, Engine } from './ports.ts';

/** What an invocation read of the last statement that it waited for: its history row needs no other description. */
const waitedFor = new WeakMap<Driver, StatementStatus>();

export function rememberEnd(seen: StatementStatus, driver: Driver): void {
  waitedFor.set(driver, seen);
}

/** Idempotent; does nothing if no row is pending. */
export async function writeLastStep(run: Run, plan: Plan, engine: Engine): Promise<void> {
  if (run.lastStep !== undefined)
    await engine.store.putHistory(run.id, await historyRow(run.lastStep, plan, engine));
}

async function historyRow(row: FinishedStep, plan: Plan, { driver, warehouse }: Engine): Promise<HistoryRow> {
  const step = plan.steps[row.index];
  const base: HistoryRow = { ...row, kind: step?.kind ?? 'unknown', statementHash: step?.hash ?? '' };
  if (row.statementId === undefined) return base;
  const last = waitedFor.get(driver);
  const waited = last?.statementId === row.statementId ? last : undefined;
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
  const own = durable ? seen.rows.slice(0, -1) : seen.rows;
  const known = own.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}
