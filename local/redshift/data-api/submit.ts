/** ExecuteStatement and BatchExecuteStatement: everything that is decided before a statement runs. */
import { randomUUID } from 'node:crypto';

import { defined } from '../../../shared/run/defined.ts';
import type { Clock } from '../../clock.ts';
import { ServiceError } from '../../service-error.ts';
import type { StatementFault } from '../../statement-fault.ts';
import { databaseUserOf } from '../protocol/caller.ts';
import type { Caller } from '../protocol/caller.ts';
import { dataApiError, invalid } from '../protocol/errors.ts';
import { checkParameters } from '../protocol/parameters.ts';
import type { BatchExecuteStatementRequest, ExecuteStatementRequest } from '../protocol/requests.ts';
import type { Switches } from '../protocol/switches.ts';
import type { Session } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Progress, Statement, SubStatement, Target } from '../statements/statement.ts';
import type { Statements } from '../statements/statements.ts';

/** Limit of one SQL text: 200 KB according to AWS's current documentation. */
const MOST_SQL_BYTES = 200 * 1024;
/** Submitted and started statements of one cluster or workgroup. */
const MOST_ACTIVE = 500;

type SubmitRequest = (ExecuteStatementRequest | BatchExecuteStatementRequest) & {
  readonly ClientToken?: string;
};

export interface SubmitContext {
  readonly clock: Clock;
  readonly switches: Switches;
  readonly statements: Statements;
  readonly sessions: Sessions;
  readonly run: (statement: Statement, session: Session) => void;
  /** Injected into the statement of this request. */
  readonly fault?: StatementFault;
}

/** The statement that the request made, or the one that an earlier request with the same token made. */
export function submit(context: SubmitContext, request: SubmitRequest, caller: Caller): Statement {
  const { statements, switches } = context;
  const token = request.ClientToken;
  if (token === undefined) return accept(context, request, caller);
  const before = statements.byToken(token);
  if (before !== undefined) return before;
  const refusal = switches.tokenConsumedByRefusal ? statements.refusalOf(token) : undefined;
  if (refusal !== undefined) throw dataApiError(refusal.type, refusal.message);
  try {
    return accept(context, request, caller);
  } catch (error) {
    if (switches.tokenConsumedByRefusal && error instanceof ServiceError)
      statements.rememberRefusal(token, error);
    throw error;
  }
}

function accept(context: SubmitContext, request: SubmitRequest, caller: Caller): Statement {
  const sqls = 'Sqls' in request ? request.Sqls : [request.Sql];
  checkSql(sqls);
  checkParameters(sqls, request.Parameters);
  checkTarget(request);
  const session = sessionFor(context, request, caller);
  const statement = statementFor(context, request, caller, sqls, session);
  context.statements.add(statement);
  context.run(statement, session);
  return statement;
}

function checkSql(sqls: readonly string[]): void {
  for (const sql of sqls) {
    const bytes = Buffer.byteLength(sql);
    if (bytes > MOST_SQL_BYTES) {
      throw invalid(`The SQL statement is larger than the limit of 200 KB (${String(bytes)} bytes).`);
    }
    if (sql.trim() === '') throw invalid('The SQL statement cannot be empty.');
  }
}

/** With a session nothing that names a warehouse; without one exactly what a first call needs (Redshift management guide: Using the Data API). */
function checkTarget(request: SubmitRequest): void {
  if (request.SessionId !== undefined) {
    const named = (['ClusterIdentifier', 'WorkgroupName', 'Database', 'DbUser', 'SecretArn'] as const).filter(
      (name) => request[name] !== undefined,
    );
    if (named.length > 0) throw invalid(`${named.join(', ')} cannot be specified together with SessionId.`);
    return;
  }
  const { ClusterIdentifier, WorkgroupName, Database, DbUser, SecretArn } = request;
  if (ClusterIdentifier === undefined && WorkgroupName === undefined) {
    throw invalid('Either ClusterIdentifier or WorkgroupName needs to be specified.');
  }
  if (ClusterIdentifier !== undefined && WorkgroupName !== undefined) {
    throw invalid('ClusterIdentifier and WorkgroupName cannot be specified together.');
  }
  if (Database === undefined || Database === '') throw invalid('Database needs to be specified.');
  if (WorkgroupName !== undefined && DbUser !== undefined) {
    throw invalid('DbUser cannot be specified together with WorkgroupName.');
  }
  if (DbUser !== undefined && SecretArn !== undefined) {
    throw invalid('DbUser and SecretArn cannot be specified together.');
  }
}

function sessionFor(
  { statements, sessions, switches, fault }: SubmitContext,
  request: SubmitRequest,
  caller: Caller,
): Session {
  const keepAlive = request.SessionKeepAliveSeconds;
  if (request.SessionId === undefined) {
    const target = targetOf(request, caller);
    checkActive(statements, target);
    return sessions.create(caller, target, keepAlive === 0 ? undefined : keepAlive);
  }
  if (fault?.kind === 'session-ends-before') {
    const open = sessions.find(request.SessionId);
    if (open !== undefined) sessions.close(open);
  }
  const session = sessions.take(request.SessionId);
  if (keepAlive === 0) session.closeAfter = switches.keepAliveZero === 'close';
  else if (keepAlive !== undefined) session.keepAliveSeconds = keepAlive;
  return session;
}

function targetOf(request: SubmitRequest, caller: Caller): Target {
  return {
    database: request.Database ?? '',
    dbUser: request.DbUser ?? databaseUserOf(caller),
    ...defined({
      clusterIdentifier: request.ClusterIdentifier,
      workgroupName: request.WorkgroupName,
      secretArn: request.SecretArn,
    }),
  };
}

function checkActive(statements: Statements, target: Target): void {
  const active = statements
    .active()
    .filter(
      (statement) =>
        statement.target.workgroupName === target.workgroupName &&
        statement.target.clusterIdentifier === target.clusterIdentifier,
    );
  if (active.length >= MOST_ACTIVE) {
    throw dataApiError(
      'ActiveStatementsExceededException',
      `The number of active statements has exceeded the limit of ${String(MOST_ACTIVE)}.`,
    );
  }
}

function statementFor(
  { clock, switches, fault }: SubmitContext,
  request: SubmitRequest,
  caller: Caller,
  sqls: readonly string[],
  session: Session,
): Statement {
  const now = clock.now();
  const parts: readonly SubStatement[] = sqls.map((sql) => ({ ...fresh(now), sql }));
  return {
    ...fresh(now),
    id: randomUUID(),
    caller,
    target: session.target,
    batch: 'Sqls' in request,
    executionMode: ('ExecutionMode' in request ? request.ExecutionMode : undefined) ?? 'TRANSACTION',
    resultFormat: request.ResultFormat ?? 'JSON',
    parts,
    ...defined({
      parameters: request.Parameters,
      name: request.StatementName,
      clientToken: request.ClientToken,
      fault,
    }),
    withEvent: request.WithEvent === true,
    sessionId: session.id,
    sessionShown: session.lasting || switches.sessionIdAlways,
    pid: session.pid,
    eventSent: false,
  };
}

function fresh(now: number): Progress {
  return {
    status: 'SUBMITTED',
    createdAt: now,
    updatedAt: now,
    duration: -1,
    rows: -1,
    size: -1,
    hasResultSet: false,
    queryId: -1,
  };
}
