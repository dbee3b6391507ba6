import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { beforeEach, expect, test } from 'vitest';

import { DataApiWarehouse } from '../../shared/warehouse/data-api.ts';

let asked: Readonly<Record<string, unknown>>[];

beforeEach(() => {
  asked = [];
});

const client = {
  send: async ({ input }: { input: Readonly<Record<string, unknown>> }) => {
    asked.push(input);
    return Promise.resolve({ Id: 's-1', SessionId: 'session', Status: 'FINISHED', RedshiftPid: 7 });
  },
} as unknown as RedshiftDataClient;

const warehouse = new DataApiWarehouse(
  client,
  { WorkgroupName: 'etl', Database: 'dev', SecretArn: 'arn:main' },
  () => 'token',
  { old: { ClusterIdentifier: 'old', Database: 'dev', DbUser: 'etl' } },
);

/** Where a session was opened, and as whom. */
async function openedOn(name?: string): Promise<Readonly<Record<string, unknown>>> {
  await warehouse.open({ set: {}, name: 'opener', ...(name !== undefined && { warehouse: name }) });
  const { WorkgroupName, ClusterIdentifier, Database, DbUser, SecretArn } = asked[0] ?? {};
  return { WorkgroupName, ClusterIdentifier, Database, DbUser, SecretArn };
}

test("a pipeline that names no warehouse opens its session on the stage's", async () => {
  expect(await openedOn()).toEqual({ WorkgroupName: 'etl', Database: 'dev', SecretArn: 'arn:main' });
});

test('a pipeline that names another warehouse opens its session there, with only the identity of that one', async () => {
  expect(await openedOn('old')).toEqual({ ClusterIdentifier: 'old', Database: 'dev', DbUser: 'etl' });
});

test('a warehouse that the deployment does not list has the same type as the stage’s own', async () => {
  expect(await openedOn('toString')).toMatchObject({ WorkgroupName: 'toString', SecretArn: 'arn:main' });
});
