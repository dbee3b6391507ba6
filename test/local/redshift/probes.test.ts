import { existsSync } from 'node:fs';

import { expect, test } from 'vitest';

import { type Probe, readProbes, runProbes } from './probes.ts';

function probe(sql: string, redshift: string, ...setup: string[]): Probe {
  return { family: 'own', setup, sql, redshift };
}

test('a probe is right, refused by name, wrong or unclear, or its expectation is for a person', async () => {
  const done = await runProbes([
    probe('select a from t', '[[1]]', 'create temp table t(a int)', 'insert into t values(1)'),
    probe('select 1', '[[2]]'),
    probe('select 1', 'error'),
    probe('selec 1', 'error'),
    probe('select array[1]', '[[1]]'),
    probe('select not_there', '[[1]]'),
    probe('select 1', 'one'),
  ]);
  expect(done.map(({ verdict }) => verdict)).toEqual([
    'right',
    'wrong',
    'wrong',
    'right',
    'refused',
    'unclear',
    'open',
  ]);
});

/** A larger collection beside the project, where there is one. */
const COLLECTION = '../shared/cases/redshift-probes.json';

test.skipIf(!existsSync(COLLECTION))(
  'no probe of the collection runs with another meaning, or is refused without a name',
  async () => {
    const done = await runProbes(readProbes(COLLECTION));
    const bad = done.filter(({ verdict }) => verdict === 'wrong' || verdict === 'unclear');
    expect(bad.map(({ probe: { sql }, here }) => ({ sql, here }))).toEqual([]);
    expect(done.filter(({ verdict }) => verdict === 'right').length).toBeGreaterThan(done.length / 2);
  },
);
