/** Stored history in bulk: runs that ended or stopped long ago, as they lie in the table. */
import { createHash } from 'node:crypto';

import { type AttributeValue, BatchWriteItemCommand, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

import type { Life, Run } from '../shared/run/run.ts';
import { runItem } from '../shared/store/run-item.ts';
import { type BenchStack, TABLE } from './stack.ts';

/** BatchWriteItem's limit. */
const BATCH = 25;
const LANES = 8;

const succeeded = (endedAt: string): Life => ({ state: 'SUCCEEDED', endedAt, pendingActions: [] });

/** Copies of a finished run, from number `from` up to `to`, each with an id and a time of its own. */
export async function storeFinishedRuns(
  stack: BenchStack,
  model: Run,
  from: number,
  to: number,
  lifeOf: (endedAt: string) => Life = succeeded,
): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) {
      const first = next;
      next = Math.min(first + BATCH, to);
      const requests = Array.from({ length: next - first }, (_, i) => ({
        PutRequest: { Item: copyOf(model, first + i, lifeOf) },
      }));
      await writeAll(stack, requests);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function writeAll(stack: BenchStack, requests: WriteRequest[]): Promise<void> {
  let left: WriteRequest[] = requests;
  while (left.length > 0) {
    const answer = await stack.dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: left } }));
    left = answer.UnprocessedItems?.[TABLE] ?? [];
  }
}

const DAY_MS = 86_400_000;

function copyOf(
  model: Run,
  number: number,
  lifeOf: (endedAt: string) => Life,
): Record<string, AttributeValue> {
  const digest = createHash('sha256').update(String(number)).digest('hex').slice(0, 26);
  // Spread over the year before.
  const created = Date.parse(model.createdAt) - DAY_MS - ((number * 317_000) % (365 * DAY_MS));
  const at = (offset: number): string => new Date(created + offset).toISOString();
  const run: Run = {
    ...model,
    id: `${model.pipeline}-${digest}`,
    createdAt: at(0),
    startedAt: at(200),
    life: lifeOf(at(60_000)),
  };
  return marshall(runItem(run), { removeUndefinedValues: true });
}
