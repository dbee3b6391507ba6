/** A Data API session: one PostgreSQL backend, so that temporary tables and settings live as long as it does. */
import { Client } from 'pg';
import type { ClientConfig } from 'pg';

import { CLOCK_SETTING } from '../dialect/shim/schema.ts';
import type { ConnectOptions } from '../postgres/start-postgres.ts';
import type { Caller } from '../protocol/caller.ts';
import type { Target } from '../statements/statement.ts';

export type SessionState = 'AVAILABLE' | 'BUSY' | 'CLOSED';

/** Values come as the server writes them. */
const AS_TEXT = { getTypeParser: () => (value: string) => value } as unknown as NonNullable<
  ClientConfig['types']
>;

/** Redshift's default is snapshot isolation: a transaction that meets another's update fails, it does not re-read. */
const ISOLATION = String.raw`-c default_transaction_isolation=repeatable\ read`;

/** Less is what passes between two looks at a clock. */
const LEAST_OFFSET_MS = 500;

export class Session {
  readonly id: string;
  readonly caller: Caller;
  readonly target: Target;
  readonly createdAt: number;
  updatedAt: number;
  state: SessionState = 'BUSY';
  /** Undefined: the session ends with its statement and is not shown. */
  keepAliveSeconds: number | undefined;
  /** Set by a keep-alive of 0 on the way: close after this statement. */
  closeAfter = false;
  currentStatementId: string | undefined;
  /** While AVAILABLE: when it will be closed. */
  endsAt: number | undefined;
  /** The backend's process; 0 before it is connected. */
  pid = 0;
  #client: Client | undefined;
  /** Its GETDATE may not be the real time. */
  #followsClock = false;

  constructor(
    id: string,
    caller: Caller,
    target: Target,
    createdAt: number,
    keepAliveSeconds: number | undefined,
  ) {
    this.id = id;
    this.caller = caller;
    this.target = target;
    this.createdAt = createdAt;
    this.updatedAt = createdAt;
    this.keepAliveSeconds = keepAliveSeconds;
  }

  /** Shown by ListSessions and usable by its id. */
  get lasting(): boolean {
    return this.keepAliveSeconds !== undefined;
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error('the session is not connected');
    return this.#client;
  }

  /** True while an explicit transaction is open, failed or not. */
  get inTransaction(): boolean {
    const status = this.#client?.getTransactionStatus();
    return status === 'T' || status === 'E';
  }

  /** @param onLost called once if the backend goes away by itself */
  async connect(options: ConnectOptions, onLost: () => void): Promise<Client> {
    const client = new Client({
      ...options,
      database: this.target.database,
      options: ISOLATION,
      application_name: `data-api ${this.id}`,
      types: AS_TEXT,
    });
    let ended = false;
    const lost = (): void => {
      if (ended) return;
      ended = true;
      onLost();
    };
    client.on('error', lost);
    client.on('end', lost);
    await client.connect();
    this.#client = client;
    this.pid = (client as unknown as { readonly processID: number }).processID;
    return client;
  }

  /** GETDATE and its kin show the local clock from the next transaction on. @param now ms since the epoch */
  async followClock(now: number): Promise<void> {
    const offsetMs = now - Date.now();
    if (this.inTransaction || (Math.abs(offsetMs) < LEAST_OFFSET_MS && !this.#followsClock)) return;
    // Each time: the user may have reset it.
    await this.client.query(`SET ${CLOCK_SETTING} = '${String(offsetMs)}'`);
    this.#followsClock = true;
  }

  /** Ends the backend; what runs in it is broken off by the caller first. */
  disconnect(): void {
    this.#client?.end().catch(() => undefined);
  }
}
