/** A local S3 over HTTP in a folder of its own, with the real client. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { S3Client } from '@aws-sdk/client-s3';

import { LocalClock } from '../../../local/clock.ts';
import type { BusEvent } from '../../../local/bus-event.ts';
import { listenLocally } from '../../../local/http.ts';
import { LocalS3 } from '../../../local/s3/local-s3.ts';

export interface Running {
  readonly s3: LocalS3;
  readonly clock: LocalClock;
  readonly client: S3Client;
  readonly endpoint: string;
  stop(): Promise<void>;
}

export async function temporaryHome(): Promise<{ home: string; remove: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'baton-s3-'));
  return { home, remove: () => rm(home, { recursive: true, force: true }) };
}

export async function startS3(
  home: string,
  sink: (event: BusEvent) => Promise<void>,
  buckets = [{ name: 'landing', eventBridge: true }],
): Promise<Running> {
  const clock = new LocalClock();
  const s3 = new LocalS3({
    root: join(home, 's3'),
    buckets,
    clock,
    sink,
    log: () => undefined,
    watch: { settleMs: 60, lookEveryMs: 15 },
  });
  await s3.start();
  const server = createServer((request, response) => void s3.handle(request, response));
  const endpoint = `http://127.0.0.1:${String(await listenLocally(server))}`;
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
  return {
    s3,
    clock,
    client,
    endpoint,
    stop: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await s3.stop();
    },
  };
}

/** Looks until the condition holds; fails after ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not happen within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
