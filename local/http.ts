/** Small pieces that every HTTP server of the local AWS needs. */
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

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
