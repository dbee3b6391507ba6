import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { redshiftError } from '../../../../local/redshift/dialect/redshift-error.ts';
import { installShim } from '../../../../local/redshift/dialect/shim/install.ts';
import { translate } from '../../../../local/redshift/dialect/translate.ts';
import { APPROXIMATED } from './cases/approximated.ts';
import type { Case } from './cases/case.ts';
import * as everyFunction from './cases/every-function.ts';
import { DATES, NUMBERS, STRINGS } from './cases/functions.ts';
import { LATE_BINDING, OBJECT_ERRORS, REPLACED } from './cases/objects.ts';
import { QUERIES, SETUP } from './cases/queries.ts';
import { DDL, DML, ERRORS, ROUTINES } from './cases/scripts.ts';
import type { Script } from './cases/scripts.ts';
import { startWarehouse } from './warehouse.ts';
import type { Session, Warehouse } from './warehouse.ts';

let warehouse: Warehouse;
let session: Session;

beforeAll(async () => {
  warehouse = await startWarehouse();
  session = await warehouse.session();
  await session.run(SETUP);
  await session.run(everyFunction.TYPED);
});

afterAll(async () => {
  await session?.end();
  await warehouse?.stop();
});

async function rowsOf(sql: string): Promise<string[]> {
  const { rows } = await session.run(sql);
  return rows.map((row) => row.map((value) => value ?? 'NULL').join('|'));
}

async function errorOf(sql: string): Promise<string> {
  try {
    await session.run(sql);
  } catch (error) {
    return redshiftError(error as Error);
  }
  throw new Error(`no error: ${sql}`);
}

const TABLES: Readonly<Record<string, readonly Case[]>> = {
  'date functions': DATES,
  'string functions': STRINGS,
  'numbers and conditions': NUMBERS,
  queries: QUERIES,
  'functions of numbers, with each type': everyFunction.NUMBERS_OF_EACH_TYPE,
  'functions of strings, with each type': everyFunction.STRINGS_OF_EACH_TYPE,
  'functions of dates, with each type': everyFunction.DATES_OF_EACH_TYPE,
  'functions of SUPER values': everyFunction.SUPER_VALUES,
  'casts of SUPER values': everyFunction.SUPER_CASTS,
  'aggregate and window functions, with each type': everyFunction.AGGREGATES_OF_EACH_TYPE,
  'conditions, with each type': everyFunction.CONDITIONS_OF_EACH_TYPE,
};

describe.each(Object.entries(TABLES))('%s', (_, cases) => {
  test.each(cases)('%s', async (sql, ...rows) => {
    expect(await rowsOf(sql)).toEqual(rows);
  });
});

const SCRIPTS: Readonly<Record<string, readonly Script[]>> = {
  tables: DDL,
  changes: DML,
  routines: ROUTINES,
  'late-binding views': LATE_BINDING,
  'procedures that are replaced': REPLACED,
};

describe.each(Object.entries(SCRIPTS))('%s', (_, scripts) => {
  test.each(scripts)('$name', async ({ run, check, rows }) => {
    await session.run(run);
    expect(await rowsOf(check)).toEqual(rows);
  });
});

describe('what is approximated', () => {
  test.each(APPROXIMATED)('$construct', async ({ sql, rows }) => {
    expect(await rowsOf(sql)).toEqual(rows);
  });
});

describe('errors', () => {
  test.each([...ERRORS, ...OBJECT_ERRORS])('%s', async (sql, message) => {
    expect(await errorOf(sql)).toMatch(message);
  });
});

describe('functions that are missing are refused by name', () => {
  test.each(everyFunction.MISSING_FUNCTIONS)('%s', async (call) => {
    expect(await errorOf(`select ${call} from typed`)).toMatch(
      /is not supported by the local warehouse|runs on the leader node only/,
    );
  });
});

describe('the effects of a statement', () => {
  test('a NONATOMIC procedure that fails keeps the statements before', async () => {
    expect(await errorOf('call half()')).toBe('division by zero');
    expect(await rowsOf('select count(*) from na')).toEqual(['1']);
  });

  test('a handler that only raises lets the error through and nothing stays', async () => {
    await session.run(`create table eh (a int);
create procedure fails() as $$ begin insert into eh values (1); insert into eh select 1/0; exception when others then raise info 'oh %', sqlerrm; end $$ language plpgsql`);
    expect(await errorOf('call fails()')).toBe('division by zero');
    expect(await rowsOf('select count(*) from eh')).toEqual(['0']);
  });

  test('OUT and INOUT arguments come back as a row', async () => {
    await session.run(
      "create procedure outs(a int, b inout int, c out varchar(10)) as $$ begin b := a + b; c := nvl(null, 'c'); end $$ language plpgsql",
    );
    const { rows, columns } = await session.run('call outs(1, 2)');
    expect(columns).toEqual(['b', 'c']);
    expect(rows).toEqual([['3', 'c']]);
  });

  test('result columns carry Redshift’s names', async () => {
    const { columns } = await session.run(
      'select dateadd(day, 1, sold), datediff(day, sold, sold), date_part(y, sold), extract(y from sold), getdate(), len(item), median(qty) over (), item as "Item", lag(qty) ignore nulls over (order by id), qty::bigint, nvl(qty, 1), decode(1, 1, 2) from sales',
    );
    expect(columns).toEqual([
      'date_add',
      'date_diff',
      'pgdate_part',
      'date_part',
      'getdate',
      'len',
      'median',
      'item',
      'lag',
      'qty',
      'coalesce',
      'case',
    ]);
  });

  test('QUALIFY keeps the names of its items', async () => {
    const { columns } = await session.run(
      'select s.id, s.*, upper(item), count(*) over () as n from sales s qualify n > 0 limit 0',
    );
    expect(columns).toEqual(['id', 'id', 'item', 'qty', 'price', 'sold', 'upper', 'n']);
  });

  test('counts of changed rows', async () => {
    await session.run('create table counted (a int)');
    expect((await session.run('insert into counted values (1), (2)')).count).toBe(2);
    expect((await session.run('update counted set a = a + 1')).count).toBe(2);
    expect((await session.run('delete counted where a = 2')).count).toBe(1);
    expect((await session.run('create table counted2 as select 1 as a')).count).toBe(1);
  });

  test('temporary tables of one session are not seen by another', async () => {
    const other = await warehouse.session();
    await session.run('create table #mine (a int)');
    await expect(other.run('select a from #mine')).rejects.toThrow('relation "#mine" does not exist');
    await other.run('create table #mine (b int)');
    await other.end();
  });

  test('types of sums and averages are Redshift’s', async () => {
    const translated = translate(
      'select pg_typeof(sum(qty)), pg_typeof(sum(qty::bigint)), pg_typeof(avg(qty)), pg_typeof(avg(price)), pg_typeof(sum(1::real)), pg_typeof(extract(y from max(sold))) from sales',
    );
    const [text = ''] = translated.kind === 'sql' ? translated.statements : [];
    const { rows } = await session.client.query<string[]>({ text, rowMode: 'array' });
    expect(rows[0]?.join('|')).toBe('bigint|bigint|bigint|numeric|double precision|bigint');
  });

  test('installing the shim again does nothing', async () => {
    const statements: string[] = [];
    await installShim({
      query: async (sql) => {
        statements.push(sql);
        return session.client.query<Record<string, unknown>>(sql);
      },
    });
    expect(statements.every((sql) => sql.startsWith('select'))).toBe(true);
  });
});
