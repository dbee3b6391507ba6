/** The adapter under the warehouse's contract: on the local Data API, and on the stage that BATON_CONTRACT_STAGE names. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import process from 'node:process';

import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { openConnection } from '../../cli/aws/connection.ts';
import { splitSql } from '../../cli/query/split-sql.ts';
import type { Connection } from '../../shared/warehouse/data-api.ts';
import { DataApiWarehouse } from '../../shared/warehouse/data-api.ts';
import type { UnderTest } from '../contract/warehouse.suite.ts';
import { warehouseSuite } from '../contract/warehouse.suite.ts';
import { makeGate, until } from '../local/redshift/helpers.ts';
import { run, startLocalRedshift, WORKGROUP } from '../local/redshift/local-redshift.ts';

const SETUP = 'sql/setup/00_baton.sql';

/** What holds statements up. */
interface Gate {
  shut(): Promise<void>;
  open(): Promise<void>;
}

type Adapter = Pick<UnderTest, 'warehouse' | 'answers' | 'loseReply' | 'hold' | 'end'>;

function adapterTo(client: RedshiftDataClient, connection: Connection, gate: Gate): Adapter {
  let isShut = false;
  const warehouse = new DataApiWarehouse(client, connection, randomUUID);
  let lost = false;
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      if (!lost) return answer;
      lost = false;
      throw Object.assign(new Error('the reply was lost'), { name: 'TimeoutError' });
    },
    // Outside the SDK's own retries.
    { step: 'initialize', priority: 'high', name: 'lostReply' },
  );
  return {
    warehouse,
    answers: () => undefined,
    loseReply: () => {
      lost = true;
    },
    hold: async () => {
      await gate.shut();
      isShut = true;
    },
    end: async (statementId) => {
      if (isShut) await gate.open();
      isShut = false;
      await until(async () => {
        const seen = await warehouse.describe(statementId);
        return seen === 'NOT_FOUND' || seen.status !== 'RUNNING';
      });
    },
  };
}

warehouseSuite(
  'the adapter on the local Data API',
  async () => {
    const local = await startLocalRedshift();
    for (const sql of splitSql(readFileSync(SETUP, 'utf8'), SETUP)) await run(local, sql);
    const gate = await makeGate(local);
    return {
      ...adapterTo(local.client, WORKGROUP, gate),
      held: gate.sql,
      advance: (ms) => {
        local.clock.advance(ms);
      },
      close: async () => {
        await gate.remove();
        await local.stop();
      },
    };
  },
  { clock: true },
);

const stage = process.env['BATON_CONTRACT_STAGE'];
if (stage === undefined) {
  process.stdout.write('the warehouse in AWS: skipped, BATON_CONTRACT_STAGE names no stage\n');
} else {
  warehouseSuite(
    `the adapter on stage ${stage}`,
    async () => {
      const stageConnection = openConnection(stage, process.env);
      const connection = await stageConnection.target();
      const client = new RedshiftDataClient(stageConnection.settings);
      const gate = await remoteGate(new DataApiWarehouse(client, connection, randomUUID));
      return {
        ...adapterTo(client, connection, gate),
        held: gate.sql,
        close: gate.remove,
        advance: () => {
          throw new Error('the clock of AWS does not move');
        },
      };
    },
    { clock: false },
  );
}

/** A table that is locked in a session of its own. */
async function remoteGate(warehouse: DataApiWarehouse) {
  const opened = await warehouse.open({ set: {}, name: 'baton-contract-gate' });
  if (!opened.ok) throw new Error(opened.refusal.message);
  const { sessionId } = opened.value;
  const table = `baton.contract_gate_${randomUUID().slice(0, 8)}`;
  const send = async (sql: string, keepAlive = 600): Promise<void> => {
    await until(async () => (await warehouse.session(sessionId)) === 'AVAILABLE');
    const done = await warehouse.runSmall(sessionId, sql, keepAlive);
    if (!done.ok || done.value.status !== 'FINISHED') throw new Error(`${sql}: ${JSON.stringify(done)}`);
  };
  await send(`CREATE TABLE ${table} (n INT)`);
  return {
    sql: `SELECT COUNT(*) FROM ${table}`,
    shut: async () => {
      await send('BEGIN');
      await send(`LOCK TABLE ${table}`);
    },
    open: async () => send('ROLLBACK'),
    remove: async () => {
      await send('ROLLBACK');
      await send(`DROP TABLE ${table}`);
      await send(`DELETE FROM baton.step_marker WHERE birth = 'contract'`, 1);
    },
  };
}
