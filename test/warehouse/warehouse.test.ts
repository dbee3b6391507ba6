import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { describe, expect, it } from 'vitest';

import { DataApiWarehouse } from '../../shared/warehouse/data-api.ts';
import { cleanError, failureClassOf } from '../../shared/warehouse/failure-class.ts';
import { markerInsert } from '../../shared/warehouse/marker.ts';
import { refusalOf, statementIdOf } from '../../shared/warehouse/refusal.ts';
import { parseStatementName, statementName } from '../../shared/warehouse/statement-name.ts';

const identity = {
  stage: 'dev',
  runId: 'orders-abc',
  generation: 2,
  step: 11,
  attempt: 3,
  nonce: 2,
  token: 'abcdefghij2345',
};

describe('a statement name', () => {
  it('is parsed back to its parts', () => {
    expect(parseStatementName(statementName(identity))).toEqual({
      stage: 'dev',
      runId: 'orders-abc',
      tokenStart: 'abcdefghij',
    });
  });

  it('is never the prefix of another one', () => {
    const one = statementName({ ...identity, step: 1 });
    const eleven = statementName({ ...identity, step: 11 });
    expect(eleven.startsWith(one)).toBe(false);
    expect(statementName(identity)).not.toBe(statementName({ ...identity, nonce: 3 }));
  });

  it.each([
    '',
    'x',
    'baton:dev:open:orders-abc:1',
    'baton:dev:orders:1:1:1:1:short;',
    'baton:dev:orders:1:1:1:1:abcdefghij;more',
  ])('of another program belongs to no run: %s', (name) => {
    expect(parseStatementName(name)).toBeUndefined();
  });
});

describe('an error text', () => {
  it.each([
    ['ERROR: 1023\n DETAIL: Serializable isolation violation on table - 1256109', 'conflict'],
    [
      "ERROR: Load into table 'stage' failed.  Check 'sys_load_error_detail' system table for details.",
      'data',
    ],
    ['ERROR: permission denied for relation dim', 'permission'],
    ['ERROR: terminating connection due to administrator command', 'session-lost'],
    ['ERROR: relation "mart.dim" does not exist', 'sql'],
    ['ERROR: syntax error at or near "FORM"\n  Position: 12', 'sql'],
    ['ERROR: value too long for type character varying(3)', 'data'],
    ["ERROR: Query (42) cancelled on user's request", 'cancelled'],
    ['ERROR: the cluster is resizing', 'transient'],
  ])('%s is %s', (text, failureClass) => {
    expect(failureClassOf(text)).toBe(failureClass);
  });

  it('is shown without the id that Serverless appends', () => {
    expect(cleanError('ERROR: x [ErrorId: 1-656a6401-67bc]')).toBe('ERROR: x');
  });
});

describe('a refused call of the Data API', () => {
  const error = (name: string, message: string, more: object = {}): Error =>
    Object.assign(new Error(message), { name, ...more });

  it.each([
    [error('ValidationException', 'Session is not available'), 'session-unavailable'],
    [error('ValidationException', 'Session with Id: 1 is invalid'), 'session-unknown'],
    [error('ThrottlingException', 'Rate exceeded'), 'throttled'],
    [error('ActiveSessionsExceededException', 'too many'), 'throttled'],
    [error('ValidationException', 'Sql is too long'), 'rejected'],
    [error('AccessDeniedException', 'no'), 'rejected'],
    [error('InternalServerException', 'oops', { $metadata: { httpStatusCode: 500 } }), 'outcome-unknown'],
    [error('TimeoutError', 'socket'), 'outcome-unknown'],
  ])('%s means %s', (thrown, reason) => {
    expect(refusalOf(thrown).reason).toBe(reason);
  });

  it('may name the statement that it created', () => {
    expect(statementIdOf(error('ExecuteStatementException', 'x', { StatementId: 's-1' }))).toBe('s-1');
  });
});

describe('an error that names the statement it created', () => {
  const client = {
    send: () =>
      Promise.reject(
        Object.assign(new Error('x'), { name: 'ExecuteStatementException', StatementId: 's-1' }),
      ),
  } as unknown as RedshiftDataClient;
  const warehouse = new DataApiWarehouse(client, { Database: 'dev' }, () => 'token');

  it('counts as the answer to a submission', async () => {
    const submission = {
      sessionId: 'session',
      name: 'name',
      token: 'token',
      sqls: ['SELECT 1'],
      transaction: false,
      keepAliveSeconds: 60,
    };
    expect(await warehouse.submit(submission)).toEqual({ ok: true, value: { statementId: 's-1' } });
  });

  it('does not count as an answer if a session or rows are needed', async () => {
    const unknown = { ok: false, refusal: { reason: 'outcome-unknown' } };
    expect(await warehouse.open({ set: {}, name: 'opener' })).toMatchObject(unknown);
    expect(await warehouse.ask('SELECT 1')).toMatchObject(unknown);
    expect(await warehouse.runSmall('session', 'ROLLBACK', 60)).toMatchObject(unknown);
  });
});

