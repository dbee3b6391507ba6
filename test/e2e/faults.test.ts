/** Calls that fail before or after their effect, at each service: a run still ends right, its commit applied once. */
import process from 'node:process';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { eventually, isDone, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

interface Case {
  readonly name: string;
  readonly fault: Readonly<Record<string, unknown>>;
}

const call = (more: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  target: 'call',
  ...more,
});

const CASES: readonly Case[] = [
  ...['before', 'after'].flatMap((when) => [
    {
      name: `a submission fails ${when} its effect`,
      fault: call({ service: 'redshift-data', operation: 'ExecuteStatement', when, times: 4 }),
    },
    {
      name: `a transaction's submission breaks off ${when} its effect`,
      fault: call({
        service: 'redshift-data',
        operation: 'BatchExecuteStatement',
        when,
        how: 'reset',
        times: 4,
      }),
    },
    {
      name: `writes fail ${when} their effect`,
      fault: call({
        service: 'dynamodb',
        operation: 'PutItem',
        when,
        times: 5,
        caller: 'baton-local-run-step',
      }),
    },
    {
      name: `records fail ${when} their effect`,
      fault: call({ service: 'dynamodb', operation: 'UpdateItem', when, times: 5 }),
    },
    {
      name: `events fail ${when} their effect`,
      fault: call({ service: 'events', operation: 'PutEvents', when, times: 4 }),
    },
  ]),
  {
    name: 'the warehouse throttles',
    fault: call({ service: 'redshift-data', operation: 'ExecuteStatement', how: 'throttle', times: 8 }),
  },
  {
    name: 'the table throttles',
    fault: call({ service: 'dynamodb', how: 'throttle', times: 8, caller: 'baton-local-run-step' }),
  },
  {
    name: 'too many statements are active',
    fault: call({
      service: 'redshift-data',
      operation: 'ExecuteStatement',
      how: 'error',
      errorType: 'ActiveStatementsExceededException',
      status: 400,
      times: 3,
    }),
  },
  { name: 'the file cannot be looked at', fault: call({ service: 's3', operation: 'HeadObject', times: 4 }) },
];

/** In `npm test`: those in which a reply is lost. */
const SOME = isLong ? CASES : CASES.filter(({ name }) => name.includes('after'));

async function untilAtRest(key: string): Promise<StoredRun> {
  return eventually(
    `the run of ${key} at rest`,
    async () => {
      const found = (await stack.runs('stores')).find((each) => fileOf(each.trigger)?.key === key);
      if (found !== undefined && isDone(found)) return found;
      await stack.sweep();
      return undefined;
    },
    90_000,
  );
}

describe('a run', () => {
  it.each(SOME.map((each, i) => [each.name, each.fault, i + 1] as const))(
    'ends correctly when %s',
    async (_name, fault, id) => {
      const key = `stores/fault-${id}.csv`;
      await stack.admin('POST', 'faults', fault);
      await stack.put(key, `${HEADER}${id},Store ${id},Lyon,FR,2020-01-01\n`);
      const run = await untilAtRest(key);
      await stack.admin('DELETE', 'faults');
      expect(run.error).toBeUndefined();
      expect(run.state).toBe('SUCCEEDED');
      expect(await stack.count(`SELECT COUNT(*) FROM baton.step_marker WHERE run_id = '${run.id}'`)).toBe(1);
      expect(await stack.count(`SELECT COUNT(*) FROM mart.stores WHERE store_id = ${id}`)).toBe(1);
      const history = await stack.store.history(run.id);
      expect(history.filter((row) => row.name === '30_merge.sql' && row.status === 'FINISHED')).toHaveLength(
        1,
      );
    },
    120_000,
  );
});

describe.each(['lambda', 'dynamodb', 'redshift'])(
  'the %s process killed with -9 in the middle of a run',
  (name) => {
    it('is restarted, and the run ends correctly', async () => {
      const key = `stores/killed-${name}.csv`;
      const id = 100 + name.length;
      // The run would end within the time between two looks at it.
      await stack.admin('POST', 'faults', {
        target: 'call',
        how: 'none',
        service: 'redshift-data',
        operation: 'BatchExecuteStatement',
        delayMs: 2_000,
        times: 1,
      });
      await stack.put(key, `${HEADER}${id},Store ${id},Lyon,FR,2020-01-01\n`);
      await eventually('the run under way', async () =>
        (await stack.runs('stores')).find(
          (each) => fileOf(each.trigger)?.key === key && each.state === 'RUNNING',
        ),
      );
      const { processes } = (await stack.admin('GET', 'status')) as {
        processes: { name: string; pid: number }[];
      };
      const pid = processes.find((each) => each.name === name)?.pid;
      expect(pid).toBeGreaterThan(1);
      process.kill(pid ?? 0, 'SIGKILL');
      const run = await untilAtRest(key);
      await stack.admin('DELETE', 'faults');
      expect(run.error).toBeUndefined();
      expect(run.state).toBe('SUCCEEDED');
      expect(await stack.count(`SELECT COUNT(*) FROM baton.step_marker WHERE run_id = '${run.id}'`)).toBe(1);
      expect(await stack.count(`SELECT COUNT(*) FROM mart.stores WHERE store_id = ${id}`)).toBe(1);
    }, 120_000);
  },
);
