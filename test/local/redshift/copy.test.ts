import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { BatchExecuteStatementCommand, CancelStatementCommand } from '@aws-sdk/client-redshift-data';
import type { DescribeStatementResponse } from '@aws-sdk/client-redshift-data';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { linesOf, loadDetailSql } from '../../../cli/runs/file-rows.ts';
import type { HistoryRow } from '../../../cli/runs/run-reader.ts';
import { RowStream } from '../../../local/redshift/copy/row-stream.ts';

import { failureClassOf } from '../../../shared/warehouse/failure-class.ts';
import { describeStatement, until } from './helpers.ts';
import { openSession, query, run, runBatch, startLocalRedshift } from './local-redshift.ts';
import type { LocalRedshift } from './local-redshift.ts';

const BUCKET = 'baton-local-landing';

let local: LocalRedshift;
let session: string;
beforeAll(async () => {
  local = await startLocalRedshift();
  session = await openSession(local, 3600);
});
afterAll(async () => {
  await local.stop();
});
beforeEach(async () => {
  await run(local, 'DROP TABLE IF EXISTS p');
  await run(
    local,
    `CREATE TABLE p (id int NOT NULL, name varchar(10), price decimal(8,2), sold date, seen timestamp, ok boolean)`,
  );
});

async function copy(rest: string, table = 'p'): Promise<DescribeStatementResponse> {
  return run(local, `COPY ${table} FROM ${rest}`, { SessionId: session });
}

async function rows(sql = 'SELECT * FROM p ORDER BY id'): Promise<(string | null)[][]> {
  return query(local, sql);
}

async function loadErrors(end: DescribeStatementResponse): Promise<(string | null)[][]> {
  return query(
    local,
    `SELECT file_name, line_number, column_name, error_code, error_message FROM sys_load_error_detail
     WHERE query_id = ${String(end.RedshiftQueryId)} ORDER BY line_number`,
  );
}

describe('CSV', () => {
  test('loads every type; an empty field is NULL but for text', async () => {
    local.putObject(
      BUCKET,
      'a/1.csv',
      'id,name,price,sold,seen,ok\r\n' +
        '1,"a ""b"", c",1.25,2026-01-02,2026-01-02 03:04:05,true\r\n' +
        '2,,,,,\r\n' +
        '3,"two\nlines",-0.5,2026-02-28,2026-01-02 03:04:05.123456,0\r\n' +
        '4,tab\tback\\,7,2026-02-28,2026-01-02,F',
    );
    const end = await copy(`'s3://${BUCKET}/a/' IAM_ROLE default CSV IGNOREHEADER 1`);
    expect(end).toMatchObject({ Status: 'FINISHED', ResultRows: 4, HasResultSet: false });
    expect(await rows()).toEqual([
      ['1', 'a "b", c', '1.25', '2026-01-02', '2026-01-02 03:04:05', 'true'],
      ['2', '', null, null, null, null],
      ['3', 'two\nlines', '-0.50', '2026-02-28', '2026-01-02 03:04:05.123456', 'false'],
      ['4', 'tab\tback\\', '7.00', '2026-02-28', '2026-01-02 00:00:00', 'false'],
    ]);
    expect(await query(local, 'SELECT pg_last_copy_count(), pg_last_copy_id()', session)).toEqual([
      ['4', String(end.RedshiftQueryId)],
    ]);
  });

  test('puts the DEFAULT of a NOT NULL column where its field is NULL', async () => {
    await run(
      local,
      "CREATE TEMP TABLE nd (a int, v varchar(5) NOT NULL DEFAULT 'z', n int NOT NULL DEFAULT 7, w int DEFAULT 8)",
      { SessionId: session },
    );
    local.putObject(BUCKET, 'nd/1.csv', '1,,,\n2,x,3,4\n3,\\D,,\n');
    await copy(`'s3://${BUCKET}/nd/' IAM_ROLE default CSV EMPTYASNULL`, 'nd');
    expect(await query(local, 'SELECT a, v, n, w FROM nd ORDER BY a', session)).toEqual([
      ['1', 'z', '7', null],
      ['2', 'x', '3', '4'],
      ['3', String.raw`\D`, '7', null],
    ]);
  });

  test('tells a quoted empty text from an empty one with EMPTYASNULL', async () => {
    local.putObject(BUCKET, 'e/1.csv', '1,\n2,""\n3,"  "\n');
    await run(local, 'CREATE TEMP TABLE e (id int, name varchar(10))', { SessionId: session });
    await copy(`'s3://${BUCKET}/e/' IAM_ROLE default CSV EMPTYASNULL BLANKSASNULL`, 'e');
    expect(await query(local, 'SELECT name FROM e ORDER BY id', session)).toEqual([[null], [''], [null]]);
  });

  test('cuts decimals off without ROUNDEC and rounds with it', async () => {
    local.putObject(BUCKET, 'd/1.csv', '1,a,1.239,,,\n2,b,-1.239,,,\n');
    await copy(`'s3://${BUCKET}/d/' IAM_ROLE default CSV`);
    await copy(`'s3://${BUCKET}/d/' IAM_ROLE default CSV ROUNDEC`);
    expect(await rows('SELECT price FROM p ORDER BY price')).toEqual([
      ['-1.24'],
      ['-1.23'],
      ['1.23'],
      ['1.24'],
    ]);
  });

  test('loads only the columns of a list; the others take their default', async () => {
    await run(
      local,
      "CREATE TEMP TABLE q (n bigint IDENTITY(1,1), a int, b varchar(5) DEFAULT 'dflt', c int)",
      { SessionId: session },
    );
    local.putObject(BUCKET, 'q/1.csv', '7,1\n8,2\n');
    await copy(`'s3://${BUCKET}/q/' IAM_ROLE default CSV`, 'q (c, a)');
    expect(await query(local, 'SELECT a, b, c, n > 0 FROM q ORDER BY a', session)).toEqual([
      ['1', 'dflt', '7', 'true'],
      ['2', 'dflt', '8', 'true'],
    ]);
  });

  test('without a list leaves an IDENTITY column out', async () => {
    await run(local, 'CREATE TEMP TABLE i (n bigint IDENTITY(1,1), a int)', { SessionId: session });
    local.putObject(BUCKET, 'i/1.csv', '7\n8\n');
    expect(await copy(`'s3://${BUCKET}/i/' IAM_ROLE default CSV`, 'i')).toMatchObject({ Status: 'FINISHED' });
    expect(await query(local, 'SELECT a FROM i ORDER BY a', session)).toEqual([['7'], ['8']]);
  });
});

