/** The fakes of the ports, brought into the state of a snapshot, and read back from it. */
import { defined } from '../../../shared/run/defined.ts';
import { parseRun } from '../../../shared/store/parse-run.ts';
import { storedRun } from '../../../shared/store/stored-run.ts';
import { FakeWarehouse } from '../../fakes/fake-warehouse.ts';
import type { FakeStatement } from '../../fakes/fake-warehouse.ts';
import { MemoryRunStore } from '../../fakes/memory-run-store.ts';
import { KEEP_ALIVE_SECONDS } from '../../fakes/world.ts';
import type { Session, Snapshot, Statement } from './snapshot.ts';
import { normalRun, NOW } from './snapshot.ts';

export interface Fakes {
  readonly store: MemoryRunStore;
  readonly warehouse: FakeWarehouse;
}

/** While a snapshot is in the fakes, a commit on its way lands in the future. */
const LATER_MS = 50_000;

export function fakesOf(state: Snapshot): Fakes {
  const store = new MemoryRunStore();
  store.runs.set(state.run.id, parseRun({ ...state.run }));
  const rows = state.rows.map((row) => [`${row.index}#${row.generation}#${row.attempt}`, row] as const);
  store.rows.set(state.run.id, new Map(rows));
  if (state.pool !== undefined) store.pools.set(state.run.pipeline, state.pool);
  return { store, warehouse: warehouseOf(state) };
}

/** The effects of the fake's calls are done when the call returns. */
function warehouseOf(state: Snapshot): FakeWarehouse {
  const warehouse = new FakeWarehouse(() => NOW);
  const failing = state.statements.flatMap(({ sqls, checkFails }) => (checkFails === true ? sqls : []));
  if (failing.length > 0)
    warehouse.results.push({
      match: '/* baton run=',
      columns: ['c'],
      rows: (sql) => (failing.some((each) => sql.includes(each)) ? [['1']] : []),
    });
  for (let i = 0; i < state.sessions.length; i += 1) void warehouse.open();
  const forgotten = `session-${state.sessions.length + 1}`;
  if (state.statements.some(({ sessionId }) => sessionId === 'session-0')) void warehouse.open();
  for (const statement of state.statements)
    add(warehouse, statement, statement.sessionId === 'session-0' ? forgotten : statement.sessionId);
  for (const { id, status } of state.sessions) {
    const session = warehouse.sessions.get(id);
    if (session !== undefined) session.status = status;
  }
  return warehouse;
}

function add(warehouse: FakeWarehouse, statement: Statement, sessionId: string): void {
  const session = warehouse.sessions.get(sessionId);
  if (session === undefined) throw new Error(`there is no ${sessionId}`);
  session.status = 'AVAILABLE';
  const { id, name = '', token = `none-${id}`, sqls } = statement;
  void warehouse.submit({
    sessionId,
    name,
    token,
    sqls,
    transaction: true,
    keepAliveSeconds: KEEP_ALIVE_SECONDS,
  });
  if (statement.late === true) {
    const how = { committed: true, lateMs: LATER_MS, forgotten: statement.forgotten === true };
    warehouse.kill(sessionId, how);
    return;
  }
  if (statement.status === 'RUNNING') return;
  const { error, failed } = statement;
  const made = warehouse.end(id, statement.status, defined({ error, failed }));
  if (statement.committed !== undefined) made.committed = statement.committed;
  if (statement.forgotten === true) made.forgotten = true;
}

/** What the fakes hold now goes into `state`. */
export function readBack(state: Snapshot, { store, warehouse }: Fakes): void {
  const run = store.runs.get(state.run.id);
  if (run === undefined) throw new Error('the run is gone');
  state.run = normalRun(storedRun(run));
  state.rows = [...(store.rows.get(run.id)?.values() ?? [])];
  const pool = store.pools.get(run.pipeline);
  if (pool !== undefined) state.pool = pool;
  const tokens = new Map([...warehouse.tokens].map(([token, { statementId }]) => [statementId, token]));
  const before = new Map(state.statements.map((statement) => [statement.id, statement]));
  state.statements = warehouse.statements
    .filter(({ name }) => name !== undefined)
    .map((statement) => statementOf(statement, tokens.get(statement.id), before.get(statement.id)));
  const known = new Map(state.sessions.map((session) => [session.id, session]));
  state.sessions = [...warehouse.sessions.values()].map(({ id, status }): Session => {
    const { filled = [], isSpoiled } = known.get(id) ?? {};
    return isSpoiled === true ? { id, status, filled, isSpoiled } : { id, status, filled };
  });
}

function statementOf(
  statement: FakeStatement,
  token: string | undefined,
  before: Statement | undefined,
): Statement {
  const { id, name, sessionId, sqls, status, error, failed, committed, forgotten } = statement;
  return {
    id,
    sessionId,
    sqls,
    status,
    ...(name === undefined || name === '' ? {} : { name }),
    ...(token === undefined || token.startsWith('none-') ? {} : { token }),
    ...(error === undefined ? {} : { error }),
    ...(failed === undefined ? {} : { failed }),
    ...(before?.checkFails === true ? { checkFails: true as const } : {}),
    ...(committed === undefined ? {} : { committed }),
    ...(forgotten === true ? { forgotten } : {}),
    ...(before?.late === true ? { late: true } : {}),
  };
}
