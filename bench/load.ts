/** One million rows dropped as one file: how fast they are in the warehouse, and how much memory the way there takes. */
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { openConnection } from '../cli/aws/connection.ts';
import { errorOf } from '../cli/runs/run-parts.ts';
import type { HistoryRow } from '../shared/store/run-store.ts';
import { stepFile, writePipeline, writeSetup } from './pipelines.ts';
import { MemoryWatch, type ProcessMemory } from './processes.ts';
import { type PartReport, times } from './report.ts';
import { type BenchStack, eventually, withStack } from './stack.ts';

const PIPELINE = 'bench_load';
const ROWS = 1_000_000;
const MB = 1_000_000;
const MOST_BYTES = 400 * MB;
const LIMIT_MS = 180_000;

const COLUMNS = `id INTEGER, sku VARCHAR(24), title VARCHAR(64), price DECIMAL(12,2), changed TIMESTAMP, note VARCHAR(64)`;

interface Load {
  readonly bytes: number;
  readonly uploadMs: number;
  /** From the end of the upload to the end of the run. */
  readonly runMs: number;
  readonly copyMs: number;
  readonly memory: readonly ProcessMemory[];
}

export async function load(): Promise<PartReport> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-bench-load-'));
  try {
    const file = join(folder, 'million.csv');
    await pipeline(Readable.from(csv(ROWS)), createWriteStream(file));
    return reportOf(await withStack(writeLoad, (stack) => measure(stack, file)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeLoad(sqlFolder: string): void {
  writeSetup(sqlFolder, `CREATE TABLE IF NOT EXISTS bench_rows (${COLUMNS});`);
  writePipeline(
    sqlFolder,
    PIPELINE,
    {
      [stepFile(1, 'stage')]: 'CREATE TEMP TABLE stage_rows (LIKE bench_rows)',
      [stepFile(2, 'load')]:
        'COPY stage_rows FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV IGNOREHEADER 1',
      [stepFile(3, 'check')]: `SELECT COUNT(*) = ${String(ROWS)} AS all_here FROM stage_rows`,
      [stepFile(4, 'commit')]: 'INSERT INTO bench_rows SELECT * FROM stage_rows',
    },
    `steps:\n  ${stepFile(3, 'check')}: { expect: 'true' }\n`,
  );
}

/** About 72 bytes a row, in pieces of a thousand rows. */
function* csv(rows: number): Generator<string> {
  yield 'id,sku,title,price,changed,note\n';
  for (let first = 1; first <= rows; first += 1000) {
    let text = '';
    for (let id = first; id < first + 1000 && id <= rows; id += 1) {
      const seconds = new Date(1_750_000_000_000 + id * 1000).toISOString().slice(0, 19).replace('T', ' ');
      const price = `${String(id % 900)}.${String(10 + (id % 90))}`;
      text += `${String(id)},SKU-${String(id * 7919).padStart(11, '0')},"Title, ${String(id % 5000)}",${price},${seconds},batch ${String(id % 97)}\n`;
    }
    yield text;
  }
}

async function measure(stack: BenchStack, file: string): Promise<Load> {
  const bytes = statSync(file).size;
  const landing = await openConnection('local', {}, stack.endpoint).landing();
  const watch = new MemoryWatch(stack.pid);
  const begin = performance.now();
  await landing.upload(file, bytes, `${PIPELINE}/million.csv`);
  const uploaded = performance.now();
  const run = await eventually('the file has made a run', async () => {
    const [newest] = await stack.store.listRuns(PIPELINE, 1);
    return newest;
  });
  const ended = await stack.atRest(run.id, LIMIT_MS);
  const runMs = performance.now() - uploaded;
  if (ended.life.state !== 'SUCCEEDED')
    throw new Error(`the load is ${ended.life.state}: ${errorOf(ended)?.message ?? ''}`);
  const history = await stack.store.history(run.id);
  return {
    bytes,
    uploadMs: uploaded - begin,
    runMs,
    copyMs: durationOf(history.find(({ name }) => name === stepFile(2, 'load'))),
    memory: watch.stop(),
  };
}

function durationOf(row: HistoryRow | undefined): number {
  if (row === undefined) throw new Error('the load has no history row');
  return Date.parse(row.endedAt) - Date.parse(row.startedAt);
}

function reportOf(load: Load): PartReport {
  const { bytes, uploadMs, runMs, copyMs, memory } = load;
  const sum = (of: (each: ProcessMemory) => number): number =>
    memory.reduce((total, each) => total + of(each), 0);
  const largest = Math.max(...memory.map(({ peak }) => peak));
  const speed = (ms: number): string => `${Math.round(ROWS / ms).toLocaleString('en-US')},000 rows/s`;
  return {
    part: 'load',
    title: `one million rows, ${mb(bytes)} of CSV, dropped as one file`,
    columns: ['', 'peak', 'before', 'peak / file'],
    rows: [
      ...memory.map(({ name, before, peak }) => [name, mb(peak), mb(before), times(peak / bytes)]),
      [
        'all of them',
        mb(sum(({ peak }) => peak)),
        mb(sum(({ before }) => before)),
        times(sum(({ peak }) => peak) / bytes),
      ],
    ],
    notes: [
      `upload ${speed(uploadMs)}; COPY ${speed(copyMs)}; upload to the end of the run ${speed(uploadMs + runMs)}`,
      'memory of the Node processes, PostgreSQL apart',
    ],
    bars: [
      {
        what: `each process stays under ${mb(MOST_BYTES)}`,
        seen: `${mb(largest)} at most`,
        ok: largest < MOST_BYTES,
      },
    ],
    figures: { rows: ROWS, ...load },
  };
}

function mb(bytes: number): string {
  return `${String(Math.round(bytes / MB))} MB`;
}