describe('sys_load_detail', () => {
  const DETAIL = `SELECT trim(file_name), lines_scanned, bytes_scanned, trim(file_etag) FROM sys_load_detail WHERE query_id =`;
  const md5 = (content: string | Uint8Array): string => createHash('md5').update(content).digest('hex');

  test('has each file of a load with its lines, its stored bytes, and the ETag of what was read', async () => {
    const zipped = gzipSync('id,name\n4,d\n5,e\n');
    local.putObject(BUCKET, 'detail/1.gz', zipped);
    local.putObject(BUCKET, 'detail/2.gz', gzipSync('id,name\n'));
    const end = await copy(
      `'s3://${BUCKET}/detail/' IAM_ROLE default CSV GZIP IGNOREHEADER 1`,
      'p (id, name)',
    );
    expect(end).toMatchObject({ Status: 'FINISHED', ResultRows: 2 });
    expect(await query(local, `${DETAIL} ${String(end.RedshiftQueryId)} ORDER BY 1`)).toEqual([
      [`s3://${BUCKET}/detail/1.gz`, '2', String(zipped.length), md5(zipped)],
      [`s3://${BUCKET}/detail/2.gz`, '0', String(gzipSync('id,name\n').length), md5(gzipSync('id,name\n'))],
    ]);
    const [[name = ''] = []] = await query(
      local,
      `SELECT file_name FROM sys_load_detail WHERE query_id = ${String(end.RedshiftQueryId)}`,
    );
    expect(name).toHaveLength(256);
  });

  test('counts lines that MAXERROR lets pass, and cuts the name of a file after 256 bytes, at a character', async () => {
    const key = `detail/${'ü'.repeat(120)}.csv`;
    local.putObject(BUCKET, key, '1,a\nx,b\n3,c\n');
    const end = await copy(`'s3://${BUCKET}/${key}' IAM_ROLE default CSV MAXERROR 5`, 'p (id, name)');
    expect(end).toMatchObject({ Status: 'FINISHED', ResultRows: 2 });
    const [[name = '', lines] = []] = await query(local, `${DETAIL} ${String(end.RedshiftQueryId)}`);
    expect(lines).toBe('3');
    expect(`s3://${BUCKET}/${key}`.startsWith(name ?? 'missing')).toBe(true);
    expect(Buffer.byteLength(name ?? '')).toBeGreaterThan(253);
    expect(Buffer.byteLength(name ?? '')).toBeLessThanOrEqual(256);
  });

  test('has no ETag of a file that may have been uploaded in parts', async () => {
    const line = `1,${'a'.repeat(9)}\n`;
    local.putObject(BUCKET, 'detail/large.csv', line.repeat(Math.ceil((5 * 1024 * 1024) / line.length)));
    const end = await copy(`'s3://${BUCKET}/detail/large.csv' IAM_ROLE default CSV`, 'p (id, name)');
    const [row] = await query(local, `${DETAIL} ${String(end.RedshiftQueryId)}`);
    expect(row?.slice(1)).toEqual([String(end.ResultRows), expect.any(String), null]);
  });

  test('answers the query by which the rows of files are looked up', async () => {
    const key = (name: string): string => `it's ü/${name}`;
    local.putObject(BUCKET, key('1'), '1,a\n2,b\n');
    local.putObject(BUCKET, key('2'), '3,c\n');
    const quoted = key('').replaceAll("'", "''");
    const before = new Date(local.clock.now()).toISOString();
    await copy(`'s3://${BUCKET}/${quoted}' IAM_ROLE default CSV`, 'p (id, name)');
    const files = ['1', '2', '3'].map((name) => ({
      file: { bucket: BUCKET, key: key(name) },
      runId: 'r',
      isShared: true,
    }));
    const times = { startedAt: before, endedAt: before };
    const sql = loadDetailSql(files, [{ row: times as HistoryRow, ofFile: true, rows: 3 }]);
    const details = (await query(local, sql)).map(([name, etag, lines]) => ({
      name: name ?? '',
      etag: etag ?? '',
      lines: Number(lines),
    }));
    expect(files.map((file) => linesOf(file, files, details))).toEqual([2, 1, undefined]);
    expect(details.map(({ etag }) => etag).sort()).toEqual([md5('1,a\n2,b\n'), md5('3,c\n')].sort());
  });

  test('keeps what a load had read whose transaction was rolled back, and no file that was not read to its end', async () => {
    local.putObject(BUCKET, 'failed/1.csv', '1,a\n');
    local.putObject(BUCKET, 'failed/2.csv', 'x,b\n3,c\n');
    const end = await copy(`'s3://${BUCKET}/failed/' IAM_ROLE default CSV`, 'p (id, name)');
    expect(end).toMatchObject({ Status: 'FAILED' });
    expect(await query(local, `${DETAIL} ${String(end.RedshiftQueryId)}`)).toEqual([
      [`s3://${BUCKET}/failed/1.csv`, '1', '4', md5('1,a\n')],
    ]);
  });
});

