/** Runs as the DynamoDB table has them. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

import { DynamoDbRunStore } from '../../shared/store/dynamodb-run-store.ts';
import type { StageReader } from '../runs/run-reader.ts';
import type { ClientSettings } from './client-settings.ts';

export function dynamoRunReader(settings: ClientSettings, table: string): StageReader {
  return new DynamoDbRunStore(new DynamoDBClient(settings), table);
}
