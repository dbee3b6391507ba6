import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { analyzeStatement } from '../../shared/pipeline/analyze-statement.ts';
import { tokenize } from '../../shared/pipeline/lexer.ts';
import type { Effect } from '../../shared/pipeline/lineage.ts';
import { effectOf, touched } from './helpers.ts';

type Expected = Partial<Record<keyof Effect, string[] | boolean>>;

const everything: Expected = { readsTemp: ['#hash', 'changes', 'stage'], writesUnknown: true };

/** `stage`, `changes` and `#hash` are temporary tables here; every other name is permanent. */
const CASES: Record<string, readonly (readonly [string, Expected])[]> = {
  'CREATE TABLE': [
    ["CREATE TEMP TABLE x (a INT, b VARCHAR(10) DEFAULT 'a')", { createsTemp: ['x'] }],
    ['CREATE TEMPORARY TABLE IF NOT EXISTS x (a INT) DISTSTYLE ALL', { createsTemp: ['x'] }],
    ['CREATE LOCAL TEMP TABLE x (a INT ENCODE zstd DISTKEY)', { createsTemp: ['x'] }],
    ['CREATE TABLE #x (a INT)', { createsTemp: ['#x'] }],
    ['CREATE TEMP TABLE x (LIKE mart.dim)', { createsTemp: ['x'], shapes: ['mart.dim'] }],
    [
      'CREATE TEMP TABLE x (LIKE mart.dim INCLUDING DEFAULTS, extra INT)',
      { createsTemp: ['x'], shapes: ['mart.dim'] },
    ],
    ['CREATE TEMP TABLE x (LIKE stage)', { createsTemp: ['x'], readsTemp: ['stage'] }],
    [
      'CREATE TABLE mart.x (a BIGINT IDENTITY(1,1), b INT REFERENCES mart.y (b), PRIMARY KEY (a)) SORTKEY (a)',
      { writes: ['mart.x'], redefines: ['mart.x'] },
    ],
    ['CREATE TEMP TABLE x AS SELECT * FROM mart.a', { createsTemp: ['x'], reads: ['mart.a'] }],
    [
      'CREATE TEMP TABLE x DISTSTYLE KEY DISTKEY (id) COMPOUND SORTKEY (id, b) AS (SELECT id, b FROM stage s JOIN a ON a.id = s.id)',
      { createsTemp: ['x'], readsTemp: ['stage'], reads: ['a'] },
    ],
    ['CREATE TABLE x (a, b) BACKUP NO AS SELECT 1, 2', { writes: ['x'], redefines: ['x'] }],
    [
      'CREATE TABLE x AS WITH c AS (SELECT 1 FROM a) SELECT * FROM c, b',
      { writes: ['x'], redefines: ['x'], reads: ['a', 'b'] },
    ],
    ['CREATE TEMP TABLE "My X" AS SELECT 1', { createsTemp: ['"My X"'] }],
    ['SELECT a, b INTO #x FROM t', { createsTemp: ['#x'], reads: ['t'] }],
    [
      'SELECT a INTO TEMP TABLE x FROM t WHERE b IN (SELECT b FROM u)',
      { createsTemp: ['x'], reads: ['t', 'u'] },
    ],
    ['SELECT a INTO mart.x FROM stage', { writes: ['mart.x'], redefines: ['mart.x'], readsTemp: ['stage'] }],
  ],
  COPY: [
    ['COPY stage FROM :manifest IAM_ROLE :copy_role MANIFEST CSV', { writesTemp: ['stage'] }],
    ["COPY mart.t (a, b) FROM 's3://b/k' IAM_ROLE default FORMAT AS PARQUET", { writes: ['mart.t'] }],
    [
      "COPY #hash FROM 's3://b/k' IAM_ROLE 'arn:aws:iam::1:role/x' JSON 'auto' GZIP",
      { writesTemp: ['#hash'] },
    ],
  ],
  INSERT: [
    ["INSERT INTO t VALUES (1, 'a'), (2, (SELECT MAX(b) FROM u))", { writes: ['t'], reads: ['u'] }],
    ['INSERT INTO t (a, b) SELECT a, b FROM stage', { writes: ['t'], readsTemp: ['stage'] }],
    ['INSERT INTO t (SELECT * FROM a UNION ALL SELECT * FROM b)', { writes: ['t'], reads: ['a', 'b'] }],
    ['INSERT INTO stage DEFAULT VALUES', { writesTemp: ['stage'] }],
    [
      'INSERT INTO t WITH c AS (SELECT * FROM stage) SELECT * FROM c',
      { writes: ['t'], readsTemp: ['stage'] },
    ],
    ['WITH c AS (SELECT * FROM a) INSERT INTO t SELECT * FROM c', { writes: ['t'], reads: ['a'] }],
    ['INSERT INTO "Mart"."T" SELECT * FROM "stage"', { writes: ['"Mart"."T"'], readsTemp: ['stage'] }],
  ],
  UPDATE: [
    ['UPDATE t SET a = 1', { writes: ['t'] }],
    [
      'UPDATE t SET a = s.a, b = NULL FROM stage s WHERE t.id = s.id',
      { writes: ['t'], readsTemp: ['stage'] },
    ],
    [
      'UPDATE mart.t AS d SET a = (SELECT MAX(a) FROM u) FROM v JOIN changes c ON v.id = c.id, w WHERE d.id = v.id',
      { writes: ['mart.t'], reads: ['u', 'v', 'w'], readsTemp: ['changes'] },
    ],
    [
      'UPDATE stage SET a = LEFT(a, 3) WHERE EXISTS (SELECT 1 FROM t WHERE t.id = stage.id)',
      { writesTemp: ['stage'], reads: ['t'] },
    ],
    [
      'WITH c AS (SELECT id FROM a) UPDATE t SET x = 1 FROM c WHERE c.id = t.id',
      { writes: ['t'], reads: ['a'] },
    ],
    ['UPDATE t SET y = EXTRACT(year FROM d) WHERE d IS NOT DISTINCT FROM e', { writes: ['t'] }],
  ],
  DELETE: [
    ['DELETE FROM t', { writes: ['t'] }],
    ['DELETE t WHERE a = 1', { writes: ['t'] }],
    [
      'DELETE FROM t USING stage s, u WHERE t.id = s.id AND u.id = s.id',
      { writes: ['t'], readsTemp: ['stage'], reads: ['u'] },
    ],
    [
      'DELETE FROM stage WHERE id IN (SELECT id FROM changes)',
      { writesTemp: ['stage'], readsTemp: ['changes'] },
    ],
    ['DELETE FROM t USING (SELECT id FROM a) x WHERE x.id = t.id', { writes: ['t'], reads: ['a'] }],
    ['WITH c AS (SELECT 1 AS id) DELETE FROM t USING c WHERE c.id = t.id', { writes: ['t'] }],
  ],
  MERGE: [
    [
      'MERGE INTO mart.t USING stage s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT (id, a) VALUES (s.id, s.a)',
      { writes: ['mart.t'], readsTemp: ['stage'] },
    ],
    [
      'MERGE INTO t USING (SELECT * FROM a JOIN b USING (id)) s ON t.id = s.id REMOVE DUPLICATES',
      { writes: ['t'], reads: ['a', 'b'] },
    ],
    [
      'MERGE INTO stage USING u ON stage.id = u.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (u.id)',
      { writesTemp: ['stage'], reads: ['u'] },
    ],
  ],
  'DROP, ALTER, TRUNCATE': [
    ['DROP TABLE stage', { writesTemp: ['stage'] }],
    [
      'DROP TABLE IF EXISTS mart.a, stage CASCADE',
      { writes: ['mart.a'], redefines: ['mart.a'], writesTemp: ['stage'] },
    ],
    ['DROP VIEW v', { writes: ['v'], redefines: ['v'] }],
    ['ALTER TABLE t ADD COLUMN a INT DEFAULT 0', { writes: ['t'], redefines: ['t'] }],
    ['ALTER TABLE stage DROP COLUMN a', { writesTemp: ['stage'] }],
    ['ALTER TABLE mart.t RENAME TO u', { writes: ['mart.t', 'mart.u'], redefines: ['mart.t', 'mart.u'] }],
    ['ALTER TABLE stage RENAME TO staged', { createsTemp: ['staged'], writesTemp: ['stage'] }],
    ['ALTER TABLE t APPEND FROM u', { writes: ['t', 'u'], reads: ['u'] }],
    ['TRUNCATE stage', { writesTemp: ['stage'] }],
    ['TRUNCATE TABLE mart.t', { writes: ['mart.t'] }],
  ],
  queries: [
    ['SELECT 1', {}],
    [
      'SELECT COUNT(*) FROM stage s LEFT JOIN changes c ON c.id = s.id WHERE c.id IS NULL',
      { readsTemp: ['changes', 'stage'] },
    ],
    [
      'SELECT * FROM a, b, (SELECT * FROM c) d, (e JOIN f ON e.x = f.x) WHERE g = 1',
      { reads: ['a', 'b', 'c', 'e', 'f'] },
    ],
    [
      'SELECT * FROM a NATURAL JOIN b CROSS JOIN c FULL OUTER JOIN d USING (id)',
      { reads: ['a', 'b', 'c', 'd'] },
    ],
    [
      'WITH a AS (SELECT * FROM t), b (x, y) AS (SELECT * FROM a JOIN u ON 1=1) SELECT * FROM b',
      { reads: ['t', 'u'] },
    ],
    [
      'WITH RECURSIVE r (n) AS (SELECT 1 FROM t UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r',
      { reads: ['t'] },
    ],
    // A CTE's name means the table inside the CTE itself, and a schema always means a table.
    [
      'WITH stage AS (SELECT * FROM stage) SELECT * FROM stage, mart.stage',
      { readsTemp: ['stage'], reads: ['mart.stage'] },
    ],
    ['SELECT * FROM (WITH c AS (SELECT * FROM a) SELECT * FROM c) x, c', { reads: ['a', 'c'] }],
    ['(SELECT * FROM a) UNION (SELECT * FROM b) ORDER BY 1', { reads: ['a', 'b'] }],
    ['SELECT * FROM ((SELECT 1 FROM a) UNION ALL (SELECT 1 FROM b)) u', { reads: ['a', 'b'] }],
    ['SELECT * FROM ((SELECT 1 AS x FROM a) p JOIN b ON b.x = p.x)', { reads: ['a', 'b'] }],
    [
      'SELECT a FROM t EXCEPT SELECT a FROM u INTERSECT SELECT a FROM v MINUS SELECT a FROM w',
      { reads: ['t', 'u', 'v', 'w'] },
    ],
    ["SELECT EXTRACT(day FROM x), TRIM(BOTH ' ' FROM y), SUBSTRING(z FROM 2 FOR 3) FROM t", { reads: ['t'] }],
    ['SELECT TRIM(LEADING (SELECT a FROM u) FROM y) FROM t', { reads: ['t', 'u'] }],
    ['SELECT a IS DISTINCT FROM b FROM t WHERE c IS NOT DISTINCT FROM d', { reads: ['t'] }],
    ['SELECT n FROM generate_series(1, 10) AS g (n), t', { reads: ['t'] }],
    ['SELECT o.id, i.sku FROM orders o, o.items i, i.parts AS p AT n', { reads: ['orders'] }],
    ['SELECT * FROM orders, orders.items[0].lines x', { reads: ['orders'] }],
    ['SELECT * FROM sales AS s, UNPIVOT s.attributes AS v AT k', { reads: ['sales'] }],
    ["SELECT * FROM sales PIVOT (SUM(x) FOR c IN ('a', 'b')) AS p, u", { reads: ['sales', 'u'] }],
    ['SELECT * FROM t UNPIVOT INCLUDE NULLS (v FOR k IN (a, b))', { reads: ['t'] }],
    [
      'SELECT * FROM dev.mart.t WHERE a = ANY (SELECT b FROM "Q"."a.b")',
      { reads: ['"Q"."a.b"', 'dev.mart.t'] },
    ],
    ['SELECT (SELECT MAX(a) FROM t), CASE WHEN EXISTS (SELECT 1 FROM u) THEN 1 END', { reads: ['t', 'u'] }],
    ['SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) AS n FROM t QUALIFY n = 1', { reads: ['t'] }],
    ['SELECT * FROM t START WITH a = 1 CONNECT BY PRIOR a = b', { reads: ['t'] }],
    ['SELECT a.start, a."from" FROM a JOIN b ON a.start = b.start, c', { reads: ['a', 'b', 'c'] }],
    ['SELECT \'FROM x\', "FROM" /* FROM y */ FROM t -- FROM z', { reads: ['t'] }],
    [
      "SELECT listagg(a, ',') WITHIN GROUP (ORDER BY a) FROM t GROUP BY GROUPING SETS ((a), (b)) HAVING COUNT(*) > 1",
      { reads: ['t'] },
    ],
  ],
  'views, settings, utilities': [
    [
      'CREATE OR REPLACE VIEW v AS SELECT * FROM a WITH NO SCHEMA BINDING',
      { writes: ['v'], redefines: ['v'], reads: ['a'] },
    ],
    ["SET query_group TO 'x'", {}],
    ['RESET query_group', {}],
    ['ANALYZE mart.t', { reads: ['mart.t'] }],
    ['ANALYZE stage (id)', { readsTemp: ['stage'] }],
    ['VACUUM FULL mart.t TO 99 PERCENT', {}],
    ['REFRESH MATERIALIZED VIEW mv', { writes: ['mv'] }],
    ['GRANT SELECT ON mart.t TO GROUP readers', {}],
    [
      "UNLOAD ('SELECT * FROM stage JOIN t ON t.a = ''FROM x''') TO 's3://b/k' IAM_ROLE default",
      { readsTemp: ['stage'], reads: ['t'] },
    ],
    ["UNLOAD ($$SELECT * FROM t$$) TO 's3://b/k' IAM_ROLE default", { reads: ['t'] }],
    ['CALL p(1)', everything],
  ],
  // What is not known may have done anything, and may need any temporary table.
  'not understood': [
    ['CREATE EXTERNAL TABLE e.t (a INT)', everything],
    ['CREATE MATERIALIZED VIEW mv AS SELECT 1', everything],
    ['SHOW TABLES FROM SCHEMA a.b', everything],
    ['WITH c AS (DELETE FROM t RETURNING *) SELECT * FROM c', everything],
    ['SELECT * FROM (INSERT INTO t VALUES (1) RETURNING *) x', everything],
    ['SELECT * FROM t FOR UPDATE', everything],
    ['SELECT pg_terminate_backend(1)', everything],
    ['SELECT * FROM t WHERE (a', everything],
    ['EXECUTE never_prepared', everything],
    ['SELECT * FROM pg_temp_3.x', everything],
    ['ALTER TABLE t ALTER COLUMN a TYPE VARCHAR(20)', everything],
    ["COPY t FROM 's3://b/k' IAM_ROLE default JOB CREATE j AUTO ON", everything],
    ['DECLARE c CURSOR FOR SELECT 1', everything],
    ['FROBNICATE t', everything],
  ],
};

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  it.each(cases)('%s', (sql, expected) => {
    const { effect, problems } = effectOf(sql);
    expect(touched(effect)).toEqual(expected);
    expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  });
});

