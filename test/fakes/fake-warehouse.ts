/**
 * The Warehouse port with the Data API's real rules, in memory: one statement at a time in a session, a busy and a
 * closed session answer alike, a repeated token runs nothing, sessions end after their keep-alive.
 */
import { refusalOf } from '../../shared/warehouse/refusal.ts';
import type { SmallEnd, StatementStatus, Submission, Warehouse } from '../../shared/warehouse/warehouse.ts';

export interface FakeStatement {
  readonly id: string;
  readonly name: string | undefined;
  readonly sessionId: string;
  readonly sqls: readonly string[];
  status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'ABORTED';
  error?: string;
  rows: number[];
  /** Its transaction took effect. */
  committed?: boolean;
  /** The Data API does not know it any more. */
  forgotten?: boolean;
  endedAt?: number;
}

interface FakeSession {
  readonly id: string;
  status: 'AVAILABLE' | 'BUSY' | 'CLOSED';
}

class ValidationException extends Error {
  override name = 'ValidationException';
}

export class FakeWarehouse implements Warehouse {
  /** Counts statements made and ended. */
  changes = 0;
  readonly statements: FakeStatement[] = [];
  readonly sessions = new Map<string, FakeSession>();
  readonly tokens = new Map<string, string>();
  /** Every call, in order: `open`, `submit 10_stage.sql`, `describe`, … */
  readonly calls: string[] = [];
  /** What SELECTs answer, by a piece of their text. */
  readonly results: { match: string; columns: string[]; rows: (string | null)[][] }[] = [];
  /** Called before a call has its effect; may throw. */
  before: (call: string) => void = () => undefined;
  /** Called after its effect; may throw: the reply is lost. */
  after: (call: string) => void = () => undefined;
  readonly #landing: { statement: FakeStatement; at: number }[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async open(): ReturnType<Warehouse['open']> {
    return this.#call('open', () => {
      const id = `session-${this.sessions.size + 1}`;
      this.sessions.set(id, { id, status: 'AVAILABLE' });
      return { sessionId: id, pid: 100 + this.sessions.size };
    });
  }

  async submit(submission: Submission): ReturnType<Warehouse['submit']> {
    return this.#call('submit', () => {
      const known = this.tokens.get(submission.token);
      if (known !== undefined) return { statementId: known };
      const session = this.#usable(submission.sessionId);
      session.status = 'BUSY';
      const statement = this.#add(submission.sessionId, submission.sqls, submission.name);
      this.tokens.set(submission.token, statement.id);
      return { statementId: statement.id, sessionId: session.id };
    });
  }

  async describe(statementId: string): Promise<StatementStatus | 'NOT_FOUND'> {
    this.#note('describe');
    const found = this.statements.find((statement) => statement.id === statementId);
    if (found === undefined || found.forgotten === true) return 'NOT_FOUND';
    return {
      statementId,
      status: found.status,
      rows: found.rows,
      ...(found.error === undefined ? {} : { error: found.error }),
      ...(found.endedAt === undefined ? {} : { updatedAt: new Date(found.endedAt) }),
    };
  }

  async result(statementId: string, limit: number): ReturnType<Warehouse['result']> {
    this.#note('result');
    const sql = this.statements.find((statement) => statement.id === statementId)?.sqls.join(';') ?? '';
    const result = this.results.find((candidate) => sql.includes(candidate.match)) ?? {
      columns: ['c'],
      rows: [],
    };
    return { columns: result.columns, rows: result.rows.slice(0, limit), total: result.rows.length };
  }

  async findByName(name: string): Promise<string | undefined> {
    this.#note('findByName');
    return this.statements.find((statement) => statement.name === name && statement.forgotten !== true)?.id;
  }

  async session(sessionId: string): ReturnType<Warehouse['session']> {
    this.#note('session');
    return this.sessions.get(sessionId)?.status ?? 'UNKNOWN';
  }

  async cancel(statementId: string): Promise<void> {
    this.#note('cancel');
    const found = this.statements.find((statement) => statement.id === statementId);
    if (found?.status === 'RUNNING') this.end(statementId, 'ABORTED');
  }

  /** Answers the two questions that Baton asks: of markers, by what was committed, and of open transactions. */
  async ask(sql: string): ReturnType<Warehouse['ask']> {
    return this.#call<readonly (readonly (string | null)[])[]>('ask', () => {
      const [, runId, birth, step] =
        /run_id = '([^']*)' AND birth = '([^']*)' AND step = '([^']*)'/.exec(sql) ?? [];
      if (step === undefined) return [[String(this.#landing.filter((late) => this.#now() < late.at).length)]];
      this.#land();
      const committed = this.statements.filter(
        (statement) =>
          statement.committed === true &&
          statement.sqls.some(
            (text) =>
              text.includes('INSERT INTO baton.step_marker') &&
              text.includes(`'${runId ?? ''}', '${birth ?? ''}', '${step}'`),
          ),
      );
      return [[String(committed.length)]];
    });
  }

  /**
   * The session ends, and what runs in it with it. `committed`: its transaction took effect all the same; `late`: it
   * will, so many ms after the session looked closed. `forgotten`: the Data API does not know the statement any more;
   * otherwise it says that the connection was lost.
   */
  kill(sessionId: string, how: { committed: boolean; lateMs?: number; forgotten: boolean }): void {
    const session = this.sessions.get(sessionId);
    if (session === undefined) return;
    const running = this.statements.find(
      (statement) => statement.sessionId === sessionId && statement.status === 'RUNNING',
    );
    session.status = 'CLOSED';
    this.changes += 1;
    if (running === undefined) return;
    running.status = 'FAILED';
    running.error = 'ERROR: the connection was lost';
    running.endedAt = this.#now();
    running.forgotten = how.forgotten;
    if (how.lateMs === undefined) running.committed = how.committed;
    else this.#landing.push({ statement: running, at: this.#now() + how.lateMs });
  }

  #land(): void {
    for (const late of this.#landing) if (this.#now() >= late.at) late.statement.committed = true;
  }

  async runSmall(
    sessionId: string,
    sql: string,
    keepAliveSeconds: number,
  ): ReturnType<Warehouse['runSmall']> {
    return this.#call<SmallEnd>('runSmall', () => {
      const session = this.#usable(sessionId);
      const statement = this.#add(sessionId, [sql], undefined);
      statement.status = 'FINISHED';
      statement.endedAt = this.#now();
      if (keepAliveSeconds <= 1) session.status = 'CLOSED';
      return { statementId: statement.id, status: 'FINISHED' };
    });
  }

  /** The warehouse finishes a statement. */
  end(
    statementId: string,
    status: 'FINISHED' | 'FAILED' | 'ABORTED',
    detail: { error?: string; rows?: number[] } = {},
  ): FakeStatement {
    const statement = this.statements.find((candidate) => candidate.id === statementId);
    if (statement === undefined) throw new Error(`no statement ${statementId}`);
    statement.status = status;
    statement.committed = status === 'FINISHED';
    this.changes += 1;
    statement.endedAt = this.#now();
    if (detail.error !== undefined) statement.error = detail.error;
    if (detail.rows !== undefined) statement.rows = detail.rows;
    const session = this.sessions.get(statement.sessionId);
    if (session?.status === 'BUSY') session.status = 'AVAILABLE';
    return statement;
  }

  /** The statement under way, if any. */
  running(): FakeStatement | undefined {
    return this.statements.find((statement) => statement.status === 'RUNNING');
  }

  #usable(sessionId: string): FakeSession {
    const session = this.sessions.get(sessionId);
    if (session === undefined) throw new ValidationException(`Session with Id: ${sessionId} is invalid`);
    if (session.status !== 'AVAILABLE') throw new ValidationException('Session is not available');
    return session;
  }

  #add(sessionId: string, sqls: readonly string[], name: string | undefined): FakeStatement {
    const statement: FakeStatement = {
      id: `statement-${this.statements.length + 1}`,
      name,
      sessionId,
      sqls,
      status: 'RUNNING',
      rows: sqls.map(() => 1),
    };
    this.statements.push(statement);
    this.changes += 1;
    return statement;
  }

  #note(call: string): void {
    this.calls.push(call);
    this.before(call);
  }

  #call<T>(
    name: string,
    effect: () => T,
  ): Promise<{ ok: true; value: T } | { ok: false; refusal: ReturnType<typeof refusalOf> }> {
    try {
      this.#note(name);
      const value = effect();
      this.after(name);
      return Promise.resolve({ ok: true, value });
    } catch (error) {
      return Promise.resolve({ ok: false, refusal: refusalOf(error) });
    }
  }
}
