/** Keys that are hard: each loads exactly its own object, and no byte of it is ever SQL. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Stack } from './stack.ts';
import { isLong } from '../long.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

const prefix = 'stores/';
const long = `${prefix}${'long-'.repeat(300)}`.slice(0, 1020) + '.csv';

const KEYS: readonly string[] = [
  `${prefix}a'; drop table x;--.csv`,
  `${prefix}x\\' or.csv`,
  `${prefix}with spaces and + plus.csv`,
  `${prefix}%27 or 1=1.csv`,
  `${prefix}ünï-ćødé-日本-🙂.csv`,
  `${prefix}"quoted" :name $$ /* */ --.csv`,
  `${prefix}a/../b.csv`,
  `${prefix}//double.csv`,
  long,
];

describe.runIf(isLong)('an object key', () => {
  it.each(KEYS.map((key, i) => [key, i + 1] as const))('%s loads only its own rows', async (key, id) => {
    expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024);
    await stack.put(key, `${HEADER}${id},Store ${id},Lyon,FR,2020-01-0${id}\n`);
    const run = await stack.runFor('stores', key);
    expect(run.error).toBeUndefined();
    expect(run).toMatchObject({ state: 'SUCCEEDED', trigger: { file: { key } } });
    expect(await stack.query(`SELECT name FROM mart.stores WHERE store_id = ${id}`)).toEqual([
      [`Store ${id}`],
    ]);
    expect(await stack.count('SELECT COUNT(*) FROM mart.stores')).toBe(id);
  });

  it('is not used as a prefix: file1.csv is loaded without file1.csv.bak', async () => {
    const before = await stack.count('SELECT COUNT(*) FROM mart.stores');
    await stack.put(`${prefix}file1.csv.bak`, `${HEADER}901,Backup,Lyon,FR,2020-01-01\n`);
    await stack.put(`${prefix}file1.csv`, `${HEADER}900,Real,Lyon,FR,2020-01-01\n`);
    const run = await stack.runFor('stores', `${prefix}file1.csv`);
    expect(run.state).toBe('SUCCEEDED');
    expect(await stack.count('SELECT COUNT(*) FROM mart.stores')).toBe(before + 1);
    expect(await stack.query('SELECT name FROM mart.stores WHERE store_id >= 900')).toEqual([['Real']]);
  });
});
