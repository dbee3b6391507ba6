/** `baton test --watch`: which tests a change concerns. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, it } from 'vitest';

import { watchSql } from '../../cli/local/watch-sql.ts';
import type { TestCase } from '../../cli/testing/test-case.ts';
import { affectedTests } from '../../cli/testing/watch.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';

const plan = (pipeline: string, ...triggers: readonly object[]): Plan =>
  ({ pipeline, triggers, steps: [], parameters: [] }) as unknown as Plan;

const PLANS = [
  plan('stores', { kind: 's3', prefix: 'stores/', suffix: '' }),
  plan('report', { kind: 'pipeline', pipeline: 'stores' }),
  plan('sales', { kind: 's3', prefix: 'sales/', suffix: '' }),
];

function test(pipeline: string, name: string, key: string): TestCase {
  const when = [{ kind: 'drop', bucket: 'baton-local-landing', key, bytes: Buffer.from('') }];
  return { pipeline, name, when } as unknown as TestCase;
}

const TESTS = [
  test('stores', 'a', 'stores/1'),
  test('stores', 'b', 'stores/1'),
  test('report', 'follows', 'stores/1'),
  test('sales', 'a', 'sales/1'),
];

it.each([
  ['stores/10_load.sql', ['stores/a', 'stores/b', 'report/follows']],
  ['report/pipeline.yml', ['stores/a', 'stores/b', 'report/follows']],
  ['sales/20_a.sql', ['sales/a']],
  ['stores/tests/a.yml', ['stores/a']],
  ['stores/tests/a/rows.csv', ['stores/a']],
  ['stores/tests/b/test.yml', ['stores/b']],
  ['stores/tests/data/rows.csv', ['stores/a', 'stores/b']],
  ['setup/10_mart.sql', ['stores/a', 'stores/b', 'report/follows', 'sales/a']],
  ['pipeline.schema.json', []],
])('a change of %s concerns %j', (path, names) => {
  const affected = affectedTests([path], TESTS, PLANS);
  expect(affected.map(({ pipeline, name }) => `${pipeline}/${name}`)).toEqual(names);
});

it('every file of tests is watched, but not what editors leave beside them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-testing-'));
  const write = (path: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), 'x');
  };
  write('stores/tests/a/test.yml');
  let tell: (paths: readonly string[]) => void;
  const changed = new Promise<readonly string[]>((resolve) => {
    tell = resolve;
  });
  const watcher = await watchSql(
    folder,
    (paths) => {
      tell(paths);
      return Promise.resolve();
    },
    { withTests: true },
  );
  for (const name of ['.rows.csv.swp', '4913', 'rows.csv~', 'rows.csv']) write(`stores/tests/a/${name}`);
  expect(await changed).toEqual([join(folder, 'stores/tests/a/rows.csv')]);
  await watcher.close();
  rmSync(folder, { recursive: true });
});
