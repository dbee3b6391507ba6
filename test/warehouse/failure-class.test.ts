/** Texts of failures, as Redshift, PostgreSQL, the Data API and the JDBC driver write them: what each leaves open. */
import { describe, expect, it } from 'vitest';

import { isVerdict } from '../../shared/run/retry.ts';
import type { FailureClass } from '../../shared/run/run.ts';
import { cleanError, failureClassOf } from '../../shared/warehouse/failure-class.ts';

const texts: Readonly<Record<Exclude<FailureClass, 'check' | 'timeout' | 'input'>, readonly string[]>> = {
  'session-lost': [
    'An I/O error occurred while sending to the backend.',
    'ERROR: An I/O error occurred while sending to the backend.',
    'Connection to 10.0.0.7:5439 refused. Check that the hostname and port are correct.',
    'This connection has been closed.',
    'java.net.SocketException: Connection reset by peer',
    'java.net.SocketException: Broken pipe (Write failed)',
    'Read timed out',
    'Connect timed out',
    'SocketTimeoutException: connect timeout',
    'Communications link failure',
    'Unexpected EOF on client connection with an open transaction',
    'could not connect to server: No route to host',
    'Network is unreachable',
    'server closed the connection unexpectedly',
    'FATAL: terminating connection due to administrator command',
    'ERROR: terminating connection due to administrator command',
    'FATAL: the database system is shutting down',
    'FATAL: the database system is starting up',
    'FATAL: the database system is in recovery mode',
    'WARNING: terminating connection because of crash of another server process',
    'PANIC: could not write to file "pg_xlog/xlogtemp.1"',
    'ERROR: Invalid process id: 1073807529',
    'The connection attempt failed.',
    'The session was terminated because it was idle for too long',
    'Redshift cluster is restarting, please reconnect',
    'The cluster was rebooted while the query ran',
    'ERROR: SSL connection has been closed unexpectedly',
  ],
  transient: [
    'ERROR: the cluster is resizing',
    'ERROR: the cluster is resizing, please try again',
    'Redshift endpoint is not available right now.',
    'The service is temporarily unavailable',
    'The workgroup is paused',
    'Throttling: rate exceeded, retry later',
    'ERROR: too many connections for role "baton"',
    'ERROR: Out Of Memory: not enough memory on node 0',
    'ERROR: Disk Full Detail: error: Disk Full code: 1016',
    'ERROR: could not write block 7: No space left on device',
    'ERROR: Insufficient resources to run the query',
    'ERROR: could not open relation with OID 1234567',
    'The cluster is in a maintenance window',
    'ERROR: S3ServiceException:Please reduce your request rate.,Status 503,Error SlowDown,Rid 1,CanRetry 1',
  ],
  cancelled: [
    "ERROR: Query (42) cancelled on user's request",
    'ERROR: canceling statement due to user request',
    'ERROR: canceling statement due to statement timeout',
    'Query (42) canceled by WLM abort action of Query Monitoring Rule "long"',
    'The query was aborted by the service',
    'ERROR: Query execution time exceeds the maximum allowed',
    'ERROR: query exceeds the limit of WLM queue 5',
    'ERROR: Query killed by monitoring rule, operation not supported',
  ],
  conflict: [
    'ERROR: 1023\n DETAIL: Serializable isolation violation on table - 1256109',
    'ERROR: 1023 Detail: Serializable isolation violation on table - 1, transactions forming the cycle are: 2, 3',
    'ERROR: could not serialize access due to concurrent update',
    'ERROR: conflict with concurrent transaction on table 1256109',
    'ERROR: deadlock detected\n  Detail: Process 1 waits for AccessExclusiveLock on relation 2',
    'ERROR: tuple concurrently updated',
    'ERROR: could not obtain lock on relation "dim"',
  ],
  data: [
    "ERROR: Load into table 'stage' failed.  Check 'sys_load_error_detail' system table for details.",
    "ERROR: Load into table 'stage' failed.  Check 'stl_load_errors' system table for details.",
    "ERROR: The specified S3 prefix 'orders/1.csv' does not exist",
    'ERROR: invalid input syntax for integer: "x"',
    'ERROR: invalid input syntax for type numeric: "12a"',
    'ERROR: value too long for type character varying(3)',
    'ERROR: integer out of range',
    'ERROR: Numeric data overflow (result precision)',
    'ERROR: division by zero',
    'ERROR: Divide by zero',
    "ERROR: Invalid digit, Value 'x', Pos 0, Type: Integer",
    'ERROR: null value in column "id" violates not-null constraint',
    'ERROR: Cannot insert a NULL value into column id',
    'ERROR: duplicate key value violates unique constraint "orders_pkey"',
    'ERROR: Missing newline: Unexpected character 0x2c found at location 7',
    'ERROR: Extra column(s) found',
    'ERROR: Delimiter not found',
    'ERROR: invalid value "ab" for "YYYY"',
    'ERROR: Invalid numeric format',
    'ERROR: Char length exceeds DDL length',
    'ERROR: cannot take logarithm of zero',
    'ERROR: Overflow (Integer addition)',
    'ERROR: JSON parsing error',
    'ERROR: Manifest file is not in correct json format',
    'ERROR: S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket,Rid 1,CanRetry 1',
    'ERROR: S3 Query Exception (Fetch), Task failed due to an internal error. File x has an incompatible Parquet schema for column y',
    'Query #2 failed with ERROR: integer out of range',
  ],
  permission: [
    'ERROR: permission denied for relation dim',
    'ERROR: permission denied for schema mart',
    'ERROR: must be owner of relation dim',
    'ERROR: must be superuser to create a user',
    'ERROR: User arn:aws:redshift:eu-west-1:1:dbuser:c/baton is not authorized to assume IAM Role arn:aws:iam::1:role/x',
    'ERROR: S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 1,ExtRid 2,CanRetry 1',
    'ERROR: Insufficient privileges to read the table',
    'ERROR: The requested role arn:aws:iam::1:role/x is not associated to cluster',
    'ERROR: permission denied for relation user_connection',
  ],
  sql: [
    'ERROR: syntax error at or near "FORM"\n  Position: 12',
    'ERROR: unterminated quoted string at or near "\'abc"',
    'ERROR: relation "mart.dim" does not exist',
    'ERROR: relation "dim" already exists',
    'ERROR: schema "mart" does not exist',
    'ERROR: column "a" does not exist in t',
    'ERROR: function f(integer) does not exist\n  Hint: No function matches the given name and argument types.',
    'ERROR: column reference "id" is ambiguous',
    'ERROR: column "id" specified more than once',
    'ERROR: missing FROM-clause entry for table "t"',
    'ERROR: column "t.a" must appear in the GROUP BY clause or be used in an aggregate function',
    'ERROR: aggregates not allowed in WHERE clause',
    'ERROR: column "a" is of type integer but expression is of type character varying',
    'ERROR: operator does not exist: integer = character varying',
    'ERROR: UNION types integer and date cannot be matched',
    'ERROR: cannot cast type date to integer',
    'ERROR: each UNION query must have the same number of columns',
    'ERROR: INSERT has more expressions than target columns',
    'ERROR: subquery must return only one column',
    'ERROR: more than one row returned by a subquery used as an expression',
    'ERROR: could not identify an equality operator for type super',
    'ERROR: cannot drop table dim because other objects depend on it',
    'ERROR: TRUNCATE cannot be executed from a function',
    'ERROR: MERGE is not supported on this table',
    'ERROR: Specified types or functions (one per INFO message) not supported on Redshift tables.',
    'ERROR: This type of correlated subquery pattern is not supported yet',
    'ERROR: target lists can have at most 1664 entries, which exceeds the limit',
    'ERROR: unrecognized configuration parameter "x"',
    'ERROR: invalid reference to FROM-clause entry for table "t"',
    'Query #1 failed with ERROR: relation "x" does not exist',
    '[Amazon](500310) Invalid operation: relation "x" does not exist;',
    'ERROR: VALUES lists must all be the same length',
    'ERROR: for SELECT DISTINCT, ORDER BY expressions must appear in select list',
    'ERROR: argument of WHERE must be type boolean, not type integer',
    'ERROR: "mart.v" is not a table',
    'ERROR: function f(unknown) is not unique',
    'ERROR: Found multiple matches to update the same tuple.',
    'ERROR: current transaction is aborted, commands ignored until end of transaction block',
    'ERROR: ALTER TABLE ALTER COLUMN cannot run inside a transaction block',
    'ERROR: prepared statement "x" does not exist',
    'ERROR: conflicting or redundant options',
    'ERROR: Specified unload destination on S3 is not empty',
    'ERROR: column maintenance does not exist',
    'ERROR: column connection.id does not exist',
  ],
  unknown: [
    '',
    'ERROR: the flux was not aligned',
    'Internal error: assertion failed at step 7',
    'ERROR: XX000: ran into something',
    'Query failed',
    'ERROR',
    'java.lang.NullPointerException',
    'ERROR: Assert\n  Detail: error: Assert code: 1000 context: sort',
    'ERROR: Assert\n  Detail: error: 0 <= x code: 1000 context: value out of range',
    'upstream connect error or disconnect/reset before headers. reset reason: overflow',
    '<html><title>403 Forbidden</title>Access denied: not authorized</html>',
    'HTTP 500 Internal Server Error: the object does not exist',
    'The endpoint does not exist',
    'ERROR: Session 17 does not exist',
    'ERROR: the cluster does not exist or is being modified',
    'ERROR: backend process 4711 does not exist any more',
    'ERROR: leader node failover, writes are not allowed',
    'ERROR: could not determine the outcome of the transaction',
    'ERROR: could not find segment replica',
    'ERROR: invalid length of reply message',
    'ERROR: unexpected message type in protocol, value out of range',
    'ERROR: stack overflow',
    'ERROR: the server cannot be reached',
    'AccessDenied: the token is not authorized',
    'Ein Fehler trat auf: syntax error',
  ],
};

