/**
 * Many files and a few slots on the local AWS, with latencies as on AWS: how long files with late events take beside the ideal, and
 * whether a storm of arrivals slows down what is running.
 */
import { isAtRest, type Run } from '../shared/run/run.ts';
import { fileOf } from '../shared/run/trigger.ts';
import { withFaults } from './calls.ts';
import { asOnAws } from './peers/latencies.ts';
import { runOfFile, uploadAll } from './peers/baton.ts';
import { createSleep, statementOf } from './peers/warehouse.ts';
import { stepFile, writePipeline } from './pipelines.ts';
import { figure, type PartReport, times } from './report.ts';
import { type BenchStack, eventually, withStack } from './stack.ts';
import { median } from './statistics.ts';

const SLOTS = 8;
const SEED = 13;
/** A bad minute of EventBridge. */
const LATE_MS = 700;
const QUEUED = { pipeline: 'queued', steps: 3, seconds: 1, files: 48 };
const BUSY = { pipeline: 'busy', steps: 10, seconds: 1 };
const ARRIVING = 1_000;
const UPLOADS_AT_ONCE = 16;
const LIMIT_MS = 600_000;
const LOOK_EVERY_MS = 500;
/** At most so many times the ideal time. */
const QUEUED_BAR = 1.3;
/** Running runs may take so many times longer during a storm. */
const BUSY_BAR = 4 / 3;

export interface CrowdOptions {
  /** That arrive while all slots are in use. */
  readonly files?: number;
  /** That wait at once. */
  readonly waiting?: number;
}

export async function crowd({
  files = ARRIVING,
  waiting = QUEUED.files,
}: CrowdOptions = {}): Promise<PartReport> {
  const { lone, total, calm, stormy } = await withStack(writePipelines, async (stack) => {
    await createSleep(stack);
    const late = await withFaults(stack, asOnAws(SEED, LATE_MS).faults, () => queue(stack, waiting));
    const busy = await withFaults(stack, asOnAws(SEED).faults, () => storm(stack, files));
    return { ...late, ...busy };
  });
  const ideal = (lone * waiting) / SLOTS;
  const statements = (QUEUED.steps * QUEUED.seconds * 1000 * waiting) / SLOTS;
  const slower = median(stormy) / median(calm);
  return {
    part: 'crowd',
    title: `many files, ${String(SLOTS)} slots, latencies as on AWS`,
    columns: ['', 's', 'ratio'],
    rows: [
      [`one file, events ${String(LATE_MS)} ms late`, seconds(lone), ''],
      [
        `${String(waiting)} files at once / the ideal: one file's time for each ${String(SLOTS)}`,
        seconds(total),
        times(total / ideal),
      ],
      [`${String(waiting)} files at once / their statements alone`, '', times(total / statements)],
      [`${String(SLOTS)} runs of ${String(BUSY.steps)} s, nothing arrives`, seconds(median(calm)), ''],
      [`the same while ${String(files)} files arrive`, seconds(median(stormy)), times(slower)],
    ],
    bars: [
      {
        what: `${String(waiting)} files with late events take at most ${times(QUEUED_BAR)} the ideal time`,
        seen: times(total / ideal),
        ok: total / ideal <= QUEUED_BAR,
      },
      {
        what: `runs take at most ${times(BUSY_BAR)} as long while ${String(files)} files arrive`,
        seen: times(slower),
        ok: slower <= BUSY_BAR,
      },
    ],
    notes: [
      'times are from the first file to the last end; of running runs from their first submission, medians',
    ],
    figures: { lone, total, calm, stormy, waiting, files },
  };
}

function seconds(ms: number): string {
  return figure(ms / 1000);
}

function writePipelines(sqlFolder: string): void {
  for (const { pipeline, steps, seconds: each } of [QUEUED, BUSY]) {
    const names = Array.from({ length: steps }, (_, i) => i + 1);
    writePipeline(
      sqlFolder,
      pipeline,
      Object.fromEntries(names.map((n) => [stepFile(n), statementOf(each, n)])),
      `concurrency: ${String(SLOTS)}\n`,
    );
  }
}

/** One file alone, then all at once; ms from the first file to the last end. */
async function queue(stack: BenchStack, files: number): Promise<{ lone: number; total: number }> {
  const { pipeline } = QUEUED;
  // Code is loaded, durations are known.
  await runOfFile(stack, pipeline, LIMIT_MS);
  const timed = async (count: number): Promise<number> => {
    const begin = Date.now();
    const runs = await ended(stack, await arrive(stack, pipeline, count));
    return Math.max(...runs.map(({ life }) => ('endedAt' in life ? Date.parse(life.endedAt) : 0))) - begin;
  };
  return { lone: await timed(1), total: await timed(files) };
}

/** How long the running runs take without and with arrivals, in ms. */
async function storm(stack: BenchStack, arriving: number): Promise<{ calm: number[]; stormy: number[] }> {
  const { pipeline } = BUSY;
  await runOfFile(stack, pipeline, LIMIT_MS);
  const calm = await ended(stack, await arrive(stack, pipeline, SLOTS));
  const busy = await arrive(stack, pipeline, SLOTS);
  await eventually('all slots are in use', async () => {
    const runs = await stack.store.loadAll(busy);
    return runs.every(({ life }) => life.state === 'RUNNING') ? true : undefined;
  });
  const [stormy] = await Promise.all([
    ended(stack, busy),
    uploadAll(stack, pipeline, arriving, UPLOADS_AT_ONCE),
  ]);
  return { calm: await durationsOf(stack, calm), stormy: await durationsOf(stack, stormy) };
}

/** Uploads files and returns the ids of their runs. */
async function arrive(stack: BenchStack, pipeline: string, files: number): Promise<readonly string[]> {
  const keys = new Set(await uploadAll(stack, pipeline, files, UPLOADS_AT_ONCE));
  return eventually(`${String(files)} files have runs`, async () => {
    const newest = await stack.store.listRuns(pipeline, files);
    const runs = newest.filter(({ trigger }) => keys.has(fileOf(trigger)?.key ?? ''));
    return runs.length === files ? runs.map(({ id }) => id) : undefined;
  });
}

function ended(stack: BenchStack, ids: readonly string[]): Promise<readonly Run[]> {
  return eventually(
    `${String(ids.length)} runs have ended`,
    async () => {
      const runs = await stack.store.loadAll(ids);
      const over = runs.every((run) => isAtRest(run) && run.life.pendingActions.length === 0);
      return over && runs.length === ids.length ? runs : undefined;
    },
    LIMIT_MS,
    LOOK_EVERY_MS,
  );
}

function durationsOf(stack: BenchStack, runs: readonly Run[]): Promise<number[]> {
  return Promise.all(
    runs.map(async ({ id }) => {
      const steps = await stack.store.history(id);
      const ends = steps.map(({ endedAt }) => Date.parse(endedAt));
      return Math.max(...ends) - Math.min(...steps.map(({ startedAt }) => Date.parse(startedAt)));
    }),
  );
}