describe('a file with other line ends or bytes', () => {
  const LINES = ['id,name,price,sold,seen,ok', '1,süd,1,,,', '2,"a\nb",2,,,'];

  test.each([
    ['CR alone', 'IGNOREHEADER 1', Buffer.from(LINES.join('\r'))],
    ['CR alone, and one at the end', 'IGNOREHEADER 1', Buffer.from(`${LINES.join('\r')}\r`)],
    [
      'UTF-16, big-endian by its mark',
      'IGNOREHEADER 1 ENCODING UTF16',
      Buffer.from(`\ufeff${LINES.join('\r\n')}\n`, 'utf16le').swap16(),
    ],
    [
      'UTF-16, little-endian by its mark',
      'IGNOREHEADER 1 ENCODING UTF16',
      Buffer.from(`\ufeff${LINES.join('\n')}`, 'utf16le'),
    ],
    [
      'several gzip members that cut a line and a character',
      'IGNOREHEADER 1 GZIP',
      Buffer.concat(
        [
          [0, 30],
          [30, 31],
          [31, 999],
        ].map(([from, to]) => gzipSync(Buffer.from(LINES.join('\n')).subarray(from, to))),
      ),
    ],
  ])('is loaded completely: %s', async (_, options, content) => {
    local.putObject(BUCKET, 'kind/1', content);
    const end = await copy(`'s3://${BUCKET}/kind/1' IAM_ROLE default CSV ${options}`);
    expect(end).toMatchObject({ Status: 'FINISHED', ResultRows: 2 });
    expect(await rows('SELECT id, name FROM p ORDER BY id')).toEqual([
      ['1', 'süd'],
      ['2', 'a\nb'],
    ]);
  });

  test.each([
    ['ENCODING UTF16', Buffer.from(LINES.join('\n')), /no UTF-16 byte order mark/],
    ['ENCODING UTF16LE', Buffer.from(LINES.join('\n')), /line ends only when read as UTF8/],
    ['ENCODING UTF16LE', Buffer.from(`\ufeff${LINES.join('\n')}`, 'utf16le').swap16(), /mark of UTF16BE/],
    ['', Buffer.from(`\ufeff${LINES.join('\n')}`, 'utf16le'), /mark of UTF16LE/],
    ['', gzipSync('1,a'), /compressed \(gzip\)/],
  ])('is refused if the COPY does not declare it: %s', async (options, content, message) => {
    local.putObject(BUCKET, 'kind/1', content);
    const end = await copy(
      `'s3://${BUCKET}/kind/1' IAM_ROLE default CSV IGNOREHEADER 1 ${options} MAXERROR 9`,
    );
    expect(end.Error).toContain("Load into table 'p' failed");
    const [[file, line, column, code, text] = []] = await loadErrors(end);
    expect([file, line, column, code]).toEqual([`s3://${BUCKET}/kind/1`, '0', '', '1221']);
    expect(text).toMatch(message);
  });
});

describe('delimited text', () => {
  test('has pipes, \\N for NULL, and accepts a delimiter at the end of a line', async () => {
    local.putObject(
      BUCKET,
      't/1.txt',
      '1|one|1.5|2026-01-02|2026-01-02 00:00:00|t|\n2|\\N|\\N|\\N|\\N|\\N\n',
    );
    expect(await copy(`'s3://${BUCKET}/t/' IAM_ROLE default`)).toMatchObject({ ResultRows: 2 });
    expect(await rows('SELECT id, name, price FROM p ORDER BY id')).toEqual([
      ['1', 'one', '1.50'],
      ['2', null, null],
    ]);
  });

  test('knows ESCAPE, REMOVEQUOTES, GZIP, NULL AS, DATEFORMAT and TIMEFORMAT', async () => {
    const text = `1;a\\;b;n/a;02.01.2026;1767323045;yes\n2;"q;r";1;03.01.2026;1767323046;no\n`;
    local.putObject(BUCKET, 'g/1.gz', gzipSync(text));
    const end = await copy(
      `'s3://${BUCKET}/g/' IAM_ROLE 'arn:aws:iam::000000000000:role/copy' GZIP DELIMITER ';' ESCAPE REMOVEQUOTES ` +
        `NULL AS 'n/a' DATEFORMAT 'DD.MM.YYYY' TIMEFORMAT 'epochsecs'`,
    );
    expect(end.Error).toBeUndefined();
    expect(await rows()).toEqual([
      ['1', 'a;b', null, '2026-01-02', '2026-01-02 03:04:05', 'true'],
      ['2', 'q;r', '1.00', '2026-01-03', '2026-01-02 03:04:06', 'false'],
    ]);
  });
});

