/** A session that is lost in earnest: its PostgreSQL backend is killed. */
import { DescribeStatementCommand, ExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, expect, it } from 'vitest';

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

it.runIf(isLong)(
  'a run whose session is killed during its commit step is rebuilt and succeeds, with its commit applied once',
  async () => {
    await stack.put('stores/first.csv', `${HEADER}1,Halle,Leipzig,DE,2019-05-01\n`);
    expect((await stack.runFor('stores', 'stores/first.csv')).state).toBe('SUCCEEDED');
    // The merge of the next file waits for this row.
    const { SessionId } = await stack.redshift.send(
      new ExecuteStatementCommand({
        WorkgroupName: 'local',
        Database: 'dev',
        Sql: 'BEGIN',
        SessionKeepAliveSeconds: 600,
        WaitTimeSeconds: 10,
      }),
    );
    const inTransaction = (Sql: string): Promise<unknown> =>
      stack.redshift.send(new ExecuteStatementCommand({ SessionId, Sql, WaitTimeSeconds: 10 }));
    await inTransaction('UPDATE mart.stores SET city = city WHERE store_id = 1');
    await stack.put('stores/second.csv', `${HEADER}1,Halle,Dresden,DE,2019-05-01\n`);
    const merging = await eventually('the merge under way', async () =>
      (await stack.runs('stores')).find(
        (run) =>
          fileOf(run.trigger)?.key === 'stores/second.csv' && run.cursor === 2 && run.phase === 'SUBMITTED',
      ),
    );
    await stack.admin('POST', 'kill-session', { sessionId: merging.sessionId });
    // The lock is kept until the merge is dead: it would commit otherwise.
    await eventually('the merge to have failed', async () => {
      const seen = await stack.redshift.send(new DescribeStatementCommand({ Id: merging.statementId }));
      return seen.Status === 'FAILED' ? true : undefined;
    });
    await inTransaction('ROLLBACK');
    const run = await eventually(
      'the run to end',
      async () => {
        const now = await stack.run(merging.id);
        if (now !== undefined && isDone(now)) return now;
        await stack.sweep();
        return undefined;
      },
      50_000,
    );
    expect(run.error).toBeUndefined();
    expect(run).toMatchObject({ state: 'SUCCEEDED', generation: 2 });
    expect(run.sessionId).not.toBe(merging.sessionId);
    const history = await stack.store.history(run.id);
    const merges = history.filter((row) => row.name === '30_merge.sql');
    expect(merges.map((row) => `${row.generation} ${row.attempt} ${row.status}`)).toEqual([
      '1 1 FAILED',
      // Its connection was lost, its marker absent twice: rebuilt at once.
      '2 1 FINISHED',
    ]);
    expect(merges[0]?.errorClass).toBe('session-lost');
    expect(history.filter((row) => row.name === '10_stage.sql').map((row) => row.generation)).toEqual([1, 2]);
    expect(await stack.count(`SELECT COUNT(*) FROM baton.step_marker WHERE run_id = '${run.id}'`)).toBe(1);
    expect(await stack.query('SELECT city FROM mart.stores WHERE store_id = 1')).toEqual([['Dresden']]);
  },
);

it.runIf(isLong)(
  'a run that is cancelled while its statement runs reports that the step was not applied',
  async () => {
    // The load waits for a lock that another session holds.
    const holder = await stack.redshift.send(
      new ExecuteStatementCommand({
        WorkgroupName: 'local',
        Database: 'dev',
        Sql: 'BEGIN',
        SessionKeepAliveSeconds: 600,
        WaitTimeSeconds: 10,
      }),
    );
    const lock = new ExecuteStatementCommand({
      SessionId: holder.SessionId,
      Sql: 'LOCK mart.stores',
      WaitTimeSeconds: 10,
    });
    await stack.redshift.send(lock);
    await stack.put('stores/cancelled.csv', `${HEADER}50,Nobody,Jena,DE,2020-01-01\n`);
    const run = await eventually('a statement that waits', async () =>
      (await stack.runs('stores')).find(
        (each) =>
          fileOf(each.trigger)?.key === 'stores/cancelled.csv' &&
          each.phase === 'SUBMITTED' &&
          each.state === 'RUNNING',
      ),
    );
    const { code, stdout } = await stack.baton('cancel', run.id, '--reason', 'wrong file');
    expect(code).toBe(0);
    expect(stdout).toContain('CANCELLED');
    const ended = await stack.atRest(run.id);
    expect(ended.state).toBe('CANCELLED');
    expect(ended.error?.message).toMatch(
      /^cancelled by .*; step .* (?:was not applied|had no lasting effect)$/,
    );
    await stack.redshift.send(
      new ExecuteStatementCommand({ SessionId: holder.SessionId, Sql: 'ROLLBACK', WaitTimeSeconds: 10 }),
    );
    expect(await stack.count('SELECT COUNT(*) FROM mart.stores WHERE store_id = 50')).toBe(0);
    await stack.put('stores/next.csv', `${HEADER}51,Next,Jena,DE,2020-01-01\n`);
    expect((await stack.runFor('stores', 'stores/next.csv')).state).toBe('SUCCEEDED');
  },
);
