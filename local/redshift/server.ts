/** The local Redshift Data API: an HTTP server with sessions and statements on top of PostgreSQL. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';

import { Pool } from 'pg';

import { defined } from '../../shared/run/defined.ts';
import type { BusEvent } from '../bus-event.ts';
import type { Clock, Timer } from '../clock.ts';
import { createChildServer, readBody } from '../http.ts';
import { asServiceError, contentTypeOf } from '../service-error.ts';
import { STATEMENT_FAULT_HEADER, statementFaultOf } from '../statement-fault.ts';
import { answerAdmin } from './admin.ts';
import { makeCopyExecutor } from './copy/copy-executor.ts';
import { perform } from './data-api/operations.ts';
import type { DataApiContext } from './data-api/operations.ts';
import type { Json } from './data-api/validate.ts';
import { prepareDatabase } from './database.ts';
import { emptyDatabase } from './empty-database.ts';
import { completionEvent } from './events.ts';
import { CONNECTION_LOST } from './execute/redshift-error.ts';
import { ResultStore } from './execute/result-store.ts';
import { Runner } from './execute/runner.ts';
import type { ConnectOptions } from './postgres/start-postgres.ts';
import { callerOf } from './protocol/caller.ts';
import { dataApiError } from './protocol/errors.ts';
import type { Switches } from './protocol/switches.ts';
import { MEMORY_MS } from './protocol/times.ts';
import { asSessionRole } from './session-role.ts';
import { Sessions } from './sessions/sessions.ts';
import { StateLog } from './statements/state-log.ts';
import { isTerminal } from './statements/statement.ts';
import type { Statement } from './statements/statement.ts';
import { Statements } from './statements/statements.ts';
import { tableStates } from './table-states.ts';
import { makeUnloadExecutor } from './unload/unload-executor.ts';

const MOST_REQUEST_BYTES = 16 * 1024 * 1024;
const FORGET_EVERY_MS = 3_600_000;

export interface RedshiftOptions {
  readonly clock: Clock;
  /** As the database's owner; sessions connect as a role of their own. */
  readonly connect: ConnectOptions;
  /** Where statements and results are kept: `<BATON_HOME>/state/redshift`. */
  readonly stateFolder: string;
  /** The folder of the buckets, `<BATON_HOME>/s3`. */
  readonly s3Root: string;
  readonly switches: Switches;
  /** False: the event was not accepted; it is sent again at the next start. */
  readonly onEvent: (event: BusEvent) => boolean;
}

export interface Redshift {
  readonly server: Server;
  /** Ends the statements that an earlier process left open as FAILED, and sends their events. Call once the receiver listens. */
  settleLeftovers(): void;
  /** Closes every session and the server; the database stays. */
  close(): Promise<void>;
}

export async function openRedshift(options: RedshiftOptions): Promise<Redshift> {
  const { clock, connect, stateFolder, switches } = options;
  const admin = new Pool({ ...connect, max: 4, allowExitOnIdle: true });
  // An idle connection of a killed server: the next query opens another.
  admin.on('error', () => undefined);
  for (const line of await prepareDatabase(admin, connect)) process.stderr.write(`redshift: ${line}\n`);

  const isOld = (createdAt: number): boolean => createdAt + MEMORY_MS <= clock.now();
  const { log, state } = StateLog.open(join(stateFolder, 'log.jsonl'), isOld);
  const results = new ResultStore(join(stateFolder, 'results'));
  const statements = new Statements(clock, log, state);
  const sessions = new Sessions(clock, log, state, switches, (session) => {
    void runner.terminate(session);
  });
  const sendEvent = (statement: Statement): void => {
    if (!options.onEvent(completionEvent(statement, clock.now()))) return;
    statement.eventSent = true;
    statements.save(statement);
  };
  const onEnd = (statement: Statement): void => {
    if (!switches.completionEvents) return;
    if (switches.eventDelayMs === 0) {
      sendEvent(statement);
      return;
    }
    clock.callAt(clock.now() + switches.eventDelayMs, () => {
      sendEvent(statement);
    });
  };
  const runner: Runner = new Runner({
    clock,
    admin,
    connect: asSessionRole(connect),
    switches,
    statements,
    sessions,
    results,
    runCopy: makeCopyExecutor({ admin, s3Root: options.s3Root, clock }),
    runUnload: makeUnloadExecutor(options.s3Root),
    onEnd,
  });
  const context: DataApiContext = {
    clock,
    switches,
    statements,
    sessions,
    results,
    run: (statement, session) => {
      void runner.run(statement, session);
    },
    cancel: (id) => {
      runner.cancel(id);
    },
  };

  let forgetting: Timer | undefined;
  const forgetOld = (): void => {
    statements.forgetOld();
    results.keepOnly((id) => statements.has(id));
    forgetting = clock.callAt(clock.now() + FORGET_EVERY_MS, forgetOld);
  };
  forgetOld();

  const database = {
    empty: () => emptyDatabase(admin, connect),
    tables: () => tableStates(admin),
  };
  const server = createChildServer(
    '1.1',
    (request, response) => serve(context, database, request, response),
    (error) => asServiceError(error, 'InternalServerException'),
  );

  return {
    server,
    settleLeftovers: () => {
      for (const statement of statements.all()) settle(statement, clock.now(), statements, sendEvent);
    },
    close: async () => {
      forgetting?.cancel();
      server.close();
      server.closeAllConnections();
      for (const session of sessions.open()) sessions.close(session);
      await runner.allEnded();
      await admin.end();
      log.close();
    },
  };
}

/** A statement that ran when the process was killed: its connection is gone, its outcome unknown. */
function settle(
  statement: Statement,
  now: number,
  statements: Statements,
  sendEvent: (statement: Statement) => void,
): void {
  if (!isTerminal(statement.status)) {
    for (const part of statement.parts) {
      if (isTerminal(part.status)) continue;
      const ran = part.status === 'STARTED';
      part.status = ran ? 'FAILED' : 'ABORTED';
      part.updatedAt = now;
      if (ran) part.error = CONNECTION_LOST;
    }
    statement.status = 'FAILED';
    statement.error = CONNECTION_LOST;
    statement.updatedAt = now;
    statements.save(statement);
  }
  if (statement.withEvent && !statement.eventSent) sendEvent(statement);
}

async function serve(
  context: DataApiContext,
  database: Parameters<typeof answerAdmin>[1],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = (await readBody(request, MOST_REQUEST_BYTES)).toString('utf8');
  if (request.url?.startsWith('/_local/') === true) {
    send(response, JSON.stringify(await answerAdmin(context, database, request.url, parse(text))));
    return;
  }
  const [service, operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
  if (request.method !== 'POST' || service !== 'RedshiftData') {
    throw dataApiError('UnknownOperationException', 'X-Amz-Target must be RedshiftData.<operation>.');
  }
  const fault = statementFaultOf(request.headers[STATEMENT_FAULT_HEADER]);
  send(
    response,
    await perform({ ...context, ...defined({ fault }) }, operation, parse(text), callerOf(request.headers)),
  );
}

function parse(text: string): Json {
  try {
    // A member that is null is one that was not sent.
    return JSON.parse(text === '' ? '{}' : text, (_name, value: unknown) => value ?? undefined) as Json;
  } catch {
    throw dataApiError('SerializationException', 'The request is not JSON.');
  }
}

function send(response: ServerResponse, body: string): void {
  if (response.destroyed) return;
  response.setHeader('content-type', contentTypeOf('1.1'));
  response.end(body);
}
