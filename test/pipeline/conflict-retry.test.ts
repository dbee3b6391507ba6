import { expect, it } from 'vitest';

import { planOf, stepOf } from './helpers.ts';

const last = (files: Record<string, string>): boolean => {
  const { steps } = planOf(files);
  return steps.at(-1)?.conflictRetry ?? false;
};

it('a step is retried after a conflict if its temporary tables come from other tables', () => {
  expect(
    last({
      '1_s.sql': 'CREATE TEMP TABLE s (LIKE mart.dim)',
      '2_m.sql': 'INSERT INTO mart.dim SELECT * FROM s',
    }),
  ).toBe(true);
  expect(
    last({
      '1_s.sql': 'CREATE TEMP TABLE s AS SELECT * FROM mart.a',
      '2_m.sql': 'INSERT INTO mart.b SELECT * FROM s',
    }),
  ).toBe(true);
  expect(last({ '1_m.sql': 'INSERT INTO mart.b SELECT * FROM mart.b' })).toBe(true);
});

it('a step is not retried after a conflict if they derive from a table that it writes, even through others', () => {
  const files = {
    '10_a.sql': 'CREATE TEMP TABLE a AS SELECT * FROM dim',
    '20_b.sql': 'CREATE TEMP TABLE b (LIKE a); INSERT INTO b SELECT * FROM a',
    '30_c.sql': 'CREATE TEMP TABLE c AS SELECT * FROM b',
    '40_other.sql': 'INSERT INTO mart.other SELECT * FROM c',
    '50_dim.sql': 'INSERT INTO mart.dim SELECT * FROM c',
  };
  const plan = planOf(files);
  expect(stepOf(plan, '40_other.sql').conflictRetry).toBe(true);
  expect(stepOf(plan, '50_dim.sql').conflictRetry).toBe(false);
});

it('a step is not retried after a conflict if they were changed with rows of a table that it writes', () => {
  expect(
    last({
      '1_s.sql': 'CREATE TEMP TABLE s (id INT)',
      '2_d.sql': 'DELETE FROM s USING mart.dim WHERE dim.id = s.id',
      '3_m.sql': 'INSERT INTO mart.dim SELECT * FROM s',
    }),
  ).toBe(false);
});

it('a step is not retried after a conflict if its writes are unknown', () => {
  expect(last({ '1_s.sql': 'CREATE TEMP TABLE s AS SELECT * FROM mart.a', '2_c.sql': 'CALL p()' })).toBe(
    false,
  );
});
