import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { compilePipeline } from '../../shared/pipeline/compile.ts';
import { compile, planOf, problemsOf, YAML } from './helpers.ts';

const COPY = 'COPY s FROM :manifest IAM_ROLE :copy_role MANIFEST CSV';

describe('an invalid step is reported with its place', () => {
  it.each<[string, Record<string, string>, string[]]>([
    // Transactions.
    [
      'BEGIN',
      { '1_a.sql': '-- all\nBEGIN;\nDELETE FROM t;\nCOMMIT;' },
      ['1_a.sql:2:1: error: BEGIN is not allowed in a step', '1_a.sql:4:1: error: COMMIT'],
    ],
    [
      'START TRANSACTION',
      { '1_a.sql': 'start transaction; DELETE FROM t; end' },
      ['1_a.sql:1:1: error: START', '1_a.sql:1:35: error: END'],
    ],
    [
      'ROLLBACK and ABORT',
      { '1_a.sql': 'ROLLBACK;\n ABORT' },
      ['1_a.sql:1:1: error: ROLLBACK', '1_a.sql:2:2: error: ABORT'],
    ],
    [
      'TRUNCATE beside others',
      { '1_a.sql': 'DELETE FROM t;\n  TRUNCATE u' },
      ['1_a.sql:2:3: error: TRUNCATE commits the preceding statements'],
    ],
    [
      'TRUNCATE of a temporary table in a commit step',
      { '1_a.sql': 'CREATE TEMP TABLE s (a INT)', '2_b.sql': 'INSERT INTO t SELECT * FROM s;\nTRUNCATE s' },
      ['2_b.sql:2:1: error: TRUNCATE commits'],
    ],
    // Files.
    [
      'a thousand steps',
      Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i}_a.sql`, 'DELETE FROM t'])),
      ['pipeline.yml:1:1: error: the pipeline has 1000 steps; at most 999 are allowed'],
    ],
    ['no steps', {}, ['pipeline.yml:1:1: error: the pipeline has no step']],
    [
      'an empty file',
      { '1_a.sql': '-- nothing\n;;' },
      ['1_a.sql:1:1: error: the file contains no statement'],
    ],
    [
      'equal numbers',
      { '1_a.sql': 'DELETE FROM t', '01_b.sql': 'DELETE FROM t' },
      ['1_a.sql:1:1: error: has the same number as 01_b.sql'],
    ],
    [
      'no number',
      { 'a.sql': 'DELETE FROM t' },
      ["a.sql:1:1: error: a step's file name must look like 10_stage.sql"],
    ],
    [
      'a name that could end a comment',
      { '1_*/ DROP TABLE x.sql': 'DELETE FROM t' },
      ["error: a step's file name must look like"],
    ],
    [
      '39 statements',
      { '1_a.sql': 'DELETE FROM t;\n'.repeat(39) },
      ['1_a.sql:39:1: error: the file has 39 statements; at most 38 fit'],
    ],
    [
      'a statement over 200 KB',
      { '1_a.sql': `DELETE FROM t;\nDELETE FROM t WHERE a = '${'x'.repeat(200_000)}'` },
      ['1_a.sql:2:1: error: the statement has 200026 bytes'],
    ],
    [
      'a statement over 100 KB',
      { '1_a.sql': `DELETE FROM t WHERE a = '${'é'.repeat(50_000)}'` },
      ['1_a.sql:1:1: warning: the statement has 100026 bytes'],
    ],
    [
      'an unclosed string',
      { '1_a.sql': "DELETE FROM t\nWHERE a = 'b" },
      ['1_a.sql:2:11: error: this string is not closed'],
    ],
    [
      'an unclosed comment',
      { '1_a.sql': 'DELETE FROM t /* a' },
      ['1_a.sql:1:15: error: this comment is not closed'],
    ],
    [
      'a NUL',
      { '1_a.sql': "DELETE FROM t WHERE a = '\0'" },
      ['1_a.sql:1:26: error: the file contains a NUL'],
    ],
    // Temporary tables.
    [
      'used before it is made',
      { '10_a.sql': 'INSERT INTO t\nSELECT * FROM stage', '20_b.sql': 'CREATE TEMP TABLE stage (a INT)' },
      ['10_a.sql:2:15: error: the temporary table stage is used before it is created (in 20_b.sql)'],
    ],
    [
      'used after it is dropped',
      {
        '10_a.sql': 'CREATE TEMP TABLE s (a INT)',
        '20_b.sql': 'DROP TABLE s',
        '30_c.sql': 'SELECT * FROM s',
      },
      ['30_c.sql:1:15: error: the temporary table s was dropped in 20_b.sql'],
    ],
    [
      'made twice',
      { '10_a.sql': 'CREATE TEMP TABLE s (a INT)', '20_b.sql': 'CREATE TEMP TABLE s (a INT)' },
      ['20_b.sql:1:19: error: the temporary table s already exists (created in 10_a.sql)'],
    ],
    [
      'never made',
      { '10_a.sql': 'SELECT * FROM #s' },
      ['10_a.sql:1:15: error: the temporary table #s is not created in any step'],
    ],
    [
      'hides its own source',
      { '10_a.sql': 'CREATE TEMP TABLE dim (LIKE dim)' },
      ['10_a.sql:1:29: error: the temporary table dim would hide the table it is created from'],
    ],
    [
      'hides a permanent one made in the pipeline',
      { '10_a.sql': 'CREATE TABLE mart.dim (a INT)', '20_b.sql': 'CREATE TEMP TABLE dim (a INT)' },
      ['20_b.sql:1:19: error: the temporary table dim would hide the permanent one created in 10_a.sql'],
    ],
    [
      'permanent of the same name',
      { '10_a.sql': 'CREATE TEMP TABLE dim (a INT)', '20_b.sql': 'CREATE TABLE dim (a INT)' },
      ['20_b.sql:1:14: error: dim is also a temporary table (in 10_a.sql)'],
    ],
    [
      'dropped before it is made',
      { '10_a.sql': 'DROP TABLE IF EXISTS s; CREATE TEMP TABLE s (a INT)' },
      [
        '10_a.sql:1:22: warning: no temporary table s exists here, so this would drop a permanent one of that name',
      ],
    ],
    [
      'in a schema',
      { '10_a.sql': 'CREATE TEMP TABLE mart.s (a INT)' },
      ['10_a.sql:1:19: error: a temporary table has no schema: name it s'],
    ],
    // Mixed.
    [
      'permanent writes beside temporary output',
      {
        '10_a.sql': 'INSERT INTO mart.t VALUES (1);\nCREATE TEMP TABLE s AS SELECT * FROM mart.t',
        '20_b.sql': 'INSERT INTO u SELECT * FROM s',
      },
      [
        '10_a.sql:2:19: error: mixed: this step permanently writes mart.t, and changes the temporary table s that 20_b.sql uses',
      ],
    ],
    [
      'permanent writes beside changed temporary rows',
      {
        '10_a.sql': 'CREATE TEMP TABLE s (a INT)',
        '20_b.sql': 'DELETE FROM s; DELETE FROM t',
        '30_c.sql': 'SELECT * FROM s',
      },
      ['20_b.sql:1:13: error: mixed'],
    ],
    [
      'permanent writes beside SET',
      { '1_a.sql': "DELETE FROM t; SET query_group TO 'x'" },
      ['1_a.sql:1:16: error: mixed: SET changes the session'],
    ],
    // Settings.
    [
      'SET search_path',
      { '1_a.sql': 'SET search_path TO mart' },
      [
        '1_a.sql:1:5: error: search_path cannot be set in a step: put session: { set: { search_path: … } } into pipeline.yml',
      ],
    ],
    [
      'set_config of search_path',
      { '1_a.sql': "SELECT set_config('search_path', 'mart', false)" },
      ['1_a.sql:1:8: error: search_path cannot be set in a step'],
    ],
    ['RESET ALL', { '1_a.sql': 'RESET ALL' }, ['1_a.sql:1:7: error: RESET ALL would undo']],
    [
      'a prepared name twice',
      { '1_a.sql': 'PREPARE p AS SELECT 1', '2_b.sql': 'PREPARE p AS SELECT 2' },
      ['2_b.sql:1:9: error: the prepared statement p already exists'],
    ],
    // Placeholders.
    [
      'an unknown placeholder',
      { '1_a.sql': 'DELETE FROM t\nWHERE a = :runid' },
      ['1_a.sql:2:11: error: unknown placeholder :runid (did you mean run_id?)'],
    ],
    [
      'an unknown placeholder in an UNLOAD',
      { '1_a.sql': "UNLOAD ('SELECT ''x'', :run')\nTO 's3://out/x' IAM_ROLE default" },
      ['1_a.sql:1:24: error: unknown placeholder :run'],
    ],
    [
      'a quoted placeholder',
      { '1_a.sql': "CREATE TEMP TABLE s (a INT); COPY s FROM ':manifest' IAM_ROLE default MANIFEST CSV" },
      ["1_a.sql:1:42: warning: ':manifest' is a string literal, not a placeholder"],
    ],
    [
      'MANIFEST forgotten',
      {
        '1_a.sql': 'CREATE TEMP TABLE s (a INT)',
        '2_b.sql': 'COPY s\nFROM :manifest IAM_ROLE :copy_role CSV',
      },
      ['2_b.sql:2:6: error: COPY FROM :manifest needs the keyword MANIFEST'],
    ],
    [
      'a prefix in place of a file',
      {
        '1_a.sql': 'CREATE TEMP TABLE s (a INT)',
        '2_b.sql': 'COPY s FROM :file_uri IAM_ROLE :copy_role CSV',
      },
      ['2_b.sql:1:13: warning: COPY FROM :file_uri loads every object whose key begins with this key'],
    ],
    // Kinds.
    [
      'an opaque statement beside others',
      { '1_a.sql': 'DELETE FROM t;\nVACUUM t' },
      ['1_a.sql:2:1: error: VACUUM must be alone in its file: VACUUM cannot run in a transaction'],
    ],
    [
      'a procedure beside others',
      { '1_a.sql': 'CALL p();\nDELETE FROM t' },
      [
        '1_a.sql:1:1: error: CALL must be alone in its file: a procedure cannot be analyzed; declare the tables it writes with writes:',
      ],
    ],
    [
      'what cannot be parsed beside others',
      { '1_a.sql': 'DELETE FROM t; frobnicate t' },
      ['1_a.sql:1:16: error: FROBNICATE is not a Redshift command'],
    ],
    [
      'a check of two queries',
      { '1_a.sql': 'SELECT 1;\nSELECT 2' },
      ['1_a.sql:2:1: error: a check is a single query, and this file has 2'],
    ],
    [
      'a query whose result is discarded',
      { '1_a.sql': 'DELETE FROM t; SELECT 1' },
      ['1_a.sql:1:16: warning: the result of this query is discarded'],
    ],
  ])('%s', (_, files, expected) => {
    const problems = problemsOf(files);
    for (const [i, line] of expected.entries()) expect(problems[i]).toContain(line);
    expect(problems).toHaveLength(expected.length);
    expect(compile(files).plan === undefined).toBe(expected.some((line) => line.includes('error')));
  });
});

describe('UNLOAD to a prefix that starts runs is reported', () => {
  const triggers = 'on:\n  - s3: { prefix: in/ }\n  - s3: { bucket: partners, prefix: out/2026/ }\n';
  const to = (target: string, more = ''): string[] =>
    problemsOf({ '1_a.sql': `UNLOAD ('SELECT 1')\nTO ${target} IAM_ROLE default` }, triggers + more);

  it.each([
    "'s3://baton-dev-landing/in/x'",
    "'s3://partners/out/2026/a'",
    "'s3://partners/out/'",
    ':file_uri',
  ])('%s', (target) => {
    expect(to(target)).toEqual([expect.stringContaining('1_a.sql:2:4: error: UNLOAD must not write under')]);
  });
  it('also through the default of a parameter', () => {
    expect(
      to(':p', 'parameters:\n  p: { type: string, default: "s3://baton-{stage}-landing/in/{run_id}" }\n'),
    ).toEqual([expect.stringContaining('UNLOAD must not write under s3://<landing bucket>/in/')]);
  });
  it.each([
    "'s3://exports/in/x'",
    "'s3://partners/in/x'",
    "'s3://baton-dev-landing/out/x'",
    "'s3://partners/out/2025/'",
  ])('but not for %s', (target) => {
    expect(to(target)).toEqual([]);
  });
});

it.each(['Orders', '1orders', 'or-ders', 'a'.repeat(61), 'orders*/'])(
  'the folder name %s is refused',
  (name) => {
    const { problems } = compilePipeline({
      name,
      files: new Map([
        ['pipeline.yml', YAML],
        ['1_a.sql', 'DELETE FROM t'],
      ]),
    });
    expect(problems).toMatchObject([{ file: 'pipeline.yml', line: 1, column: 1, severity: 'error' }]);
  },
);

it('a folder without pipeline.yml is reported, and its SQL is still checked', () => {
  const { problems } = compilePipeline({ name: 'orders', files: new Map([['1_a.sql', 'COMMIT']]) });
  expect(problems.map(({ file, message }) => `${file}: ${message.slice(0, 30)}`)).toEqual([
    '1_a.sql: COMMIT is not allowed in a ste',
    'pipeline.yml: the pipeline has no pipeline.y',
  ]);
});

it('a plan that is too large for one stored item is refused', () => {
  const noise = (): string => randomBytes(70_000).toString('base64').slice(0, 90_000);
  const files = Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [`${i + 1}_a.sql`, `DELETE FROM t WHERE a = '${noise()}'`]),
  );
  expect(problemsOf(files)).toEqual([
    expect.stringMatching(
      /pipeline\.yml:1:1: error: the compiled pipeline has \d+ bytes compressed; at most 358400 fit/,
    ),
  ]);
});

describe('a valid pipeline', () => {
  it('runs its files by number, with or without leading zeros', () => {
    const plan = planOf({
      '10_b.sql': 'DELETE FROM b',
      '9_a.sql': 'DELETE FROM a',
      '100.sql': 'DELETE FROM c',
      '011_c.sql': 'DELETE FROM d',
    });
    expect(plan.steps.map(({ name }) => name)).toEqual(['9_a.sql', '10_b.sql', '011_c.sql', '100.sql']);
  });

  it('may use a temporary table within one file with permanent writes, and again in another file', () => {
    const sql =
      'CREATE TEMP TABLE own AS SELECT 1 AS a; INSERT INTO mart.t SELECT * FROM own; DROP TABLE own';
    expect(planOf({ '1_a.sql': sql, '2_b.sql': sql }).steps.map(({ kind }) => kind)).toEqual([
      'durable',
      'durable',
    ]);
  });

  it('may drop a temporary table with its last use', () => {
    const plan = planOf({
      '1_a.sql': 'CREATE TEMP TABLE s (a INT)',
      '2_b.sql': 'INSERT INTO t SELECT * FROM s; DROP TABLE s',
    });
    expect(plan.steps[1]?.kind).toBe('durable');
  });

  it('submits one statement alone, and several or a durable step as a transaction', () => {
    const plan = planOf({
      '1_a.sql': 'CREATE TEMP TABLE s (a INT)',
      '2_b.sql': `${COPY}; DELETE FROM s WHERE a IS NULL`,
      '3_c.sql': 'SELECT 1 FROM s WHERE a < 0',
      '4_d.sql': 'INSERT INTO t SELECT * FROM s',
      '5_e.sql': 'VACUUM t',
    });
    expect(plan.steps.map(({ send, kind }) => `${kind} ${send}`)).toEqual([
      'session single',
      'session transaction',
      'check single',
      'durable transaction',
      'opaque single',
    ]);
    expect(plan.steps.map(({ usesFile, usesManifest, expect: e }) => [usesFile, usesManifest, e])).toEqual([
      [false, false, undefined],
      [true, true, undefined],
      [false, false, 'no_rows'],
      [false, false, undefined],
      [false, false, undefined],
    ]);
    expect(plan.steps.map(({ idempotent }) => idempotent)).toEqual([false, false, false, false, true]);
  });

  it('has the same hash for the same content, whatever its comments', () => {
    const hash = (sql: string, yaml = YAML): string[] => {
      const plan = planOf({ '1_a.sql': sql }, yaml);
      return [plan.hash, plan.steps[0]?.hash ?? ''];
    };
    const first = hash('DELETE FROM t');
    expect(hash('-- why\n\n  DELETE FROM t ; ')).toEqual(first);
    expect(first[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(hash('DELETE FROM u')).not.toEqual(first);
    const [plan, step] = hash('DELETE FROM t', `description: x\n${YAML}`);
    expect(plan).not.toBe(first[0]);
    expect(step).toBe(first[1]);
    expect(hash('DELETE FROM t', `${YAML}steps:\n  1_a.sql: { timeout: 5m }\n`)[1]).not.toBe(first[1]);
  });

  it('compiles to the same plan with Windows line ends and a byte order mark', () => {
    const plan = planOf(
      { '1_a.sql': '\uFEFFDELETE FROM t;\r\nDELETE FROM u;\r\n' },
      `\uFEFF${YAML.replaceAll('\n', '\r\n')}`,
    );
    expect(plan.steps[0]?.statements).toEqual([
      { parts: ['DELETE FROM t'], at: { line: 1, column: 1 } },
      { parts: ['DELETE FROM u'], at: { line: 2, column: 1 } },
    ]);
  });
});
