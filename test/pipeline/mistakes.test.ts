/** What a person mistypes, or brings along from another tool, is told; what only looks like it is not. */
import { describe, expect, it } from 'vitest';

import { placeholdersOf } from '../../shared/pipeline/template.ts';
import { compile, problemsOf, stepOf, planOf, YAML } from './helpers.ts';

/** Problems of a step that holds only this, without the file's name. */
function said(sql: string, options = ''): string[] {
  const yaml = options === '' ? YAML : `${YAML}steps:\n  1_a.sql: ${options}\n`;
  return problemsOf({ '1_a.sql': sql }, yaml).map((line) => line.replace('1_a.sql:', ''));
}

function expectSaid(sql: string, expected: readonly string[], options = ''): void {
  expect(said(sql, options)).toEqual(expected.map((line) => expect.stringContaining(line) as unknown));
}

describe('placeholders of another tool', () => {
  it.each<[string, string]>([
    ['DELETE FROM t WHERE d = {{ ds }}', '1:25: error: {{ ds }} is not replaced: a placeholder is :ds'],
    [
      'DELETE FROM t WHERE d = ${day}',
      '1:25: error: ${day} is not replaced: a placeholder is :day, declared under parameters',
    ],
    ['DELETE FROM t WHERE d = #{day}', '1:25: error: #{day} is not replaced'],
    ['DELETE FROM t WHERE d = {day}', '1:25: error: {day} is not replaced'],
    ['DELETE FROM t\n{% if full %} WHERE a = 1', '2:1: error: {% if full %} is not replaced'],
    ['DELETE FROM t WHERE d = ?', '1:25: error: ? is not replaced'],
    ['DELETE FROM t WHERE d = $1', '1:25: error: $1 is not replaced'],
    ['DELETE FROM t WHERE d = :1', '1:25: error: :1 is not replaced'],
    ['DELETE FROM t WHERE d = %s', '1:25: error: %s is not replaced'],
    ['DELETE FROM t WHERE d = %(day)s', '1:25: error: %(day)s is not replaced: a placeholder is :day'],
    ['DELETE FROM t WHERE d = $day', '1:25: error: $day is not replaced: a placeholder is :day'],
    ['DELETE FROM t WHERE d = $(day)', '1:25: error: $(day) is not replaced: a placeholder is :day'],
    ['DELETE FROM t WHERE d = <%= day %>', '1:25: error: <%= day %> is not replaced: a placeholder is :day'],
    ['DELETE FROM t WHERE d = %day%', '1:25: error: %day% is not replaced: a placeholder is :day'],
    ['DELETE FROM t WHERE d = [day]', '1:25: error: [day] is not replaced'],
    ['DELETE FROM `mart`.t', '1:13: error: `mart` is not valid quoting in Redshift'],
    ['DELETE FROM t WHERE `d` = 1', '1:21: error: `d` is not valid quoting in Redshift'],
    ['DELETE FROM t WHERE d = @day', '1:25: error: @day is not replaced'],
    ['DELETE FROM t WHERE d = &day', '1:25: error: &day is not replaced'],
    ["DELETE FROM t WHERE d = :'day'", "1:25: error: :'day' is not replaced: a placeholder is :day"],
    ['\\set day 1\nDELETE FROM t', '1:1: error: \\set is a psql command'],
    [
      'DELETE FROM {{ schema }}.t',
      '1:13: error: {{ schema }} is not replaced, and names cannot be parameters: choose a schema with session',
    ],
    ['DELETE FROM "${schema}".t', '1:13: error: ${schema} is not replaced, and names cannot be parameters'],
    ['DELETE FROM ${schema}_x.t', '1:13: error: ${schema} is not replaced, and names cannot be parameters'],
    ['DELETE FROM stage_${env}', '1:20: error: {env} is not replaced, and names cannot be parameters'],
    ["SELECT 1 FROM {{ ref('orders') }}", "error: {{ ref('orders') }} is not replaced, and names cannot"],
    ['DELETE FROM t WHERE d = {{ var("day") }}', '{{ var("day") }} is not replaced: a placeholder is :day'],
    ['DELETE FROM t WHERE d = {{ params.day }}', '{{ params.day }} is not replaced: a placeholder is :day'],
    ['{% set x = 1 %}\nDELETE FROM t', '1:1: error: {% set x = 1 %} is not replaced: a step is plain SQL'],
  ])('%s', (sql, expected) => {
    const problems = said(sql);
    expect(problems[0]).toContain(expected);
    expect(compile({ '1_a.sql': sql }).plan).toBeUndefined();
  });

  it.each<[string, string]>([
    [
      "DELETE FROM t WHERE d = '{{ ds }}'",
      '1:25: warning: {{ ds }} is sent unchanged, as part of this string literal',
    ],
    ["DELETE FROM t WHERE d = 'day ${day}'", '1:25: warning: ${day} is sent unchanged'],
    ["DELETE FROM t WHERE d = '%(day)s'", '1:25: warning: %(day)s is sent unchanged'],
    ["DELETE FROM t WHERE d = '$day'", "1:25: warning: '$day' is sent unchanged"],
    ["COPY t FROM 's3://b/$(date)/' IAM_ROLE default CSV", '1:13: warning: $(date) is sent unchanged'],
    ["DELETE FROM t WHERE d = '<%= day %>'", '1:25: warning: <%= day %> is sent unchanged'],
    [
      "DELETE FROM t WHERE d = '{event_date}'",
      "1:25: warning: {event_date} is replaced only in a parameter's default",
    ],
  ])('in a text is a hint: %s', (sql, expected) => {
    expectSaid(sql, [expected]);
  });

  it.each([
    "SELECT a.b[0].c, a[1] FROM t WHERE ARRAY[1] = a AND c = 'costs $5' AND d = '$' AND e ~ '^(a$)'",
    'DELETE FROM t WHERE a % b = 1 AND a & b = 1 AND a %(b) = 0 AND a%s = 2',
    `DELETE FROM t WHERE j = '{"a":{"b":{}}}' AND r ~ '^[a-z]{2,3}\${2}$' AND l LIKE '100%s'`,
    'PREPARE p (INT) AS DELETE FROM t WHERE a = $1; EXECUTE p (1); DEALLOCATE p',
    "DELETE FROM t WHERE a::DATE = '2026-01-31' -- {{ ds }} ${day} ?",
    'CREATE FUNCTION f (INT) RETURNS INT STABLE AS $$ SELECT $1 + 1 $$ LANGUAGE sql',
  ])('are not reported in %s', (sql) => {
    expect(said(sql).filter((line) => line.includes('filled in') || line.includes('as it stands'))).toEqual(
      [],
    );
  });
});

