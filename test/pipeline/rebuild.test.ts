import { describe, expect, it } from 'vitest';

import type { Rebuild } from '../../shared/pipeline/rebuild.ts';
import { rebuildAt } from '../../shared/pipeline/rebuild.ts';
import { planOf, YAML } from './helpers.ts';

const STAGE = { '10_stage.sql': 'CREATE TEMP TABLE stage (LIKE mart.dim)' };
const LOAD = { '20_load.sql': 'COPY stage FROM :manifest IAM_ROLE :copy_role MANIFEST CSV' };
const MERGE = 'MERGE INTO mart.dim USING changes c ON dim.id = c.id REMOVE DUPLICATES';
const CHANGES = 'CREATE TEMP TABLE changes AS SELECT * FROM stage EXCEPT SELECT * FROM mart.dim';

function at(files: Record<string, string>, step: string, yaml = YAML): Rebuild {
  const { steps } = planOf(files, yaml);
  return rebuildAt(
    steps,
    steps.findIndex(({ name }) => name === step),
  );
}

describe('a rebuild of the pipeline of the article', () => {
  const files = {
    ...STAGE,
    ...LOAD,
    '30_changes.sql': CHANGES,
    '40_merge.sql': MERGE,
    '50_audit.sql': 'INSERT INTO mart.audit SELECT COUNT(*) FROM changes',
  };

  it('is refused after its MERGE, even if the reads are declared repeatable: changes would be empty', () => {
    const yaml = `${YAML}steps:\n  30_changes.sql: { repeatable: true }\n`;
    const rebuild = at(files, '50_audit.sql', yaml);
    expect(rebuild).toMatchObject({
      verdict: 'refused',
      rerun: ['10_stage.sql', '20_load.sql', '30_changes.sql'],
      kept: ['40_merge.sql'],
    });
    expect(rebuild.reasons).toEqual([
      '30_changes.sql reads mart.dim, which 40_merge.sql has changed since: put both into one file, so that they commit together',
    ]);
    expect(planOf(files, yaml).grade).toBe('C');
  });

  it('is always allowed before its MERGE committed', () => {
    expect(at(files, '40_merge.sql')).toMatchObject({ verdict: 'always', kept: [], reasons: [] });
  });

  it('is always safe with the MERGE and the audit in one file: grade A', () => {
    const { '50_audit.sql': audit, ...rest } = files;
    expect(planOf({ ...rest, '40_merge.sql': `${MERGE}; ${audit}` }).grade).toBe('A');
  });

  it('is refused even if one side leaves out the schema of the table', () => {
    const unqualified = {
      ...files,
      '30_changes.sql': 'CREATE TEMP TABLE changes AS SELECT * FROM stage EXCEPT SELECT * FROM "DIM"',
    };
    expect(
      at(unqualified, '50_audit.sql', `${YAML}steps:\n  30_changes.sql: { repeatable: true }\n`).verdict,
    ).toBe('refused');
  });
});

describe('the re-run part of a rebuild', () => {
  it('is exactly the steps that built the temporary tables still needed', () => {
    const files = {
      ...STAGE,
      ...LOAD,
      '30_other.sql': 'CREATE TEMP TABLE other AS SELECT 1 AS a',
      '40_derived.sql': 'CREATE TEMP TABLE derived AS SELECT * FROM stage',
      '50_first.sql': 'INSERT INTO mart.a SELECT * FROM derived',
      '60_second.sql': 'INSERT INTO mart.b SELECT * FROM derived',
      '70_third.sql': 'INSERT INTO mart.c SELECT * FROM other',
    };
    expect(at(files, '60_second.sql').rerun).toEqual([
      '10_stage.sql',
      '20_load.sql',
      '30_other.sql',
      '40_derived.sql',
    ]);
    expect(at(files, '70_third.sql')).toMatchObject({
      verdict: 'proved',
      rerun: ['30_other.sql'],
      kept: ['50_first.sql', '60_second.sql'],
    });
    expect(planOf(files).grade).toBe('B');
  });

  it('includes every SET', () => {
    const files = {
      '10_set.sql': "SET query_group TO 'x'",
      '20_a.sql': 'DELETE FROM mart.a',
      '30_b.sql': 'DELETE FROM mart.b',
    };
    expect(at(files, '30_b.sql')).toMatchObject({ verdict: 'proved', rerun: ['10_set.sql'] });
  });

  it('is empty if no temporary table is needed: only a session is opened', () => {
    const files = { '10_a.sql': 'DELETE FROM mart.a', '20_b.sql': 'DELETE FROM mart.b' };
    expect(at(files, '20_b.sql')).toEqual({
      step: '20_b.sql',
      verdict: 'proved',
      rerun: [],
      recheck: [],
      kept: ['10_a.sql'],
      reasons: [],
    });
  });

  it('includes a DROP before a table that is created again', () => {
    const files = {
      '10_a.sql': 'CREATE TEMP TABLE x AS SELECT 1 AS a',
      '20_b.sql': 'INSERT INTO mart.b SELECT * FROM x',
      '30_drop.sql': 'DROP TABLE x',
      '40_again.sql': 'CREATE TEMP TABLE x AS SELECT 2 AS a',
      '50_c.sql': 'INSERT INTO mart.c SELECT * FROM x',
    };
    expect(at(files, '50_c.sql').rerun).toEqual(['10_a.sql', '30_drop.sql', '40_again.sql']);
  });
});