describe('an input that may make a second execution differ', () => {
  it.each<[string, string[]]>([
    ['SELECT GETDATE(), SYSDATE, t.sysdate FROM t', ['GETDATE()', 'SYSDATE']],
    ['SELECT CURRENT_DATE, random()', ['RANDOM()', 'CURRENT_DATE']],
    ["SELECT 'today'::date, ' NOW '::timestamp", ["'today'", "' NOW '"]],
    ['SELECT * FROM t LIMIT 5', ['LIMIT without ORDER BY']],
    ['SELECT * FROM t ORDER BY a LIMIT 5', []],
    ['SELECT * FROM t LIMIT 0', []],
    ['SELECT TOP 3 * FROM t', ['TOP without ORDER BY']],
    ['SELECT TOP 3 * FROM t ORDER BY 1', []],
    ['SELECT * FROM (SELECT * FROM t LIMIT 1) ORDER BY 1', ['LIMIT without ORDER BY']],
    ['SELECT ROW_NUMBER() OVER (PARTITION BY a) FROM t', ['ROW_NUMBER() without ORDER BY']],
    ['SELECT ROW_NUMBER() OVER (PARTITION BY f(ORDER_x) ORDER BY b) FROM t', []],
    [
      'SELECT ROW_NUMBER() OVER (PARTITION BY (SELECT 1 FROM u ORDER BY 1)) FROM t',
      ['ROW_NUMBER() without ORDER BY'],
    ],
    ['SELECT LAG(a) IGNORE NULLS OVER (ORDER BY b), RANK() OVER (PARTITION BY c) FROM t', []],
    ['SELECT LISTAGG(a) FROM t', ['LISTAGG without WITHIN GROUP (ORDER BY …)']],
    [
      'CREATE TEMP TABLE x (a BIGINT IDENTITY(1, 1), b TIMESTAMP DEFAULT GETDATE())',
      ['IDENTITY', 'GETDATE()'],
    ],
    ['CREATE TEMP TABLE x (LIKE t INCLUDING DEFAULTS)', ['LIKE … INCLUDING DEFAULTS']],
    ["UNLOAD ('SELECT GETDATE()') TO 's3://b/k' IAM_ROLE default", ['GETDATE()']],
    [
      "SELECT UPPER(a), MD5(b), NVL(c, 'x'), DATEADD(day, 1, d), CAST(e AS DECIMAL(10, 2)), f::VARCHAR(3) FROM t",
      [],
    ],
  ])('%s', (sql, expected) => {
    const { statements } = effectOf(sql);
    expect(statements.flatMap(({ facts }) => facts.nondeterministic)).toEqual(expected);
  });

  it('is any function that is not known to be built in', () => {
    const { statements } = effectOf(
      'SELECT UPPER(mart.f_score(a)), "g"(b), COUNT(DISTINCT c) FROM mart.h(1) x (y)',
    );
    expect(statements.flatMap(({ facts }) => facts.unknownFunctions).sort()).toEqual(['f_score', 'g', 'h']);
  });

  it('is any file other than the file of the run', () => {
    const unpinned = (sql: string): string[] =>
      effectOf(sql).statements.flatMap(({ facts }) => facts.unpinned);
    expect(unpinned('COPY stage FROM :manifest IAM_ROLE default MANIFEST CSV')).toEqual([]);
    expect(unpinned("COPY stage FROM :manifest IAM_ROLE default MANIFEST JSON 's3://b/paths.json'")).toEqual([
      "'s3://b/paths.json'",
    ]);
    expect(unpinned('COPY stage FROM :file_uri IAM_ROLE default CSV')).toEqual([':file_uri']);
    expect(unpinned("COPY stage FROM 's3://b/all/' IAM_ROLE default CSV")).toEqual(["'s3://b/all/'"]);
  });
});

