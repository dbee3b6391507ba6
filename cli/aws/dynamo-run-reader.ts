/** Runs as the DynamoDB table has them. */
import { DynamoDBClient, QueryCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';

import { defined } from '../../shared/run/defined.ts';
import type { Run } from '../../shared/run/run.ts';
import { DynamoDbRunStore } from '../../shared/store/dynamodb-run-store.ts';
import type { EveryRun, StageReader } from '../runs/run-reader.ts';
import type { ClientSettings } from './client-settings.ts';

/** Runs are loaded one by one, so many at once. */
const PAGE = 100;

export function dynamoRunReader(settings: ClientSettings, table: string): StageReader & EveryRun {
  return new DynamoRunReader(new DynamoDBClient(settings), table);
}

class DynamoRunReader extends DynamoDbRunStore implements EveryRun {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    super(client, table);
    this.#client = client;
    this.#table = table;
  }

  async *everyRun(pipeline: string): AsyncGenerator<readonly Run[]> {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: 'by-pipeline',
          KeyConditionExpression: 'pipeline = :pipeline',
          ExpressionAttributeValues: { ':pipeline': { S: pipeline } },
          Limit: PAGE,
          ...defined({ ExclusiveStartKey: from }),
        }),
      );
      const ids = (page.Items ?? []).map(({ pk }) => pk?.S?.slice('run#'.length) ?? '');
      const runs = await Promise.all(ids.map((id) => this.load(id)));
      yield runs.filter((run) => run !== undefined);
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }
}
