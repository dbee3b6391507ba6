/** What the writes of a whole run cost, counted as DynamoDB bills them. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Run } from '../../shared/run/run.ts';
import type { DynamoDbRunStore } from '../../shared/store/dynamodb-run-store.ts';
import { lineageOf, planOf } from '../fakes/world.ts';
import { Life } from '../golden/lives.ts';
import { openTables, type Table, type Tables } from '../golden/table.ts';

let tables: Tables;

beforeAll(async () => {
  tables = await openTables();
});
afterAll(async () => {
  await tables.close();
});

const STEPS = 10;
const nothing = lineageOf({});
const plan = planOf(
  Array.from({ length: STEPS }, (_, i) => ({
    name: `${10 + i}_step.sql`,
    usesFile: i === 0,
    usesManifest: i === 0,
    lineage: { ...nothing, createsTemp: [`t${i}`] },
  })),
);

/** Write units of a run of ten steps of a file with this key. */
async function unitsOf(key: string, create?: (store: DynamoDbRunStore) => DynamoDbRunStore): Promise<number> {
  const table = await tables.empty();
  const before = table.units();
  const own: Table = { ...table, store: create?.(table.store) ?? table.store };
  const life = new Life(plan, own, async () => undefined);
  const runId = await life.arrive('0002', '2026-11-24T07:59:59.000Z', key);
  await life.wake(runId);
  for (let i = 0; i < STEPS; i += 1) await life.finish();
  expect((await table.store.load(runId))?.life).toMatchObject({ state: 'SUCCEEDED', pendingActions: [] });
  return table.units() - before;
}

/** As earlier versions stored every run: with what started it. */
function inline(store: DynamoDbRunStore): DynamoDbRunStore {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const method = member.bind(target) as (...parameters: unknown[]) => unknown;
      if (name !== 'create') return method;
      return (run: Run) => {
        const { triggerApart: _, ...whole } = run;
        return method(whole);
      };
    },
  });
}

it('a run of ten steps whose key has 1,024 bytes writes hardly more units than one with a short key, and far fewer than with the key in its item', async () => {
  const key = `orders/${'k'.repeat(1_013)}.csv`;
  const short = await unitsOf('orders/1.csv');
  const long = await unitsOf(key);
  const before = await unitsOf(key, inline);
  // 46, 52 and 92 when this was written. The item of the trigger, of 3 KB, is written when the run is created and when it has ended.
  expect(long).toBeLessThanOrEqual(short + 6);
  expect(long).toBeLessThan(0.65 * before);
});
