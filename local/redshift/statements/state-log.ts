/**
 * What must outlive the process, as JSON lines: every statement when it was submitted and when it ended, every
 * session when it opened and closed, refused tokens. The last line of a thing counts. A line is written with one
 * system call before anybody is told, so a killed process forgets nothing it has answered.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

import type { Caller } from '../data-api/caller.ts';
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
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
  }

  /** Reads the log, leaves out what `isOld` and writes the rest anew; then appends. */
  static open(path: string, isOld: (createdAt: number) => boolean): { log: StateLog; state: State } {
    mkdirSync(dirname(path), { recursive: true });
    const state = readState(path);
    for (const [id, { createdAt }] of state.statements) if (isOld(createdAt)) state.statements.delete(id);
    for (const [id, { createdAt }] of state.sessions) if (isOld(createdAt)) state.sessions.delete(id);
    for (const [token, { at }] of state.refusedTokens) if (isOld(at)) state.refusedTokens.delete(token);
    const compact = `${path}.new`;
    writeFileSync(compact, linesOf(state));
    renameSync(compact, path);
    return { log: new StateLog(openSync(path, 'a')), state };
  }

  statement(statement: Statement): void {
    this.#append({ statement });
  }

  session(session: SessionRecord): void {
    this.#append({ session });
  }

  refusedToken(refusedToken: RefusedToken): void {
    this.#append({ refusedToken });
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

function readState(path: string): State {
  const state: State = { statements: new Map(), sessions: new Map(), refusedTokens: new Map(), queryId: 0 };
  if (!existsSync(path)) return state;
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    const line = parseLine(text);
    if (line === undefined) continue;
    if ('statement' in line) {
      state.statements.set(line.statement.id, line.statement);
      for (const { queryId } of line.statement.parts) state.queryId = Math.max(state.queryId, queryId);
    } else if ('session' in line) state.sessions.set(line.session.id, line.session);
    else if ('queryId' in line) state.queryId = Math.max(state.queryId, line.queryId);
    else state.refusedTokens.set(line.refusedToken.token, line.refusedToken);
  }
  return state;
}

/** A line cut off by a power cut, or an empty one, says nothing. */
function parseLine(text: string): Line | undefined {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

function linesOf(state: State): string {
  const lines: Line[] = [
    { queryId: state.queryId },
    ...[...state.sessions.values()].map((session) => ({ session })),
    ...[...state.statements.values()].map((statement) => ({ statement })),
    ...[...state.refusedTokens.values()].map((refusedToken) => ({ refusedToken })),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
