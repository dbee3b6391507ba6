/**
 * The Warehouse port with the Data API's real rules, in memory: one statement at a time in a session, a busy and a
 * closed session answer alike, a repeated token runs nothing for 8 hours, statements are known for 24, sessions end
 * after their keep-alive.
 */
import { LONGEST_SESSION_MS, MEMORY_MS, TOKEN_MEMORY_MS } from '../../local/redshift/protocol/times.ts';
import { defined } from '../../shared/run/defined.ts';
import { refusalOf, statementIdOf } from '../../shared/warehouse/refusal.ts';
import { OPENER_KEEP_ALIVE_SECONDS } from '../../shared/warehouse/warehouse.ts';
import type {
  Opening,
  SmallEnd,
  StatementStatus,
  Submission,
  Warehouse,
} from '../../shared/warehouse/warehouse.ts';

export interface FakeStatement {
  readonly id: string;
  readonly name: string | undefined;
  readonly sessionId: string;
  readonly sqls: readonly string[];
  status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'ABORTED';
  error?: string;
  rows: number[];
  /** Index of the statement that failed, of several. */
  failed?: number;
  readonly startedAt: number;
  /** Its transaction took effect. */
  committed?: boolean;
  /** The Data API does not know it any more. */
  forgotten?: boolean;
  endedAt?: number;
}

export interface FakeSession {
  readonly id: string;
  readonly pid: number;
  status: 'AVAILABLE' | 'BUSY' | 'CLOSED';
  /** Ends then, if nothing runs in it. */
  idleUntil: number;
  keepAliveSeconds: number;
  readonly openedAt: number;
}

/** What is said of a statement that ends, and what is true of it. */
export interface Report {
  readonly error?: string;
  readonly rows?: number[];
  /** Index of the statement of a transaction that is reported as failed. */
  readonly failed?: number;
  /** It took effect, whatever is said. */
  readonly applied?: boolean;
  /** Its transaction commits so many ms after the report. */
  readonly lateMs?: number;
}

/** Who wants to know what really happens in the warehouse. */
export interface Observer {
  readonly started: (statement: FakeStatement) => void;
  /** The statement takes effect; its rows, or why it cannot. */
  readonly takesEffect: (statement: FakeStatement) => { rows?: number[]; error?: string; failed?: number };
  readonly ended: (statement: FakeStatement) => void;
  /** A session ended because nothing ran in it for too long. */
  readonly expired: () => void;
}

class ValidationException extends Error {
  override name = 'ValidationException';
}

function rowsOf(
  rows: (string | null)[][] | ((sql: string) => (string | null)[][]),
  sql: string,
): (string | null)[][] {
  return typeof rows === 'function' ? rows(sql) : rows;
}

/** After the comment of each statement. */
const QUERY = /^(?:\/\*.*?\*\/)?\s*SELECT\b/s;

const CONNECTION_LOST = 'ERROR: the connection was lost';

