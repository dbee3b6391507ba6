/** The Data API in this process, over a PostgreSQL of its own, with a clock that the test moves. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { DescribeStatementResponse, ExecuteStatementCommandInput } from '@aws-sdk/client-redshift-data';
import {
  BatchExecuteStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';

import { LocalClock } from '../../../local/clock.ts';
import type { BusEvent } from '../../../local/bus-event.ts';
import { listenLocally } from '../../../local/http.ts';
import { removeDataFolder, startPostgres } from '../../../local/redshift/postgres/start-postgres.ts';
import type { Postgres } from '../../../local/redshift/postgres/start-postgres.ts';
import { openRedshift } from '../../../local/redshift/server.ts';
import type { Redshift } from '../../../local/redshift/server.ts';
import { DEFAULT_SWITCHES } from '../../../local/redshift/protocol/switches.ts';
import type { Switches } from '../../../local/redshift/protocol/switches.ts';

export interface LocalRedshift {
  readonly clock: LocalClock;
  readonly client: RedshiftDataClient;
  readonly port: number;
  readonly home: string;
  readonly postgres: Postgres;
  readonly events: BusEvent[];
  /** Puts an object into a bucket folder. */
  putObject(bucket: string, key: string, content: string | Uint8Array): void;
  /** Closes the API and opens it again on the same state. */
  restart(switches?: Partial<Switches>): Promise<void>;
  stop(): Promise<void>;
}

export const WORKGROUP = { WorkgroupName: 'local', Database: 'dev' };

export async function startLocalRedshift(switches: Partial<Switches> = {}): Promise<LocalRedshift> {
  const home = mkdtempSync(join(tmpdir(), 'baton-redshift-'));
  const postgres = await startPostgres({ home });
  const clock = new LocalClock();
  const events: BusEvent[] = [];
  const open = async (given: Partial<Switches>): Promise<{ redshift: Redshift; port: number }> => {
    const redshift = await openRedshift({
      clock,
      connect: postgres.connect,
      stateFolder: join(home, 'state', 'redshift'),
      s3Root: join(home, 's3'),
      switches: { ...DEFAULT_SWITCHES, ...given },
      onEvent: (event) => {
        events.push(event);
        return true;
      },
    });
    const port = await listenLocally(redshift.server);
    redshift.settleLeftovers();
    return { redshift, port };
  };
  let running = await open(switches);
  const clientFor = (port: number): RedshiftDataClient => clientOf(port, 'test-key');
  const local = {
    clock,
    client: clientFor(running.port),
    port: running.port,
    home,
    postgres,
    events,
    putObject: (bucket: string, key: string, content: string | Uint8Array): void => {
      const path = join(home, 's3', bucket, key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    },
    restart: async (given: Partial<Switches> = switches): Promise<void> => {
      await running.redshift.close();
      running = await open(given);
      local.client = clientFor(running.port);
      local.port = running.port;
    },
    stop: async (): Promise<void> => {
      await running.redshift.close();
      await postgres.stop();
      removeDataFolder(home);
      rmSync(home, { recursive: true, force: true });
    },
  };
  return local;
}

export function clientOf(port: number, accessKeyId: string): RedshiftDataClient {
  return new RedshiftDataClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${String(port)}`,
    credentials: { accessKeyId, secretAccessKey: 'any' },
    maxAttempts: 1,
  });
}

/** Runs one statement to its end. */
export async function run(
  { client }: Pick<LocalRedshift, 'client'>,
  Sql: string,
  more: Partial<ExecuteStatementCommandInput> = {},
): Promise<DescribeStatementResponse> {
  const where = more.SessionId === undefined ? WORKGROUP : {};
  const { Id } = await client.send(
    new ExecuteStatementCommand({ ...where, Sql, WaitTimeSeconds: 30, ...more }),
  );
  return client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
}

/** Runs a batch to its end. */
export async function runBatch(
  { client }: Pick<LocalRedshift, 'client'>,
  Sqls: string[],
  more: Partial<ExecuteStatementCommandInput> & { ExecutionMode?: 'TRANSACTION' | 'AUTO_COMMIT' } = {},
): Promise<DescribeStatementResponse> {
  const where = more.SessionId === undefined ? WORKGROUP : {};
  const { Id } = await client.send(
    new BatchExecuteStatementCommand({ ...where, Sqls, WaitTimeSeconds: 30, ...more }),
  );
  return client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
}

/** A session with this keep-alive, open and idle. */
export async function openSession(
  { client }: Pick<LocalRedshift, 'client'>,
  keepAlive = 600,
): Promise<string> {
  const answer = await client.send(
    new ExecuteStatementCommand({
      ...WORKGROUP,
      Sql: 'SELECT 1',
      SessionKeepAliveSeconds: keepAlive,
      WaitTimeSeconds: 30,
    }),
  );
  if (answer.SessionId === undefined) throw new Error('no SessionId');
  return answer.SessionId;
}

/** The rows of a query as text; NULL is null. Fails with the statement's error. */
export async function query(
  local: Pick<LocalRedshift, 'client'>,
  sql: string,
  sessionId?: string,
): Promise<(string | null)[][]> {
  const end = await run(local, sql, sessionId === undefined ? {} : { SessionId: sessionId });
  if (end.Status !== 'FINISHED') throw new Error(end.Error ?? `the query ended ${String(end.Status)}`);
  const { Records = [] } = await local.client.send(new GetStatementResultCommand({ Id: end.Id }));
  return Records.map((record) =>
    record.map((field) => {
      const value = field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue;
      return value === undefined ? null : String(value);
    }),
  );
}
