/**
 * A warehouse that is plain data, so that a state of everything can be copied: a load reads each object of its manifest when it
 * ends, into the session's table; the commit takes what that table holds. No session is lost here: test/sim has that.
 */
import type { StatementStatus, Submission, Warehouse } from '../../../../shared/warehouse/warehouse.ts';

/** Rows of an upload: `bucket/key etag`. */
type Upload = string;

export interface Statement {
  readonly id: string;
  readonly name: string;
  readonly token: string;
  readonly sessionId: string;
  readonly sqls: readonly string[];
  readonly run: string;
  /** The manifest of a load; absent: it is the commit. */
  readonly manifest?: string;
  readonly status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'ABORTED';
  readonly error?: string;
}

export interface Session {
  readonly id: string;
  readonly busy: boolean;
  readonly rows: readonly Upload[];
  /** The object that the last failed load could not read. */
  readonly badFile?: string;
}

export interface Commit {
  readonly run: string;
  readonly uploads: readonly Upload[];
}

const BUSY = {
  reason: 'session-unavailable',
  class: 'transient',
  message: 'Session is not available',
} as const;

export class SmallWarehouse implements Warehouse {
  statements: readonly Statement[];
  sessions: readonly Session[];
  commits: readonly Commit[];

  constructor(from?: SmallWarehouse) {
    this.statements = from?.statements ?? [];
    this.sessions = from?.sessions ?? [];
    this.commits = from?.commits ?? [];
  }

  async open(): ReturnType<Warehouse['open']> {
    const sessionId = `session-${this.sessions.length + 1}`;
    this.sessions = [...this.sessions, { id: sessionId, busy: false, rows: [] }];
    return { ok: true, value: { sessionId, pid: pidOf(sessionId) } };
  }

  async submit({ sessionId, name, token, sqls }: Submission): ReturnType<Warehouse['submit']> {
    const known = this.statements.find((statement) => statement.token === token);
    if (known !== undefined)
      return { ok: true, value: { statementId: known.id, sessionId: known.sessionId } };
    const session = this.sessions.find(({ id }) => id === sessionId);
    if (session === undefined || session.busy) return { ok: false, refusal: BUSY };
    const text = sqls.join('\n');
    const [, run = ''] = /baton run=(\S+)/.exec(text) ?? [];
    const [, manifest] = /COPY stage FROM 's3:\/\/artifacts\/([^']*)'/.exec(text) ?? [];
    const id = `statement-${this.statements.length + 1}`;
    const statement: Statement = {
      id,
      name,
      token,
      sessionId,
      sqls,
      run,
      status: 'RUNNING',
      ...(manifest === undefined ? {} : { manifest }),
    };
    this.statements = [...this.statements, statement];
    this.#change({ ...session, busy: true });
    return { ok: true, value: { statementId: id, sessionId } };
  }

  async describe(statementId: string): Promise<StatementStatus | 'NOT_FOUND'> {
    const found = this.statements.find(({ id }) => id === statementId);
    if (found === undefined) return 'NOT_FOUND';
    const { status, error, sessionId, sqls } = found;
    const pid = pidOf(sessionId);
    const rows = sqls.map(() => (status === 'FINISHED' ? 1 : undefined));
    return { statementId, status, rows, pid, ...(error === undefined ? {} : { error }) };
  }

  async result(statementId: string): ReturnType<Warehouse['result']> {
    const { badFile } = this.sessions.find(({ id }) => `errors of ${id}` === statementId) ?? {};
    const rows = badFile === undefined ? [] : [[`s3://${badFile}`, '3', 'id', 'int4', 'Invalid digit']];
    return { columns: [], types: [], rows, total: rows.length };
  }

  async findByName(name: string): Promise<string | undefined> {
    return this.statements.find((statement) => statement.name === name)?.id;
  }

  async session(sessionId: string): ReturnType<Warehouse['session']> {
    const found = this.sessions.find(({ id }) => id === sessionId);
    if (found === undefined) return 'UNKNOWN';
    return found.busy ? 'BUSY' : 'AVAILABLE';
  }

  async cancel(statementId: string): Promise<void> {
    const found = this.statements.find(({ id }) => id === statementId);
    if (found?.status === 'RUNNING') this.#end(found, 'ABORTED', `ERROR: Query cancelled on user's request`);
  }

  /** Markers, by what was committed; and open transactions. */
  async ask(sql: string): ReturnType<Warehouse['ask']> {
    const [, runId, step] = /run_id = '([^']*)' AND birth = '[^']*' AND step = '([^']*)'/.exec(sql) ?? [];
    if (step !== undefined)
      return { ok: true, value: [[String(this.commits.filter(({ run }) => run === runId).length)]] };
    const [, pid] = /pid = (\d+)/.exec(sql) ?? [];
    const open = this.sessions.filter(({ id, busy }) => busy && String(pidOf(id)) === pid);
    return { ok: true, value: [[String(open.length)]] };
  }

  async runSmall(sessionId: string, sql: string): ReturnType<Warehouse['runSmall']> {
    if (this.sessions.find(({ id }) => id === sessionId)?.busy !== false) return { ok: false, refusal: BUSY };
    const statementId = sql.includes('sys_load_error_detail') ? `errors of ${sessionId}` : 'small';
    return { ok: true, value: { statementId, status: 'FINISHED' } };
  }

  running(): Statement | undefined {
    return this.statements.find(({ status }) => status === 'RUNNING');
  }

  /** The statement ends. `filesOf`: the objects that a manifest names; `uploadOf`: what an object is now, if it is there. */
  end(
    statement: Statement,
    filesOf: (manifest: string) => readonly string[],
    uploadOf: (object: string) => { readonly name: Upload; readonly isBad: boolean } | undefined,
  ): void {
    const { manifest, sessionId, run } = statement;
    const session = this.sessions.find(({ id }) => id === sessionId);
    if (session === undefined) throw new Error(`there is no ${sessionId}`);
    if (manifest === undefined) {
      this.commits = [...this.commits, { run, uploads: session.rows }];
      this.#end(statement, 'FINISHED');
      return;
    }
    const files = filesOf(manifest);
    const found = files.map(uploadOf);
    const uploads = found.flatMap((upload) => upload?.name ?? []);
    const badFile = files[found.findIndex((upload) => upload?.isBad === true)];
    if (badFile !== undefined) {
      this.#end(statement, 'FAILED', "ERROR: Load into table 'stage' failed. Check stl_load_errors");
      this.#change({ ...session, busy: false, badFile });
    } else if (uploads.length < files.length)
      this.#end(statement, 'FAILED', 'ERROR: Mandatory url is not present in manifest');
    else {
      this.#end(statement, 'FINISHED');
      this.#change({ ...session, busy: false, rows: [...session.rows, ...uploads] });
    }
  }

  #end(statement: Statement, status: Statement['status'], error?: string): void {
    const ended: Statement = { ...statement, status, ...(error === undefined ? {} : { error }) };
    this.statements = this.statements.map((each) => (each.id === statement.id ? ended : each));
    const session = this.sessions.find(({ id }) => id === statement.sessionId);
    if (session !== undefined) this.#change({ ...session, busy: false });
  }

  #change(session: Session): void {
    this.sessions = this.sessions.map((each) => (each.id === session.id ? session : each));
  }
}

function pidOf(sessionId: string): number {
  return 100 + Number(sessionId.slice('session-'.length));
}
