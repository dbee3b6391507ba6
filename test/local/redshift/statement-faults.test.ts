import { BatchExecuteStatementCommand, ExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { STATEMENT_FAULT_HEADER, type StatementFaultKind } from '../../../local/statement-fault.ts';
import { describeStatement, until } from './helpers.ts';
import { clientOf, openSession, query, run, startLocalRedshift } from './local-redshift.ts';
import type { LocalRedshift } from './local-redshift.ts';

let local: LocalRedshift;
beforeAll(async () => {
  local = await startLocalRedshift();
  await run(local, 'CREATE TABLE done (what varchar(10))');
});
afterAll(() => local.stop());

/** Submits as the endpoint does where a fault strikes: one statement, or several as a transaction. */
async function submitted(kind: StatementFaultKind, session: string, sqls: string[]): Promise<string> {
  const client = clientOf(local.port, 'test-key');
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers[STATEMENT_FAULT_HEADER] = JSON.stringify({ kind, message: 'ERROR: injected' });
      return next(args);
    },
    { step: 'build' },
  );
  const [Sql] = sqls;
  const more = { SessionId: session, WithEvent: true };
  const { Id } = await (sqls.length === 1
    ? client.send(new ExecuteStatementCommand({ ...more, Sql }))
    : client.send(new BatchExecuteStatementCommand({ ...more, Sqls: sqls })));
  return Id ?? '';
}

async function ended(id: string): Promise<{ status: string | undefined; error: string | undefined }> {
  let seen = await describeStatement(local, id);
  await until(async () => {
    seen = await describeStatement(local, id);
    return ['FINISHED', 'FAILED', 'ABORTED'].includes(seen.Status ?? '');
  });
  return { status: seen.Status, error: seen.Error };
}

const insert = (what: string): string => `INSERT INTO done VALUES ('${what}')`;

async function wasDone(what: string): Promise<boolean> {
  const [[count] = []] = await query(local, `SELECT count(*) FROM done WHERE what = '${what}'`);
  return count === '1';
}

const LOST = /connection/i;

describe('an injected fault of a statement', () => {
  test.each<[StatementFaultKind, string, RegExp, boolean, boolean]>([
    ['statement-fails', 'FAILED', /injected/, false, true],
    ['session-ends-during', 'FAILED', LOST, false, false],
    ['session-ends-after', 'FINISHED', /^$/, true, false],
    ['statement-reported-failed', 'FAILED', LOST, true, false],
  ])('%s', async (kind, status, error, isApplied, isOpen) => {
    for (const [form, sqls] of [
      ['alone', [insert(`${kind.slice(-6)}1`)]],
      ['transaction', [insert(`${kind.slice(-6)}2`), 'SELECT 1']],
    ] as const) {
      const session = await openSession(local);
      const events = local.events.length;
      const id = await submitted(kind, session, [...sqls]);
      const end = await ended(id);
      const next = await run(local, 'SELECT 1', { SessionId: session }).then(
        () => true,
        () => false,
      );
      expect({
        form,
        status: end.status,
        error: end.error ?? '',
        isApplied: await wasDone(/'(.*)'/.exec(sqls[0])?.[1] ?? ''),
        isOpen: next,
        events: local.events.length - events,
      }).toEqual({
        form,
        status,
        error: expect.stringMatching(error) as string,
        isApplied,
        isOpen,
        events: 1,
      });
    }
  });

  test('session-ends-before: the submission is rejected, and does nothing', async () => {
    const session = await openSession(local);
    await expect(submitted('session-ends-before', session, [insert('before')])).rejects.toMatchObject({
      message: 'Session is not available',
    });
    expect(await wasDone('before')).toBe(false);
  });

  test('session-ends-during: a procedure that commits inside is broken off after its first COMMIT', async () => {
    await run(
      local,
      `CREATE OR REPLACE PROCEDURE twice() LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO done VALUES ('first');
        COMMIT;
        INSERT INTO done VALUES ('second');
      END $$`,
    );
    const session = await openSession(local);
    const id = await submitted('session-ends-during', session, ['/* a */ -- b\n CALL twice()']);
    expect(await ended(id)).toEqual({ status: 'FAILED', error: expect.stringMatching(LOST) as string });
    expect([await wasDone('first'), await wasDone('second')]).toEqual([true, false]);
    // In a session that nothing was injected into it is as ever.
    await run(local, 'DELETE FROM done');
    expect(await run(local, 'CALL twice()')).toMatchObject({ Status: 'FINISHED' });
    expect([await wasDone('first'), await wasDone('second')]).toEqual([true, true]);
  });
});