describe('characters of a word processor', () => {
  it.each<[string, string[]]>([
    [
      'DELETE FROM t WHERE a = \u2018b\u2019',
      ['1:25: error: \u2018 (U+2018) is not valid in SQL', '1:27: error: \u2019 (U+2019)'],
    ],
    ['DELETE\u00A0FROM t', ['1:7: error: U+00A0 is not valid in SQL: replace it with a space']],
    ['DELETE FROM t WHERE a \u2013 1 > 0', ['1:23: error: \u2013 (U+2013) is not valid in SQL']],
  ])('%s', (sql, expected) => {
    expectSaid(sql, expected);
  });

  it('are accepted in strings, names and comments', () => {
    expect(said('\uFEFFDELETE FROM größe WHERE "a\u00A0b" = \'\u201Cx\u201D\' -- \u2018c\u2019')).toEqual([]);
  });
});

describe('a missing semicolon', () => {
  it.each<[string, string]>([
    ['CREATE TEMP TABLE s (a INT)\nCOPY s FROM :manifest IAM_ROLE :copy_role MANIFEST CSV', '2:1'],
    ['COPY t FROM :manifest IAM_ROLE :copy_role MANIFEST CSV\nINSERT INTO u SELECT 1', '2:1'],
    ['COPY t FROM :manifest IAM_ROLE :copy_role MANIFEST CSV\nANALYZE t', '2:1'],
    ['GRANT SELECT ON t TO bob\nINSERT INTO t VALUES (1)', '2:1'],
    ['GRANT SELECT ON t TO bob\nSELECT a FROM t', '2:1'],
    ['SELECT 1\nUPDATE t SET a = 1', '2:1'],
    ['SELECT 1 FROM t\nSELECT 2', '2:1'],
    ['DELETE FROM t\nDELETE FROM u', '2:1'],
    ['DELETE FROM t WHERE a IN (1)\nWITH q AS (SELECT 1) INSERT INTO t SELECT * FROM q', '2:22'],
    ['UPDATE t SET a = 1\nUPDATE u AS v SET a = 2', '2:1'],
    ['INSERT INTO t VALUES (1)\nSELECT 2', '2:1'],
    ['INSERT INTO t SELECT 1\nMERGE INTO u USING t ON u.a = t.a WHEN MATCHED THEN DELETE', '2:1'],
    ['CREATE TABLE t (a INT)\nCREATE TABLE u (a INT)', '2:1'],
    ['CREATE TABLE t (a INT)\nSELECT 1', '2:1'],
    ['DROP TABLE t\nALTER TABLE u ADD COLUMN a INT', '2:1'],
    ["SET query_group TO 'a'\nSET statement_timeout TO 5", '2:1'],
    ["COMMENT ON TABLE t IS 'a'\nTRUNCATE u", '2:1'],
    ['VACUUM a\nVACUUM b', '2:1'],
    ["COMMENT ON TABLE a IS 'x'\nCOMMENT ON TABLE b IS 'y'", '2:1'],
    ['DELETE FROM t\nCALL p(1)', '2:1'],
    ['DELETE FROM t GRANT SELECT ON t TO bob', '1:15'],
    ["DELETE FROM t\nUNLOAD ('SELECT 1') TO 's3://b/x' IAM_ROLE default", '2:1'],
    ['DELETE FROM t\nVACUUM t', '2:1'],
    ['INSERT INTO t SELECT a FROM u\nANALYZE t', '2:1'],
    ['CREATE TABLE t (a INT)\nANALYZE t', '2:1'],
    ["INSERT INTO t SELECT a FROM u\nCOMMENT ON TABLE t IS 'x'", '2:1'],
    ["CREATE TABLE t (a INT)\nCOMMENT ON COLUMN t.a IS 'x'", '2:1'],
    ['INSERT INTO t SELECT a FROM u WHERE b = 1\nLOCK TABLE t', '2:1'],
    ['INSERT INTO t SELECT 1\nDELETE t WHERE a = 1', '2:1'],
    ['DELETE FROM t\nEXECUTE p', '2:1'],
    ['DELETE FROM t\nRESET datestyle', '2:1'],
    ['INSERT INTO t SELECT a FROM u\nREVOKE SELECT ON t FROM bob', '2:1'],
    ['GRANT SELECT ON t TO bob\nGRANT SELECT ON u TO bob', '2:1'],
    ['GRANT SELECT ON t TO bob\nREVOKE SELECT ON u FROM bob', '2:1'],
    ['CREATE VIEW v AS SELECT 1\nGRANT SELECT ON v TO bob', '2:1'],
    ['DELETE FROM t WHERE a = 1\nROLLBACK', '2:1'],
    ['DELETE FROM t\nCOMMIT', '2:1'],
    ['WITH q AS (SELECT 1) SELECT a FROM q WHERE a IN (1)\nDELETE FROM t', '2:1'],
  ])('is told where the second statement begins: %s', (sql, place) => {
    const problems = said(sql).filter((line) => line.includes(': error:'));
    expect(problems).toContain(`${place}: error: a new statement begins here: end the previous one with ;`);
  });

  it.each([
    'MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.a)',
    'MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a)',
    'WITH q AS (SELECT 1), r AS (SELECT 2) INSERT INTO t SELECT * FROM q',
    'WITH q AS (SELECT 1 AS a) UPDATE t SET a = q.a FROM q',
    'INSERT INTO t (a) WITH q AS (SELECT 1) SELECT * FROM q',
    'INSERT INTO t (SELECT 1) UNION ALL SELECT 2',
    'SELECT 1 UNION SELECT 2 UNION ALL SELECT 3 EXCEPT SELECT 4',
    '(SELECT 1) INTERSECT SELECT 2',
    'CREATE TABLE t AS SELECT 1 UNION ALL SELECT 2',
    'CREATE TABLE t (a) AS WITH q AS (SELECT 1) SELECT * FROM q',
    'CREATE VIEW v AS SELECT a FROM t WITH NO SCHEMA BINDING',
    'GRANT SELECT, INSERT, UPDATE, DROP ON t TO bob',
    'GRANT INSERT, SELECT (a) ON t TO bob',
    'REVOKE GRANT OPTION FOR SELECT ON t FROM bob',
    'ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO bob',
    'GRANT CREATE TABLE, DROP TABLE, TRUNCATE TABLE TO ROLE r',
    'CREATE SCHEMA s CREATE TABLE t (a INT) GRANT SELECT ON t TO bob',
    'PREPARE p AS INSERT INTO t SELECT 1; EXECUTE p; DEALLOCATE p',
    'EXPLAIN INSERT INTO t SELECT 1',
    'SELECT "insert" FROM t AS update WHERE update.call = 1',
    'CREATE PROCEDURE p() AS $$ BEGIN DELETE FROM t INSERT INTO u; END $$ LANGUAGE plpgsql',
    'ALTER TABLE t ALTER COLUMN a TYPE INT',
    'ALTER MATERIALIZED VIEW v AUTO REFRESH YES',
    'SELECT a FROM t WHERE b = (SELECT 1) AND EXISTS (SELECT 2)',
    'INSERT INTO t SELECT lock, comment c, show s, delete d, a commit FROM u lock JOIN v comment ON lock.a = comment.a',
    'SELECT a FROM t ORDER BY lock NULLS LAST, commit',
    'DELETE lock l WHERE l.a = 1',
    'INSERT INTO revoke SELECT 1',
    'SELECT a FROM u revoke UNION ALL SELECT 2',
    'ALTER TABLE t ADD lock INT',
    'CREATE TABLE t (comment VARCHAR(10), lock INT, execute INT)',
    'GRANT SELECT ON t TO bob WITH GRANT OPTION',
    'ALTER DEFAULT PRIVILEGES IN SCHEMA s REVOKE GRANT OPTION FOR SELECT ON TABLES FROM bob',
  ])('is not reported in %s', (sql) => {
    expect(said(sql).filter((line) => line.includes('no ;'))).toEqual([]);
  });
});