describe('a session whose first statement fails', () => {
  it.each([
    ['ERROR: unrecognized configuration parameter "serch_path"', 'sql'],
    ['ERROR: SET serch_path is not supported by the local warehouse', 'sql'],
    ['ERROR: parameter "max_connections" cannot be changed now', 'sql'],
    ['ERROR: 99999999999 is outside the valid range for parameter "statement_timeout"', 'sql'],
    ['ERROR: permission denied to set parameter "x"', 'permission'],
    ['FATAL: database "nope" does not exist', 'sql'],
  ])('is refused for good if the warehouse gave the reason: %s', async (message, failureClass) => {
    expect(await opened(message)).toEqual({
      ok: false,
      refusal: { reason: 'rejected', class: failureClass, message },
    });
  });

  it.each(['ERROR: The cluster is being resized, please try again', 'ERROR: An I/O error occurred'])(
    'is retried otherwise: %s',
    async (message) => {
      expect(await opened(message)).toMatchObject({ ok: false, refusal: { reason: 'throttled' } });
    },
  );

  async function opened(message: string): ReturnType<DataApiWarehouse['open']> {
    const client = {
      send: async () => ({ Id: 's-1', SessionId: 'session', Status: 'FAILED', Error: message }),
    } as unknown as RedshiftDataClient;
    const warehouse = new DataApiWarehouse(client, { Database: 'dev' }, () => 'token');
    return await warehouse.open({ set: { serch_path: 'mart' }, name: 'opener' });
  }
});

it('a submission sends a completion event, a small statement none', async () => {
  const sent: Record<string, unknown>[] = [];
  const client = {
    send: async ({ input }: { input: Record<string, unknown> }) => {
      sent.push(input);
      return { Id: 's-1', SessionId: 'session', Status: 'FINISHED', RedshiftPid: 7 };
    },
  } as unknown as RedshiftDataClient;
  const warehouse = new DataApiWarehouse(client, { Database: 'dev' }, () => 'token');
  const submission = { sessionId: 'session', name: 'name', token: 'token', keepAliveSeconds: 60 };
  await warehouse.submit({ ...submission, sqls: ['SELECT 1'], transaction: false });
  // A durable step of one statement is a transaction too.
  await warehouse.submit({ ...submission, sqls: ['SELECT 1'], transaction: true });
  expect(sent.map(({ WithEvent, Sqls }) => [WithEvent, Sqls])).toEqual([
    [true, undefined],
    [true, ['SELECT 1']],
  ]);
  sent.length = 0;
  await warehouse.open({ set: {}, name: 'opener' });
  await warehouse.runSmall('session', 'ROLLBACK', 60);
  await warehouse.ask('SELECT 1');
  expect(sent.filter(({ WithEvent }) => WithEvent !== undefined)).toEqual([]);
});

describe('a batch statement', () => {
  const parts = [
    { Id: 's-1:1', Status: 'FINISHED', ResultRows: 3 },
    { Id: 's-1:2', Status: 'FAILED', ResultRows: -1, Error: 'ERROR: the second' },
    { Id: 's-1:3', Status: 'ABORTED', ResultRows: -1, Error: '' },
  ];
  const described = (answer: object) =>
    new DataApiWarehouse(
      { send: async () => ({ Id: 's-1', ...answer }) } as unknown as RedshiftDataClient,
      { Database: 'dev' },
      () => 'token',
    ).describe('s-1');

  it('has the error of the failed part, not that of the batch', async () => {
    expect(await described({ Status: 'FAILED', Error: 'a part failed', SubStatements: parts })).toMatchObject(
      {
        status: 'FAILED',
        error: 'ERROR: the second',
        rows: [3, undefined, undefined],
      },
    );
  });

  it('has the error of the batch if no part has one', async () => {
    expect(await described({ Status: 'FAILED', Error: 'no connection', SubStatements: [] })).toMatchObject({
      error: 'no connection',
    });
  });

  it('is running in every state that is not final, even an unknown one', async () => {
    for (const Status of ['SUBMITTED', 'PICKED', 'STARTED', 'QUEUED_AGAIN'])
      expect(await described({ Status })).toMatchObject({ status: 'RUNNING' });
  });
});

describe('a query whose statement failed', () => {
  it.each([
    ['ERROR: relation "baton.step_marker" does not exist', 'rejected'],
    ['ERROR: permission denied for schema baton', 'rejected'],
    ['ERROR: The connection was lost while the statement was running.', 'throttled'],
    ['ERROR: canceling statement due to user request', 'throttled'],
    ['ERROR: cluster is resizing, try again', 'throttled'],
    [undefined, 'throttled'],
  ])('%s: %s', async (Error, reason) => {
    const client = {
      send: (command: { constructor: { name: string } }) =>
        Promise.resolve(
          command.constructor.name === 'ExecuteStatementCommand'
            ? { Id: 's-1', Status: 'FAILED' }
            : { Id: 's-1', Status: 'FAILED', Error },
        ),
    } as unknown as RedshiftDataClient;
    const warehouse = new DataApiWarehouse(client, { Database: 'dev' }, () => 'token');
    expect(await warehouse.ask('SELECT 1')).toMatchObject({ ok: false, refusal: { reason } });
  });
});

it('a marker quotes its values', () => {
  const sql = markerInsert({
    runId: "r'1",
    birth: 'ab',
    step: '10_a.sql',
    generation: 1,
    attempt: 2,
    statementHash: 'h',
  });
  expect(sql).toContain("VALUES ('r''1', 'ab', '10_a.sql', 1, 2, 'h', GETDATE())");
});
