import type { DescribeStatementResponse } from '@aws-sdk/client-redshift-data';
import { DescribeStatementCommand } from '@aws-sdk/client-redshift-data';

import { Client } from 'pg';

import type { LocalRedshift } from './local-redshift.ts';

const PATIENCE_MS = 10_000;

/** Looks until it is true; fails after ten seconds. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error('it did not come true in time');
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

/** The admin door; the answer as text. */
export async function admin(
  { port }: Pick<LocalRedshift, 'port'>,
  what: string,
  body: unknown = {},
): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/_local/${what}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return response.text();
}

export async function describeStatement(
  { client }: Pick<LocalRedshift, 'client'>,
  Id: string | undefined,
): Promise<DescribeStatementResponse> {
  return client.send(new DescribeStatementCommand({ Id }));
}

export interface Gate {
  /** Reads the table; waits while the gate is shut. */
  readonly sql: string;
  shut(): Promise<void>;
  open(): Promise<void>;
  remove(): Promise<void>;
}

/** A statement that runs exactly as long as the test wants. */
export async function makeGate({ postgres }: LocalRedshift): Promise<Gate> {
  const keeper = new Client(postgres.connect);
  await keeper.connect();
  await keeper.query('CREATE TABLE IF NOT EXISTS public.gate (a int); GRANT SELECT ON public.gate TO PUBLIC');
  return {
    sql: 'SELECT count(*) FROM public.gate',
    shut: async () => {
      await keeper.query('BEGIN; LOCK TABLE public.gate IN ACCESS EXCLUSIVE MODE');
    },
    open: async () => {
      await keeper.query('COMMIT');
    },
    remove: async () => {
      await keeper.end();
    },
  };
}

/** True once the statement is at work in the database. */
export async function isStarted(local: LocalRedshift, id: string | undefined): Promise<boolean> {
  return (await describeStatement(local, id)).Status === 'STARTED';
}