describe('SQL that cannot be parsed', () => {
  it.each<[string, string[]]>([
    [
      'INSRT INTO t VALUES (1)',
      [
        '1:1: error: INSRT is not a Redshift command (did you mean INSERT?): correct it, or declare kind: opaque',
      ],
    ],
    ['UPDAET t SET a = 1', ['1:1: error: UPDAET is not a Redshift command (did you mean UPDATE?)']],
    ['frobnicate', ['1:1: error: FROBNICATE is not a Redshift command: correct it']],
    ['42', ['1:1: error: a statement must begin with a command like SELECT: correct it']],
    ['"INSERT" INTO t VALUES (1)', ['1:1: error: a statement must begin with a command']],
    [
      'INSERT IN TO t VALUES (1)',
      [
        '1:8: warning: INSERT cannot be parsed near "IN", so its inputs and outputs are unknown: correct it, or declare kind: opaque',
      ],
    ],
    ['SELECT a FROM t WHERE b = 1 FROM u', ['1:29: error: syntax error at or near "FROM"']],
    [
      'CREATE TABEL t (a INT)',
      ['1:8: warning: CREATE TABEL cannot be parsed near "TABEL" (did you mean TABLE?)'],
    ],
    [
      'CREATE TMP TABLE t (a INT)',
      ['1:8: warning: CREATE TMP cannot be parsed near "TMP" (did you mean TEMP?)'],
    ],
    ['CREATE OR REPLACE TABLE t AS SELECT 1', ['1:8: warning: CREATE TABLE cannot be parsed near "OR"']],
    ['DROP TABEL t', ['1:6: warning: DROP TABEL cannot be parsed near "TABEL" (did you mean TABLE?)']],
    ['ALTER TABEL t ADD a INT', ['1:7: warning: ALTER TABEL cannot be parsed near "TABEL"']],
    ['ALTER TABLE t AD a INT', ['1:15: warning: ALTER TABLE cannot be parsed near "AD" (did you mean ADD?)']],
    [
      "UNLOAD ('SELECT a FORM FROM t WHERE FROM') TO 's3://b/x' IAM_ROLE default",
      ['1:28: error: syntax error at or near "FROM"'],
    ],
  ])('is reported: %s', (sql, expected) => {
    expectSaid(sql, expected);
  });

  it.each(['INSRT INTO t VALUES (1)', 'INSERT IN TO t VALUES (1)'])(
    'is accepted with kind: opaque: %s',
    (sql) => {
      expectSaid(sql, [], '{ kind: opaque }');
      expect(
        stepOf(planOf({ '1_a.sql': sql }, `${YAML}steps:\n  1_a.sql: { kind: opaque }\n`), '1_a.sql').kind,
      ).toBe('opaque');
    },
  );

  it.each([
    'SHOW search_path',
    'EXPLAIN SELECT 1',
    'CREATE DATABASE d',
    'VACUUM',
    'CALL p()',
    'CREATE EXTERNAL SCHEMA e FROM DATA CATALOG',
    "CREATE OR REPLACE LIBRARY l LANGUAGE plpythonu FROM 's3://b/x.zip' IAM_ROLE default",
    'CREATE RLS POLICY p USING (TRUE)',
    'DROP MASKING POLICY p',
    'ALTER TABLE t ROW LEVEL SECURITY ON',
    'ALTER TABLE t ALTER DISTSTYLE ALL',
    'ALTER SYSTEM SET x = 1',
  ])('is not reported for a known command: %s', (sql) => {
    expectSaid(sql, []);
  });
});

