/** Functions of the test's small stack: each leaves in DynamoDB what it was called with. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import process from 'node:process';

// Endpoint, region and keys come from the environment, as in AWS.
const client = new DynamoDBClient({});

interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

async function note(pk: string, value: unknown): Promise<void> {
  const Item = {
    pk: { S: pk },
    value: { S: JSON.stringify(value) },
    at: { S: new Date().toISOString() },
    by: { S: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? '' },
  };
  await client.send(new PutItemCommand({ TableName: process.env['TABLE'], Item }));
}

export async function arrive({ Records }: QueueEvent): Promise<unknown> {
  for (const { body } of Records) {
    const { detail } = JSON.parse(body) as { readonly detail: { readonly object: { readonly key: string } } };
    await note(`arrived ${detail.object.key}`, detail);
  }
  return { batchItemFailures: [] };
}

export async function ended(event: { readonly detail: { readonly statementName: string } }): Promise<void> {
  await note(`ended ${event.detail.statementName}`, event);
}

export async function tick(event: unknown): Promise<void> {
  await note('tick', event);
}

export async function fails(): Promise<never> {
  throw new Error('this one always fails');
}
