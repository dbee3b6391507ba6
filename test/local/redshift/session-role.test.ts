/** The role of the warehouse's sessions: no way to the machine's files, `public` for what has no schema, earlier data kept. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { asSessionRole, SESSION_ROLE } from '../../../local/redshift/session-role.ts';
import { query, run, runBatch, startLocalRedshift } from './local-redshift.ts';
import type { LocalRedshift } from './local-redshift.ts';

let local: LocalRedshift;

beforeAll(async () => {
  local = await startLocalRedshift();
});
afterAll(async () => {
  await local.stop();
});

async function errorOf(sql: string): Promise<string> {
  const { Status, Error: error } = await run(local, sql);
  expect(Status).toBe('FAILED');
  return error ?? '';
}

async function superuser<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(local.postgres.connect);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('the files of the machine', () => {
  const outside = (): string => join(local.home, 'written-by-sql');
  const calls = [
    "pg_read_file('/etc/hostname')",
    "pg_catalog.pg_read_file('/etc/hostname')",
    '"pg_read_file"(\'/etc/hostname\')',
    "PG_READ_BINARY_FILE ('/etc/hostname')",
    "pg_ls_dir('/')",
    "pg_stat_file('/etc/hostname')",
    "lo_import('/etc/hostname')",
    "lo_export(1, '/tmp/x')",
    "lo_from_bytea(0, 'x')",
    'pg_ls_waldir()',
    'pg_reload_conf()',
    "query_to_xml('select pg_read_file(1)', true, true, '')",
    "dblink('host=localhost', 'select 1')",
  ];
  test.each(calls)('%s is refused by its name', async (call) => {
    expect(await errorOf(`SELECT ${call}`)).toMatch(
      /^ERROR: the function \w+ is not supported by the local warehouse: Redshift does not have it$/,
    );
  });

  test.each([
    "SELECT * FROM pg_ls_dir('/')",
    "CREATE TABLE f AS SELECT pg_read_file('/etc/hostname') AS line",
    "CREATE TABLE f (a VARCHAR(99) DEFAULT pg_read_file('/etc/hostname'))",
    "CREATE VIEW v AS SELECT 1 AS one WHERE EXISTS (SELECT pg_read_file('/etc/hostname'))",
    "CREATE PROCEDURE p() AS $$ BEGIN PERFORM pg_read_file('/etc/hostname'); END $$ LANGUAGE plpgsql",
    "CALL p(pg_read_file('/etc/hostname'))",
    "EXPLAIN SELECT pg_read_file('/etc/hostname')",
    "DECLARE c CURSOR FOR SELECT pg_read_file('/etc/hostname')",
  ])('so it is in %s', async (sql) => {
    expect(await errorOf(sql)).toContain('is not supported by the local warehouse');
  });

  test('a name that is spelled by code points is refused as such', async () => {
    expect(await errorOf(String.raw`SELECT U&"pg\005fread_file"('/etc/hostname')`)).toContain(
      'the literal U&… is not supported by the local warehouse',
    );
  });

  test.each([
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT pg_read_binary_file('/etc/hostname')",
    "SELECT pg_ls_dir('/')",
    "SELECT pg_stat_file('/etc/hostname')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT lo_export(lo_from_bytea(0, 'x'), 'OUTSIDE')",
    "COPY (SELECT 1) TO 'OUTSIDE'",
    "COPY (SELECT 1) TO PROGRAM 'cat > OUTSIDE'",
    "CREATE TABLE t (a text); COPY t FROM '/etc/hostname'",
    'CREATE EXTENSION file_fdw',
    "LOAD '/tmp/x.so'",
    "CREATE FUNCTION c() RETURNS int AS '/lib/x.so' LANGUAGE c",
    "ALTER SYSTEM SET archive_command = 'touch OUTSIDE'",
    'SELECT pg_reload_conf()',
    'SET ROLE baton',
    'SET SESSION AUTHORIZATION baton',
    `ALTER ROLE "${SESSION_ROLE}" SUPERUSER`,
    'CREATE ROLE other SUPERUSER',
    `GRANT pg_read_server_files TO "${SESSION_ROLE}"`,
    'UPDATE pg_catalog.pg_authid SET rolsuper = true',
    'CREATE OR REPLACE FUNCTION redshift_shim.sysdate() RETURNS timestamp LANGUAGE sql AS $$ SELECT now() $$',
  ])('PostgreSQL itself refuses the role %s', async (sql) => {
    const client = new Client(asSessionRole(local.postgres.connect));
    await client.connect();
    try {
      await expect(client.query(sql.replaceAll('OUTSIDE', outside()))).rejects.toThrow(
        /permission denied|must be|Only roles|access to library|cannot/i,
      );
    } finally {
      await client.end();
    }
    expect(existsSync(outside())).toBe(false);
  });
});

describe('what is made without a schema', () => {
  test('belongs in public, though there is a schema baton', async () => {
    await run(local, 'CREATE SCHEMA IF NOT EXISTS baton');
    await run(local, 'CREATE TABLE t1 (a INT)');
    await run(local, 'INSERT INTO t1 VALUES (1)');
    expect(await query(local, 'SELECT * FROM public.t1')).toEqual([['1']]);
    await run(local, 'CREATE VIEW v1 AS SELECT a FROM t1');
    expect(await query(local, 'SELECT * FROM public.v1')).toEqual([['1']]);
    expect(await query(local, 'SHOW search_path')).toEqual([['"$user", public']]);
    expect(await query(local, 'SELECT current_user')).toEqual([[SESSION_ROLE]]);
  });
});

describe('the system views', () => {
  test('show the transactions of other sessions', async () => {
    const { SessionId } = await run(local, 'BEGIN', { SessionKeepAliveSeconds: 60 });
    await run(local, 'CREATE TABLE in_transaction (a INT)', { SessionId });
    expect(
      await query(local, 'SELECT DISTINCT txn_owner FROM svv_transactions WHERE xid IS NOT NULL'),
    ).toEqual([[SESSION_ROLE]]);
    await run(local, 'ROLLBACK', { SessionId });
  });

  test('show load errors, and the definitions of tables', async () => {
    await run(local, 'CREATE TABLE loads (a INT)');
    local.putObject('landing', 'bad.csv', 'x\n');
    const { Status } = await run(local, "COPY loads FROM 's3://landing/bad.csv' IAM_ROLE default CSV");
    expect(Status).toBe('FAILED');
    expect(await query(local, 'SELECT COUNT(*) FROM sys_load_error_detail')).toEqual([['1']]);
    expect(await query(local, "SELECT tablename FROM pg_table_def WHERE tablename = 'loads'")).toEqual([
      ['loads'],
    ]);
  });
});

describe('data of an earlier version', () => {
  test('is kept: what it made can be read, changed and dropped, and what had no schema is in public', async () => {
    // As sessions of an earlier version did it: as the superuser, whose schema came first in the search path.
    await superuser((client) =>
      client.query(`
        DROP SCHEMA IF EXISTS baton CASCADE;
        CREATE SCHEMA baton;
        CREATE TABLE baton.step_marker (run_id varchar(128));
        INSERT INTO baton.step_marker VALUES ('r-1');
        CREATE SCHEMA mart;
        CREATE TABLE mart.stores (id bigint GENERATED BY DEFAULT AS IDENTITY, name varchar(10));
        INSERT INTO mart.stores (name) VALUES ('a'), ('b');
        CREATE VIEW mart.names AS SELECT name FROM mart.stores;
        CREATE MATERIALIZED VIEW mart.many AS SELECT count(*) AS n FROM mart.stores;
        CREATE PROCEDURE mart.touch() LANGUAGE plpgsql AS $$ BEGIN UPDATE mart.stores SET name = name; END $$;
        CREATE TABLE old_table (id bigint GENERATED ALWAYS AS IDENTITY, a int);
        INSERT INTO old_table (a) VALUES (7);
        CREATE VIEW old_view AS SELECT a FROM old_table;
        CREATE FUNCTION old_function(int) RETURNS int LANGUAGE sql AS $$ SELECT $1 + 1 $$;
        CREATE TABLE public.twice (a int);
        CREATE TABLE baton.twice (a int);`),
    );
    await local.restart();
    expect(await query(local, 'SELECT run_id FROM baton.step_marker')).toEqual([['r-1']]);
    expect(await query(local, 'SELECT a FROM old_table')).toEqual([['7']]);
    expect(await query(local, 'SELECT a, old_function(a) FROM public.old_view')).toEqual([['7', '8']]);
    expect(await query(local, 'SELECT COUNT(*) FROM baton.twice')).toEqual([['0']]);
    const changes = [
      "INSERT INTO baton.step_marker VALUES ('r-2')",
      "INSERT INTO mart.stores (name) VALUES ('c')",
      'ALTER TABLE mart.stores ADD COLUMN city VARCHAR(10)',
      'CREATE OR REPLACE VIEW mart.names AS SELECT name FROM mart.stores WHERE id > 1',
      'CREATE OR REPLACE PROCEDURE mart.touch() AS $$ BEGIN UPDATE mart.stores SET city = name; END $$ LANGUAGE plpgsql',
      'CALL mart.touch()',
      'REFRESH MATERIALIZED VIEW mart.many',
      'ANALYZE mart.stores',
      'TRUNCATE old_table',
      'DROP VIEW old_view',
      'DROP TABLE old_table',
      'CREATE TABLE mart.another (a INT)',
      'ALTER SCHEMA mart RENAME TO shop',
      'DROP SCHEMA shop CASCADE',
    ];
    for (const sql of changes) {
      const { Status, Error: error } = await run(local, sql);
      expect({ sql, Status, error }).toEqual({ sql, Status: 'FINISHED', error: undefined });
    }
  });

  test('what is made in the schema baton later stays there, however often it starts', async () => {
    await runBatch(local, ['CREATE TABLE baton.own (a INT)', 'INSERT INTO baton.own VALUES (5)']);
    await local.restart();
    await local.restart();
    expect(await query(local, 'SELECT a FROM baton.own')).toEqual([['5']]);
  });
});