describe('brackets', () => {
  it.each<[string, string]>([
    ['DELETE FROM t WHERE a IN (1, (2)', '1:26: error: this "(" is not closed'],
    ['DELETE FROM t\nWHERE a = 1)', '2:12: error: this ")" has no matching'],
  ])('that do not match are reported: %s', (sql, expected) => {
    expectSaid(sql, [expected]);
    expectSaid(sql, [expected], '{ kind: opaque }');
  });

  const deep = (open: string, close: string, n: number): string => open.repeat(n) + '1' + close.repeat(n);
  it.each<[string, string]>([
    ['plain', `SELECT ${deep('(', ')', 10_000)}`],
    ['subqueries', `SELECT ${deep('(SELECT ', ')', 10_000)}`],
    ['tables', `SELECT 1 FROM ${deep('(SELECT * FROM ', ') a', 10_000)}`],
    ['joins', `SELECT 1 FROM ${'('.repeat(10_000)}t${')'.repeat(10_000)}`],
    ['CASE', `SELECT ${deep('(CASE WHEN TRUE THEN ', ' END)', 10_000)}`],
    ['functions', `SELECT ${deep('abs(', ')', 10_000)}`],
    ['common table expressions', deep('WITH q AS (', ') SELECT 1', 10_000)],
    ['never closed', `SELECT ${'('.repeat(10_000)}`],
  ])('nested ten thousand deep are an error with a place, not a crash: %s', (_, sql) => {
    const [first = '', ...more] = said(sql);
    expect(first).toMatch(/^1:\d+: error: brackets are nested more than 200 deep/);
    expect(more.filter((line) => !line.includes('bytes'))).toEqual([]);
  });

  it.each([
    `SELECT ${'NOT '.repeat(10_000)}TRUE`,
    `SELECT ${'- '.repeat(10_000)}1`,
    `SELECT ${'CASE WHEN TRUE THEN '.repeat(10_000)}1${' END'.repeat(10_000)}`,
    `SELECT 1 ${'/*'.repeat(10_000)}${'*/'.repeat(10_000)}`,
    `SELECT 1 FROM t${' JOIN t ON TRUE'.repeat(10_000)}`,
    `SELECT 1 ${'UNION ALL SELECT 1 '.repeat(5000)}`,
    `SELECT ${deep('(', ')', 200)}`,
  ])('nested at most 200 deep, and long chains without brackets, are accepted (%#)', (sql) => {
    expect(said(sql).filter((line) => !line.includes('bytes'))).toEqual([]);
  });

  it.each(['{', '[', '$(', '`', '<%', '(SELECT '])(
    'are read in linear time: a hundred thousand of %s',
    (mark) => {
      const startedAt = performance.now();
      expect(said(`SELECT ${mark.repeat(100_000)}`)).not.toEqual([]);
      expect(performance.now() - startedAt).toBeLessThan(5000);
    },
  );

  it.each([`${'PREPARE p AS '.repeat(10_000)}SELECT 1`, `SELECT ${'('.repeat(10_000)} FROM`])(
    'do not crash the compiler when deeply nested (%#)',
    (sql) => {
      expect(said(sql)).not.toEqual([]);
    },
  );
});

