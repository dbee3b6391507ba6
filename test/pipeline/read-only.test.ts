import { describe, expect, it } from 'vitest';

import { whyNotReadOnly } from '../../shared/pipeline/read-only.ts';

describe('a query in the session of a run', () => {
  it.each([
    'SELECT * FROM stage LIMIT 2',
    'select 1; -- the end',
    'WITH a AS (SELECT 1 AS n) SELECT * FROM a',
    '(SELECT 1) UNION (SELECT 2)',
    'SELECT COUNT(*) FROM stage s JOIN mart.stores m ON m.id = s.id WHERE s.a IN (SELECT b FROM x)',
    'SELECT CURRENT_USER, GETDATE(), PG_LAST_COPY_ID(), RANDOM()',
    "SELECT HAS_TABLE_PRIVILEGE('stage', 'select'), ST_X(point) FROM stage",
    "SELECT pg_catalog.version(), 'DELETE FROM stage; SELECT 2'",
    'EXPLAIN SELECT * FROM stage',
    'EXPLAIN VERBOSE WITH a AS (SELECT 1) SELECT * FROM a',
    'SHOW search_path',
    'SHOW TABLES FROM SCHEMA dev.mart',
  ])('may be %s', (sql) => {
    expect(whyNotReadOnly(sql)).toBeUndefined();
  });

  it.each([
    ['', 'no statement'],
    ['-- nothing', 'no statement'],
    ['SELECT 1;\n  SELECT 2', 'SQL:2:3: one statement at a time'],
    ["SELECT 'a", 'SQL:1:8: this string is not closed'],
    ['SELECT :run_id', 'SQL:1:8: :run_id has no value here'],
    ['SELECT 1\0', 'SQL:1:9: a NUL character'],
    ['INSERT INTO stage VALUES (1)', 'SQL:1:1: INSERT is not allowed'],
    ['WITH a AS (SELECT 1) INSERT INTO stage SELECT * FROM a', 'SQL:1:1: this WITH writes'],
    ['WITH a AS (SELECT 1) DELETE FROM stage USING a', 'SQL:1:1: this WITH writes'],
    ['SELECT * INTO TEMP x FROM stage', 'SELECT INTO creates a table'],
    ['SELECT * FROM (DELETE FROM stage) x', 'cannot be parsed near "DELETE"'],
    ['DROP TABLE stage', 'DROP TABLE is not allowed'],
    ['TRUNCATE stage', 'TRUNCATE is not allowed'],
    ["UNLOAD ('SELECT 1') TO 's3://b/k'", 'UNLOAD is not allowed'],
    ['CALL refresh()', 'CALL is not allowed'],
    ['BEGIN', 'BEGIN is not allowed'],
    ['PREPARE p AS SELECT 1', 'PREPARE is not allowed'],
    ['EXECUTE p', 'EXECUTE is not allowed'],
    ['SET search_path TO mart', 'SET is not allowed'],
    ['LOCK stage', 'LOCK is not allowed'],
    ['EXPLAIN', 'EXPLAIN needs a query'],
    ['EXPLAIN DELETE FROM stage', 'SQL:1:9: DELETE is not allowed'],
    ['EXPLAIN ANALYZE SELECT 1', 'SQL:1:9: ANALYZE is not allowed'],
    ["SELECT SET_CONFIG('search_path', 'x', false)", 'SET_CONFIG changes the session'],
    ["SELECT 1 WHERE \"set_config\"('a', 'b', true) = 'b'", 'SET_CONFIG changes the session'],
    ['SELECT a, SETSEED(0.5) FROM stage', 'SQL:1:11: SETSEED changes the session'],
    ["SELECT CHANGE_QUERY_PRIORITY(1, 'low')", 'change_query_priority changes the session'],
    ['SELECT PG_TERMINATE_BACKEND(1)', 'cannot be parsed near "PG_TERMINATE_BACKEND"'],
    ["SELECT NEXTVAL('s')", 'cannot be parsed near "NEXTVAL"'],
    ['SELECT notify(a) FROM stage', "SQL:1:8: notify is not a function of Redshift's own"],
    ['SELECT * FROM notify(1)', "notify is not a function of Redshift's own"],
    ['SELECT audit.len(a) FROM stage', "SQL:1:14: len is not a function of Redshift's own"],
    ['SELEC 1', 'SQL:1:1: this is not allowed'],
  ])('is refused: %j', (sql, why) => {
    expect(whyNotReadOnly(sql)).toContain(why);
  });
});