describe('prepared statements', () => {
  it('have the effects of their text when they are executed', () => {
    const { effect } = effectOf(
      'PREPARE put (INT) AS INSERT INTO mart.t SELECT $1 FROM stage; EXECUTE put (3)',
    );
    expect(touched(effect)).toEqual({ writes: ['mart.t'], readsTemp: ['stage'] });
  });

  it('are forgotten by DEALLOCATE', () => {
    const { statements } = effectOf('PREPARE p AS SELECT 1; DEALLOCATE p; EXECUTE p');
    expect(statements.map(({ facts }) => facts.nature)).toEqual(['setting', 'setting', 'opaque']);
  });
});

describe('the analysis of arbitrary SQL', () => {
  const statements = Object.values(CASES).flatMap((cases) => cases.map(([sql]) => sql));
  const words = [...new Set(statements.flatMap((sql) => tokenize(sql).map((token) => token.text)))];
  const facts = (sql: string): ReturnType<typeof analyzeStatement> => analyzeStatement(tokenize(sql));

  it('returns, and names only tables of the text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 25 }), (picked) => {
        const sql = picked.filter((word) => !word.startsWith('--')).join(' ');
        fc.pre(sql.trim() !== '');
        const seen = facts(sql);
        for (const { name, offset } of [
          ...seen.reads,
          ...seen.writes,
          ...seen.creates,
          ...seen.drops,
          ...seen.shapes,
        ]) {
          expect(name).not.toBe('');
          expect(offset).toBeLessThan(sql.length);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('never takes a statement that writes for a query or a setting', () => {
    const writing = statements.filter((sql) => facts(sql).writes.length > 0);
    expect(writing.length).toBeGreaterThan(25);
    fc.assert(
      fc.property(
        fc.constantFrom(...writing),
        fc.constantFrom(
          (sql: string) => `SELECT * FROM (${sql}) x`,
          (sql: string) => `WITH c AS (${sql}) SELECT 1`,
          (sql: string) => `WITH c AS (SELECT 1) ${sql}`,
          (sql: string) => `SELECT 1 UNION ${sql}`,
          (sql: string) => `SELECT f(${sql})`,
          (sql: string) => `EXPLAIN ANALYZE ${sql}`,
          (sql: string) => `SELECT 1 ${sql}`,
          (sql: string) => `(${sql})`,
          (sql: string) => `SET x TO 1 ${sql}`,
        ),
        (sql, wrap) => {
          const { nature, writes, writesUnknown } = facts(wrap(sql));
          // Nonsense may pass as a query, but only where no table can be written: the server refuses it.
          const isSeen = writes.length > 0 || writesUnknown || nature === 'opaque';
          const isNonsense = wrap(sql).startsWith('SELECT 1 ') || wrap(sql).startsWith('SET x');
          expect(isSeen || isNonsense).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