describe('a colon', () => {
  it.each([
    'CREATE EXTERNAL TABLE s.x (n struct<given:varchar(20), family:array<struct<a:int,"b":date>>>) STORED AS PARQUET LOCATION \'s3://b/x/\'',
    'GRANT ROLE sys:dba TO bob',
    'REVOKE ROLE sys:dba FROM ROLE ns:team',
    'ALTER USER ns:bob CREATEDB',
    'CREATE USER ns:bob PASSWORD DISABLE',
    'GRANT SELECT ON t TO ROLE idp:analysts',
  ])('that is part of a name or type is not a placeholder: %s', (sql) => {
    expect(said(sql)).toEqual([]);
    const [step] = planOf({ '1_a.sql': sql }).steps;
    expect(step?.statements[0]?.parts).toEqual([sql]);
  });

  it.each<[string, string]>([
    ['DELETE FROM t WHERE a=b:foo', '1:24: error: :foo needs a space around it'],
    ['DELETE FROM t WHERE a < b:foo', '1:26: error: :foo needs a space around it'],
    ['GRANT SELECT ON t TO :foo', '1:22: error: unknown placeholder :foo'],
    ['CREATE TABLE t AS SELECT a FROM u WHERE b = :foo', '1:45: error: unknown placeholder :foo'],
    ['ALTER USER ns:key CREATEDB', '1:14: error: :key needs a space around it'],
  ])('and elsewhere it is one: %s', (sql, expected) => {
    expect(said(sql)[0]).toContain(expected);
  });

  it('in a verify query is a placeholder only outside strings', () => {
    expect(placeholdersOf('SELECT \':key\' = ":key" /* :key */ AND a = :run_id')).toEqual(['run_id']);
    const yaml =
      'on: [{ schedule: rate(1 hour) }]\nsteps:\n  1_a.sql: { verify: "SELECT COUNT(*) > 0 FROM t WHERE a = \':key\'" }\n';
    expect(
      problemsOf({ '1_a.sql': 'DELETE FROM t' }, yaml).filter((line) => line.includes('stands for the file')),
    ).toEqual([]);
  });

  it('in an invalid verify query is reported there, not as an unused parameter', () => {
    const yaml = `${YAML}steps:\n  1_a.sql: { verify: "SELECT 'x" }\n`;
    expect(problemsOf({ '1_a.sql': 'DELETE FROM t' }, yaml)).toEqual([
      expect.stringContaining('verify: an unclosed string'),
    ]);
    const template = `${YAML}steps:\n  1_a.sql: { verify: "SELECT {{ ds }} = 1" }\n`;
    expect(problemsOf({ '1_a.sql': 'DELETE FROM t' }, template)).toEqual([
      expect.stringContaining('verify: {{ ds }} is not replaced'),
    ]);
  });
});

