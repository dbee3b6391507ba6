/** A failed conditional write: expected in a race, not an error by itself. */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

import type { Item } from './run-item.ts';

/** Undefined for every other error; `item` is what is stored, where DynamoDB gave it. */
export function conflictOf(error: unknown): { item: Item | undefined } | undefined {
  if (!(error instanceof ConditionalCheckFailedException)) return undefined;
  return { item: error.Item === undefined ? undefined : unmarshall(error.Item) };
}
