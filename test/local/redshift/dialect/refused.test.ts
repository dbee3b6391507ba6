import { describe, expect, test } from 'vitest';

import { UnsupportedSqlError } from '../../../../local/redshift/dialect/errors.ts';
import { translate } from '../../../../local/redshift/dialect/translate.ts';
import { INVALID, UNSUPPORTED } from './cases/refused.ts';

function errorOf(sql: string): unknown {
  try {
    translate(sql);
  } catch (error) {
    return error;
  }
  throw new Error(`translated: ${sql}`);
}

describe('what is not supported is refused by its name', () => {
  test.each(UNSUPPORTED)('%s', (sql, construct) => {
    const error = errorOf(sql);
    expect(error).toBeInstanceOf(UnsupportedSqlError);
    expect((error as UnsupportedSqlError).construct).toBe(construct);
    expect((error as UnsupportedSqlError).message).toContain(
      `${construct} is not supported by the local warehouse`,
    );
  });
});

describe('what Redshift itself refuses is refused', () => {
  test.each(INVALID)('%s', (sql, message) => {
    expect((errorOf(sql) as Error).message).toBe(message);
  });
});

describe('what a statement is', () => {
  test('TRUNCATE commits', () => {
    expect(translate('truncate t')).toMatchObject({ kind: 'sql', command: 'TRUNCATE', commits: true });
  });

  test.each([
    ['begin', 'begin'],
    ['start transaction', 'begin'],
    ['end', 'commit'],
    ['commit', 'commit'],
    ['abort work', 'rollback'],
    ['rollback', 'rollback'],
  ])('%s is a transaction word', (sql, transaction) => {
    expect(translate(sql)).toMatchObject({ transaction });
  });

  test.each([
    ['vacuum', 'noop'],
    ['vacuum t', 'sql'],
    ['alter table t append from s', 'sql'],
    ['alter table t alter column a type varchar(9)', 'sql'],
  ])('%s cannot run in a transaction', (sql, kind) => {
    expect(translate(sql)).toMatchObject({ kind, notInTransaction: true });
  });

  test('GRANT has no effect and says so', () => {
    expect(translate('grant create on database d to role r')).toEqual({
      kind: 'noop',
      command: 'GRANT',
      notice: 'GRANT has no effect: the local warehouse has one user',
    });
  });

  test.each([
    ['select 1', 'SELECT', true],
    ['with a as (select 1) select * from a', 'SELECT', true],
    ['select 1 as a into t', 'SELECT INTO', false],
    ['create table t as select 1', 'CREATE TABLE AS', false],
    ['with a as (select 1) update t set a = 1', 'UPDATE', false],
    ['call p()', 'CALL', true],
    ['explain select 1', 'EXPLAIN', true],
    ['show search_path', 'SHOW', true],
  ])('%s is a %s', (sql, command, returnsRows) => {
    expect(translate(sql)).toMatchObject({ command, returnsRows });
  });
});
