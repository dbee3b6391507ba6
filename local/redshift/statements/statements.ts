/** All statements of the last 24 hours: found by id, by token, by name; and who waits for which to end. */
import type { Clock, Timer } from '../../clock.ts';
import type { ServiceError } from '../../service-error.ts';
import { dataApiError } from '../protocol/errors.ts';
import { MEMORY_MS, TOKEN_MEMORY_MS } from '../protocol/times.ts';
import type { RefusedToken, State, StateLog } from './state-log.ts';
import { isTerminal, splitId } from './statement.ts';
import type { Progress, Statement } from './statement.ts';

/** AWS does not publish how many calls may wait for one statement. */
const MOST_WAITING = 100;
/** Query ids look like Redshift's. */
const FIRST_QUERY_ID = 1000;

export class Statements {
  readonly #clock: Clock;
  readonly #log: StateLog;
  readonly #byId: Map<string, Statement>;
  readonly #refusedTokens: Map<string, RefusedToken>;
  readonly #byToken = new Map<string, Statement>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #queryId: number;

  constructor(clock: Clock, log: StateLog, state: State) {
    this.#clock = clock;
    this.#log = log;
    this.#byId = state.statements;
    this.#refusedTokens = state.refusedTokens;
    this.#queryId = Math.max(state.queryId, FIRST_QUERY_ID);
    for (const statement of this.#byId.values()) this.#rememberToken(statement);
  }

  nextQueryId(): number {
    this.#queryId += 1;
    return this.#queryId;
  }

  add(statement: Statement): void {
    this.#byId.set(statement.id, statement);
    this.#rememberToken(statement);
    this.#log.statement(statement);
  }

  /** To be called after a statement ended or its event was sent: writes it down and wakes who waits. */
  save(statement: Statement): void {
    this.#log.statement(statement);
    this.wake(statement.id);
  }

  wake(id: string): void {
    for (const callback of this.#waiting.get(id) ?? []) callback();
  }

  find(id: string): Statement | undefined {
    const statement = this.#byId.get(splitId(id).id);
    if (statement === undefined) return undefined;
    if (statement.createdAt + MEMORY_MS > this.#clock.now()) return statement;
    if (isTerminal(statement.status)) this.#byId.delete(statement.id);
    return undefined;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Drops what ended and is older than 24 hours. */
  forgetOld(): void {
    const oldest = this.#clock.now() - MEMORY_MS;
    for (const [id, { createdAt, status }] of this.#byId) {
      if (createdAt <= oldest && isTerminal(status)) this.#byId.delete(id);
    }
    for (const [token, { createdAt }] of this.#byToken) if (createdAt <= oldest) this.#byToken.delete(token);
    for (const [token, { at }] of this.#refusedTokens) if (at <= oldest) this.#refusedTokens.delete(token);
  }

  /** Newest first. */
  all(): readonly Statement[] {
    const oldest = this.#clock.now() - MEMORY_MS;
    return [...this.#byId.values()].filter(({ createdAt }) => createdAt > oldest).toReversed();
  }

  active(): readonly Statement[] {
    return [...this.#byId.values()].filter(({ status }) => !isTerminal(status));
  }

  byToken(token: string): Statement | undefined {
    const statement = this.#byToken.get(token);
    return statement !== undefined && statement.createdAt + TOKEN_MEMORY_MS > this.#clock.now()
      ? statement
      : undefined;
  }

  refusalOf(token: string): RefusedToken | undefined {
    const refusal = this.#refusedTokens.get(token);
    return refusal !== undefined && refusal.at + TOKEN_MEMORY_MS > this.#clock.now() ? refusal : undefined;
  }

  rememberRefusal(token: string, error: ServiceError): void {
    const refusal = { token, at: this.#clock.now(), type: error.name, message: error.message };
    this.#refusedTokens.set(token, refusal);
    this.#log.refusedToken(refusal);
  }

  /**
   * Waits until the statement (or the part that the id names) has ended, at most `seconds`.
   * Throws ActiveWaitingRequestsExceededException if too many wait for it.
   */
  async untilEnd(statement: Statement, progress: Progress, seconds: number): Promise<void> {
    const waiting = this.#waiting.get(statement.id) ?? new Set();
    if (waiting.size >= MOST_WAITING) {
      throw dataApiError(
        'ActiveWaitingRequestsExceededException',
        'The number of active waiting requests for the statement has exceeded the limit.',
      );
    }
    this.#waiting.set(statement.id, waiting);
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!isTerminal(progress.status)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      timer = this.#clock.callAt(this.#clock.now() + seconds * 1000, () => {
        waiting.delete(look);
        resolve();
      });
      look();
    });
    timer?.cancel();
    if (waiting.size === 0) this.#waiting.delete(statement.id);
  }

  #rememberToken(statement: Statement): void {
    if (statement.clientToken !== undefined) this.#byToken.set(statement.clientToken, statement);
  }
}