describe('a load that fails', () => {
  const FAILED =
    "ERROR: Load into table 'p' failed.  Check 'sys_load_error_detail' system table for details.";

  test.each([
    [
      'x,a,1,2026-01-02,2026-01-02 00:00:00,t',
      'id',
      '1207',
      "Invalid digit, Value 'x', Pos 0, Type: Integer",
    ],
    ['99999999999,a,1,,,', 'id', '1204', 'Overflow, Column type: Integer'],
    [',a,1,,,', 'id', '1213', 'Missing data for not-null field'],
    ['1,12345678901,1,,,', 'name', '1204', 'String length exceeds DDL length'],
    ['1,ééééé!,1,,,', 'name', '1204', 'String length exceeds DDL length'],
    ['1,a,1234567,,,', 'price', '1209', 'Numeric data overflow (result precision)'],
    ['1,a,1,2026-02-30,,', 'sold', '1205', 'Invalid Date Format - length must be 10 or more'],
    ['1,a,1,01/02/2026,,', 'sold', '1205', 'Invalid Date Format - length must be 10 or more'],
    [
      '1,a,1,,2026-01-02T03:04:05Z,',
      'seen',
      '1206',
      'Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]',
    ],
    ['1,a,1,,,maybe', 'ok', '1210', 'Unknown boolean format'],
    ['1,a,1,,', '', '1214', 'Delimiter not found: 6 columns expected, 5 found'],
    ['1,a,1,,,,more', '', '1202', 'Extra column(s) found: 6 columns expected, 7 found'],
    [
      '1,a"b,1,,,',
      '',
      '1216',
      'Invalid quote formatting for CSV. Unexpected quote in a field without quotes',
    ],
  ])('%s', async (line, column, code, message) => {
    local.putObject(BUCKET, 'bad/1.csv', `1,fine,1,,,\n2,"also\nfine",1,,,\n${line}\n`);
    const end = await copy(`'s3://${BUCKET}/bad/' IAM_ROLE default CSV`);
    expect(end).toMatchObject({ Status: 'FAILED', Error: FAILED });
    expect(await loadErrors(end)).toEqual([[`s3://${BUCKET}/bad/1.csv`, '4', column, code, message]]);
    expect(await rows()).toEqual([]);
  });

  test('is kept by its query and its session, not only by the transaction that was rolled back', async () => {
    local.putObject(BUCKET, 'bad/1.csv', 'x,y\n');
    const end = await runBatch(
      local,
      ["INSERT INTO p VALUES (1, 'before')", `COPY p FROM 's3://${BUCKET}/bad/' IAM_ROLE default CSV`],
      { SessionId: session },
    );
    expect(end.SubStatements?.map(({ Status }) => Status)).toEqual(['FINISHED', 'FAILED']);
    const found = await query(
      local,
      `SELECT session_id, error_code FROM sys_load_error_detail WHERE query_id = ${String(end.SubStatements?.[1]?.RedshiftQueryId)}`,
    );
    expect(found).toEqual([[String(end.RedshiftPid), '1214']]);
    expect(await rows()).toEqual([]);
  });

  test('by an invalid byte is refused, or mended with ACCEPTINVCHARS', async () => {
    local.putObject(BUCKET, 'u/1.csv', Buffer.from('1,a\xffb,1,,,\n', 'latin1'));
    const end = await copy(`'s3://${BUCKET}/u/' IAM_ROLE default CSV`);
    expect((await loadErrors(end))[0]?.slice(1, 4)).toEqual(['1', '', '1220']);
    await copy(`'s3://${BUCKET}/u/' IAM_ROLE default CSV ACCEPTINVCHARS`);
    expect(await rows('SELECT name FROM p')).toEqual([['a?b']]);
  });

  test('for a reason that only the database finds names file and line too', async () => {
    await run(local, 'CREATE TEMP TABLE clock (id int, at time)', { SessionId: session });
    local.putObject(BUCKET, 'j/1.csv', '1,10:30\n');
    local.putObject(BUCKET, 'j/2.csv', '2,10:31:05.5\n3,"29:\n00"\n4,10:33\n5,late\n6,10:35\n');
    const end = await copy(`'s3://${BUCKET}/j/' IAM_ROLE default CSV`, 'clock');
    expect(end.Error).toContain("Load into table 'clock' failed");
    expect((await loadErrors(end)).map((error) => error.slice(0, 3))).toEqual([
      [`s3://${BUCKET}/j/2.csv`, '2', 'at'],
    ]);
    for (const [before, after] of [
      ['SELECT 1', 'SELECT 2'],
      ['BEGIN', 'COMMIT'],
    ]) {
      await run(local, 'DELETE FROM clock', { SessionId: session });
      await run(local, String(before), { SessionId: session });
      const tolerant = await copy(`'s3://${BUCKET}/j/' IAM_ROLE default CSV MAXERROR 3`, 'clock');
      expect(tolerant).toMatchObject({ Status: 'FINISHED', ResultRows: 4 });
      expect((await loadErrors(tolerant)).map(([, line]) => line)).toEqual(['2', '5']);
      await run(local, String(after), { SessionId: session });
      expect(await query(local, 'SELECT id FROM clock ORDER BY id', session)).toEqual([
        ['1'],
        ['2'],
        ['4'],
        ['6'],
      ]);
    }
  });

  test('SUPER takes serialized JSON, and nothing else', async () => {
    await run(local, 'CREATE TEMP TABLE js (id int, doc super)', { SessionId: session });
    local.putObject(BUCKET, 'js/1.csv', '1,"{""a"": [1, ""two  blanks""]}"\n2,\n');
    await copy(`'s3://${BUCKET}/js/' IAM_ROLE default CSV`, 'js');
    expect(await query(local, 'SELECT doc FROM js ORDER BY id', session)).toEqual([
      ['{"a":[1,"two  blanks"]}'],
      [null],
    ]);
    local.putObject(BUCKET, 'js/1.csv', '1,{a}\n');
    const end = await copy(`'s3://${BUCKET}/js/' IAM_ROLE default CSV`, 'js');
    expect((await loadErrors(end))[0]?.[4]).toBe('Invalid JSON in a SUPER column');
  });

  test('MAXERROR lets fewer bad rows pass, and keeps why', async () => {
    local.putObject(BUCKET, 'm/1.csv', '1,a,1,,,\nx,a,1,,,\ny,a,1,,,\n4,a,1,,,\n');
    const end = await copy(`'s3://${BUCKET}/m/' IAM_ROLE default CSV MAXERROR 3`);
    expect(end).toMatchObject({ Status: 'FINISHED', ResultRows: 2 });
    expect((await loadErrors(end)).map(([, line]) => line)).toEqual(['2', '3']);
    const stopped = await copy(`'s3://${BUCKET}/m/' IAM_ROLE default CSV MAXERROR 2`);
    expect(stopped).toMatchObject({ Status: 'FAILED', Error: FAILED });
    expect(await rows('SELECT id FROM p ORDER BY id')).toEqual([['1'], ['4']]);
  });

  test('with MAXERROR reads a file once, however many rows are bad and whatever is wrong in them', async () => {
    await run(
      local,
      'CREATE TEMP TABLE w (id int NOT NULL, d date, s timestamp, t time, f float8, n decimal(5,2), j super)',
      { SessionId: session },
    );
    const bad = [
      'x,,,,,,',
      '1,2024-02-30,,,,,',
      '1,,2024-02-30 00:00:00,,,,',
      '1,,,25:00:00,,,',
      '1,,,,1e400,,',
      '1,,,,,999.996,',
      '1,,,,,,{',
      '1',
      '"1"x',
    ];
    const good = '7,2024-02-29,2024-02-29,10:00,1e4,9.999,"{""a"": 1}"';
    const blocks = 1200;
    local.putObject(BUCKET, 'w/1.csv', `${[...bad, good].join('\n')}\n`.repeat(blocks));
    const passes = vi.spyOn(RowStream.prototype, 'rows');
    const queries = vi.spyOn(Client.prototype, 'query');
    const options = "CSV DATEFORMAT 'auto' TIMEFORMAT 'auto' ROUNDEC MAXERROR 100000";
    const end = await copy(`'s3://${BUCKET}/w/' IAM_ROLE default ${options}`, 'w');
    expect(end).toMatchObject({ Status: 'FINISHED', ResultRows: blocks });
    expect(passes).toHaveBeenCalledTimes(1);
    // One for the table, a few for its columns and what is kept of the errors.
    expect(queries.mock.calls.length).toBeLessThan(20);
    passes.mockRestore();
    queries.mockRestore();
    const kept = await query(
      local,
      `SELECT count(*), count(DISTINCT line_number), max(line_number) FROM sys_load_error_detail WHERE query_id = ${String(end.RedshiftQueryId)}`,
    );
    const count = String(bad.length * blocks);
    expect(kept).toEqual([[count, count, String((bad.length + 1) * blocks - 1)]]);
  });

  test('because FILLRECORD has nothing for a NOT NULL column is an error of its row', async () => {
    await run(local, 'CREATE TEMP TABLE r (a int, b varchar(5), c char(5), d int NOT NULL)', {
      SessionId: session,
    });
    local.putObject(BUCKET, 'r/1.csv', '1\n2,b,c,4\n');
    const end = await copy(`'s3://${BUCKET}/r/' IAM_ROLE default CSV FILLRECORD MAXERROR 2`, 'r');
    expect((await loadErrors(end)).map((error) => error.slice(1, 4))).toEqual([['1', 'd', '1213']]);
    await run(local, 'ALTER TABLE r DROP COLUMN d', { SessionId: session });
    local.putObject(BUCKET, 'r/1.csv', '1\n');
    await copy(`'s3://${BUCKET}/r/' IAM_ROLE default CSV FILLRECORD`, 'r');
    await copy(`'s3://${BUCKET}/r/' IAM_ROLE default CSV FILLRECORD EMPTYASNULL`, 'r');
    expect(await query(local, 'SELECT a, b, c FROM r WHERE a = 1 ORDER BY b', session)).toEqual([
      ['1', '', null],
      ['1', null, null],
    ]);
  });

  /** What PostgreSQL says of row 3 in the middle of its COPY. */
  async function withFailure(sqlState: string, message: string): Promise<DescribeStatementResponse> {
    const keeper = new Client(local.postgres.connect);
    await keeper.connect();
    await keeper.query(`
      CREATE OR REPLACE FUNCTION public.fails() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF new.id = 3 THEN RAISE EXCEPTION USING ERRCODE = '${sqlState}', MESSAGE = '${message}'; END IF; RETURN new; END $$;
      CREATE OR REPLACE TRIGGER fails BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION public.fails()`);
    await keeper.end();
    local.putObject(BUCKET, 'f/1.csv', '1,a,1,,,\n2,b,1,,,\n3,c,1,,,\n');
    return copy(`'s3://${BUCKET}/f/' IAM_ROLE default CSV`);
  }

  test.each([
    [
      '53100',
      'could not extend file "base/5/1": No space left on device',
      'ERROR: Disk Full\n  Detail: could not extend file "base/5/1": No space left on device (the disk of the local warehouse: free some space on this machine)',
    ],
    ['53200', 'out of memory', 'ERROR: out of memory'],
    [
      '58030',
      'could not read block 7: Input/output error',
      'ERROR: could not read block 7: Input/output error',
    ],
    ['XX001', 'invalid page in block 7', 'ERROR: invalid page in block 7'],
    ['55P03', 'lock not available', 'ERROR: lock not available'],
  ])('because of the machine (%s) is no error of a line', async (sqlState, message, expected) => {
    const end = await withFailure(sqlState, message);
    expect(end).toMatchObject({ Status: 'FAILED', Error: expected });
    expect(failureClassOf(expected)).not.toBe('data');
    expect(await loadErrors(end)).toEqual([]);
  });

  test('because of a row that only the database refuses names its line', async () => {
    const end = await withFailure('23514', 'the row is refused');
    expect(end.Error).toContain("Load into table 'p' failed");
    expect(await loadErrors(end)).toEqual([
      [`s3://${BUCKET}/f/1.csv`, '3', '', '1216', 'the row is refused'],
    ]);
  });

  test('because the file cannot be read on this machine says so, and of which file', async () => {
    local.putObject(BUCKET, 'dir/1.csv', '1,a,1,,,\n');
    const path = join(local.home, 's3', BUCKET, 'dir', '1.csv');
    const read = vi.spyOn(RowStream.prototype, 'rows').mockImplementation(async function* rows(
      this: RowStream,
    ) {
      // The file became a folder after it was listed.
      rmSync(path, { force: true });
      mkdirSync(path);
      read.mockRestore();
      yield* this.rows();
    });
    const end = await copy(`'s3://${BUCKET}/dir/' IAM_ROLE default CSV`);
    expect(end.Error).toMatch(
      /^ERROR: The file s3:\/\/.*\/dir\/1\.csv could not be read on this machine: EISDIR/,
    );
    expect(await loadErrors(end)).toEqual([]);
  });

  test('NOLOAD checks and loads nothing', async () => {
    local.putObject(BUCKET, 'n/1.csv', '1,a,1,,,\n');
    expect(await copy(`'s3://${BUCKET}/n/' IAM_ROLE default CSV NOLOAD`)).toMatchObject({
      Status: 'FINISHED',
      ResultRows: 0,
    });
    expect(await rows()).toEqual([]);
  });

  test('a gzip file that is cut off, that has other bytes in it, and one that is none, fail with its name', async () => {
    const whole = gzipSync('1,a,1,,,\n'.repeat(10_000));
    local.putObject(BUCKET, 'z/1.gz', whole.subarray(0, whole.length - 20));
    expect((await copy(`'s3://${BUCKET}/z/' IAM_ROLE default CSV GZIP`)).Error).toContain(
      `s3://${BUCKET}/z/1.gz`,
    );
    const row = gzipSync('1,a,1,,,\n');
    for (const after of [Buffer.from('\n'), Buffer.alloc(3), row.subarray(1), Buffer.alloc(300_000, 'x')]) {
      local.putObject(BUCKET, 'z/1.gz', Buffer.concat([row, after, row]));
      expect((await copy(`'s3://${BUCKET}/z/' IAM_ROLE default CSV GZIP`)).Error).toMatch(
        /z\/1\.gz is not a whole gzip file: (?:incorrect header check|there are other bytes after byte \d+)$/,
      );
    }
    local.putObject(BUCKET, 'z/1.gz', '1,a,1,,,\n');
    expect((await copy(`'s3://${BUCKET}/z/' IAM_ROLE default CSV GZIP`)).Error).toContain('gzip');
    expect(await rows()).toEqual([]);
  });
});

