/** The door for tests and the command line, under `/_local/`: kill sessions, look at everything, forget it. */
import { messageOf } from '../../shared/errors.ts';
import { listedSession, listedStatement } from './data-api/answers.ts';
import type { DataApiContext } from './data-api/operations.ts';
import type { Json } from './data-api/validate.ts';
import { dataApiError, invalid } from './protocol/errors.ts';
import { switchesOf } from './protocol/switches.ts';
import type { TableState } from './table-states.ts';

/**
 * `kill-session { sessionId }`, of all with `{ sessionId: 'all' }` or `{ all: true }`: the backend goes away at once, as if the connection broke.
 * `switches { name: value }`: what AWS does not document (protocol/switches.ts), from now on; what is not named has its default.
 * `active`: how many statements have not ended. `tables`: all rows of all tables.
 * `sessions`, `statements`: all of them, any role. `reset`: every session is closed. `empty`: and all that sessions made is dropped.
 */
export async function answerAdmin(
  { sessions, statements, switches }: DataApiContext,
  database: { readonly empty: () => Promise<void>; readonly tables: () => Promise<readonly TableState[]> },
  url: string,
  body: Json,
): Promise<unknown> {
  const what = new URL(url, 'http://local').pathname.slice('/_local/'.length);
  switch (what) {
    case 'kill-session': {
      const killed = sessions.open().filter((session) => isAll(body) || session.id === sessionIdOf(body));
      if (killed.length === 0 && !isAll(body)) throw invalid(`there is no open session ${sessionIdOf(body)}`);
      for (const session of killed) sessions.close(session);
      return { killed: killed.map(({ id }) => id) };
    }
    case 'switches':
      try {
        // One object for the whole process.
        return Object.assign(switches, switchesOf(body as Readonly<Record<string, unknown>>));
      } catch (error) {
        throw invalid(messageOf(error));
      }
    case 'sessions':
      return {
        sessions: sessions
          .all()
          .map((session) => Object.assign({ pid: session.pid }, listedSession(session))),
      };
    case 'tables':
      return { tables: await database.tables() };
    case 'active':
      return { active: statements.active().length };
    case 'statements':
      return { statements: statements.all().map(listedStatement) };
    case 'reset':
    case 'empty': {
      const open = sessions.open();
      for (const session of open) sessions.close(session);
      if (what === 'empty') await database.empty();
      return { closed: open.length };
    }
    default:
      throw dataApiError('UnknownOperationException', `unknown request /_local/${what}`);
  }
}

function isAll(body: Json): boolean {
  return memberOf(body, 'all') === true || memberOf(body, 'sessionId') === 'all';
}

function sessionIdOf(body: Json): string {
  const id = memberOf(body, 'sessionId');
  if (typeof id === 'string') return id;
  throw invalid('kill-session needs {"sessionId": "…"} or {"all": true}');
}

function memberOf(body: Json, name: string): unknown {
  return typeof body === 'object' && body !== null
    ? (body as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
