/** What the demo does to the local AWS: the same ports as the verbs use, with plain answers. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { Run } from '../../shared/run/run.ts';
import type { Cell } from '../aws/sql-client.ts';
import type { Connection } from '../aws/connection.ts';
import type { LocalAdmin } from '../local/admin.ts';
import { findNewRuns, runsBefore } from '../drop/find-new-runs.ts';
import { ask, requestBy } from '../requests.ts';
import { followRun, rowKey } from '../runs/follow-run.ts';
import type { HistoryRow } from '../runs/run-reader.ts';
import { toCsv, type Extract } from './products.ts';

export interface Outcome {
  readonly run: Run;
  readonly history: readonly HistoryRow[];
  /** From the upload, or the request, to the end. */
  readonly ms: number;
}

export interface World {
  /** Writes the extract as a CSV file, uploads it, and follows its run to where it rests. */
  drop(extract: Extract): Promise<Outcome>;
  resume(runId: string): Promise<Outcome>;
  query(sql: string): Promise<readonly (readonly Cell[])[]>;
  killSession(sessionId: string): Promise<void>;
  /** With a fault of events put in, which is taken out again. */
  withFault<T>(fault: Readonly<Record<string, unknown>>, work: () => Promise<T>): Promise<T>;
  /** Drops the extract, and advances the local clock minute by minute until its run is at rest. */
  dropWhileTimePasses(extract: Extract): Promise<Outcome>;
}

export const PIPELINE = 'product_dimension';
const PREFIX = 'products/';

/** How long one sweep may take before the clock is advanced again. */
const SWEEP_TAKES_MS = 400;

interface Options {
  /** Where the CSV files are written. */
  readonly folder: string;
  readonly admin: LocalAdmin;
  readonly onStep: (row: HistoryRow) => void;
  readonly signal: AbortSignal;
}

export async function createWorld(connection: Connection, options: Options): Promise<World> {
  const { folder, admin, onStep, signal } = options;
  const [reader, landing, operator, sql] = await Promise.all([
    connection.runs(),
    connection.landing(),
    connection.operator(),
    connection.sql(),
  ]);
  const follow = async (
    runId: string,
    startedAt: number,
    seen: readonly HistoryRow[] = [],
  ): Promise<Outcome> => {
    const run = await followRun(reader, runId, { onStep, signal, seen: seen.map(rowKey) });
    return { run, history: await reader.history(runId), ms: Date.now() - startedAt };
  };
  const drop = async (extract: Extract): Promise<Outcome> => {
    const path = join(folder, extract.fileName);
    writeFileSync(path, toCsv(extract.products));
    const before = await runsBefore(reader, [PIPELINE]);
    const startedAt = Date.now();
    const key = PREFIX + extract.fileName;
    const { etag } = await landing.upload(path, statSync(path).size, key);
    const upload = { bucket: landing.bucket, key, etag };
    const [runId = ''] = await findNewRuns(reader, [PIPELINE], upload, before, { signal });
    return follow(runId, startedAt);
  };
  return {
    drop,
    dropWhileTimePasses: async (extract) => {
      const dropped = drop(extract);
      let rests = false;
      const done = dropped.finally(() => {
        rests = true;
      });
      while (!rests) {
        await wait(SWEEP_TAKES_MS);
        await admin.post('clock', { advanceMs: 60_000 });
      }
      return done;
    },
    killSession: async (sessionId) => {
      await admin.post('kill-session', { sessionId });
    },
    withFault: async (fault, work) => {
      await admin.post('faults', { target: 'event', ...fault });
      try {
        return await work();
      } finally {
        await admin.remove('faults');
      }
    },
    resume: async (runId) => {
      const seen = await reader.history(runId);
      const startedAt = Date.now();
      await ask(operator, {
        verb: 'resume',
        runId,
        ...requestBy('the demo'),
      });
      return follow(runId, startedAt, seen);
    },
    query: async (statement) => (await sql.run([statement], signal)).at(-1)?.rows ?? [],
  };
}
