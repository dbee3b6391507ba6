/**
 * A run and its item. The item is meant to be read by people in the DynamoDB console: plain attribute names, one
 * level deep where it can be. The attributes of the indexes are derived here and nowhere else.
 */
import type { FinishedStep, Run, RunState } from '../run/run.ts';
import { isAtEnd, isAtRest, isBesideQueue, queueOrder, underwayOf } from '../run/run.ts';
import { fileOf } from '../run/trigger.ts';
import { fileKey } from './file-index.ts';
import { parseRun } from './parse-run.ts';
import { storedRun } from './stored-run.ts';

export type Item = Record<string, unknown>;

/** The schema that most runs are stored with. Increased by a change that older code cannot read: it rejects a newer item without changing it. */
export const SCHEMA = 2;

/** Of batches and of the runs in them: a function of an earlier version leaves them alone, and can still drive all other runs. */
export const BATCH_SCHEMA = 3;

/** While several steps travel in one statement, and where the trigger is in an item of its own: an earlier version would misread the run. */
const GROUP_SCHEMA = 4;

/** Of a run that is to pause after a step, or paused: an earlier version would go on. The newest one that this version reads. */
export const NEWEST_SCHEMA = 5;

export const DUE_PARTITION = 'due';

export const runKey = (runId: string) => ({ pk: `run#${runId}`, sk: 'run' });
export const planKey = (hash: string) => ({ pk: `plan#${hash}`, sk: 'plan' });
export const poolKey = (pipeline: string) => ({ pk: `pool#${pipeline}`, sk: 'pool' });

export function historyKey(runId: string, row: Pick<FinishedStep, 'index' | 'generation' | 'attempt'>) {
  return {
    pk: `run#${runId}`,
    sk: `step#${String(row.index).padStart(3, '0')}#${row.generation}#${row.attempt}`,
  };
}

/** Of the sparse index `not-succeeded`, for lists by state: runs that succeed cost nothing there. */
export function notSucceededKey(pipeline: string, state: RunState): string {
  return `${state} ${pipeline}`;
}

/** Default number of days until an ended run is deleted. */
export const HISTORY_DAYS = 400;

/** The item of a run: its own attributes, and those of the sparse indexes where the run belongs in them. */
export function runItem(run: Run, historyDays: number = HISTORY_DAYS): Item {
  const { trigger, parameters, triggerApart, nextCheckAt: next, ...stored } = storedRun(run);
  const { state } = run.life;
  const isInQueue = state === 'QUEUED' && !isBesideQueue(run);
  const queued = isInQueue ? { queue: run.pipeline, queuedAt: queueOrder(run) } : {};
  // Only for people under its own name: it is read from `next` too, which every version does.
  const retry = state === 'WAITING' ? { nextCheckAt: next } : {};
  const due = next === undefined ? {} : { due: DUE_PARTITION, next, ...retry };
  const isListed = isAtRest(run) && state !== 'SUCCEEDED' && state !== 'ABSORBED';
  const notSucceeded = isListed ? { notSucceeded: notSucceededKey(run.pipeline, state) } : {};
  const file = fileOf(run.trigger);
  const byFile = file === undefined ? {} : { fileKey: fileKey(file.key, run.trigger.time) };
  const started = triggerApart === true ? {} : { trigger, parameters, ...byFile };
  const forgotten =
    isAtEnd(run) && run.life.pendingActions.length === 0
      ? { expiresAt: expiry(run.life.endedAt, historyDays) }
      : run.life.state === 'ABSORBED'
        ? { expiresAt: absorbedExpiry(run.life.absorbedAt, historyDays) }
        : {};
  return {
    ...runKey(run.id),
    schema: schemaOf(run),
    ...stored,
    ...queued,
    ...due,
    ...notSucceeded,
    ...started,
    ...forgotten,
  };
}

function schemaOf(run: Run): number {
  if (run.until !== undefined || run.life.state === 'PAUSED') return NEWEST_SCHEMA;
  if (run.triggerApart === true) return GROUP_SCHEMA;
  if (underwayOf(run)?.group !== undefined || run.lastStep?.fused !== undefined) return GROUP_SCHEMA;
  return run.batch === undefined && run.life.state !== 'ABSORBED' ? SCHEMA : BATCH_SCHEMA;
}

/** Of the item of a file that a batch loads: it is not written again when the batch ends, and must outlive the archive of events. */
export function absorbedExpiry(absorbedAt: string, historyDays: number): number {
  return expiry(absorbedAt, 2 * historyDays);
}

function expiry(since: string, days: number): number {
  return Math.floor(Date.parse(since) / 1000) + days * 86_400;
}

/**
 * @throws Error where the item is not a run, or of a newer schema.
 */
export function runOfItem(item: Item): Run {
  const { pk, schema } = item;
  if (typeof schema !== 'number') throw new Error(`item ${String(pk)} is not a run`);
  if (schema > NEWEST_SCHEMA) {
    throw new Error(
      `run ${String(item['id'])} was written by a newer Baton (schema ${schema}, this one reads ${NEWEST_SCHEMA}); deploy the newer version`,
    );
  }
  return parseRun(item);
}
