import { expect, it } from 'vitest';

import { describePlan } from '../../cli/plan/describe-plan.ts';
import { planOf, YAML } from './helpers.ts';

/** The steps that may be sent with the one before them, by number. */
function fusible(files: Readonly<Record<string, string>>, yaml = YAML): string[] {
  return planOf(files, yaml)
    .steps.filter((step) => step.fusible === true)
    .map(({ name }) => name.slice(0, 2));
}

const STAGE = {
  '10_stage.sql': 'CREATE TEMP TABLE stage (id INT)',
  '20_load.sql': 'COPY stage FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT AS CSV',
};
const CHECK = 'SELECT id FROM stage WHERE id IS NULL';

it('session steps and the checks behind them may be sent together; a durable step and what follows it may not', () => {
  const files = {
    ...STAGE,
    '30_null.sql': CHECK,
    '40_twice.sql': 'SELECT id FROM stage GROUP BY id HAVING COUNT(*) > 1',
    '50_commit.sql': 'INSERT INTO mart.dim SELECT * FROM stage',
    '60_check.sql': 'SELECT 1 FROM mart.dim WHERE id IS NULL',
    '70_check.sql': 'SELECT 1 FROM mart.dim WHERE id < 0',
  };
  expect(fusible(files)).toEqual(['20', '30', '40']);
});

it('a session step after a check begins a new group', () => {
  const more = { '40_more.sql': 'CREATE TEMP TABLE more (id INT)', '50_rows.sql': 'SELECT id FROM more' };
  expect(fusible({ ...STAGE, '30_null.sql': CHECK, ...more })).toEqual(['20', '30', '50']);
});

it.each([
  ['SET', "SET timezone TO 'UTC'"],
  ['SET among other statements', "CREATE TEMP TABLE b (id INT); SET timezone TO 'UTC'"],
  ['set_config', "SELECT set_config('timezone', 'UTC', FALSE)"],
  ['TRUNCATE of a temporary table', 'TRUNCATE stage'],
  ['VACUUM', 'VACUUM mart.dim'],
  ['UNLOAD', "UNLOAD ('SELECT id FROM stage') TO 's3://elsewhere/x/' IAM_ROLE :copy_role"],
  ['CALL', 'CALL mart.refresh()'],
])('%s is never sent together with other steps', (_, sql) => {
  const files = { ...STAGE, '30_it.sql': sql, '40_null.sql': CHECK };
  expect(fusible(files)).toEqual(['20']);
});

it('a step whose kind is only declared is never sent together with others: it may commit unseen', () => {
  const files = { ...STAGE, '30_call.sql': 'CALL p()', '40_query.sql': CHECK };
  const yaml = `${YAML}steps:\n  30_call.sql: { kind: session, reads: [mart.dim] }\n  40_query.sql: { kind: session }\n`;
  expect(fusible(files, yaml)).toEqual(['20']);
  expect(fusible(STAGE, `${YAML}steps:\n  20_load.sql: { kind: session }\n`)).toEqual(['20']);
});

it.each(['timeout: 5m', 'retry: { attempts: 2 }', 'retry: { base: 7s }', 'retry: { max: 6m }'])(
  'a step with another %s than the step before it is sent alone',
  (setting) => {
    expect(fusible(STAGE, `${YAML}steps:\n  20_load.sql: { ${setting} }\n`)).toEqual([]);
    const both = `${YAML}steps:\n  10_stage.sql: { ${setting} }\n  20_load.sql: { ${setting} }\n`;
    expect(fusible(STAGE, both)).toEqual(['20']);
  },
);

const inserts = (count: number): string =>
  Array.from({ length: count }, (_, i) => `INSERT INTO stage VALUES (${i})`).join(';\n');

it('a group has at most 40 statements; the step with which it would have more begins a new group', () => {
  expect(fusible({ ...STAGE, '30_more.sql': inserts(38) })).toEqual(['20', '30']);
  expect(fusible({ ...STAGE, '30_more.sql': inserts(37), '40_null.sql': CHECK })).toEqual(['20', '30', '40']);
  const more = { '30_more.sql': inserts(30), '40_more.sql': inserts(9), '50_null.sql': CHECK };
  expect(fusible({ ...STAGE, ...more })).toEqual(['20', '30', '50']);
});

it('a group has at most 200,000 bytes as it is sent, with the longest values of its placeholders', () => {
  const long = (bytes: number): string =>
    `INSERT INTO stage SELECT id FROM stage WHERE '${'x'.repeat(bytes)}' = ''`;
  expect(fusible({ ...STAGE, '30_more.sql': long(180_000) })).toEqual(['20', '30']);
  expect(fusible({ ...STAGE, '30_more.sql': long(199_000) })).toEqual(['20']);
  const given = 'SELECT id FROM stage WHERE '.concat(
    Array.from({ length: 25 }, () => 'id::text = :region').join(' OR '),
  );
  const yaml = `${YAML}parameters:\n  region: { type: string, default: eu }\n`;
  expect(fusible({ ...STAGE, '30_more.sql': given }, yaml)).toEqual(['20']);
  expect(
    fusible({ ...STAGE, '30_more.sql': given }, yaml.replace('string', 'boolean').replace('eu', 'true')),
  ).toEqual(['20', '30']);
});

it('fuse: off sends each step alone, and changes the identity of no step', () => {
  const off = planOf(STAGE, `${YAML}fuse: off\n`);
  const auto = planOf(STAGE, `${YAML}fuse: auto\n`);
  expect(off.steps.map(({ fusible: is }) => is)).toEqual([undefined, undefined]);
  expect(off.fuse).toBe('off');
  expect(auto).toEqual(planOf(STAGE));
  expect(off.steps.map(({ hash }) => hash)).toEqual(auto.steps.map(({ hash }) => hash));
});

it('plan names the steps of each group', () => {
  expect(describePlan(planOf(STAGE), 0)).toContain(
    'while they are short, 10_stage.sql, 20_load.sql are sent as one transaction',
  );
  expect(describePlan(planOf(STAGE, `${YAML}fuse: off\n`), 0)).toContain(
    'each step is sent alone (fuse: off)',
  );
});