describe('words that Redshift does not reserve', () => {
  it.each(['at', 'start', 'connect', 'fetch', 'window', 'set', 'values', 'exists', 'remove', 'AT', 'Start'])(
    'can name a table or a subquery: %s',
    (word) => {
      for (const sql of [
        `SELECT ${word}.a FROM (SELECT 1 AS a) ${word}`,
        `SELECT ${word}.a FROM mart.t ${word} WHERE ${word}.a = 1 ORDER BY 1 LIMIT 5`,
        `SELECT 1 FROM mart.t ${word} JOIN mart.u ON u.a = ${word}.a GROUP BY ${word}.b`,
        `SELECT 1 FROM mart.t AS ${word}, mart.u LEFT JOIN (SELECT 2) ${word}2 ON TRUE`,
      ])
        expect([sql, said(sql)]).toEqual([sql, []]);
    },
  );

  it('still begin their clauses', () => {
    for (const sql of [
      'SELECT x, i FROM t, t.items AS x AT i WHERE i > 0',
      'SELECT x FROM t, t.items x AT i',
      'SELECT 1 FROM t START WITH a = 1 CONNECT BY PRIOR b = a',
      'SELECT 1 FROM t CONNECT BY PRIOR b = a',
      'SELECT a FROM t ORDER BY a FETCH FIRST 5 ROWS ONLY',
      'UPDATE t SET a = 1',
      'UPDATE t u SET a = 1 FROM s WHERE s.a = u.a',
    ])
      expect([sql, said(sql)]).toEqual([sql, []]);
  });
});