describe('FROM', () => {
  test('is a prefix: it takes every key that begins so', async () => {
    local.putObject(BUCKET, 'pre/file1.csv', '1,a,1,,,\n');
    local.putObject(BUCKET, 'pre/file1.csv.bak', '2,b,1,,,\n');
    local.putObject(BUCKET, 'pre/file2.csv', '3,c,1,,,\n');
    expect(await copy(`'s3://${BUCKET}/pre/file1.csv' IAM_ROLE default CSV`)).toMatchObject({
      ResultRows: 2,
    });
  });

  test('a manifest takes exactly what it lists, odd keys and all', async () => {
    const keys = ["a'; drop table x;--.csv", String.raw`x\' or.csv`, 'with space + %27 ü.csv'];
    for (const [index, key] of keys.entries())
      local.putObject(BUCKET, `odd/${key}`, `${String(index)},a,1,,,\n`);
    local.putObject(BUCKET, `odd/${String(keys[0])}.bak`, '9,z,1,,,\n');
    const entries = keys.map((key) => ({
      url: `s3://${BUCKET}/odd/${key}`,
      mandatory: true,
      meta: { content_length: 9 },
    }));
    local.putObject('baton-local-artifacts', 'm.json', JSON.stringify({ entries }));
    expect(await copy(`'s3://baton-local-artifacts/m.json' IAM_ROLE default MANIFEST CSV`)).toMatchObject({
      Status: 'FINISHED',
      ResultRows: 3,
    });
  });

  test.each([
    [
      "'s3://baton-local-landing/none' IAM_ROLE default CSV",
      "ERROR: The specified S3 prefix 'none' does not exist",
    ],
    [
      "'s3://no-such-bucket/none' IAM_ROLE default CSV",
      "ERROR: The specified S3 prefix 'none' does not exist",
    ],
    ["'s3://baton-local-landing/none' IAM_ROLE default MANIFEST CSV", /Problem reading manifest file/],
  ])('%s finds nothing', async (rest, error) => {
    const end = await copy(rest);
    expect(end).toMatchObject({ Status: 'FAILED' });
    expect(end.Error).toMatch(error);
  });

  test('a manifest that does not hold fails: a missing mandatory file, another length, no JSON', async () => {
    local.putObject(BUCKET, 'one.csv', '1,a,1,,,\n');
    const withManifest = async (content: string): Promise<string | undefined> => {
      local.putObject(BUCKET, 'manifest', content);
      return (await copy(`'s3://${BUCKET}/manifest' IAM_ROLE default MANIFEST CSV`)).Error;
    };
    const entry = (url: string, more: object): string => JSON.stringify({ entries: [{ url, ...more }] });
    expect(await withManifest(entry(`s3://${BUCKET}/missing.csv`, { mandatory: true }))).toMatch(
      /Mandatory url is not present/,
    );
    expect(await withManifest(entry(`s3://${BUCKET}/one.csv`, { meta: { content_length: 10 } }))).toMatch(
      /Content length of s3:.*one.csv is 9 bytes, but the manifest specifies 10/,
    );
    expect(await withManifest('not json')).toMatch(/not valid JSON/);
    expect(await rows()).toEqual([]);
  });

  test('a table that is not there is named', async () => {
    expect((await copy(`'s3://${BUCKET}/a/' IAM_ROLE default CSV`, 'nowhere')).Error).toBe(
      'ERROR: Cannot COPY into nonexistent table nowhere',
    );
  });

  test.each(['FORMAT AS PARQUET', "JSON 'auto'"])('%s is refused by name', async (format) => {
    const end = await copy(`'s3://${BUCKET}/a/' IAM_ROLE default ${format}`);
    expect(end).toMatchObject({ Status: 'FAILED' });
    expect(end.Error).toMatch(/(PARQUET|JSON).* is not supported by the local warehouse/);
  });
});

