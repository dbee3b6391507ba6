import { describe, expect, test } from 'vitest';

import type { CopyCommand } from '../../../../local/redshift/dialect/copy-command.ts';
import { UnsupportedSqlError } from '../../../../local/redshift/dialect/errors.ts';
import { translate } from '../../../../local/redshift/dialect/translate.ts';

function parse(options: string, target = 't'): CopyCommand {
  const translated = translate(`copy ${target} from 's3://b/k' iam_role default ${options}`);
  if (translated.kind !== 'copy') throw new Error(translated.kind);
  return translated.copy;
}

describe('COPY', () => {
  test('the simplest form has the defaults of delimited text', () => {
    expect(parse('')).toEqual({
      table: { name: 't' },
      from: 's3://b/k',
      authorization: { kind: 'role', role: 'default' },
      format: { kind: 'delimited', delimiter: '|', escape: false, removeQuotes: false },
      manifest: false,
      compression: 'none',
      ignoreHeader: 0,
      nullAs: '\\N',
      nullAsGiven: false,
      emptyAsNull: false,
      blanksAsNull: false,
      trimBlanks: false,
      truncateColumns: false,
      fillRecord: false,
      ignoreBlankLines: false,
      acceptAnyDate: false,
      roundDecimals: false,
      encoding: 'utf8',
      explicitIds: false,
      maxError: 0,
      ignoreAllErrors: false,
      noLoad: false,
    });
  });

  test('the article’s form: manifest, CSV, a header', () => {
    expect(
      parse("manifest format as csv ignoreheader as 1 region as 'eu-west-1'", 'Mart."Stage" (ID, "Name")'),
    ).toMatchObject({
      table: { schema: 'mart', name: 'stage' },
      columns: ['id', 'name'],
      manifest: true,
      format: { kind: 'csv', delimiter: ',', quote: '"' },
      ignoreHeader: 1,
      region: 'eu-west-1',
    });
  });

  test('every option, in any order, with or without AS and commas', () => {
    const command =
      parse(String.raw`gzip, delimiter as '\t' escape removequotes null as '\0' emptyasnull blanksasnull
      trimblanks truncatecolumns fillrecord ignoreblanklines acceptanydate roundec acceptinvchars '^' dateformat as 'MM-DD-YYYY'
      timeformat 'auto' encoding as utf16le explicit_ids maxerror as 10 noload compupdate preset statupdate off comprows 1000`);
    expect(command).toMatchObject({
      compression: 'gzip',
      format: { kind: 'delimited', delimiter: '\t', escape: true, removeQuotes: true },
      nullAs: '\0',
      nullAsGiven: true,
      emptyAsNull: true,
      blanksAsNull: true,
      trimBlanks: true,
      truncateColumns: true,
      fillRecord: true,
      ignoreBlankLines: true,
      acceptAnyDate: true,
      roundDecimals: true,
      acceptInvChars: '^',
      dateFormat: 'MM-DD-YYYY',
      timeFormat: 'auto',
      encoding: 'utf16le',
      explicitIds: true,
      maxError: 10,
      noLoad: true,
    });
  });

  test('a temporary table keeps its hash, ACCEPTINVCHARS has a default', () => {
    expect(parse("acceptinvchars csv quote as '%' delimiter ';'", '#Stage')).toMatchObject({
      table: { name: '#stage' },
      acceptInvChars: '?',
      format: { kind: 'csv', delimiter: ';', quote: '%' },
    });
  });

  test('an octal escape is one character', () => {
    expect(parse(String.raw`delimiter '\001'`).format).toMatchObject({ delimiter: '\u0001' });
  });

  test.each([
    ["credentials 'aws_iam_role=arn:aws:iam::1:role/r'", { kind: 'role', role: 'arn:aws:iam::1:role/r' }],
    [
      "with credentials as 'aws_access_key_id=AK;aws_secret_access_key=s'",
      { kind: 'keys', accessKeyId: 'AK' },
    ],
    ["access_key_id 'AK' secret_access_key 's'", { kind: 'keys', accessKeyId: 'AK' }],
    ["credentials iam_role 'arn:aws:iam::1:role/r'", { kind: 'role', role: 'arn:aws:iam::1:role/r' }],
    ["iam_role 'arn:aws:iam::1:role/r'", { kind: 'role', role: 'arn:aws:iam::1:role/r' }],
  ])('%s', (written, authorization) => {
    const translated = translate(`copy t from 's3://b/k' ${written} csv`);
    expect(translated).toMatchObject({ kind: 'copy', copy: { authorization } });
  });

  test('a key with a quote and a backslash comes out as written in S3', () => {
    const translated = translate(String.raw`copy t from 's3://b/a\'; drop \\ x' iam_role default`);
    expect(translated).toMatchObject({ copy: { from: String.raw`s3://b/a'; drop \ x` } });
  });

  test.each([
    ["json 'auto'", 'COPY … FORMAT JSON'],
    ['format as parquet', 'COPY … FORMAT PARQUET'],
    ["fixedwidth 'a:1'", 'COPY … FORMAT FIXEDWIDTH'],
    ['bzip2', 'COPY … BZIP2'],
    ['zstd', 'COPY … ZSTD'],
    ['encrypted', 'COPY … ENCRYPTED'],
    ['somethingelse', 'COPY … SOMETHINGELSE'],
  ])('%s is refused by name', (option, construct) => {
    expect(() => parse(option)).toThrow(UnsupportedSqlError);
    expect(() => parse(option)).toThrow(construct);
  });

  test.each([
    ["copy t from 's3://b/k' csv", 'COPY requires authorization'],
    ["copy t from 's3://b/k' iam_role default csv escape", 'CSV is not compatible with ESCAPE'],
    ["copy t from 's3://b/k' iam_role default delimiter 'ab'", 'DELIMITER takes a single ASCII character'],
    [
      "copy t from 's3://b/k' iam_role default maxerror 100001",
      'MAXERROR takes a whole number from 0 to 100000',
    ],
    [
      "copy t from 's3://b/k' iam_role default ignoreallerrors maxerror 5",
      'IGNOREALLERRORS cannot be used with MAXERROR',
    ],
    ["copy t from 'dynamodb://x' iam_role default", 'COPY from dynamodb'],
    ["copy t 's3://b/k' iam_role default", 'syntax error at or near "\'s3://b/k\'"'],
  ])('%s', (sql, message) => {
    expect(() => translate(sql)).toThrow(message);
  });
});
