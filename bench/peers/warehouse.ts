/** Statements that take exactly as long as they say, and a connection of a program that speaks to the warehouse itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';

import { readServerFile } from '../../local/redshift/postgres/leftovers.ts';
import type { BenchStack } from '../stack.ts';

/** The local warehouse has it, Redshift has not: it does nothing for so many seconds. */
const SLEEP = 'bench_sleep';

/** Longer ones differ by up to a tenth: else they would all end in the same phase of a loop that polls. */
const EXACT_UP_TO_SECONDS = 1;

function durationOf(seconds: number, n: number): number {
  if (seconds <= EXACT_UP_TO_SECONDS) return seconds;
  // Evenly spread, whatever the number of statements.
  const share = (n * 0.618_034) % 1;
  return Number((seconds * (0.9 + 0.2 * share)).toFixed(3));
}

/** Statement `n` of those that take about so many seconds: the same in each way. */
export function statementOf(seconds: number, n: number): string {
  return `CREATE TEMP TABLE nap_${String(n)} AS SELECT ${SLEEP}(${String(durationOf(seconds, n))}) AS n`;
}

/** The same for a connection that measures: when it began and ended, by the warehouse's clock, in ms since the epoch. */
export function timedStatement(seconds: number, n: number): string {
  const ms = (clock: string): string => `(EXTRACT(EPOCH FROM ${clock}()) * 1000)::FLOAT8`;
  return `SELECT ${ms('statement_timestamp')} AS began, ${SLEEP}(${String(durationOf(seconds, n))}), ${ms('clock_timestamp')} AS ended`;
}

/** Before the first statement. */
export async function createSleep(stack: BenchStack): Promise<void> {
  const client = await connect(stack);
  await client.query(
    `CREATE OR REPLACE FUNCTION public.${SLEEP}(seconds FLOAT8) RETURNS INTEGER LANGUAGE sql VOLATILE AS 'SELECT 1 FROM pg_sleep(seconds)'`,
  );
  await client.end();
}

/** To the PostgreSQL server that stands in Redshift's place. */
export async function connect(stack: BenchStack): Promise<Client> {
  const { data, password } = JSON.parse(
    readFileSync(join(stack.home, 'postgres', 'server.json'), 'utf8'),
  ) as { readonly data: string; readonly password: string };
  const port = readServerFile(data)?.port;
  if (port === undefined) throw new Error('the local warehouse is not running');
  const client = new Client({ host: '127.0.0.1', port, user: 'baton', password, database: 'dev' });
  await client.connect();
  return client;
}
