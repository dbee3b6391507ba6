/** Statements and sessions as the Data API shows them, to be written as JSON. Times are epoch seconds. */
import { LONGEST_SESSION_MS } from '../protocol/times.ts';
import type { Session } from '../sessions/session.ts';
import type { Progress, Statement, SubStatement, Target } from '../statements/statement.ts';

export type Answer = Readonly<Record<string, unknown>>;

function seconds(ms: number): number {
  return ms / 1000;
}

function targetMembers({ clusterIdentifier, workgroupName, database, dbUser, secretArn }: Target): Answer {
  return {
    ClusterIdentifier: clusterIdentifier,
    WorkgroupName: workgroupName,
    Database: database,
    DbUser: dbUser,
    SecretArn: secretArn,
  };
}

/** @param waited WaitTimeSeconds was given: the state is worth telling */
export function submitAnswer(statement: Statement, waited: boolean): Answer {
  return {
    Id: statement.id,
    CreatedAt: seconds(statement.createdAt),
    ...targetMembers(statement.target),
    SessionId: statement.sessionShown ? statement.sessionId : undefined,
    ...(waited && {
      Status: statement.status,
      RedshiftPid: statement.pid === 0 ? undefined : statement.pid,
      HasResultSet: statement.hasResultSet,
    }),
  };
}

function progressMembers(progress: Progress): Answer {
  return {
    Status: progress.status,
    Error: progress.error,
    CreatedAt: seconds(progress.createdAt),
    UpdatedAt: seconds(progress.updatedAt),
    Duration: progress.duration,
    ResultRows: progress.rows,
    ResultSize: progress.size,
    HasResultSet: progress.hasResultSet,
    RedshiftQueryId: progress.queryId,
  };
}

function subStatementAnswer(id: string, part: SubStatement, index: number): Answer {
  return { ...progressMembers(part), Id: `${id}:${String(index + 1)}`, QueryString: part.sql };
}

/** @param part given: only that statement of the batch, under its own id */
export function describeAnswer(
  statement: Statement,
  part?: { readonly number: number; readonly it: SubStatement },
): Answer {
  const { id, batch, parts } = statement;
  return {
    ...progressMembers(part?.it ?? statement),
    Id: part === undefined ? id : `${id}:${String(part.number)}`,
    ...targetMembers(statement.target),
    RedshiftPid: statement.pid,
    QueryString: part?.it.sql ?? (batch ? undefined : parts[0]?.sql),
    QueryParameters: statement.parameters,
    ResultFormat: statement.resultFormat,
    SessionId: statement.sessionShown ? statement.sessionId : undefined,
    ExecutionMode: batch ? statement.executionMode : undefined,
    SubStatements:
      batch && part === undefined ? parts.map((sub, index) => subStatementAnswer(id, sub, index)) : undefined,
  };
}

export function listedStatement(statement: Statement): Answer {
  const { batch, parts } = statement;
  return {
    Id: statement.id,
    StatementName: statement.name,
    Status: statement.status,
    QueryString: batch ? undefined : parts[0]?.sql,
    QueryStrings: batch ? parts.map(({ sql }) => sql) : undefined,
    QueryParameters: statement.parameters,
    IsBatchStatement: batch,
    SessionId: statement.sessionShown ? statement.sessionId : undefined,
    ResultFormat: statement.resultFormat,
    SecretArn: statement.target.secretArn,
    CreatedAt: seconds(statement.createdAt),
    UpdatedAt: seconds(statement.updatedAt),
  };
}

export function listedSession(session: Session): Answer {
  const keepAlive = session.keepAliveSeconds ?? 0;
  const day = session.createdAt + LONGEST_SESSION_MS;
  return {
    SessionId: session.id,
    Status: session.state,
    CreatedAt: seconds(session.createdAt),
    UpdatedAt: seconds(session.updatedAt),
    Database: session.target.database,
    DbUser: session.target.dbUser,
    ClusterIdentifier: session.target.clusterIdentifier,
    WorkgroupName: session.target.workgroupName,
    SessionAliveSeconds: keepAlive,
    SessionTtl: seconds(session.endsAt ?? Math.min(session.updatedAt + keepAlive * 1000, day)),
    CurrentStatementId: session.state === 'BUSY' ? session.currentStatementId : undefined,
  };
}
