/**
 * Thousands of small files at once, as fast as S3 takes them: some of their events twice, one file bad. Into a pipeline with `batch`,
 * and fewer of them into the same pipeline without it: what a file costs in each, and whether every row is there once.
 */
import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';

import { allInLanes } from '../shared/lanes.ts';
import { pages } from '../shared/pages.ts';
import { defined } from '../shared/run/defined.ts';
import { type Counted, meterCalls } from './call-meter.ts';
import { withFaults } from './calls.ts';
import { stepFile, writePipeline, writeSetup } from './pipelines.ts';
import { MemoryWatch, type ProcessMemory } from './processes.ts';
import { figure, type PartReport, times } from './report.ts';
import { type BenchStack, eventually, TABLE, withStack } from './stack.ts';

const BATCHED = 'bench_batched';
const SINGLE = 'bench_single';
const FILES = 10_000;
/** Without batches: enough for an average. */
const SINGLE_FILES = 200;
const ROWS_OF_A_FILE = 3;
const UPLOADS_AT_ONCE = 16;
const MB = 1_000_000;
const MOST_BYTES = 400 * MB;
const TIMES_FEWER = 100;
/** For the slowest machine: the storm is in the warehouse. */
const LIMIT_MS = 3_600_000;

interface Storm {
  readonly files: number;
  readonly uploadMs: number;
  /** From the first upload until all is at rest. */
  readonly totalMs: number;
  readonly batches: number;
  /** Runs of files by their state. */
  readonly runs: Readonly<Record<string, number>>;
  readonly counted: Counted;
  readonly rows: Rows;
}

/** Counted by SQL. */
interface Rows {
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: number;
}

interface Measured {
  readonly single: Storm;
  readonly batched: Storm;
  readonly memory: readonly ProcessMemory[];
}

/** `files`: in the storm with batches. */
export async function storm({ files = FILES }: { readonly files?: number } = {}): Promise<PartReport> {
  const measured = await withStack(writeStorm, async (stack) => {
    const watch = new MemoryWatch(stack.pid);
    const single = await drop(stack, SINGLE, Math.min(SINGLE_FILES, files));
    const batched = await drop(stack, BATCHED, files);
    return { single, batched, memory: watch.stop() };
  });
  return reportOf(measured);
}

function writeStorm(sqlFolder: string): void {
  const columns = 'entry INTEGER, amount INTEGER';
  const tables = [BATCHED, SINGLE].map(
    (name) => `CREATE TABLE IF NOT EXISTS ${name}_rows (${columns}, batch_id VARCHAR(200));`,
  );
  writeSetup(sqlFolder, tables.join('\n'));
  for (const [name, trigger, more] of [
    [BATCHED, ', batch: {}', 'onBadFile: isolate\n'],
    [SINGLE, '', 'onFailure: continue\n'],
  ] as const) {
    writePipeline(
      sqlFolder,
      name,
      {
        [stepFile(1, 'stage')]: `CREATE TEMP TABLE stage_rows (${columns})`,
        [stepFile(2, 'load')]:
          'COPY stage_rows FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV IGNOREHEADER 1',
        [stepFile(3, 'commit')]: `INSERT INTO ${name}_rows SELECT entry, amount, :batch_id FROM stage_rows`,
      },
      more,
      trigger,
    );
  }
}

/** The events of one file of ten come twice. */
function doubled(pipeline: string) {
  const pattern = JSON.stringify({ detail: { object: { key: [{ wildcard: `${pipeline}/*7.csv` }] } } });
  return {
    target: 'event',
    match: { source: 'aws.s3', pattern },
    effect: { kind: 'duplicate', copies: 1 },
  };
}

async function drop(stack: BenchStack, pipeline: string, files: number): Promise<Storm> {
  const bad = Math.ceil(files / 2);
  return withFaults(stack, [doubled(pipeline)], async () => {
    const meter = await meterCalls(stack);
    const begin = performance.now();
    await upload(stack, pipeline, files, bad);
    const uploadMs = performance.now() - begin;
    await atRest(stack, pipeline, files);
    const totalMs = performance.now() - begin;
    const counted = await meter.stop();
    const { runs, batches } = await runsOf(stack, pipeline);
    const rows = await countRows(stack, pipeline, files, bad);
    return { files, uploadMs, totalMs, batches, runs, counted, rows };
  });
}

async function upload(stack: BenchStack, pipeline: string, files: number, bad: number): Promise<void> {
  const s3 = new S3Client({ ...stack.settings, forcePathStyle: true });
  try {
    await allInLanes(
      Array.from({ length: files }, (_, i) => i + 1),
      UPLOADS_AT_ONCE,
      (file) =>
        s3.send(
          new PutObjectCommand({
            Bucket: 'baton-local-landing',
            Key: `${pipeline}/${String(file)}.csv`,
            Body: csv(file, file === bad),
          }),
        ),
    );
  } finally {
    s3.destroy();
  }
}

function csv(file: number, isBad: boolean): string {
  const rows = Array.from(
    { length: ROWS_OF_A_FILE },
    (_, i) => `${String(file)},${isBad && i === 1 ? 'many' : String(file * 10 + i)}\n`,
  );
  return `entry,amount\n${rows.join('')}`;
}

