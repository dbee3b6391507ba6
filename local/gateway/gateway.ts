/**
 * The one endpoint: finds the service of each request, lets faults have their say, hands it on, and keeps the record
 * of every call.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { messageOf } from '../../shared/errors.ts';
import { defined } from '../../shared/run/defined.ts';
import type { Clock } from '../clock.ts';
import { throttlingOf, type CallFault, type CallFaults } from '../faults/call-faults.ts';
import { readBody } from '../http.ts';
import { refusalOf } from '../loopback.ts';
import { sendJsonError, ServiceError } from '../service-error.ts';
import { isStatementFault, STATEMENT_FAULT_HEADER, type StatementFault } from '../statement-fault.ts';
import { sendAdmin } from './admin.ts';
import { detailsOf, type CallDetails } from './call-details.ts';
import { callerOf, type Caller } from './caller.ts';
import type { CallLog } from './call-log.ts';
import { sendError, type Exchange, type Service } from './exchange.ts';
import { writeUnits } from './proxy.ts';
import { ReplySink } from './reply-sink.ts';
import { inPathStyle, resourceOf, routeOf, type Route, type ServiceName } from './route.ts';
import { watchOutcome } from './outcome.ts';

export type Services = Readonly<Record<Exclude<ServiceName, 'unknown'>, Service>>;

export interface GatewayParts {
  /** Absent while there are none: calls are then refused, and an SDK tries again. */
  readonly services: () => Services | undefined;
  /** Everything under `/_local/`. */
  readonly admin: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly faults: CallFaults;
  readonly calls: CallLog;
  readonly clock: Clock;
  /** Ends the instances of a function that are at work, as if their machine was gone. */
  readonly killFunction: (name: string) => Promise<void>;
}

/** A server that turns every request away until `openGateway`. */
export function createGateway(): Server {
  const server = createServer(turnAway);
  // A client's idle connection is closed by the client; closing it here would race with its next request.
  server.keepAliveTimeout = 600_000;
  server.headersTimeout = 610_000;
  server.requestTimeout = 0;
  // SDKs ask before a large upload.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  return server;
}

export function openGateway(server: Server, parts: GatewayParts): void {
  server.off('request', turnAway);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(parts, request, response).catch((error: unknown) => {
      // Nothing that a client sends may end the process that serves all others.
      process.stderr.write(`gateway: ${String(error)}\n`);
      response.destroy();
    });
  });
}

function turnAway(_request: IncomingMessage, response: ServerResponse): void {
  sendJsonError(response, '1.1', new ServiceError('ServiceUnavailable', 'the local AWS is starting', 503));
}

async function answer(
  parts: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const caller = callerOf(request.headers.authorization, request.url ?? '');
  request.url = inPathStyle(request.url ?? '/', request.headers, caller.service);
  const route = routeOf(request, caller.service);
  const isAdmin = request.url.startsWith('/_local/');
  const refusal = refusalOf(request);
  if (refusal !== undefined && isAdmin) {
    sendAdmin(response, 403, { error: refusal });
  } else if (refusal !== undefined) {
    const type = route.service === 's3' ? 'AccessDenied' : 'AccessDeniedException';
    sendError({ response, route }, 403, type, refusal);
  } else if (!request.url.startsWith('/')) {
    sendError({ response, route }, 400, 'InvalidURI', 'the path of a request must begin with /');
  } else if (isAdmin) {
    await parts.admin(request, response);
  } else {
    await serve(parts, request, response, caller, route);
    return;
  }
  // What is left of the body must be read, or the client never gets to the answer.
  request.resume();
}

/** Operations whose resource is the name of a statement. */
const SUBMITS: ReadonlySet<string> = new Set(['ExecuteStatement', 'BatchExecuteStatement']);

