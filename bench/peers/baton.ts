/** Baton's own ways to hand over, each as pipelines whose runs a file starts. */
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { errorOf } from '../../cli/runs/run-parts.ts';
import { allInLanes } from '../../shared/lanes.ts';
import { pipelineSchema } from '../../shared/pipeline/schema.ts';
import { isAtRest, type Run } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { stepFile, type Steps, writePipeline, writeSetup } from '../pipelines.ts';
import { type BenchStack, eventually } from '../stack.ts';
import { type Counts, countingRun } from './counts.ts';
import { type Gap, gapsOf } from './gaps.ts';
import { statementOf } from './warehouse.ts';
import type { Work } from './ways.ts';

export interface Mode {
  /** Part of the names of its pipelines. */
  readonly id: string;
  readonly name: string;
  /** Of `pipeline.yml`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Groups of four are fused, not more: steps of the next group have another `timeout:`. */
  readonly inFours?: true;
  /** Not for longer statements: it is measured in vain. */
  readonly upToSeconds?: number;
}

export const EVENT: Mode = { id: 'event', name: 'Baton, event', settings: { handoff: 'event', fuse: 'off' } };
export const WAIT: Mode = {
  id: 'wait',
  name: 'Baton, wait',
  settings: { handoff: 'wait', fuse: 'off' },
  upToSeconds: 10,
};
export const SINGLE: Mode = {
  id: 'single',
  name: 'Baton, auto, not fused',
  settings: { handoff: 'auto', fuse: 'off' },
  upToSeconds: 10,
};
export const AUTO: Mode = { id: 'auto', name: 'Baton, auto', settings: { handoff: 'auto', fuse: 'auto' } };
export const FOURS: Mode = {
  id: 'fours',
  name: 'Baton, auto, groups of four',
  settings: { handoff: 'auto', fuse: 'auto' },
  inFours: true,
  // A group is cut where its statements take more than ten seconds together.
  upToSeconds: 2.5,
};
/** Another checkout, with what its pipelines do by default. */
export const BEFORE: Mode = { id: 'before', name: 'Baton before', settings: {} };

/** Those that this version has; a version without settings hands over by events. */
export const MODES: readonly Mode[] = Object.hasOwn(pipelineSchema.keys, 'handoff')
  ? [EVENT, WAIT, SINGLE, AUTO, FOURS].filter(
      ({ settings }) => settings['fuse'] !== 'auto' || Object.hasOwn(pipelineSchema.keys, 'fuse'),
    )
  : [{ ...EVENT, settings: {} }];

export function fits({ upToSeconds = Infinity }: Mode, seconds: number): boolean {
  return seconds <= upToSeconds;
}

/** Short, as people's are: a run's item has it several times. */
export function pipelineOf({ id }: Mode, { seconds }: Work): string {
  return `n${String(Math.round(seconds * 100))}_${id}`;
}

export function writeNaps(sqlFolder: string, mode: Mode, work: Work): void {
  const numbers = Array.from({ length: work.steps }, (_, i) => i + 1);
  const steps = Object.fromEntries(numbers.map((n) => [stepFile(n), statementOf(work.seconds, n)]));
  writePipeline(
    sqlFolder,
    pipelineOf(mode, work),
    steps,
    linesOf(mode) + (mode.inFours ? fours(numbers) : ''),
  );
}

function linesOf({ settings }: Mode): string {
  const known = Object.entries(settings).filter(([name]) => Object.hasOwn(pipelineSchema.keys, name));
  return known.map(([name, value]) => `${name}: ${value}\n`).join('');
}

function fours(numbers: readonly number[]): string {
  const lines = numbers.map(
    (n) => `  ${stepFile(n)}: { timeout: ${Math.floor((n - 1) / 4) % 2 === 0 ? '50m' : '40m'} }\n`,
  );
  return `steps:\n${lines.join('')}`;
}

/** Stage, load, sum, rank, commit: what a small file goes through. */
export function filePipelineOf({ id }: Mode): string {
  return `f_${id}`;
}

const FILE_STEPS: Steps = {
  '10_stage.sql': 'CREATE TEMP TABLE stage (entry INTEGER, amount INTEGER)',
  '20_load.sql': 'COPY stage FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV IGNOREHEADER 1',
  '30_sums.sql': 'CREATE TEMP TABLE sums AS SELECT entry, SUM(amount) AS amount FROM stage GROUP BY entry',
  '40_rank.sql': 'CREATE TEMP TABLE ranked AS SELECT entry, amount FROM sums WHERE amount > 0',
  '50_commit.sql': 'INSERT INTO bench_sums SELECT entry, amount FROM ranked',
};

export function writeFilePipelines(sqlFolder: string, modes: readonly Mode[]): void {
  writeSetup(sqlFolder, 'CREATE TABLE IF NOT EXISTS bench_sums (entry INTEGER, amount BIGINT);');
  for (const mode of modes) {
    writePipeline(sqlFolder, filePipelineOf(mode), FILE_STEPS, linesOf(mode));
  }
}

export interface BatonCourse {
  readonly gaps: readonly Gap[];
  readonly counts: Counts;
}

/** Uploads a file and follows its run to its end. @throws Error with the run's own error where it does not succeed */
export async function runOfFile(stack: BenchStack, pipeline: string, limitMs: number): Promise<BatonCourse> {
  const { counts, result: run } = await countingRun(stack, async () => {
    const [key = ''] = await uploadAll(stack, pipeline);
    return runOf(stack, pipeline, key, limitMs);
  });
  const history = await stack.store.history(run.id);
  // Steps of one batch have its id.
  const ids = new Set(history.map(({ statementId = '' }) => statementId.replace(/:\d*$/, '')));
  return { gaps: await gapsOf(stack, [...ids]), counts };
}

let uploads = 0;

/** Uploads so many files, a few at a time; returns their keys. */
export async function uploadAll(
  stack: BenchStack,
  pipeline: string,
  files = 1,
  lanes = 1,
): Promise<readonly string[]> {
  const keys = Array.from({ length: files }, () => {
    uploads += 1;
    return `${pipeline}/${String(uploads)}.csv`;
  });
  const s3 = new S3Client({ ...stack.settings, forcePathStyle: true });
  const Body = 'entry,amount\n1,2\n1,3\n';
  await allInLanes(keys, lanes, (Key) =>
    s3.send(new PutObjectCommand({ Bucket: 'baton-local-landing', Key, Body })),
  );
  s3.destroy();
  return keys;
}

const LOOK_EVERY_MS = 250;

/** The run of the pipeline's newest file, once it has ended. */
async function runOf(stack: BenchStack, pipeline: string, key: string, limitMs: number): Promise<Run> {
  const run = await eventually(
    `the run of ${key} has ended`,
    async () => {
      const [newest] = await stack.store.listRuns(pipeline, 1);
      if (newest === undefined || fileOf(newest.trigger)?.key !== key) return undefined;
      return isAtRest(newest) && newest.life.pendingActions.length === 0 ? newest : undefined;
    },
    limitMs,
    LOOK_EVERY_MS,
  );
  if (run.life.state !== 'SUCCEEDED')
    throw new Error(`${run.id} is ${run.life.state}: ${errorOf(run)?.message ?? ''}`);
  return run;
}