/** Every file has its run, and none of the pipeline's runs has anything to do. */
async function atRest(stack: BenchStack, pipeline: string, files: number): Promise<void> {
  await eventually(
    `${String(files)} files are in the warehouse`,
    async () =>
      (await stack.count(`SELECT COUNT(*) FROM ${pipeline}_rows`)) >= (files - 1) * ROWS_OF_A_FILE
        ? true
        : undefined,
    LIMIT_MS,
    1_000,
  );
  await eventually(
    'nothing is left to do',
    async () => {
      const { waiting } = (await stack.admin.get('status')) as {
        waiting: { messages: Record<string, { visible: number; inFlight: number }> };
      };
      const messages = Object.values(waiting.messages).some(
        ({ visible, inFlight }) => visible + inFlight > 0,
      );
      if (messages || (await stack.store.countQueued(pipeline)) > 0) return undefined;
      const due = await stack.store.findDue(Number.MAX_SAFE_INTEGER, 100);
      return due.length === 0 ? true : undefined;
    },
    LIMIT_MS,
  );
}

interface StoredState {
  readonly pipeline?: string;
  readonly state: string;
  readonly head?: unknown;
  readonly trigger?: { readonly kind?: string };
}

async function runsOf(
  stack: BenchStack,
  pipeline: string,
): Promise<{ batches: number; runs: Readonly<Record<string, number>> }> {
  const runs: Record<string, number> = {};
  let batches = 0;
  const read = (from: Record<string, AttributeValue> | undefined) =>
    stack.dynamodb.send(
      new ScanCommand({
        TableName: TABLE,
        FilterExpression: 'sk = :run AND pipeline = :pipeline',
        ExpressionAttributeValues: { ':run': { S: 'run' }, ':pipeline': { S: pipeline } },
        ...defined({ ExclusiveStartKey: from }),
      }),
    );
  for await (const { Items: items = [] } of pages(read, ({ LastEvaluatedKey: key }) => key)) {
    for (const item of items) {
      const { state, trigger } = unmarshall(item) as StoredState;
      if (trigger?.kind === 'batch') batches += 1;
      else runs[state] = (runs[state] ?? 0) + 1;
    }
  }
  return { batches, runs };
}

async function countRows(stack: BenchStack, pipeline: string, files: number, bad: number): Promise<Rows> {
  const table = `${pipeline}_rows`;
  const expected = (files - 1) * ROWS_OF_A_FILE;
  const isRight = `entry BETWEEN 1 AND ${String(files)} AND entry <> ${String(bad)} AND amount BETWEEN entry * 10 AND entry * 10 + ${String(ROWS_OF_A_FILE - 1)} AND batch_id IS NOT NULL`;
  return {
    lost:
      expected -
      (await stack.count(
        `SELECT COUNT(*) FROM (SELECT DISTINCT entry, amount FROM ${table} WHERE ${isRight}) d`,
      )),
    doubled: await stack.count(
      `SELECT COUNT(*) FROM (SELECT entry, amount FROM ${table} GROUP BY entry, amount HAVING COUNT(*) > 1) d`,
    ),
    wrong: await stack.count(`SELECT COUNT(*) FROM ${table} WHERE NOT (${isRight})`),
  };
}

function reportOf({ single, batched, memory }: Measured): PartReport {
  const per = ({ counted, files }: Storm, member: 'statements' | 'calls' | 'invocations' | 'units'): number =>
    counted[member] / files;
  const line = (
    what: string,
    member: 'statements' | 'calls' | 'invocations' | 'units',
  ): readonly string[] => [
    `${what} per file`,
    figure(per(single, member)),
    precise(per(batched, member)),
    times(per(single, member) / per(batched, member)),
  ];
  const fewer = per(single, 'statements') / per(batched, 'statements');
  const largest = memory.toSorted((a, b) => b.peak - a.peak)[0];
  const isWhole = ({ rows: { lost, doubled: twice, wrong } }: Storm): boolean => lost + twice + wrong === 0;
  const seconds = ({ totalMs }: Storm): string => `${String(Math.round(totalMs / 1000))} s`;
  return {
    part: 'storm',
    title: `${many(batched.files)} files at once into batches, and ${many(single.files)} without; of each tenth the event comes twice, one file is bad`,
    columns: ['', 'one run a file', 'batches', 'ratio'],
    rows: [
      line('statements', 'statements'),
      line('calls of the functions', 'calls'),
      line('invocations', 'invocations'),
      line('write units', 'units'),
      ...memory.map(({ name, peak }) => [`peak memory of ${name}`, '', mb(peak), '']),
    ],
    notes: [
      `${many(batched.files)} files in ${many(batched.batches)} batches, uploaded in ${String(Math.round(batched.uploadMs / 1000))} s, in the warehouse after ${seconds(batched)}; runs of files: ${statesOf(batched)}`,
      `${many(single.files)} files without batches: ${seconds(single)}; ${statesOf(single)}`,
    ],
    bars: [
      ...[batched, single].map((each) => ({
        what: `every row of ${many(each.files)} files is there once, and none of the bad file`,
        seen: `lost ${String(each.rows.lost)}, doubled ${String(each.rows.doubled)}, wrong ${String(each.rows.wrong)}`,
        ok: isWhole(each),
      })),
      {
        what: `at least ${String(TIMES_FEWER)} times fewer statements a file`,
        seen: times(fewer),
        ok: fewer >= TIMES_FEWER,
      },
      {
        what: `each Node process stays under ${mb(MOST_BYTES)}`,
        seen: largest === undefined ? 'none was found' : `${largest.name} ${mb(largest.peak)} at most`,
        ok: largest !== undefined && largest.peak < MOST_BYTES,
      },
    ],
    figures: { single, batched, memory },
  };
}

function precise(value: number): string {
  return value < 1 ? value.toPrecision(2) : figure(value);
}

function statesOf({ runs }: Storm): string {
  return Object.entries(runs)
    .map(([state, count]) => `${many(count)} ${state}`)
    .join(', ');
}

function many(count: number): string {
  return count.toLocaleString('en-US');
}

function mb(bytes: number): string {
  return `${String(Math.round(bytes / MB))} MB`;
}