describe('the re-checked part of a rebuild', () => {
  it('is the checks whose tables exist unchanged', () => {
    const files = {
      ...STAGE,
      ...LOAD,
      '30_stage_check.sql': 'SELECT 1 FROM stage WHERE id IS NULL',
      '31_other_check.sql': 'SELECT 1 FROM mart.other WHERE FALSE',
      '32_dim_check.sql': 'SELECT 1 FROM mart.dim WHERE FALSE',
      '33_gone.sql': 'CREATE TEMP TABLE gone AS SELECT 1 AS a',
      '34_gone_check.sql': 'SELECT 1 FROM gone WHERE FALSE',
      '40_merge.sql': 'INSERT INTO mart.dim SELECT * FROM stage',
      '50_more.sql': 'INSERT INTO mart.more SELECT * FROM stage',
    };
    expect(at(files, '50_more.sql')).toMatchObject({
      verdict: 'proved',
      rerun: ['10_stage.sql', '20_load.sql'],
      recheck: ['30_stage_check.sql', '31_other_check.sql'],
    });
  });
});

describe('a rebuild in a new session', () => {
  const around = (session: string, options = ''): Rebuild =>
    at(
      {
        '10_x.sql': session,
        '20_first.sql': 'INSERT INTO mart.first SELECT 1',
        '30_second.sql': 'INSERT INTO mart.second SELECT * FROM x',
      },
      '30_second.sql',
      options === '' ? YAML : `${YAML}steps:\n  10_x.sql: ${options}\n`,
    );

  it.each<[string, string, string, RegExp]>([
    [
      'a table may have been changed by others',
      'CREATE TEMP TABLE x AS SELECT * FROM mart.other',
      '',
      /reads mart\.other, which may have changed/,
    ],
    [
      'the clock was asked',
      'CREATE TEMP TABLE x AS SELECT GETDATE() AS a',
      '{ repeatable: true }',
      /different rows when re-run: GETDATE\(\)/,
    ],
    [
      'chance decides',
      'CREATE TEMP TABLE x AS SELECT * FROM mart.o LIMIT 5',
      '{ repeatable: true }',
      /LIMIT without ORDER BY/,
    ],
    ['a function is unknown', 'CREATE TEMP TABLE x AS SELECT mart.f(1) AS a', '', /f\(\)/],
    [
      'a fixed address was loaded',
      "CREATE TEMP TABLE x (a INT); COPY x FROM 's3://b/k' IAM_ROLE default CSV",
      '',
      /reads 's3:\/\/b\/k', which is not exactly the run's own file/,
    ],
    [
      'a later step changed what it reads',
      'CREATE TEMP TABLE x AS SELECT * FROM first',
      '{ repeatable: true }',
      /reads first, which 20_first\.sql has changed since/,
    ],
  ])('is refused if %s', (_, session, options, reason) => {
    const rebuild = around(session, options);
    expect(rebuild.verdict).toBe('refused');
    expect(rebuild.reasons).toEqual([expect.stringMatching(reason)]);
  });

  it.each([
    ['CREATE TEMP TABLE x AS SELECT * FROM mart.other', '{ repeatable: true }'],
    ['CREATE TEMP TABLE x AS SELECT mart.f(1) AS a', '{ repeatable: true }'],
    ['CREATE TEMP TABLE x (LIKE mart.first)', ''],
    ['CREATE TEMP TABLE x AS SELECT :run_started_at::timestamp AS a', ''],
  ])('is proved for %s %s', (session, options) => {
    expect(around(session, options)).toMatchObject({ verdict: 'proved', reasons: [] });
  });

  it('is refused if an opaque step may have changed anything', () => {
    const files = {
      '10_x.sql': 'CREATE TEMP TABLE x AS SELECT 1 AS a',
      '20_call.sql': 'CALL p()',
      '30_b.sql': 'INSERT INTO mart.b SELECT * FROM x',
    };
    expect(at(files, '30_b.sql')).toMatchObject({
      verdict: 'refused',
      reasons: ['20_call.sql may have changed anything that 10_x.sql reads'],
    });
    expect(planOf(files).grade).toBe('D');
  });

  it('is refused if a procedure fills a temporary table from unknown tables', () => {
    const files = {
      '10_x.sql': 'CREATE TEMP TABLE x (a INT)',
      '20_fill.sql': 'CALL fill_x()',
      '30_a.sql': 'INSERT INTO mart.a SELECT * FROM x',
      '40_b.sql': 'INSERT INTO mart.b SELECT * FROM x',
    };
    const rebuildWith = (options: string): Rebuild =>
      at(files, '40_b.sql', `${YAML}steps:\n  20_fill.sql: ${options}\n`);
    expect(rebuildWith('{ writes: [x], repeatable: true }').reasons).toEqual([
      expect.stringContaining('CALL may read anything (declare its tables with reads:)'),
    ]);
    expect(rebuildWith('{ writes: [x], reads: [mart.a], repeatable: true }').reasons).toEqual([
      expect.stringContaining('20_fill.sql reads mart.a, which 30_a.sql has changed since'),
    ]);
    expect(rebuildWith('{ writes: [x], reads: [mart.c], repeatable: true }').verdict).toBe('proved');
  });

  it('is refused if the table that another is created LIKE was altered since', () => {
    const files = {
      ...STAGE,
      '20_alter.sql': 'ALTER TABLE mart.dim ADD COLUMN a INT',
      '30_b.sql': 'INSERT INTO mart.b SELECT * FROM stage',
    };
    expect(at(files, '30_b.sql').reasons).toEqual([
      '10_stage.sql copies the columns of mart.dim, which 20_alter.sql has redefined since',
    ]);
  });

  it('is refused if a temporary table was created by a step that is not re-run', () => {
    const files = { '10_make.sql': 'CALL make_x()', '20_b.sql': 'INSERT INTO mart.b SELECT * FROM #x' };
    const yaml = `${YAML}steps:\n  10_make.sql: { kind: opaque, idempotent: true, writes: ["#x"] }\n`;
    expect(at(files, '20_b.sql', yaml).reasons).toEqual([
      '10_make.sql created or changed the temporary table #x, and is not re-run',
    ]);
  });
});