test('a COPY that runs can be cancelled; its transaction is rolled back', async () => {
  local.putObject(BUCKET, 'big/1.csv', '1,some name,1.5,2026-01-02,,t\n'.repeat(1_500_000));
  const { Id } = await local.client.send(
    new BatchExecuteStatementCommand({
      SessionId: session,
      Sqls: ["INSERT INTO p VALUES (5, 'x')", `COPY p FROM 's3://${BUCKET}/big/' IAM_ROLE default CSV`],
    }),
  );
  await until(async () => (await describeStatement(local, `${String(Id)}:2`)).Status === 'STARTED');
  await local.client.send(new CancelStatementCommand({ Id }));
  await until(async () => (await describeStatement(local, Id)).Status === 'ABORTED');
  expect(await rows()).toEqual([]);
  expect(await query(local, 'SELECT 1', session)).toEqual([['1']]);
});

/** A million rows with BATON_TEST_ROWS=1000000; a tenth of it by itself. */
test('many rows are streamed: fast, in constant memory', async () => {
  const count = Number(process.env['BATON_TEST_ROWS'] ?? 100_000);
  const block = 10_000;
  mkdirSync(join(local.home, 's3', BUCKET, 'many'), { recursive: true });
  const file = join(local.home, 's3', BUCKET, 'many', 'rows.csv');
  for (let first = 0; first < count; first += block) {
    const lines = Array.from({ length: block }, (_, i) => {
      const id = String(first + i);
      return `${id},name ${String(i)},${String(i % 1000)}.99,2026-01-02,2026-01-02 03:04:05,true,some more text in ${id}`;
    });
    appendFileSync(file, `${lines.join('\n')}\n`);
  }
  await run(
    local,
    'CREATE TEMP TABLE many (id int, name varchar(20), price decimal(8,2), sold date, seen timestamp, ok boolean, more varchar(60))',
    { SessionId: session },
  );
  const before = process.memoryUsage().heapUsed;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed);
  }, 20);
  const end = await copy(`'s3://${BUCKET}/many/' IAM_ROLE default CSV`, 'many');
  clearInterval(watch);
  expect(end).toMatchObject({ Status: 'FINISHED', ResultRows: count });
  expect(most - before).toBeLessThan(200 * 1024 * 1024);
  expect(await query(local, 'SELECT count(DISTINCT id), max(id) FROM many', session)).toEqual([
    [String(count), String(count - 1)],
  ]);
});

