/**
 * A run and its item. The item is meant to be read by people in the DynamoDB console: plain attribute names, one
 * level deep where it can be. The attributes of the indexes are derived here and nowhere else.
 */
import type { FinishedStep, Run } from '../run/run.ts';
import { isAtEnd, queueOrder } from '../run/run.ts';

export type Item = Record<string, unknown>;

/** Raised by a change that older code cannot read; a newer item is refused untouched. */
export const SCHEMA = 1;

export const DUE_PARTITION = 'due';

export const runKey = (runId: string) => ({ pk: `run#${runId}`, sk: 'run' });
export const planKey = (hash: string) => ({ pk: `plan#${hash}`, sk: 'plan' });
export const poolKey = (pipeline: string) => ({ pk: `pool#${pipeline}`, sk: 'pool' });
export const keyKey = (pipeline: string, hash: string) => ({ pk: `key#${pipeline}#${hash}`, sk: 'key' });

export function historyKey(runId: string, row: Pick<FinishedStep, 'index' | 'generation' | 'attempt'>) {
  return {
    pk: `run#${runId}`,
    sk: `step#${String(row.index).padStart(3, '0')}#${row.generation}#${row.attempt}`,
  };
}

/** Days until a finished run is forgotten, where a stage says nothing else. */
export const HISTORY_DAYS = 400;

/** The item of a run: its own attributes, and those of the sparse indexes where the run belongs in them. */
export function runItem(run: Run, historyDays: number = HISTORY_DAYS): Item {
  const queued = run.state === 'QUEUED' ? { queue: run.pipeline, queuedAt: queueOrder(run) } : {};
  const due = run.next === undefined ? {} : { due: DUE_PARTITION };
  const forgotten =
    isAtEnd(run) && run.owed === undefined && run.endedAt !== undefined
      ? { expiresAt: Math.floor(Date.parse(run.endedAt) / 1000) + historyDays * 86_400 }
      : {};
  return { ...runKey(run.id), schema: SCHEMA, ...run, ...queued, ...due, ...forgotten };
}

const DERIVED = new Set(['pk', 'sk', 'schema', 'queue', 'queuedAt', 'due', 'expiresAt']);

/**
 * @throws Error where the item is not a run, or of a newer schema.
 */
export function runOfItem(item: Item): Run {
  if (
    typeof item['schema'] !== 'number' ||
    typeof item['id'] !== 'string' ||
    typeof item['version'] !== 'number'
  ) {
    throw new Error(`item ${String(item['pk'])} is not a run`);
  }
  if (item['schema'] > SCHEMA) {
    throw new Error(
      `run ${item['id']} was written by a newer Baton (schema ${item['schema']}, this one reads ${SCHEMA}); deploy the newer version`,
    );
  }
  return Object.fromEntries(Object.entries(item).filter(([name]) => !DERIVED.has(name))) as unknown as Run;
}