export class FakeWarehouse implements Warehouse {
  readonly statements: FakeStatement[] = [];
  readonly sessions = new Map<string, FakeSession>();
  readonly tokens = new Map<string, { readonly statementId: string; readonly at: number }>();
  /** Tokens that a refusal has used up: refused for good, though nothing of theirs ever ran. */
  readonly usedUp = new Set<string>();
  /** Every call, in order: `open`, `submit 10_stage.sql`, `describe`, … */
  readonly calls: string[] = [];
  /** What SELECTs answer, by a piece of their text. */
  readonly results: {
    match: string;
    columns: string[];
    rows: (string | null)[][] | ((sql: string) => (string | null)[][]);
  }[] = [];
  /** Called before a call has its effect; may throw. */
  before: (call: string) => void = () => undefined;
  /** Called after its effect; may throw: the reply is lost. */
  after: (call: string) => void = () => undefined;
  observer: Observer | undefined;
  /** The first statement of a session has not ended when its call is answered. */
  opensSlowly: () => boolean = () => false;
  /** What happens while a call waits for a statement; may end it. */
  waits: (statementId: string, seconds: number) => unknown = () => undefined;
  /** Texts of statements that have a result. */
  queries = QUERY;
  /** DescribeStatement counts the rows of results. */
  countsResults = true;
  /** How long each statement of a transaction took, in ms; undefined: not reported. */
  partMs: number | undefined = 10;
  /** Where false, a session ends only when told: for what outlives every session of AWS. */
  sessionsExpire = true;
  /** What becomes of a statement that is cancelled: it may have committed just before. */
  stopped: (statement: FakeStatement) => Report = () => ({});
  /** Answers a `verify:` query. */
  verify: (sql: string) => (string | null)[][] | undefined = () => undefined;
  readonly #byId = new Map<string, FakeStatement>();
  readonly #byName = new Map<string, FakeStatement>();
  readonly #underWay = new Set<FakeStatement>();
  readonly #landing = new Set<{ readonly statement: FakeStatement; readonly at: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async open(opening?: Pick<Opening, 'pending'>): ReturnType<Warehouse['open']> {
    const { pending } = { ...opening };
    if (pending !== undefined) return this.#openPending(pending.sessionId);
    return this.#call('open', () => {
      const pid = 101 + this.sessions.size;
      const session: FakeSession = {
        id: `session-${this.sessions.size + 1}`,
        pid,
        status: 'AVAILABLE',
        idleUntil: this.#now() + OPENER_KEEP_ALIVE_SECONDS * 1000,
        keepAliveSeconds: OPENER_KEEP_ALIVE_SECONDS,
        openedAt: this.#now(),
      };
      this.sessions.set(session.id, session);
      return this.opensSlowly()
        ? { sessionId: session.id, statementId: `opener-of-${session.id}` }
        : { sessionId: session.id, pid };
    });
  }

  async #openPending(sessionId: string): ReturnType<Warehouse['open']> {
    const session = this.#current(sessionId);
    if (session?.status !== 'CLOSED')
      return this.#call('open', () => ({ sessionId, ...defined({ pid: session?.pid }) }));
    const message = "the session's first statement was ABORTED";
    return { ok: false, refusal: { reason: 'throttled', class: 'transient', message } };
  }

  async submit(submission: Submission): ReturnType<Warehouse['submit']> {
    try {
      this.#note('submit');
      const value = this.#submit(submission);
      this.after('submit');
      return { ok: true, value };
    } catch (error) {
      // As the real one does.
      const statementId = statementIdOf(error);
      if (statementId !== undefined) return { ok: true, value: { statementId } };
      return { ok: false, refusal: refusalOf(error) };
    }
  }

  #submit(submission: Submission): { statementId: string; sessionId?: string } {
    const { token, name, sessionId, sqls, keepAliveSeconds } = submission;
    const known = this.tokens.get(token);
    if (known !== undefined && this.#now() - known.at < TOKEN_MEMORY_MS)
      return { statementId: known.statementId, sessionId: this.#known(known.statementId).sessionId };
    if (this.usedUp.has(token)) throw new ValidationException('Session is not available');
    const session = this.#usable(sessionId);
    session.status = 'BUSY';
    session.keepAliveSeconds = keepAliveSeconds;
    const statement = this.#add(sessionId, sqls, name);
    this.tokens.set(token, { statementId: statement.id, at: this.#now() });
    return { statementId: statement.id, sessionId: session.id };
  }

  async describe(statementId: string, waitSeconds?: number): Promise<StatementStatus | 'NOT_FOUND'> {
    this.#note(waitSeconds === undefined ? 'describe' : 'await');
    if (waitSeconds !== undefined) await this.waits(statementId, waitSeconds);
    const found = this.#seen(statementId);
    if (found === undefined) return 'NOT_FOUND';
    const { status, error, endedAt } = found;
    const pid = this.sessions.get(found.sessionId)?.pid;
    return {
      statementId,
      status,
      // Statements of a transaction that was rolled back may report their rows all the same.
      rows:
        status === 'FINISHED' || found.failed !== undefined ? found.rows : found.rows.map(() => undefined),
      parts: found.sqls.map((sql) => this.#part(sql, status)),
      ...(found.failed === undefined ? {} : { failed: found.failed }),
      ...(error === undefined ? {} : { error }),
      ...(endedAt === undefined ? {} : { updatedAt: new Date(endedAt) }),
      ...(pid === undefined ? {} : { pid }),
    };
  }

  async result(statementId: string, limit: number, mostBytes = Infinity): ReturnType<Warehouse['result']> {
    this.#note('result');
    const found = this.#seen(statementId);
    if (found === undefined) return 'NOT_FOUND';
    if (found.status !== 'FINISHED') throw new ValidationException('Query does not have result.');
    const [, part] = statementId.split(':');
    const { columns, rows } = this.#resultOf(
      part === undefined ? found.sqls.join(';') : (found.sqls[Number(part) - 1] ?? ''),
    );
    const types = columns.map(() => 'varchar');
    let bytes = 0;
    const fitting = rows.slice(0, limit).filter((row) => {
      bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
      return bytes <= mostBytes;
    });
    return { columns, types, rows: fitting, total: rows.length };
  }

  #resultOf(sql: string): { columns: string[]; rows: (string | null)[][] } {
    const { columns, rows } = this.results.find(({ match }) => sql.includes(match)) ?? {
      columns: ['c'],
      rows: [],
    };
    return { columns, rows: rowsOf(rows, sql) };
  }

  #part(sql: string, status: FakeStatement['status']): { ms?: number; returned?: number } {
    const hasResult = status === 'FINISHED' && this.countsResults && this.queries.test(sql);
    return {
      ...(status === 'RUNNING' || this.partMs === undefined ? {} : { ms: this.partMs }),
      ...(hasResult ? { returned: this.#resultOf(sql).rows.length } : {}),
    };
  }

  async findByName(name: string): Promise<string | undefined> {
    this.#note('findByName');
    const found = this.#byName.get(name);
    return found === undefined ? undefined : this.#seen(found.id)?.id;
  }

  async session(sessionId: string): ReturnType<Warehouse['session']> {
    this.#note('session');
    const session = this.#current(sessionId);
    if (session === undefined || this.#now() - session.openedAt >= MEMORY_MS) return 'UNKNOWN';
    return session.status;
  }

  async cancel(statementId: string): Promise<void> {
    this.#note('cancel');
    const statement = this.#seen(statementId);
    if (statement?.status === 'RUNNING') this.end(statementId, 'ABORTED', this.stopped(statement));
  }

  /** Answers the two questions that Baton asks: of markers, by what was committed, and of open transactions. */
  async ask(sql: string): ReturnType<Warehouse['ask']> {
    return this.#call<readonly (readonly (string | null)[])[]>('ask', () => {
      const verified = this.verify(sql);
      if (verified !== undefined) return verified;
      const known = this.results.find(({ match }) => sql.includes(match));
      if (known !== undefined) return rowsOf(known.rows, sql);
      const [, runId, birth, step] =
        /run_id = '([^']*)' AND birth = '([^']*)' AND step = '([^']*)'/.exec(sql) ?? [];
      if (step === undefined) return [[String(this.#openTransactions(sql))]];
      this.land();
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

  #openTransactions(sql: string): number {
    const [, pid] = /pid = (\d+)/.exec(sql) ?? [];
    let open = 0;
    for (const { sessionId } of this.#underWay)
      if (String(this.sessions.get(sessionId)?.pid) === pid) open += 1;
    for (const { statement, at } of this.#landing)
      if (this.#now() < at && String(this.sessions.get(statement.sessionId)?.pid) === pid) open += 1;
    return open;
  }

  /**
   * The session ends, and what runs in it with it. `committed`: its transaction took effect all the same; `late`: it
   * will, so many ms after the session looked closed. `forgotten`: the Data API does not know the statement any more;
   * otherwise it says that the connection was lost.
   */
  kill(sessionId: string, how: { committed: boolean; lateMs?: number; forgotten: boolean }): void {
    const session = this.sessions.get(sessionId);
    if (session === undefined) return;
    session.status = 'CLOSED';
    for (const running of this.#underWay) {
      if (running.sessionId !== sessionId) continue;
      this.#underWay.delete(running);
      running.status = 'FAILED';
      running.error = CONNECTION_LOST;
      running.endedAt = this.#now();
      running.forgotten = how.forgotten;
      if (how.lateMs !== undefined) this.#landing.add({ statement: running, at: this.#now() + how.lateMs });
      else if (how.committed) this.#commit(running);
      else running.committed = false;
      this.observer?.ended(running);
    }
  }

  /** What a commit that was under way when its session ended has done by now. */
  land(): void {
    for (const late of this.#landing) {
      if (this.#now() < late.at) continue;
      this.#landing.delete(late);
      this.#commit(late.statement);
    }
  }

  /** Is a commit still under way, though its session has ended? */
  isLanding(mine: (statement: FakeStatement) => boolean): boolean {
    this.land();
    for (const late of this.#landing) if (mine(late.statement)) return true;
    return false;
  }

  #commit(statement: FakeStatement): { rows?: number[]; error?: string; failed?: number } {
    const done = this.observer?.takesEffect(statement) ?? {};
    statement.committed = done.error === undefined;
    return done;
  }

  async runSmall(
    sessionId: string,
    sql: string,
    keepAliveSeconds: number,
  ): ReturnType<Warehouse['runSmall']> {
    return this.#call<SmallEnd>('runSmall', () => {
      const session = this.#usable(sessionId);
      const statement = this.#add(sessionId, [sql], undefined);
      this.#underWay.delete(statement);
      statement.status = 'FINISHED';
      statement.endedAt = this.#now();
      session.keepAliveSeconds = keepAliveSeconds;
      session.idleUntil = this.#now() + keepAliveSeconds * 1000;
      return { statementId: statement.id, status: 'FINISHED' };
    });
  }

  /** The warehouse finishes a statement, or says so. */
  end(statementId: string, status: 'FINISHED' | 'FAILED' | 'ABORTED', detail: Report = {}): FakeStatement {
    const statement = this.#known(statementId);
    this.#underWay.delete(statement);
    const isApplied = status === 'FINISHED' || detail.applied === true;
    const done = isApplied ? this.#commit(statement) : {};
    statement.status = done.error === undefined ? status : 'FAILED';
    if (!isApplied) statement.committed = false;
    if (detail.lateMs !== undefined) this.#landing.add({ statement, at: this.#now() + detail.lateMs });
    statement.endedAt = this.#now();
    const error = done.error ?? detail.error;
    if (error !== undefined) statement.error = error;
    const failed = done.failed ?? detail.failed;
    if (failed !== undefined) statement.failed = failed;
    const rows = detail.rows ?? done.rows;
    if (rows !== undefined) statement.rows = rows;
    const session = this.sessions.get(statement.sessionId);
    if (session?.status === 'BUSY') {
      session.status = 'AVAILABLE';
      session.idleUntil = this.#now() + session.keepAliveSeconds * 1000;
    }
    this.observer?.ended(statement);
    return statement;
  }

  /** A statement under way, if any: the first that was submitted. */
  running(): FakeStatement | undefined {
    for (const statement of this.#underWay) return statement;
    return undefined;
  }

  /** All that are under way, in the order of their submission. */
  underWay(): readonly FakeStatement[] {
    return [...this.#underWay];
  }

  statementOf(id: string): FakeStatement | undefined {
    return this.#byId.get(id);
  }

  #known(statementId: string): FakeStatement {
    const statement = this.#byId.get(statementId);
    if (statement === undefined) throw new Error(`no statement ${statementId}`);
    return statement;
  }

  /** The statement as it is by now, if the Data API still knows it. */
  #seen(statementId: string): FakeStatement | undefined {
    const [id = ''] = statementId.split(':');
    const statement = this.#byId.get(id);
    if (statement === undefined) return undefined;
    this.#current(statement.sessionId);
    const isOld = statement.status !== 'RUNNING' && this.#now() - statement.startedAt >= MEMORY_MS;
    return statement.forgotten === true || isOld ? undefined : statement;
  }

  /** The session as it is by now: it ends when nothing ran in it for its keep-alive; after 24 hours with what runs in it. */
  #current(sessionId: string): FakeSession | undefined {
    const session = this.sessions.get(sessionId);
    if (!this.sessionsExpire || session === undefined || session.status === 'CLOSED') return session;
    const now = this.#now();
    if (session.status === 'AVAILABLE' && now >= session.idleUntil) {
      session.status = 'CLOSED';
      this.observer?.expired();
    } else if (now >= session.openedAt + LONGEST_SESSION_MS) {
      this.kill(sessionId, { committed: false, forgotten: false });
      this.observer?.expired();
    }
    return session;
  }

  #usable(sessionId: string): FakeSession {
    const session = this.#current(sessionId);
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
      startedAt: this.#now(),
      rows: sqls.map(() => 1),
    };
    this.statements.push(statement);
    this.#byId.set(statement.id, statement);
    this.#underWay.add(statement);
    if (name !== undefined) {
      this.#byName.set(name, statement);
      this.observer?.started(statement);
    }
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
