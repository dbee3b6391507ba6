/** Small pieces that every HTTP server of the local AWS needs. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { refusalOf } from './loopback.ts';
import { asServiceError, sendJsonError, ServiceError, type JsonProtocol } from './service-error.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const bodies = new WeakMap<IncomingMessage, Promise<Buffer>>();

/**
 * The whole body; rejects above `limit` bytes or when the client goes away. Read once: the gateway looks into it first,
 * the service asks again.
 */
export function readBody(request: IncomingMessage, limit = 64 * 1024 * 1024): Promise<Buffer> {
  const known = bodies.get(request);
  if (known !== undefined) return known;
  const body = collect(request, limit);
  bodies.set(request, body);
  return body;
}

/**
 * The server of a child process. It is reached through the gateway, but its port is open to every program of the machine,
 * so it refuses web pages as the gateway does. A handler that fails still answers, with what `errorOf` makes of the error.
 */
export function createChildServer(
  protocol: JsonProtocol,
  handle: Handler,
  errorOf: (error: unknown) => ServiceError = asServiceError,
): Server {
  const server = createServer((request, response) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) {
      sendJsonError(response, protocol, new ServiceError('AccessDeniedException', refusal, 403));
      return;
    }
    handle(request, response).catch((error: unknown) => {
      sendJsonError(response, protocol, errorOf(error));
    });
  });
  // Longer than any client keeps a connection, so that none is closed under a request.
  server.keepAliveTimeout = 600_000;
  server.requestTimeout = 0;
  return server;
}

/** Percent-decoded; as it was written where that cannot be done. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) throw new Error(`the request is larger than ${String(limit)} bytes`);
    parts.push(part);
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

/** Listens on 127.0.0.1; port 0 takes any free one. Resolves to the port. */
export async function listenLocally(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}
