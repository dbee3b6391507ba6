/** ListStatements and ListSessions. */
import { maySee } from '../protocol/caller.ts';
import type { Caller } from '../protocol/caller.ts';
import { invalid, notFound } from '../protocol/errors.ts';
import type { ListSessionsRequest, ListStatementsRequest } from '../protocol/requests.ts';
import type { Session } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Target } from '../statements/statement.ts';
import type { Statements } from '../statements/statements.ts';
import { listedSession, listedStatement } from './answers.ts';
import type { Answer } from './answers.ts';
import { pageOf } from './pages.ts';

interface Where {
  readonly ClusterIdentifier?: string;
  readonly WorkgroupName?: string;
  readonly Database?: string;
}

/** Newest first; only finished ones unless `Status` is given; the name is a prefix. */
export function listStatements(
  statements: Statements,
  request: ListStatementsRequest,
  caller: Caller,
): Answer {
  checkWhere(request);
  const status = request.Status ?? 'FINISHED';
  const name = request.StatementName ?? '';
  const found = statements
    .all()
    .filter(
      (statement) =>
        (status === 'ALL' || statement.status === status) &&
        (statement.name ?? '').startsWith(name) &&
        isWhere(statement.target, request) &&
        maySee(caller, statement.caller, request.RoleLevel ?? true),
    );
  const page = pageOf(found, ({ id }) => id, request.MaxResults, request.NextToken);
  return { Statements: page.items.map(listedStatement), NextToken: page.nextToken };
}

/** Open sessions, unless `Status` or `SessionId` is given. */
export function listSessions(sessions: Sessions, request: ListSessionsRequest, caller: Caller): Answer {
  checkWhere(request);
  if (request.SessionId !== undefined)
    return { Sessions: [listedSession(oneSession(sessions, request, caller))] };
  const found = sessions
    .all()
    .filter(
      (session) =>
        (request.Status === undefined ? session.state !== 'CLOSED' : session.state === request.Status) &&
        isWhere(session.target, request) &&
        maySee(caller, session.caller, request.RoleLevel ?? true),
    );
  const page = pageOf(found, ({ id }) => id, request.MaxResults, request.NextToken);
  return { Sessions: page.items.map(listedSession), NextToken: page.nextToken };
}

function oneSession(sessions: Sessions, request: ListSessionsRequest, caller: Caller): Session {
  const { SessionId: id = '' } = request;
  const others = (['Status', 'ClusterIdentifier', 'WorkgroupName', 'Database'] as const).filter(
    (name) => request[name] !== undefined,
  );
  if (others.length > 0) throw invalid(`${others.join(', ')} cannot be specified together with SessionId.`);
  const session = sessions.find(id);
  if (session === undefined || !maySee(caller, session.caller, request.RoleLevel ?? true)) {
    throw notFound(`Session with Id: ${id} does not exist.`, id);
  }
  return session;
}

function checkWhere({ ClusterIdentifier, WorkgroupName }: Where): void {
  if (ClusterIdentifier !== undefined && WorkgroupName !== undefined) {
    throw invalid('ClusterIdentifier and WorkgroupName cannot be specified together.');
  }
}

function isWhere(target: Target, { ClusterIdentifier, WorkgroupName, Database }: Where): boolean {
  return (
    (ClusterIdentifier === undefined || target.clusterIdentifier === ClusterIdentifier) &&
    (WorkgroupName === undefined || target.workgroupName === WorkgroupName) &&
    (Database === undefined || target.database === Database)
  );
}
