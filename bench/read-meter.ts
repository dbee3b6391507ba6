/** A DynamoDB client that requests the consumed capacity of every read. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

import type { ClientSettings } from '../cli/aws/client-settings.ts';

export interface Read {
  /** Looked at, by DynamoDB's own count. */
  readonly items: number;
  /** Read request units. */
  readonly units: number;
}

interface Told {
  readonly ScannedCount?: number;
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

/** `read` counts up. */
export function readMeter(settings: ClientSettings): { client: DynamoDBClient; read: Read } {
  const client = new DynamoDBClient(settings);
  const read = { items: 0, units: 0 };
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
      const { ScannedCount, ConsumedCapacity } = result.output as Told;
      read.items += ScannedCount ?? 0;
      read.units += ConsumedCapacity?.CapacityUnits ?? 0;
      return result;
    },
    { step: 'initialize', name: 'readMeter' },
  );
  return { client, read };
}