describe.each(Object.entries(texts))('an error text of class %s', (failureClass, those) => {
  it.each(those.map((text) => [text]))('%s', (text) => {
    expect(failureClassOf(text)).toBe(failureClass);
  });

  it('is recognized in capitals, in small letters, and with the id that Serverless appends', () => {
    for (const text of those) {
      const classes = [text.toUpperCase(), text.toLowerCase(), `${text} [ErrorId: 1-656a6401-67bc]`].map(
        (one) => failureClassOf(one),
      );
      expect([text, ...classes]).toEqual([text, failureClass, failureClass, failureClass]);
    }
  });
});

describe('quoted names in an error text', () => {
  it.each([
    ['ERROR: relation "connection" does not exist', 'sql'],
    ['ERROR: relation "mart.broken_socket_timeout" does not exist', 'sql'],
    ['ERROR: column "restart" does not exist in connections', 'sql'],
    ['ERROR: relation "I/O error" already exists', 'sql'],
    ['ERROR: syntax error at or near "connection"\n  Position: 7', 'sql'],
    ['ERROR: syntax error at or near "retry"', 'sql'],
    ['ERROR: permission denied for relation "terminated"', 'permission'],
    ['ERROR: invalid input syntax for integer: "connection reset"', 'data'],
    [
      "ERROR: Load into table 'connection' failed.  Check 'sys_load_error_detail' system table for details.",
      'data',
    ],
    ["ERROR: The specified S3 prefix 'restart/timeout.csv' does not exist", 'data'],
    ["ERROR: The specified S3 prefix 'orders/7 o'clock.csv' does not exist", 'data'],
    ['ERROR: null value in column "socket" violates not-null constraint', 'data'],
    ['ERROR: relation "x" does not exist; the server closed the connection', 'session-lost'],
  ])('do not change its class: %s is %s', (text, failureClass) => {
    expect(failureClassOf(text)).toBe(failureClass);
  });

  it('that look like a database error do not make an unclear text one', () => {
    for (const text of [
      'An I/O error occurred while sending to the backend. Statement: INSERT INTO "does not exist"',
      "Connection reset by peer: 'syntax error'",
      'The flux was not aligned in "SELECT 1 / 0 -- division by zero"',
      "Internal error while running 'DROP TABLE x; -- permission denied'",
    ])
      expect([text, isVerdict(failureClassOf(text))]).toEqual([text, false]);
  });
});

describe('an error text of a megabyte', () => {
  const repeated = (text: string): string => text.repeat(Math.ceil(1_000_000 / text.length));

  it.each([
    ['ERROR: is of type '],
    ['Load into table '],
    ['ERROR: types '],
    ['ERROR: S3ServiceException '],
    ['ERROR: 1023 '],
    ['[ErrorId: '],
    [' '],
    ['"'],
  ])('of only "%s" is classified in linear time', (text) => {
    expect(failureClassOf(cleanError(`x${repeated(text)}x`))).toBe('unknown');
  });

  it('is a database error by its beginning, and unclear by words anywhere', () => {
    const verdict = `ERROR: relation "x" does not exist in ${repeated('SELECT 1; ')}`;
    expect(failureClassOf(verdict)).toBe('sql');
    expect(failureClassOf(`${verdict} Connection reset`)).toBe('session-lost');
    expect(failureClassOf(`ERROR: ${repeated('SELECT 1; ')} does not exist`)).toBe('unknown');
  });
});
