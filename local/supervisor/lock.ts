/**
 * One supervisor a home. The lock is a listening socket: the system drops it with its process, however that ends, and
 * a process number used again means nothing to it.
 */
import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class HomeInUse extends Error {
  override readonly name = 'HomeInUse';
}

export interface HomeLock {
  release(): Promise<void>;
}

/** Of a socket's path, on macOS the shorter one: 103 bytes. */
const LONGEST_SOCKET_PATH = 100;

/** `home` exists. Rejects with `HomeInUse` when another supervisor has it. */
export async function lockHome(home: string): Promise<HomeLock> {
  const path = socketPath(realpathSync(home));
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const server = await listen(path);
    if (server !== undefined) {
      return {
        release: async () => {
          await new Promise<void>((resolve) => {
            server.close(() => {
              resolve();
            });
          });
        },
      };
    }
    if (await answers(path)) break;
    // Left by a process that was killed.
    rmSync(path, { force: true });
  }
  throw new HomeInUse(
    `another \`baton up\` is using ${home}; stop it first, or set BATON_HOME to another folder`,
  );
}

function socketPath(home: string): string {
  const near = join(home, 'up.sock');
  if (Buffer.byteLength(near) <= LONGEST_SOCKET_PATH) return near;
  return join(tmpdir(), `baton-${createHash('sha256').update(home).digest('hex').slice(0, 16)}.sock`);
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.end();
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