describe('the marker table of Baton', () => {
  const refused = "error: baton.step_marker is Baton's proof of which steps were applied";
  it.each([
    'INSERT INTO baton.step_marker VALUES (1)',
    'UPDATE BATON.Step_Marker SET step = 1',
    'UPDATE "baton"."STEP_MARKER" m SET step = 1',
    'DELETE FROM dev.baton.step_marker',
    'DELETE FROM baton . step_marker USING t WHERE t.a = step_marker.a',
    'TRUNCATE baton.step_marker',
    'DROP TABLE IF EXISTS t, baton.step_marker',
    'DROP SCHEMA baton CASCADE',
    'ALTER TABLE baton.step_marker ADD COLUMN a INT',
    'ALTER TABLE baton.step_marker RENAME TO t',
    'ALTER TABLE baton.step_marker APPEND FROM t',
    'COPY baton.step_marker FROM :manifest IAM_ROLE :copy_role MANIFEST CSV',
    'MERGE INTO baton.step_marker USING t ON t.a = step_marker.a WHEN MATCHED THEN DELETE',
    'WITH q AS (SELECT 1) INSERT INTO baton.step_marker SELECT * FROM q',
    'SELECT 1 AS a INTO baton.step_marker',
    'CREATE TABLE baton.step_marker (a INT)',
    'CREATE TABLE t (a INT); ALTER TABLE t RENAME TO u; INSERT INTO baton.step_marker SELECT 1',
    'CREATE OR REPLACE VIEW baton.step_marker AS SELECT 1',
    'PREPARE p AS DELETE FROM baton.step_marker; EXECUTE p',
    'LOCK TABLE baton.step_marker',
    'INSERT IN TO baton.step_marker VALUES (1)',
    'CREATE PROCEDURE p() AS $$ BEGIN DELETE FROM baton.step_marker; END $$ LANGUAGE plpgsql',
    "CREATE PROCEDURE p() AS 'BEGIN DELETE FROM baton.step_marker; END' LANGUAGE plpgsql",
    "CREATE OR REPLACE PROCEDURE p() AS $$ BEGIN EXECUTE 'DELETE FROM baton.step_marker'; END $$ LANGUAGE plpgsql",
  ])('must not be changed by a step: %s', (sql) => {
    expect(said(sql).filter((line) => line.includes(refused))).toHaveLength(1);
    expect(compile({ '1_a.sql': sql }).plan).toBeUndefined();
  });

  it('is recognized by its bare name if its schema is in the search path, and in writes:', () => {
    const files = { '1_a.sql': 'DELETE FROM step_marker' };
    expect(problemsOf(files)).toEqual([]);
    expect(problemsOf(files, `${YAML}session: { set: { search_path: "mart, Baton" } }\n`)).toEqual([
      expect.stringContaining(`1_a.sql:1:13: ${refused}`),
    ]);
    expect(
      problemsOf({ '1_a.sql': 'CALL p()' }, `${YAML}steps:\n  1_a.sql: { writes: [baton.step_marker] }\n`),
    ).toEqual([expect.stringContaining(`pipeline.yml:4:14: ${refused}`)]);
  });

  it.each([
    'SELECT 1 FROM baton.step_marker WHERE 1 = 0',
    'INSERT INTO mart.t SELECT run_id FROM baton.step_marker',
    'DELETE FROM mart.step_marker',
    'CREATE TEMP TABLE s (LIKE baton.step_marker)',
    'CREATE PROCEDURE p() AS $$ BEGIN INSERT INTO t SELECT step FROM baton.step_marker; END $$ LANGUAGE plpgsql',
    "DELETE FROM t WHERE a = 'baton.step_marker'",
  ])('may be read, and its name may be used elsewhere: %s', (sql) => {
    expect(said(sql).filter((line) => line.includes('error'))).toEqual([]);
  });
});

