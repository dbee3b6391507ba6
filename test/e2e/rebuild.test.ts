/** A session that is lost in earnest: its PostgreSQL backend is killed. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { eventually, Stack } from './stack.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

/** Loses every completion event, so that the run stands still until the sweep. */
async function holdStill(): Promise<void> {
  await stack.admin('POST', 'faults', {
    target: 'event',
    match: { source: 'aws.redshift-data' },
    effect: { kind: 'drop' },
  });
}

it('a run whose session is killed before its commit step is rebuilt and ends right, its commit applied once', async () => {
  await holdStill();
  await stack.put('stores/lost-session.csv', `${HEADER}1,Halle,Leipzig,DE,2019-05-01\n`);
  const { id } = await eventually('the run', async () =>
    (await stack.runs('stores')).find((run) => run.trigger.file?.key === 'stores/lost-session.csv'),
  );
  const waiting = await eventually(
    'the run to stand at its load step',
    async () => {
      await stack.sweep();
      const run = await stack.store.load(id);
      return run?.cursor === 1 && run.phase === 'SUBMITTED' ? run : undefined;
    },
    50_000,
  );
  await stack.admin('POST', 'kill-session', { sessionId: waiting.sessionId });
  await stack.admin('DELETE', 'faults');
  const run = await eventually(
    'the run to end',
    async () => {
      await stack.sweep();
      const now = await stack.store.load(id);
      return now?.owed === undefined && ['SUCCEEDED', 'FAILED', 'NEEDS_DECISION'].includes(now?.state ?? '')
        ? now
        : undefined;
    },
    50_000,
  );
  expect(run?.error).toBeUndefined();
  expect(run).toMatchObject({ state: 'SUCCEEDED', generation: 2 });
  expect(run?.sessionId).not.toBe(waiting.sessionId);
  const history = await stack.store.history(id);
  expect(history.filter((row) => row.name === '30_merge.sql')).toHaveLength(1);
  expect(history.filter((row) => row.name === '10_stage.sql').map((row) => row.generation)).toEqual([1, 2]);
  expect(await stack.count(`SELECT COUNT(*) FROM baton.step_marker WHERE run_id = '${id}'`)).toBe(1);
  expect(await stack.query('SELECT name FROM mart.stores WHERE store_id = 1')).toEqual([['Halle']]);
});
