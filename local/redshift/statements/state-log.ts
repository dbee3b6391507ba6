/**
 * What must outlive the process, as JSON lines: every statement when it was submitted and when it ended, every
 * session when it opened and closed, refused tokens. The last line of a thing counts. A line is written with one
 * system call before anybody is told, so a killed process forgets nothing it has answered.
 */
import { JsonLines } from '../../json-lines.ts';
import type { Caller } from '../protocol/caller.ts';
import type { Statement, Target } from './statement.ts';

export interface SessionRecord {
  readonly id: string;
  readonly caller: Caller;
  readonly target: Target;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly closed: boolean;
  readonly keepAliveSeconds: number;
}

/** A token whose call was refused (see the switch). */
export interface RefusedToken {
  readonly token: string;
  readonly at: number;
  readonly type: string;
  readonly message: string;
}

export interface State {
  readonly statements: Map<string, Statement>;
  readonly sessions: Map<string, SessionRecord>;
  readonly refusedTokens: Map<string, RefusedToken>;
  /** The highest query id given out. */
  queryId: number;
}

type Line =
  | { readonly statement: Statement }
  | { readonly session: SessionRecord }
  | { readonly refusedToken: RefusedToken }
  | { readonly queryId: number };

export class StateLog {
  readonly #file: JsonLines<Line>;

  private constructor(file: JsonLines<Line>) {
    this.#file = file;
  }

  /** Reads the log, drops entries that are `isOld`, rewrites the rest; then appends. */
  static open(path: string, isOld: (createdAt: number) => boolean): { log: StateLog; state: State } {
    const file = new JsonLines<Line>(path);
    const state = stateOf(file.read());
    for (const [id, { createdAt }] of state.statements) if (isOld(createdAt)) state.statements.delete(id);
    for (const [id, { createdAt }] of state.sessions) if (isOld(createdAt)) state.sessions.delete(id);
    for (const [token, { at }] of state.refusedTokens) if (isOld(at)) state.refusedTokens.delete(token);
    file.replace(linesOf(state));
    return { log: new StateLog(file), state };
  }

  statement(statement: Statement): void {
    this.#file.append({ statement });
  }

  session(session: SessionRecord): void {
    this.#file.append({ session });
  }

  refusedToken(refusedToken: RefusedToken): void {
    this.#file.append({ refusedToken });
  }

  close(): void {
    this.#file.close();
  }
}

function stateOf(lines: readonly Line[]): State {
  const state: State = { statements: new Map(), sessions: new Map(), refusedTokens: new Map(), queryId: 0 };
  for (const line of lines) {
    if ('statement' in line) {
      state.statements.set(line.statement.id, line.statement);
      for (const { queryId } of line.statement.parts) state.queryId = Math.max(state.queryId, queryId);
    } else if ('session' in line) state.sessions.set(line.session.id, line.session);
    else if ('queryId' in line) state.queryId = Math.max(state.queryId, line.queryId);
    else state.refusedTokens.set(line.refusedToken.token, line.refusedToken);
  }
  return state;
}

function linesOf(state: State): readonly Line[] {
  return [
    { queryId: state.queryId },
    ...[...state.sessions.values()].map((session) => ({ session })),
    ...[...state.statements.values()].map((statement) => ({ statement })),
    ...[...state.refusedTokens.values()].map((refusedToken) => ({ refusedToken })),
  ];
}