describe('a prefix', () => {
  it.each<[string, string]>([
    [
      'prefix: s3://bucket/a/',
      '2:11: error: no key begins with s3://: set the bucket separately, { bucket: bucket, prefix: a/ }, or leave it out for the landing bucket',
    ],
    ['prefix: S3A://bucket', '{ bucket: bucket, prefix: FOLDER/ }'],
    ['prefix: "arn:aws:s3:::bucket/a/"', 'no key begins with arn:aws:s3:::'],
    ['prefix: "https://bucket.s3.amazonaws.com/a/"', 'no key begins with https://'],
    ['prefix: landing/a/, bucket: landing', '2:11: warning: a key does not include the bucket name'],
    ['prefix: "a/{{ ds }}/"', 'warning: a prefix is compared with keys literally: {{ ds }'],
    ['prefix: "a/${day}/"', 'warning: a prefix is compared with keys literally: ${day}'],
    ['prefix: a%20b/', 'warning: a prefix is compared with keys literally: %20'],
    ['prefix: "s3:/bucket/a/"', 'no key begins with s3:/: set the bucket separately'],
    [
      'prefix: "./a/"',
      'warning: a prefix is compared with keys literally: ./ is not interpreted as a pattern',
    ],
    [
      'prefix: "a\\\\b"',
      'warning: a prefix is compared with keys literally: \\ is not interpreted as a pattern',
    ],
    ['prefix: " a/"', 'warning: a prefix is compared with keys literally: it begins or ends with whitespace'],
    [
      'prefix: "a/<day>/"',
      'warning: a prefix is compared with keys literally: <day> is not interpreted as a pattern',
    ],
    [
      'prefix: "a/?.csv"',
      'warning: a prefix is compared with keys literally: ? is not interpreted as a pattern',
    ],
    ['prefix: baton-dev-landing/a/', 'only keys under baton-dev-landing/ in the landing bucket'],
    ['prefix: a/, suffix: .csv|.txt', '2:23: warning: a suffix is compared with keys literally: | is not'],
    ['prefix: a/, suffix: "{.csv,.txt}"', 'warning: a suffix is compared with keys literally: {.csv,.txt}'],
    ['prefix: a/, suffix: ".csv "', 'warning: a suffix is compared with keys literally: it begins or ends'],
  ])('that no key can have is reported: %s', (prefix, expected) => {
    const yaml = `on:\n  - s3: { ${prefix} }\n`;
    expect(problemsOf({ '1_a.sql': 'DELETE FROM t' }, yaml)).toEqual([expect.stringContaining(expected)]);
  });
});