async function serve(
  parts: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
  route: Route,
): Promise<void> {
  const begin = performance.now();
  const record = recordAtEnd(parts, request, response, route, caller.name, begin);
  try {
    const body = route.service === 's3' ? undefined : await readBody(request);
    if (body !== undefined) record.resource ??= resourceOf(route.service, body);
    record.details = detailsOf(route.service, request.url ?? '', body);
    delete request.headers[STATEMENT_FAULT_HEADER];
    const exchange: Exchange = { request, response, route, caller: caller.name, body };
    const fault = parts.faults.meet({
      service: route.service,
      operation: route.operation,
      caller: caller.name,
      statement: SUBMITS.has(route.operation) ? record.resource : undefined,
    });
    if (fault === undefined) {
      await dispatch(parts, exchange);
      return;
    }
    record.fault = fault.id;
    await withFault(parts, exchange, fault);
  } catch (error) {
    const message = messageOf(error);
    sendError({ response, route }, 500, 'InternalFailure', message);
  }
}

async function dispatch(parts: GatewayParts, exchange: Exchange): Promise<void> {
  const { service, operation } = exchange.route;
  if (service === 'unknown') {
    sendError(
      exchange,
      400,
      'UnknownOperationException',
      `the local AWS has no ${operation}; it has S3, DynamoDB, Lambda's Invoke, EventBridge and its Scheduler, SQS and the Redshift Data API`,
    );
    return;
  }
  const services = parts.services();
  if (services === undefined) {
    sendError(exchange, 503, 'ServiceUnavailable', 'the local AWS is being emptied');
    return;
  }
  await services[service](exchange);
}

async function withFault(parts: GatewayParts, exchange: Exchange, fault: CallFault): Promise<void> {
  if (fault.delayMs > 0) await pause(fault.delayMs);
  if (fault.how === 'none') {
    await dispatch(parts, exchange);
    return;
  }
  if (isStatementFault(fault.how)) {
    const told: StatementFault = { kind: fault.how, message: fault.message };
    exchange.request.headers[STATEMENT_FAULT_HEADER] = JSON.stringify(told);
    await dispatch(parts, exchange);
    return;
  }
  if (fault.when === 'after') {
    await loseReply(parts, exchange);
  }
  if (fault.how === 'kill') await parts.killFunction(exchange.caller);
  if (fault.how === 'reset' || fault.how === 'kill') {
    exchange.request.socket.destroy();
    return;
  }
  const throttling = throttlingOf(exchange.route.service);
  const status = fault.how === 'throttle' ? throttling.status : fault.status;
  const type = fault.how === 'throttle' ? throttling.type : fault.errorType;
  const message = fault.how === 'throttle' ? 'Rate exceeded' : fault.message;
  sendError(exchange, status, type, message);
}

/** Lets the service process the request and discards its response. */
async function loseReply(parts: GatewayParts, exchange: Exchange): Promise<void> {
  const { response } = exchange;
  const sink = new ReplySink(exchange.request);
  await dispatch(parts, { ...exchange, response: sink });
  await sink.ended;
  const units = writeUnits.get(sink);
  if (units !== undefined) writeUnits.set(response, units);
}

interface OpenRecord {
  resource: string | undefined;
  details: CallDetails | undefined;
  fault: string | undefined;
}

/** Writes the record when the reply is out, or its connection gone. */
function recordAtEnd(
  { calls, clock }: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
  route: Route,
  caller: string,
  begin: number,
): OpenRecord {
  const record: OpenRecord = { resource: route.resource, details: undefined, fault: undefined };
  const outcome = watchOutcome(response);
  response.once('close', () => {
    const sent = response.writableFinished;
    const units = writeUnits.get(response);
    calls.record({
      time: new Date(clock.now()).toISOString(),
      service: route.service,
      operation: route.operation,
      caller,
      ...defined({ resource: record.resource, details: record.details }),
      status: sent ? response.statusCode : 0,
      outcome: sent ? outcome() : 'ConnectionClosed',
      ms: Math.round((performance.now() - begin) * 100) / 100,
      ...defined({ writeUnits: units, fault: record.fault }),
    });
    if (!request.complete) request.destroy();
  });
  return record;
}