it('a step that is proved to have had no effect does not prevent a rebuild', () => {
  const { steps } = planOf({
    '10_x.sql': 'CREATE TEMP TABLE x AS SELECT GETDATE() AS a',
    '20_a.sql': 'INSERT INTO mart.a SELECT * FROM x',
    '30_b.sql': 'INSERT INTO mart.b SELECT * FROM x',
  });
  expect(rebuildAt(steps, 2).verdict).toBe('refused');
  expect(rebuildAt(steps, 2, () => false).verdict).toBe('always');
});

describe('the grade of a pipeline', () => {
  const x = { '10_x.sql': 'CREATE TEMP TABLE x AS SELECT 1 AS a' };
  it.each<[string, Record<string, string>, string]>([
    ['A', { ...x, '20_a.sql': 'INSERT INTO mart.a SELECT * FROM x' }, ''],
    ['A', { ...x, '20_check.sql': 'SELECT 1 FROM x' }, ''],
    ['B', { ...x, '20_a.sql': 'INSERT INTO mart.a SELECT * FROM x', '30_vacuum.sql': 'VACUUM mart.a' }, ''],
    [
      'C',
      {
        '10_x.sql': 'CREATE TEMP TABLE x AS SELECT * FROM t',
        '20_a.sql': 'DELETE FROM a',
        '30_b.sql': 'INSERT INTO b SELECT * FROM x',
      },
      '',
    ],
    ['D', { ...x, '20_call.sql': 'CALL p()' }, ''],
    ['A', { ...x, '20_call.sql': 'CALL p()' }, 'steps:\n  20_call.sql: { idempotent: true }\n'],
    ['D', { '10_truncate.sql': 'TRUNCATE mart.a' }, ''],
    ['D', { '10_unload.sql': "UNLOAD ('SELECT 1') TO 's3://out/x' IAM_ROLE default" }, ''],
    ['A', { '10_unload.sql': "UNLOAD ('SELECT 1') TO 's3://out/x' IAM_ROLE default ALLOWOVERWRITE" }, ''],
  ])('%s', (grade, files, steps) => {
    expect(planOf(files, YAML + steps).grade).toBe(grade);
  });
});