describe('UNLOAD', () => {
  const folder = (): string => join(local.home, 's3', BUCKET, 'out');
  const files = (): string[] => (existsSync(folder()) ? readdirSync(folder()).sort() : []);
  const content = (name: string): string => readFileSync(join(folder(), name), 'utf8');
  const unload = async (
    query: string,
    options: string,
    to = `s3://${BUCKET}/out/p_`,
  ): Promise<DescribeStatementResponse> =>
    run(
      local,
      `UNLOAD ('${query.replaceAll("'", "''")}') TO '${to}' IAM_ROLE default FORMAT CSV ${options}`,
      {
        SessionId: session,
      },
    );

  beforeEach(async () => {
    rmSync(folder(), { recursive: true, force: true });
    mkdirSync(join(local.home, 's3', BUCKET), { recursive: true });
    await run(
      local,
      String.raw`INSERT INTO p VALUES (1, 'a "b", c', 1.25, '2026-01-02', '2026-01-02 03:04:05', true),
        (2, NULL, NULL, NULL, NULL, NULL), (3, 'zü\n東', -0.5, '2026-02-28', '2026-01-02 03:04:05.123456', false)`,
    );
  });

  test('writes rows that COPY reads back', async () => {
    const end = await unload(
      "SELECT * FROM p WHERE name <> 'x' OR name IS NULL ORDER BY id",
      'HEADER PARALLEL OFF',
    );
    expect(end).toMatchObject({ Status: 'FINISHED', ResultRows: 3, HasResultSet: false });
    expect(files()).toEqual(['p_000']);
    expect(content('p_000')).toBe(
      'id,name,price,sold,seen,ok\n' +
        '1,"a ""b"", c",1.25,2026-01-02,2026-01-02 03:04:05,t\n' +
        '2,,,,,\n' +
        '3,"zü\n東",-0.50,2026-02-28,2026-01-02 03:04:05.123456,f\n',
    );
    const before = await rows();
    await run(local, 'DELETE FROM p');
    expect((await copy(`'s3://${BUCKET}/out/' IAM_ROLE default CSV IGNOREHEADER 1 EMPTYASNULL`)).Status).toBe(
      'FINISHED',
    );
    expect(await rows()).toEqual(before);
  });

  test('reads a late-binding view as it is now, and an alias that FROM has as a column', async () => {
    await run(local, 'CREATE TABLE IF NOT EXISTS late_unloaded (id int, n int)', { SessionId: session });
    await run(local, 'INSERT INTO late_unloaded VALUES (1, 10)', { SessionId: session });
    await run(
      local,
      'CREATE OR REPLACE VIEW late_view AS SELECT id, n FROM public.late_unloaded WITH NO SCHEMA BINDING',
      { SessionId: session },
    );
    await run(local, 'ALTER TABLE late_unloaded ADD COLUMN m int DEFAULT 5', { SessionId: session });
    expect(
      await unload('SELECT n AS id, id + 1 AS next, v.n FROM late_view v', 'PARALLEL OFF'),
    ).toMatchObject({ Status: 'FINISHED', ResultRows: 1 });
    expect(content('p_000')).toBe('10,2,10\n');
    await run(local, 'DROP TABLE late_unloaded', { SessionId: session });
    expect((await unload('SELECT id FROM late_view', 'PARALLEL OFF ALLOWOVERWRITE')).Error).toContain(
      'relation "public.late_unloaded" does not exist',
    );
    await run(local, 'DROP VIEW late_view', { SessionId: session });
  });

  test('overwrites only with ALLOWOVERWRITE', async () => {
    await unload('SELECT id FROM p ORDER BY id', 'PARALLEL OFF');
    const second = await unload('SELECT id FROM p WHERE id = 2', 'PARALLEL OFF');
    expect(second.Error).toMatch(/^ERROR: Specified unload destination on S3 is not empty/);
    expect(content('p_000')).toBe('1\n2\n3\n');
    await unload('SELECT id FROM p WHERE id = 2', 'PARALLEL OFF ALLOWOVERWRITE');
    expect(content('p_000')).toBe('2\n');
  });

  test('has the delimiter and the text for NULL that it is given, and a manifest that COPY loads', async () => {
    await unload(
      'SELECT id, name FROM p WHERE id < 3 ORDER BY id',
      "MANIFEST DELIMITER AS '|' NULL AS 'none'",
    );
    expect(files()).toEqual(['p_0000_part_00', 'p_manifest']);
    expect(content('p_0000_part_00')).toBe('1|"a ""b"", c"\n2|none\n');
    await run(local, 'DELETE FROM p');
    await copy(
      `'s3://${BUCKET}/out/p_manifest' IAM_ROLE default MANIFEST CSV DELIMITER '|' NULL AS 'none'`,
      'p (id, name)',
    );
    expect(await rows('SELECT id, name FROM p ORDER BY id')).toEqual([
      ['1', 'a "b", c'],
      ['2', null],
    ]);
  });

  test('writes temporary tables of its session, and a large result whole', async () => {
    await run(
      local,
      'CREATE TEMP TABLE unloaded AS SELECT a.id FROM p a, p b, p c, p d, p e, p f, p g, p h, p i, p j',
      {
        SessionId: session,
      },
    );
    const end = await unload('SELECT id, CAST(id AS VARCHAR) AS again FROM unloaded', 'PARALLEL OFF');
    expect(end.ResultRows).toBe(3 ** 10);
    expect(content('p_000').split('\n')).toHaveLength(3 ** 10 + 1);
  });

  test.each([
    [
      'SELECT id / 2.5::float AS half FROM p',
      'UNLOAD of FLOAT8 is not supported by the local warehouse: column half',
    ],
    ["SELECT CAST('ab' AS CHAR(4)) AS c FROM p", 'UNLOAD of CHAR with trailing blanks'],
    ['SELECT id / (id - 3) FROM p ORDER BY id', 'division by zero'],
    ['SELECT nothing FROM p', 'column "nothing" does not exist'],
  ])('%s fails and leaves no file', async (sql, message) => {
    const end = await unload(sql, 'PARALLEL OFF');
    expect(end.Status).toBe('FAILED');
    expect(end.Error?.toLowerCase()).toContain(message.toLowerCase());
    expect(files()).toEqual([]);
  });

  test('into a bucket that does not exist, or to a key that is no path, is refused', async () => {
    expect((await unload('SELECT 1', '', 's3://baton-nowhere/x')).Error).toContain('NoSuchBucket');
    expect((await unload('SELECT 1', '', `s3://${BUCKET}/a//b`)).Error).toContain('it is not a path');
  });
});
