import { describe, expect, it } from 'vitest';

import type { StepKind } from '../../shared/pipeline/plan.ts';
import { kindOf } from './helpers.ts';

describe('the kind of a step', () => {
  it.each<[StepKind, string]>([
    ['session', 'CREATE TEMP TABLE x (a INT)'],
    ['session', 'CREATE TEMP TABLE x AS SELECT * FROM mart.t'],
    ['session', 'SELECT * INTO #x FROM mart.t'],
    ['session', 'COPY stage FROM :manifest IAM_ROLE :copy_role MANIFEST CSV'],
    [
      'session',
      'DELETE FROM stage USING mart.t WHERE t.id = stage.id; INSERT INTO changes SELECT * FROM stage',
    ],
    ['session', 'UPDATE stage SET id = 1; DROP TABLE #hash'],
    ['session', "SET query_group TO 'x'"],
    ['session', 'RESET query_group'],
    ['session', "SELECT set_config('query_group', 'x', false)"],
    ['session', 'TRUNCATE stage'],
    ['session', 'ANALYZE stage'],
    ['session', 'PREPARE p AS SELECT 1'],
    ['session', 'ALTER TABLE stage ADD COLUMN b INT'],
    ['durable', 'INSERT INTO mart.t SELECT * FROM stage'],
    ['durable', 'CREATE TEMP TABLE own AS SELECT * FROM stage; INSERT INTO mart.t SELECT * FROM own'],
    ['durable', 'CREATE TABLE t (a INT)'],
    ['durable', 'SELECT * INTO t FROM stage'],
    ['durable', 'COPY mart.t FROM :manifest IAM_ROLE :copy_role MANIFEST CSV'],
    ['durable', 'MERGE INTO t USING stage s ON t.id = s.id REMOVE DUPLICATES'],
    ['durable', 'DROP TABLE IF EXISTS mart.t'],
    ['durable', 'CREATE OR REPLACE VIEW v AS SELECT 1 AS a'],
    ['durable', 'CREATE PROCEDURE p() AS $$ BEGIN COMMIT; END $$ LANGUAGE plpgsql'],
    ['durable', 'GRANT SELECT ON t TO PUBLIC'],
    ['durable', "COMMENT ON TABLE t IS 'x'"],
    ['durable', 'LOCK t; DELETE FROM t'],
    ['durable', 'ALTER TABLE t RENAME TO u'],
    ['check', 'SELECT 1'],
    ['check', 'WITH c AS (SELECT 1) SELECT * FROM c'],
    ['check', '(SELECT 1) UNION (SELECT 2)'],
    ['opaque', 'VACUUM'],
    ['opaque', 'ANALYZE'],
    ['opaque', 'ANALYZE mart.t'],
    ['opaque', 'TRUNCATE mart.t'],
    ['opaque', 'ALTER TABLE t APPEND FROM u'],
    ['opaque', 'REFRESH MATERIALIZED VIEW mv'],
    ['opaque', "UNLOAD ('SELECT 1') TO 's3://out/x' IAM_ROLE default"],
    ['opaque', 'CALL p()'],
    ['opaque', 'CREATE EXTERNAL SCHEMA e FROM DATA CATALOG'],
    ['opaque', 'CREATE DATABASE d'],
    ['opaque', 'SELECT * FROM t FOR UPDATE'],
    ['opaque', 'SELECT pg_cancel_backend(1)'],
    ['opaque', 'SHOW search_path'],
    ['opaque', 'EXPLAIN SELECT 1'],
    ['opaque', 'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY'],
  ])('%s: %s', (kind, sql) => {
    expect(kindOf(sql)).toEqual({ kind, errors: [] });
  });
});

describe('kind: in pipeline.yml', () => {
  it.each<[string, string, StepKind]>([
    ['CALL p()', '{ kind: durable, writes: [mart.t] }', 'durable'],
    ['CALL p()', '{ writes: [mart.t] }', 'durable'],
    ['CALL p()', '{ writes: [stage] }', 'session'],
    ['CALL p()', '{ kind: opaque, writes: [mart.t] }', 'opaque'],
    ['CALL p()', '{ kind: durable }', 'durable'],
    ['CREATE EXTERNAL TABLE e.t (a INT)', '{ kind: durable }', 'durable'],
    ['SELECT f_notify()', '{ kind: session }', 'session'],
    ['INSERT INTO mart.t VALUES (1)', '{ kind: opaque }', 'opaque'],
  ])('%s with %s is %s', (sql, options, kind) => {
    expect(kindOf(sql, options)).toEqual({ kind, errors: [] });
  });

  it.each<[string, string, RegExp]>([
    ['INSERT INTO mart.t VALUES (1)', '{ kind: session }', /this file writes mart\.t/],
    ['INSERT INTO mart.t VALUES (1)', '{ kind: check }', /single read-only query/],
    ['VACUUM mart.t', '{ kind: session }', /contains VACUUM/],
    ['VACUUM mart.t', '{ kind: durable }', /VACUUM cannot run in a transaction/],
    ['TRUNCATE mart.t', '{ kind: durable }', /truncates a permanent table, which commits at once/],
    ['SELECT 1', '{ kind: durable }', /this file only reads/],
    ['CREATE TEMP TABLE x (a INT)', '{ kind: durable }', /only temporary tables or settings/],
    ['DELETE FROM a; DELETE FROM b', '{ kind: opaque }', /allows a single statement/],
    ['CALL p()', '{ kind: session, writes: [mart.t] }', /writes mart\.t/],
  ])('%s with %s is refused', (sql, options, message) => {
    const { kind, errors } = kindOf(sql, options);
    expect(kind).toBeUndefined();
    expect(errors).toEqual([expect.stringMatching(message)]);
  });
});
