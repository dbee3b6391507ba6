/**
 * What no page of AWS says is a switch of the local Data API (local/redshift/protocol/switches.ts): whole runs come to the same end
 * whichever way it is set.
 */
import { ListStatementsCommand } from '@aws-sdk/client-redshift-data';
import { afterEach, expect, it } from 'vitest';

import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { eventually, isDone, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';

let stack: Stack;

afterEach(async () => {
  await stack.stop();
});

async function ended(key: string): Promise<StoredRun> {
  return eventually(
    `the run of ${key} to end`,
    async () => {
      await stack.sweep();
      const run = (await stack.runs('stores')).find((candidate) => fileOf(candidate.trigger)?.key === key);
      return run !== undefined && isDone(run) ? run : undefined;
    },
    60_000,
  );
}

async function nameOf(run: StoredRun): Promise<string[]> {
  const { Statements } = await stack.redshift.send(
    new ListStatementsCommand({ StatementName: `baton:local:${run.id}:`, Status: 'ALL', MaxResults: 100 }),
  );
  return (Statements ?? []).map((statement) => statement.StatementName ?? '');
}

it.runIf(isLong)(
  'if a refusal uses the token up, the step is claimed again and takes effect once',
  async () => {
    stack = await Stack.start({
      environment: { BATON_LOCAL_TOKEN_CONSUMED_BY_REFUSAL: '1', BATON_LOCAL_BUSY_AFTER_END_MS: '1500' },
    });
    let claimedAgain = 0;
    // Every step but the first meets a session that is still busy; on a slow machine it may come too late for that.
    for (let id = 1; claimedAgain === 0 && id <= 5; id += 1) {
      const key = `stores/used-up-${id}.csv`;
      await stack.put(key, `${HEADER}${id},Store ${id},Lyon,FR,2020-01-01\n`);
      const run = await ended(key);
      expect(run).toMatchObject({ state: 'SUCCEEDED', generation: 1 });
      // gen:step:attempt:nonce
      const nonces = (await nameOf(run)).map((name) => name.split(':')[6]);
      claimedAgain += nonces.filter((nonce) => nonce === '2').length;
      const history = await stack.store.history(run.id);
      expect(history.map((row) => [row.status, row.attempt])).toEqual(history.map(() => ['FINISHED', 1]));
      expect(await stack.count(`SELECT COUNT(*) FROM baton.step_marker WHERE run_id = '${run.id}'`)).toBe(1);
      expect(await stack.count(`SELECT COUNT(*) FROM mart.stores WHERE store_id = ${id}`)).toBe(1);
    }
    expect(claimedAgain).toBeGreaterThan(0);
  },
  120_000,
);

it.runIf(isLong)(
  'with error ids in texts, session ids in all answers, late events, a DescribeStatement that lags and counts no results, and sessions that end after an error, runs end with the same state and failure class',
  async () => {
    stack = await Stack.start({
      environment: {
        BATON_LOCAL_ERROR_IDS: '1',
        BATON_LOCAL_SESSION_ID_ALWAYS: '1',
        BATON_LOCAL_KEEP_ALIVE_ZERO: 'keep',
        BATON_LOCAL_IDLE_TIMEOUT_SERVERLESS: '0',
        BATON_LOCAL_EVENT_DELAY_MS: '200',
        BATON_LOCAL_DESCRIBE_LAG_MS: '500',
        BATON_LOCAL_SESSION_ENDS_AFTER_ERROR: '1',
        BATON_LOCAL_RESULTS_COUNTED: '0',
      },
    });
    await stack.put('stores/fine.csv', `${HEADER}2,Store 2,Lyon,FR,2020-01-01\n`);
    expect(await ended('stores/fine.csv')).toMatchObject({ state: 'SUCCEEDED' });
    await stack.put('stores/bad.csv', `${HEADER}three,Store 3,Lyon,FR,2020-01-01\n`);
    const bad = await ended('stores/bad.csv');
    expect(bad).toMatchObject({ state: 'FAILED', error: { class: 'data' } });
    expect(bad.error?.message).toContain('store_id');
    // None at all: the sweep does it.
    await stack.admin('POST', 'switches', { completionEvents: false });
    expect((await stack.baton('cancel', bad.id)).code).toBe(0);
    await stack.put('stores/unheard.csv', `${HEADER}4,Store 4,Lyon,FR,2020-01-01\n`);
    expect(await ended('stores/unheard.csv')).toMatchObject({ state: 'SUCCEEDED' });
  },
  120_000,
);
