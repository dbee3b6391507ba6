/** Hands a request on to a child process over connections that stay open. */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';

import { WRITE_UNITS_HEADER } from '../dynamodb/write-units.ts';
import { sendError, type Exchange, type Service } from './exchange.ts';

/** Headers of one connection, not of the message. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'expect',
  'upgrade',
  WRITE_UNITS_HEADER,
]);

/** `port`: of the child, once it is ready; rejects when it does not become so. */
export function proxyTo(name: string, port: () => Promise<number>): Service {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  return async (exchange) => {
    let at: number;
    try {
      at = await port();
    } catch (error) {
      unavailable(exchange, `the local ${name} process is not running: ${(error as Error).message}`);
      return;
    }
    await forward(exchange, at, agent, name);
  };
}

function forward(exchange: Exchange, port: number, agent: Agent, name: string): Promise<void> {
  const { request, response, body } = exchange;
  return new Promise((done) => {
    const headers = messageHeaders(request.headers);
    if (body !== undefined) headers['content-length'] = String(body.length);
    const onward = httpRequest({
      host: '127.0.0.1',
      port,
      method: request.method,
      path: request.url,
      headers,
      agent,
    });
    onward.on('response', (answer: IncomingMessage) => {
      // The client has disconnected meanwhile.
      if (response.destroyed) {
        answer.resume();
        done();
        return;
      }
      const units = answer.headers[WRITE_UNITS_HEADER];
      if (typeof units === 'string') writeUnits.set(response, Number(units));
      response.writeHead(answer.statusCode ?? 500, messageHeaders(answer.headers));
      pipeline(answer, response, () => {
        done();
      });
    });
    onward.on('error', (error) => {
      if (!response.destroyed)
        unavailable(exchange, `the local ${name} process closed the connection: ${error.message}`);
      done();
    });
    // A client that goes away takes its request with it.
    response.on('close', () => {
      if (!response.writableFinished) onward.destroy();
    });
    if (body === undefined) pipeline(request, onward, () => undefined);
    else onward.end(body);
  });
}

/** Write units that the DynamoDB process reported with a response. */
export const writeUnits = new WeakMap<object, number>();

function messageHeaders(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !OF_THE_CONNECTION.has(name)) kept[name] = value;
  }
  return kept;
}

/** A server fault, as a client of AWS would see it: its SDK tries again. */
function unavailable(exchange: Exchange, message: string): void {
  const type = exchange.route.service === 'dynamodb' ? 'InternalServerError' : 'InternalServerException';
  sendError(exchange, 500, type, message);
}
