/**
 * All sessions, by the rules of the Data API: one statement at a time and no queue; idle time counted from the end
 * of the last statement; never more than 24 hours; at most 500. A busy and a closed session are refused alike.
 */
import { randomUUID } from 'node:crypto';

import type { Clock, Timer } from '../../clock.ts';
import type { Caller } from '../protocol/caller.ts';
import { dataApiError, invalid } from '../protocol/errors.ts';
import type { Switches } from '../protocol/switches.ts';
import { LONGEST_SESSION_MS, MEMORY_MS } from '../protocol/times.ts';
import type { SessionRecord, State, StateLog } from '../statements/state-log.ts';
import type { Target } from '../statements/statement.ts';
import { Session } from './session.ts';

/** An open transaction that idles so long is ended, whatever the keep-alive. */
const IDLE_TRANSACTION_MS = 6 * 3_600_000;
/** The quota of one cluster or workgroup. */
const MOST_SESSIONS = 500;

interface Timers {
  idle?: Timer;
  readonly day: Timer;
}

export class Sessions {
  readonly #clock: Clock;
  readonly #log: StateLog;
  readonly #switches: Switches;
  /** Ends a backend and what runs in it. */
  readonly #terminate: (session: Session) => void;
  readonly #byId = new Map<string, Session>();
  readonly #timers = new Map<Session, Timers>();

  constructor(
    clock: Clock,
    log: StateLog,
    state: State,
    switches: Switches,
    terminate: (session: Session) => void,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#switches = switches;
    this.#terminate = terminate;
    for (const record of state.sessions.values())
      this.#byId.set(record.id, closedSession(record, clock.now()));
    // The backends of the process before are gone, and with them the temporary tables.
    for (const session of this.#byId.values()) this.#log.session(recordOf(session));
  }

  /** A new session, BUSY for its first statement. Throws ActiveSessionsExceededException. */
  create(caller: Caller, target: Target, keepAliveSeconds: number | undefined): Session {
    const open = [...this.#timers.keys()].filter((session) => sameWarehouse(session.target, target));
    if (open.length >= MOST_SESSIONS) {
      throw dataApiError(
        'ActiveSessionsExceededException',
        `The number of active sessions has exceeded the limit of ${String(MOST_SESSIONS)}.`,
      );
    }
    const now = this.#clock.now();
    const session = new Session(randomUUID(), caller, target, now, keepAliveSeconds);
    const day = this.#clock.callAt(now + LONGEST_SESSION_MS, () => {
      this.close(session);
    });
    this.#timers.set(session, { day });
    this.#byId.set(session.id, session);
    if (session.lasting) this.#log.session(recordOf(session));
    return session;
  }

  /** Makes the session BUSY for one statement. Throws the ValidationExceptions of AWS's session rules. */
  take(id: string): Session {
    const session = this.find(id);
    if (session === undefined) throw invalid(`Session with Id: ${id} is invalid`);
    if (session.state !== 'AVAILABLE') throw invalid('Session is not available');
    session.state = 'BUSY';
    session.endsAt = undefined;
    session.updatedAt = this.#clock.now();
    this.#timers.get(session)?.idle?.cancel();
    return session;
  }

  /** The statement ended: the session waits for the next one, as long as its keep-alive says. */
  release(session: Session): void {
    if (session.state === 'CLOSED') return;
    if (session.keepAliveSeconds === undefined || session.closeAfter) {
      this.close(session);
      return;
    }
    if (this.#switches.busyAfterEndMs === 0) {
      this.#rest(session, session.keepAliveSeconds);
      return;
    }
    const keepAlive = session.keepAliveSeconds;
    this.#clock.callAt(this.#clock.now() + this.#switches.busyAfterEndMs, () => {
      if (session.state === 'BUSY') this.#rest(session, keepAlive);
    });
  }

  #rest(session: Session, keepAliveSeconds: number): void {
    const now = this.#clock.now();
    session.state = 'AVAILABLE';
    session.currentStatementId = undefined;
    session.updatedAt = now;
    session.endsAt = Math.min(
      now + this.#idleMs(session, keepAliveSeconds),
      session.createdAt + LONGEST_SESSION_MS,
    );
    const timers = this.#timers.get(session);
    if (timers === undefined) return;
    timers.idle = this.#clock.callAt(session.endsAt, () => {
      this.close(session);
    });
  }

  /** The shorter of the keep-alive and the database's own limits. */
  #idleMs(session: Session, keepAliveSeconds: number): number {
    const serverless = session.target.workgroupName !== undefined;
    const limit = serverless ? this.#switches.idleTimeoutServerless : this.#switches.idleTimeoutProvisioned;
    const seconds = limit === 0 ? keepAliveSeconds : Math.min(keepAliveSeconds, limit);
    return session.inTransaction ? Math.min(seconds * 1000, IDLE_TRANSACTION_MS) : seconds * 1000;
  }

  close(session: Session): void {
    if (session.state === 'CLOSED') return;
    session.state = 'CLOSED';
    session.currentStatementId = undefined;
    session.endsAt = undefined;
    session.updatedAt = this.#clock.now();
    const timers = this.#timers.get(session);
    timers?.idle?.cancel();
    timers?.day.cancel();
    this.#timers.delete(session);
    if (session.lasting) this.#log.session(recordOf(session));
    else this.#byId.delete(session.id);
    this.#terminate(session);
  }

  find(id: string): Session | undefined {
    const session = this.#byId.get(id);
    return session?.lasting === true && this.#isKept(session) ? session : undefined;
  }

  /** Newest first, the closed ones of the last 24 hours too. */
  all(): readonly Session[] {
    return [...this.#byId.values()]
      .filter((session) => session.lasting && this.#isKept(session))
      .toReversed();
  }

  /** Every open one, also those that end with their statement. */
  open(): readonly Session[] {
    return [...this.#timers.keys()];
  }

  #isKept(session: Session): boolean {
    if (session.createdAt + MEMORY_MS > this.#clock.now()) return true;
    if (session.state === 'CLOSED') this.#byId.delete(session.id);
    return false;
  }
}

function sameWarehouse(one: Target, other: Target): boolean {
  return one.workgroupName === other.workgroupName && one.clusterIdentifier === other.clusterIdentifier;
}

function closedSession(record: SessionRecord, now: number): Session {
  const session = new Session(
    record.id,
    record.caller,
    record.target,
    record.createdAt,
    record.keepAliveSeconds,
  );
  session.state = 'CLOSED';
  session.updatedAt = record.closed ? record.updatedAt : now;
  return session;
}

function recordOf(session: Session): SessionRecord {
  return {
    id: session.id,
    caller: session.caller,
    target: session.target,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    closed: session.state === 'CLOSED',
    keepAliveSeconds: session.keepAliveSeconds ?? 0,
  };
}
