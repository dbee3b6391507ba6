/**
 * Lambda's Invoke over HTTP, synchronous only (the supervisor keeps the queue of asynchronous invocations), and the
 * door through which the supervisor sets the functions.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { createChildServer, decodePercent, readBody } from '../http.ts';
import { isJson } from '../json-object.ts';
import { ServiceError } from '../service-error.ts';
import type { FunctionHost } from './host.ts';
import { Throttled } from './pool.ts';
import type { HostSettings } from './settings.ts';

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

export function createLambdaServer(host: FunctionHost): Server {
  return createChildServer('rest', (request, response) => serve(host, request, response));
}

async function serve(host: FunctionHost, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const body = (await readBody(request)).toString('utf8');
  if (path === '/_local/functions' && request.method === 'POST') {
    host.configure(JSON.parse(body) as HostSettings);
    response.writeHead(204).end();
    return;
  }
  if (path === '/_local/warm-up' && request.method === 'POST') {
    await host.warmUp();
    response.writeHead(204).end();
    return;
  }
  if (path === '/_local/kill' && request.method === 'POST') {
    await host.kill((JSON.parse(body) as { readonly name: string }).name);
    response.writeHead(204).end();
    return;
  }
  const name = functionNameOf(path);
  if (name === undefined || request.method !== 'POST') {
    throw refused('UnknownOperationException', `the local Lambda has no ${request.method} ${path}`, 404);
  }
  if (!host.has(name)) {
    throw refused('ResourceNotFoundException', `Function not found: ${name}`, 404);
  }
  if (request.headers['x-amz-invocation-type'] === 'DryRun') {
    response.writeHead(204).end();
    return;
  }
  const payload = body === '' ? '{}' : body;
  if (!isJson(payload)) {
    throw refused(
      'InvalidRequestContentException',
      'Could not parse request body into json: the payload is not valid JSON',
      400,
    );
  }
  await answer(host, name, payload, request, response);
}

async function answer(
  host: FunctionHost,
  name: string,
  payload: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const given = request.headers['x-amzn-requestid'];
  const requestId = typeof given === 'string' ? given : randomUUID();
  try {
    const outcome = await host.invoke(name, payload, requestId);
    const text = Buffer.from(outcome.ok ? outcome.payload : JSON.stringify(outcome.error));
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': text.length,
      'x-amzn-requestid': requestId,
      'x-amz-executed-version': '$LATEST',
      ...(!outcome.ok && { 'x-amz-function-error': 'Unhandled' }),
    });
    response.end(text);
  } catch (error) {
    if (!(error instanceof Throttled)) throw error;
    throw refused('TooManyRequestsException', 'Rate Exceeded.', 429, {
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
  }
}

/** The name in an Invoke path, which may hold a name, a name with a qualifier, or an ARN. */
export function functionNameOf(path: string): string | undefined {
  const match = INVOKE.exec(path);
  return match?.[1] === undefined ? undefined : functionIn(decodePercent(match[1]));
}

/** The name in a name, a name with a qualifier, or an ARN. */
export function functionIn(given: string): string {
  const arn = /^(?:arn:[^:]+:lambda:[^:]*:)?[0-9]*:?function:([^:]+)/.exec(given);
  return arn?.[1] ?? given.split(':')[0] ?? '';
}

function refused(
  name: string,
  message: string,
  status: number,
  members: Readonly<Record<string, string>> = {},
): ServiceError {
  return new ServiceError(name, message, status, { members: { Type: 'User', ...members } });
}
