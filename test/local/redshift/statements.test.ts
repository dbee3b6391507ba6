import type { DescribeStatementResponse } from '@aws-sdk/client-redshift-data';
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  GetStatementResultV2Command,
  ListSchemasCommand,
  ListStatementsCommand,
} from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { admin, describeStatement, isStarted, makeGate, until } from './helpers.ts';
import type { Gate } from './helpers.ts';
import {
  clientOf,
  openSession,
  query,
  run,
  runBatch,
  startLocalRedshift,
  WORKGROUP,
} from './local-redshift.ts';
import type { LocalRedshift } from './local-redshift.ts';

let local: LocalRedshift;
let gate: Gate;
beforeAll(async () => {
  local = await startLocalRedshift();
  gate = await makeGate(local);
  await run(local, 'CREATE TABLE t (a int, b varchar(20))');
});
afterAll(async () => {
  await gate.remove();
  await local.stop();
});

const rejected = (type: string, message: string | RegExp): object => ({
  name: type,
  message: typeof message === 'string' ? message : expect.stringMatching(message),
});

describe('a result', () => {
  test('has fields of the types of the guide', async () => {
    const end = await run(
      local,
      `SELECT 1::smallint, 2147483648::bigint, 0.5::float8, true, 1.50::decimal(10,2), DATE '2026-01-02',
              TIMESTAMP '2026-01-02 03:04:05', 'text'::varchar(10), NULL::int`,
    );
    const answer = await local.client.send(new GetStatementResultCommand({ Id: end.Id }));
    expect(answer.Records).toEqual([
      [
        { longValue: 1 },
        { longValue: 2_147_483_648 },
        { doubleValue: 0.5 },
        { booleanValue: true },
        { stringValue: '1.50' },
        { stringValue: '2026-01-02' },
        { stringValue: '2026-01-02 03:04:05' },
        { stringValue: 'text' },
        { isNull: true },
      ],
    ]);
    expect(answer.TotalNumRows).toBe(1);
    expect(answer.ColumnMetadata?.map(({ typeName }) => typeName)).toEqual([
      'int2',
      'int8',
      'float8',
      'bool',
      'numeric',
      'date',
      'timestamp',
      'varchar',
      'int4',
    ]);
    expect(answer.ColumnMetadata?.[4]).toMatchObject({ precision: 10, scale: 2 });
  });

  test('names the table of a column', async () => {
    const end = await run(local, 'SELECT a AS renamed FROM t');
    const answer = await local.client.send(new GetStatementResultCommand({ Id: end.Id }));
    expect(end).toMatchObject({ HasResultSet: true, ResultRows: 0 });
    expect(answer.ColumnMetadata?.[0]).toMatchObject({
      label: 'renamed',
      typeName: 'int4',
      tableName: 't',
      schemaName: 'public',
      nullable: 1,
    });
  });

  test('comes in pages, every row once', async () => {
    const rows = 30_000;
    const end = await run(
      local,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${String(rows)})
       SELECT i, 'a text of some length that fills the page' FROM n`,
    );
    expect(end).toMatchObject({ Status: 'FINISHED', ResultRows: rows });
    const seen: (number | undefined)[] = [];
    let pages = 0;
    let NextToken: string | undefined;
    do {
      const page = await local.client.send(new GetStatementResultCommand({ Id: end.Id, NextToken }));
      seen.push(...(page.Records ?? []).map((record) => record[0]?.longValue));
      NextToken = page.NextToken;
      pages += 1;
    } while (NextToken !== undefined);
    expect(pages).toBeGreaterThan(1);
    expect(seen.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: rows }, (_, i) => i + 1),
    );
  });

  test('is CSV by the second operation when asked for', async () => {
    const end = await run(local, `SELECT 1 AS a, 'x,"y"' AS b, NULL AS c`, { ResultFormat: 'CSV' });
    const answer = await local.client.send(new GetStatementResultV2Command({ Id: end.Id }));
    expect(answer.Records).toEqual([{ CSVRecords: '1,"x,""y""",\r\n' }]);
    await expect(local.client.send(new GetStatementResultCommand({ Id: end.Id }))).rejects.toMatchObject(
      rejected('ValidationException', /GetStatementResultV2/),
    );
  });

  test('is refused if there is none', async () => {
    const end = await run(local, "INSERT INTO t VALUES (0, 'none')");
    await expect(local.client.send(new GetStatementResultCommand({ Id: end.Id }))).rejects.toMatchObject(
      rejected(
        'ValidationException',
        'Query does not have result. Please check query status with DescribeStatement.',
      ),
    );
  });

  test('with a row over 64 KB fails the statement', async () => {
    const end = await run(local, "SELECT REPEAT('x', 65000), REPEAT('y', 65000)");
    expect(end).toMatchObject({
      Status: 'FAILED',
      Error: expect.stringContaining('Packet for query is too large'),
    });
  });

  test('is gone after 24 hours, as the statement is', async () => {
    const end = await run(local, 'SELECT 1');
    local.clock.advance(24 * 3_600_000 + 1000);
    await expect(describeStatement(local, end.Id)).rejects.toMatchObject(
      rejected('ResourceNotFoundException', 'Query does not exist.'),
    );
  });
});

describe('row counts', () => {
  test('are rows affected for what changes rows', async () => {
    await run(local, 'DELETE FROM t');
    expect(await run(local, "INSERT INTO t VALUES (1, 'a'), (2, 'b')")).toMatchObject({ ResultRows: 2 });
    expect(await run(local, "UPDATE t SET b = 'c' WHERE a = 2")).toMatchObject({ ResultRows: 1 });
    expect(await run(local, 'DELETE FROM t')).toMatchObject({ ResultRows: 2, HasResultSet: false });
    const made = await run(local, 'CREATE TEMP TABLE x (a int)');
    expect(made).toMatchObject({ ResultRows: 0, HasResultSet: false, RedshiftQueryId: -1 });
    expect(made.Duration).toBeGreaterThan(1000);
  });
});

describe('a batch', () => {
  test('runs as one transaction; parts are found as id:n; the parent sums', async () => {
    const end = await runBatch(local, ["INSERT INTO t VALUES (1, 'x')", 'SELECT a FROM t', 'DELETE FROM t']);
    expect(end).toMatchObject({
      Status: 'FINISHED',
      ExecutionMode: 'TRANSACTION',
      HasResultSet: true,
      ResultRows: 3,
      RedshiftQueryId: 0,
    });
    expect(end.QueryString).toBeUndefined();
    expect(end.SubStatements?.map(({ Id, Status, ResultRows }) => [Id, Status, ResultRows])).toEqual([
      [`${String(end.Id)}:1`, 'FINISHED', 1],
      [`${String(end.Id)}:2`, 'FINISHED', 1],
      [`${String(end.Id)}:3`, 'FINISHED', 1],
    ]);
    const part = await local.client.send(new GetStatementResultCommand({ Id: `${String(end.Id)}:2` }));
    expect(part.Records).toEqual([[{ longValue: 1 }]]);
    expect(await describeStatement(local, `${String(end.Id)}:2`)).toMatchObject({
      QueryString: 'SELECT a FROM t',
    });
    await expect(local.client.send(new GetStatementResultCommand({ Id: end.Id }))).rejects.toMatchObject(
      rejected('ValidationException', /does not have result/),
    );
  });

  test('rolls all back at the first failure; what comes after never runs', async () => {
    const end = await runBatch(local, ["INSERT INTO t VALUES (7, 'x')", 'SELECT * FROM nowhere', 'SELECT 1']);
    expect(end).toMatchObject({ Status: 'FAILED', HasResultSet: false });
    expect(end.Error).toMatch(/^ERROR: relation "nowhere" does not exist/);
    expect(end.SubStatements?.map(({ Status }) => Status)).toEqual(['FINISHED', 'FAILED', 'ABORTED']);
    expect(await query(local, 'SELECT count(*) FROM t')).toEqual([['0']]);
  });

  test('that is rolled back says FINISHED, and its rows, of the statements before the failure; its session goes on', async () => {
    const opened = await local.client.send(
      new ExecuteStatementCommand({
        ...WORKGROUP,
        Sql: 'SELECT 1',
        SessionKeepAliveSeconds: 60,
        WaitTimeSeconds: 10,
      }),
    );
    const inSession = async (...Sqls: string[]): Promise<DescribeStatementResponse> => {
      const { Id } = await local.client.send(
        new BatchExecuteStatementCommand({ SessionId: opened.SessionId, Sqls, WaitTimeSeconds: 10 }),
      );
      return describeStatement(local, Id);
    };
    const make = 'CREATE TEMP TABLE made (n int)';
    const fill = 'INSERT INTO made VALUES (1), (2)';
    const failed = await inSession(make, fill, 'SELECT * FROM nowhere');
    expect(failed.Status).toBe('FAILED');
    expect(failed.SubStatements?.map(({ Status, ResultRows }) => [Status, ResultRows])).toEqual([
      ['FINISHED', 0],
      ['FINISHED', 2],
      ['FAILED', -1],
    ]);
    // Nothing of it is there.
    const again = await inSession(make, fill, 'SELECT n FROM made', 'SELECT n FROM made WHERE n > 2');
    expect(
      again.SubStatements?.map(({ Status, HasResultSet, ResultRows }) => [Status, HasResultSet, ResultRows]),
    ).toEqual([
      ['FINISHED', false, 0],
      ['FINISHED', false, 2],
      ['FINISHED', true, 2],
      ['FINISHED', true, 0],
    ]);
    expect(again.SubStatements?.every(({ Duration = -1 }) => Duration > 0)).toBe(true);
    await admin(local, 'switches', { resultsCounted: false });
    const uncounted = await inSession('SELECT n FROM made', 'DELETE FROM made');
    await admin(local, 'switches');
    expect(uncounted.SubStatements?.map(({ ResultRows }) => ResultRows)).toEqual([-1, 2]);
    const result = await local.client.send(
      new GetStatementResultCommand({ Id: `${String(uncounted.Id)}:1` }),
    );
    expect(result.TotalNumRows).toBe(2);
  });

  test('with AUTO_COMMIT goes on after a failure and keeps what worked', async () => {
    const end = await runBatch(
      local,
      ["INSERT INTO t VALUES (8, 'x')", 'SELECT * FROM nowhere', "INSERT INTO t VALUES (9, 'x')"],
      { ExecutionMode: 'AUTO_COMMIT' },
    );
    expect(end).toMatchObject({ Status: 'FAILED', ExecutionMode: 'AUTO_COMMIT' });
    expect(end.SubStatements?.map(({ Status }) => Status)).toEqual(['FINISHED', 'FAILED', 'FINISHED']);
    expect(await query(local, 'SELECT a FROM t ORDER BY a')).toEqual([['8'], ['9']]);
  });

  test('is not atomic with TRUNCATE, which commits', async () => {
    await runBatch(local, ['DELETE FROM t', "INSERT INTO t VALUES (1, 'before')"]);
    await run(local, 'CREATE TEMP TABLE IF NOT EXISTS other (a int)');
    const end = await runBatch(local, [
      "INSERT INTO t VALUES (2, 'kept')",
      'CREATE TEMP TABLE gone (a int)',
      'TRUNCATE gone',
      "INSERT INTO t VALUES (3, 'rolled back')",
      'SELECT * FROM nowhere',
    ]);
    expect(end.Status).toBe('FAILED');
    expect(await query(local, 'SELECT a FROM t ORDER BY a')).toEqual([['1'], ['2']]);
    await run(local, 'DELETE FROM t');
  });

  test('has one event, with the id of the batch', async () => {
    const end = await runBatch(local, ['SELECT 1', 'SELECT 2'], { WithEvent: true, StatementName: 'pair' });
    const events = local.events.filter(({ detail }) => detail['statementName'] === 'pair');
    expect(
      events.map(({ detail }) => [detail['statementId'], detail['rows'], detail['redshiftQueryId']]),
    ).toEqual([[end.Id, 2, -1]]);
  });
});

describe('a ClientToken', () => {
  test('runs once: later calls return the same Id, whatever their other members', async () => {
    const first = await run(local, "INSERT INTO t VALUES (1, 'once')", { ClientToken: 'token-1' });
    const again = await run(local, "INSERT INTO t VALUES (1, 'once')", { ClientToken: 'token-1' });
    const other = await run(local, 'SELECT 1', { ClientToken: 'token-1' });
    expect([again.Id, other.Id]).toEqual([first.Id, first.Id]);
    expect(await query(local, "SELECT count(*) FROM t WHERE b = 'once'")).toEqual([['1']]);
  });

  test('is forgotten after eight hours', async () => {
    const first = await run(local, 'SELECT 1', { ClientToken: 'token-2' });
    local.clock.advance(8 * 3_600_000 - 5000);
    expect((await run(local, 'SELECT 1', { ClientToken: 'token-2' })).Id).toBe(first.Id);
    local.clock.advance(6000);
    expect((await run(local, 'SELECT 1', { ClientToken: 'token-2' })).Id).not.toBe(first.Id);
  });

  test('is remembered by the next process', async () => {
    const first = await run(local, 'SELECT 1', { ClientToken: 'token-3' });
    await local.restart();
    expect((await run(local, 'SELECT 1', { ClientToken: 'token-3' })).Id).toBe(first.Id);
  });

  test('of a refused call is free, or consumed: a switch', async () => {
    const id = await openSession(local, 60);
    local.clock.advance(61_000);
    const refused = { SessionId: id, ClientToken: 'token-4' };
    await expect(run(local, 'SELECT 1', refused)).rejects.toMatchObject({ name: 'ValidationException' });
    expect(await run(local, 'SELECT 1', { ClientToken: 'token-4' })).toMatchObject({ Status: 'FINISHED' });
    await local.restart({ tokenConsumedByRefusal: true });
    const consumed = { SessionId: id, ClientToken: 'token-5' };
    await expect(run(local, 'SELECT 1', consumed)).rejects.toMatchObject({
      message: 'Session is not available',
    });
    await expect(run(local, 'SELECT 1', { ClientToken: 'token-5' })).rejects.toMatchObject({
      message: 'Session is not available',
    });
    await local.restart();
  });
});

describe('cancelling', () => {
  test('ends a running statement as ABORTED, with its event, and keeps the session', async () => {
    const id = await openSession(local);
    await run(local, 'CREATE TEMP TABLE kept (a int)', { SessionId: id });
    await gate.shut();
    const { Id } = await local.client.send(
      new ExecuteStatementCommand({ SessionId: id, Sql: gate.sql, WithEvent: true }),
    );
    await until(async () => isStarted(local, Id));
    expect(await local.client.send(new CancelStatementCommand({ Id }))).toMatchObject({ Status: true });
    const end = await local.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 10 }));
    await gate.open();
    expect(end).toMatchObject({
      Status: 'ABORTED',
      Error: expect.stringContaining("cancelled on user's request"),
    });
    expect(local.events.find(({ detail }) => detail['statementId'] === Id)?.detail['state']).toBe('ABORTED');
    expect(await query(local, 'SELECT count(*) FROM kept', id)).toEqual([['0']]);
    await expect(local.client.send(new CancelStatementCommand({ Id }))).rejects.toMatchObject(
      rejected(
        'ValidationException',
        `Could not cancel a query that is already in ABORTED state with ID: ${String(Id)}`,
      ),
    );
  });

  test('a batch rolls it back', async () => {
    await run(local, 'DELETE FROM t');
    await gate.shut();
    const { Id } = await local.client.send(
      new BatchExecuteStatementCommand({
        ...WORKGROUP,
        Sqls: ["INSERT INTO t VALUES (1, 'x')", gate.sql, 'SELECT 1'],
      }),
    );
    await until(async () => (await describeStatement(local, `${String(Id)}:2`)).Status === 'STARTED');
    await local.client.send(new CancelStatementCommand({ Id }));
    const end = await local.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 10 }));
    await gate.open();
    expect(end.Status).toBe('ABORTED');
    expect(end.SubStatements?.map(({ Status }) => Status)).toEqual(['FINISHED', 'ABORTED', 'ABORTED']);
    expect(await query(local, 'SELECT count(*) FROM t')).toEqual([['0']]);
  });
});

describe('WaitTimeSeconds', () => {
  test('returns as soon as the statement ends', async () => {
    await gate.shut();
    const { Id } = await local.client.send(new ExecuteStatementCommand({ ...WORKGROUP, Sql: gate.sql }));
    const waiting = local.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
    await until(async () => isStarted(local, Id));
    await gate.open();
    expect(await waiting).toMatchObject({ Status: 'FINISHED' });
  });

  test('returns the current state after its time', async () => {
    await gate.shut();
    const waiting = local.client.send(
      new ExecuteStatementCommand({
        ...WORKGROUP,
        Sql: gate.sql,
        StatementName: 'slow',
        WaitTimeSeconds: 30,
      }),
    );
    let Id: string | undefined;
    await until(async () => {
      const { Statements = [] } = await local.client.send(
        new ListStatementsCommand({ StatementName: 'slow', Status: 'STARTED' }),
      );
      Id = Statements[0]?.Id;
      return Id !== undefined;
    });
    local.clock.advance(30_000);
    expect(await waiting).toMatchObject({ Id, Status: 'STARTED', HasResultSet: false });
    const result = local.client.send(new GetStatementResultCommand({ Id, WaitTimeSeconds: 1 }));
    local.clock.advance(1000);
    await expect(result).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await gate.open();
  });
});

describe('ListStatements', () => {
  test('shows finished ones by default, others by Status, names by prefix', async () => {
    await run(local, 'SELECT 1', { StatementName: 'list:one' });
    await run(local, 'SELECT * FROM nowhere', { StatementName: 'list:two' });
    await runBatch(local, ['SELECT 1', 'SELECT 2'], { StatementName: 'List:three' });
    const list = async (where: object): Promise<(string | undefined)[]> => {
      const { Statements = [] } = await local.client.send(new ListStatementsCommand(where));
      return Statements.map(({ StatementName }) => StatementName);
    };
    expect(await list({ StatementName: 'list:' })).toEqual(['list:one']);
    expect(await list({ StatementName: 'list:', Status: 'ALL' })).toEqual(['list:two', 'list:one']);
    expect(await list({ StatementName: 'list:', Status: 'FAILED' })).toEqual(['list:two']);
    expect(await list({ StatementName: 'list:', WorkgroupName: 'other' })).toEqual([]);
    const { Statements } = await local.client.send(new ListStatementsCommand({ StatementName: 'List:' }));
    expect(Statements?.[0]).toMatchObject({ IsBatchStatement: true, QueryStrings: ['SELECT 1', 'SELECT 2'] });
  });

  test('comes in pages, newest first, also while the list grows', async () => {
    const names = Array.from({ length: 7 }, (_, i) => `page:${String(i)}`);
    for (const StatementName of names) await run(local, 'SELECT 1', { StatementName });
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await local.client.send(
        new ListStatementsCommand({ StatementName: 'page:', MaxResults: 3, NextToken }),
      );
      seen.push(...(page.Statements ?? []).map(({ StatementName }) => StatementName));
      NextToken = page.NextToken;
      await run(local, 'SELECT 1', { StatementName: 'page:later' });
    } while (NextToken !== undefined);
    expect(seen).toEqual(names.toReversed());
  });

  test('shows a role its own statements, and to RoleLevel false its own session', async () => {
    const as = (key: string) => clientOf(local.port, key);
    const one = as('ROLE~steps~run-step');
    await run({ client: one }, 'SELECT 1', { StatementName: 'role:1', WithEvent: true });
    const list = async (client: typeof one, more: object = {}): Promise<number | undefined> =>
      (await client.send(new ListStatementsCommand({ StatementName: 'role:', ...more }))).Statements?.length;
    expect(await list(as('ROLE~steps~sweep'))).toBe(1);
    expect(await list(as('ROLE~steps~sweep'), { RoleLevel: false })).toBe(0);
    expect(await list(as('ROLE~strangers~x'))).toBe(0);
    expect(await list(local.client)).toBe(1);
    const event = local.events.find(({ detail }) => detail['statementName'] === 'role:1');
    expect(event?.detail['principal']).toBe('arn:aws:sts::000000000000:assumed-role/steps/run-step');
  });
});

describe('named parameters', () => {
  test('are bound by name, several times, outside strings and comments only', async () => {
    const end = await run(local, "SELECT :a::int + :b::int + :a::int, ':a', '10:30' /* :b */", {
      Parameters: [
        { name: 'a', value: '2' },
        { name: 'b', value: '3' },
      ],
    });
    expect(end).toMatchObject({
      Status: 'FINISHED',
      QueryParameters: [
        { name: 'a', value: '2' },
        { name: 'b', value: '3' },
      ],
    });
    const { Records } = await local.client.send(new GetStatementResultCommand({ Id: end.Id }));
    expect(Records).toEqual([[{ longValue: 7 }, { stringValue: ':a' }, { stringValue: '10:30' }]]);
  });

  test('are always bound as values', async () => {
    await run(local, 'INSERT INTO t VALUES (:id, :text)', {
      Parameters: [
        { name: 'id', value: '42' },
        { name: 'text', value: "'); DROP --" },
      ],
    });
    expect(await query(local, 'SELECT b FROM t WHERE a = 42')).toEqual([["'); DROP --"]]);
  });

  test('must be used', async () => {
    const Parameters = [{ name: 'a', value: '2' }];
    await expect(run(local, "SELECT ':a'", { Parameters })).rejects.toMatchObject(
      rejected('ValidationException', /unused parameters/),
    );
    expect(await runBatch(local, ['SELECT 1', 'SELECT :a::int'], { Parameters })).toMatchObject({
      Status: 'FINISHED',
    });
  });
});

describe('a request is refused', () => {
  const send = async (input: object): Promise<unknown> =>
    local.client.send(new ExecuteStatementCommand({ ...WORKGROUP, Sql: 'SELECT 1', ...input }));

  test.each([
    [
      { WaitTimeSeconds: 31 },
      "Value '31' at 'waitTimeSeconds' failed to satisfy constraint: Member must have value less than or equal to 30",
    ],
    [{ WaitTimeSeconds: 0 }, 'greater than or equal to 1'],
    [{ ClientToken: 'x'.repeat(65) }, 'Member must have length less than or equal to 64'],
    [{ SessionId: 'ABC' }, 'Member must satisfy regular expression pattern'],
    [{ Parameters: [] }, 'Member must have length greater than or equal to 1'],
    [{ ResultFormat: 'XML' }, 'Member must satisfy enum value set: [JSON, CSV]'],
    [{ Sql: undefined }, "Value null at 'sql' failed to satisfy constraint: Member must not be null"],
    [{ WorkgroupName: undefined }, 'Either ClusterIdentifier or WorkgroupName needs to be specified.'],
    [{ ClusterIdentifier: 'c' }, 'cannot be specified together'],
    [{ DbUser: 'u' }, 'DbUser cannot be specified together with WorkgroupName'],
    [{ Database: undefined }, 'Database needs to be specified'],
    [{ Sql: `SELECT '${'x'.repeat(205_000)}'` }, '200 KB'],
    [{ StatementName: 'x'.repeat(2049) }, 'less than or equal to 2048'],
  ])('%#: %j', async (input, message) => {
    await expect(send(input)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('for a batch of 41 statements, and of none', async () => {
    const batch = async (count: number): Promise<unknown> =>
      local.client.send(
        new BatchExecuteStatementCommand({
          ...WORKGROUP,
          Sqls: Array.from({ length: count }, () => 'SELECT 1'),
        }),
      );
    await expect(batch(41)).rejects.toMatchObject(
      rejected('ValidationException', /at 'sqls'.*less than or equal to 40/),
    );
    await expect(batch(0)).rejects.toMatchObject(
      rejected('ValidationException', /at 'sqls'.*greater than or equal to 1/),
    );
  });

  test('by name, for an operation that is not here', async () => {
    await expect(local.client.send(new ListSchemasCommand({ ...WORKGROUP }))).rejects.toMatchObject(
      rejected('ValidationException', 'ListSchemas is not supported by the local Redshift Data API.'),
    );
  });

  test('for an id that is not known, with 404', async () => {
    await expect(describeStatement(local, '11111111-2222-4333-8444-555555555555')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });
});

describe('errors', () => {
  test('read as Redshift says them', async () => {
    expect((await run(local, 'SELECT nosuch FROM t')).Error).toMatch(
      /^ERROR: column "nosuch" does not exist/,
    );
    expect((await run(local, 'SELEC 1')).Error).toMatch(/^ERROR: .*SELEC/);
    expect((await run(local, 'SELECT 1; SELECT 2')).Status).toBe('FAILED');
    expect((await run(local, "SELECT 'abc'::int")).Error).toMatch(
      /^ERROR: invalid input syntax for integer: "abc"/,
    );
    await run(local, 'CREATE TABLE strict (a int not null)');
    expect((await run(local, 'INSERT INTO strict VALUES (NULL)')).Error).toBe(
      'ERROR: Cannot insert a NULL value into column a',
    );
  });

  test('of a concurrent update are conflicts, as under snapshot isolation', async () => {
    await run(local, 'CREATE TABLE shared (a int)');
    await run(local, 'INSERT INTO shared VALUES (1)');
    const [one, two] = [await openSession(local), await openSession(local)];
    for (const SessionId of [one, two]) {
      await run(local, 'BEGIN', { SessionId });
      await run(local, 'SELECT a FROM shared', { SessionId });
    }
    await run(local, 'UPDATE shared SET a = a + 1', { SessionId: one });
    await run(local, 'COMMIT', { SessionId: one });
    const lost = await run(local, 'UPDATE shared SET a = a + 1', { SessionId: two });
    expect(lost).toMatchObject({
      Status: 'FAILED',
      Error: expect.stringMatching(/1023[^]*Serializable isolation violation/),
    });
  });

  test('of a database that does not exist come with the statement', async () => {
    const end = await run(local, 'SELECT 1', { Database: 'nosuch' });
    expect(end).toMatchObject({ Status: 'FAILED', Error: 'FATAL: database "nosuch" does not exist' });
  });

  test('end in an ErrorId on Serverless, by a switch', async () => {
    await local.restart({ errorIds: true });
    expect((await run(local, 'SELECT nosuch FROM t')).Error).toMatch(
      / \[ErrorId: 1-[0-9a-f]{8}-[0-9a-f]{24}\]$/,
    );
    await local.restart();
  });
});
