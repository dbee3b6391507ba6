/** Mistakes that Redshift refuses, each with its corrected twin. */
export interface Mistake {
  readonly kind: string;
  /** `¦` stands where the problem is reported. */
  readonly bad: string;
  readonly good: string;
  /** A part of the message. */
  readonly says: string;
  /** `error` where nothing else is given. */
  readonly severity?: 'warning';
  /** It stands in a file of `setup`, not in a step. */
  readonly inSetup?: true;
}

/** What `setup` declares for all of them. */
export const DECLARED = `CREATE SCHEMA IF NOT EXISTS shop;
CREATE TABLE IF NOT EXISTS shop.orders (id INT, customer VARCHAR(20), amount DECIMAL(8,2), day DATE);
CREATE TABLE IF NOT EXISTS shop.old_orders (LIKE shop.orders);
CREATE TABLE IF NOT EXISTS shop.grown (id INT);
CREATE TABLE IF NOT EXISTS shop.keyed (code VARCHAR(8), name VARCHAR(9) DEFAULT 'x', kind VARCHAR(9) ENCODE bytedict, PRIMARY KEY (code));
CREATE VIEW shop.latest AS SELECT * FROM shop.elsewhere WITH NO SCHEMA BINDING;
CREATE OR REPLACE PROCEDURE shop.grow() AS $$ BEGIN ALTER TABLE shop.grown ADD COLUMN n INT; END $$ LANGUAGE plpgsql;
`;

const INSERTED = 'WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.n)';
const UPDATED = 'WHEN MATCHED THEN UPDATE SET n = s.n';

const MERGE: readonly Mistake[] = [
  {
    kind: 'MERGE with an alias of its target',
    bad: `MERGE INTO mart.t AS ¦x USING mart.s ON x.id = s.id\n${UPDATED} ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id\n${UPDATED} ${INSERTED}`,
    says: 'the target table cannot have an alias',
  },
  {
    kind: 'MERGE of a subquery',
    bad: `MERGE INTO mart.t\nUSING ¦(SELECT id, n FROM mart.u) s ON t.id = s.id ${UPDATED} ${INSERTED}`,
    good: `MERGE INTO mart.t\nUSING mart.u s ON t.id = s.id ${UPDATED} ${INSERTED}`,
    says: 'the source must be a table, not a subquery',
  },
  {
    kind: 'MERGE of a table into itself',
    bad: `MERGE INTO mart.t USING ¦mart.T s ON t.id = s.id ${UPDATED} ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.t2 s ON t.id = s.id ${UPDATED} ${INSERTED}`,
    says: 'the source and the target must be different tables',
  },
  {
    kind: 'MERGE without equality',
    bad: `MERGE INTO mart.t USING mart.s ON\n  ¦t.id > s.id AND s.n = 5 ${UPDATED} ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON\n  (t.id = s.id AND t.n = s.n) ${UPDATED} ${INSERTED}`,
    says: 'must compare columns of both tables for equality',
  },
  {
    kind: 'MERGE with WHEN MATCHED alone',
    bad: `MERGE INTO mart.t USING mart.s ON t.id = s.id\n¦${UPDATED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id\nREMOVE DUPLICATES`,
    says: 'WHEN MATCHED and WHEN NOT MATCHED are both needed',
  },
  {
    kind: 'MERGE with WHEN NOT MATCHED alone',
    bad: `MERGE INTO mart.t USING mart.s ON t.id = s.id\n¦${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id\n${INSERTED} WHEN MATCHED THEN DELETE`,
    says: 'WHEN MATCHED and WHEN NOT MATCHED are both needed',
  },
  {
    kind: 'MERGE with a further condition',
    bad: `MERGE INTO mart.t USING mart.s ON t.id = s.id WHEN MATCHED\n  ¦AND s.n > 1 THEN DELETE ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id WHEN MATCHED\n  THEN DELETE ${INSERTED}`,
    says: 'WHEN MATCHED … AND is not supported',
  },
  {
    kind: 'MERGE with BY SOURCE',
    bad: `MERGE INTO mart.t USING mart.s ON t.id = s.id ${UPDATED} WHEN NOT MATCHED ¦BY SOURCE THEN DELETE`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id ${UPDATED} WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)`,
    says: 'WHEN NOT MATCHED … BY is not supported',
  },
  {
    kind: 'MERGE that sets a column with its table',
    bad: `MERGE INTO mart.t USING mart.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET k = 1, ¦t.n = s.n ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET k = 1, n = s.n ${INSERTED}`,
    says: 'SET names a column without its table: write n',
  },
  {
    kind: 'MERGE that sets a reserved word',
    bad: `MERGE INTO mart.t USING mart.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET ¦user = s.n ${INSERTED}`,
    good: `MERGE INTO mart.t USING mart.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET "user" = s.n ${INSERTED}`,
    says: 'USER is a reserved word',
  },
];

const FROM = "FROM 's3://b/k/' IAM_ROLE default";

const COPY: readonly Mistake[] = [
  {
    kind: 'COPY with a misspelt option',
    bad: `COPY mart.t (id, n)\n${FROM} CSV ¦IGNOREHEEADER 1`,
    good: `COPY mart.t (id, n)\n${FROM} CSV IGNOREHEADER 1`,
    says: 'IGNOREHEEADER is not an option (did you mean IGNOREHEADER?)',
  },
  {
    kind: 'COPY with a misspelt format',
    bad: `COPY mart.t ${FROM} FORMAT AS ¦PARQET`,
    good: `COPY mart.t ${FROM} FORMAT AS CSV DELIMITER ';'`,
    says: 'PARQET is not an option (did you mean PARQUET?)',
  },
  {
    kind: 'COPY with a misspelt option that takes a string',
    bad: `COPY mart.t ${FROM} CSV ¦TIMEFORMATT AS 'auto' MAXERROR 5`,
    good: `COPY mart.t ${FROM} CSV TIMEFORMAT AS 'auto' MAXERROR 5`,
    says: 'TIMEFORMATT is not an option (did you mean TIMEFORMAT?)',
  },
];

const CHANGES: readonly Mistake[] = [
  {
    kind: 'UPDATE of a column with its table',
    bad: 'UPDATE mart.t SET ¦mart.t.n = 1',
    good: 'UPDATE mart.t SET n = t.n + 1',
    says: 'SET names a column without its table: write n',
  },
  {
    kind: 'INSERT into a column twice',
    bad: 'INSERT INTO mart.t (id, n, ¦"ID") SELECT 1, 2, 3',
    good: 'INSERT INTO mart.t (id, n, id2) SELECT 1, 2, 3',
    says: 'column "id" specified more than once',
  },
  {
    kind: 'UNION of different numbers of columns',
    bad: 'INSERT INTO mart.t SELECT id, n FROM mart.u\n¦UNION ALL SELECT id FROM mart.v',
    good: 'INSERT INTO mart.t SELECT id, n FROM mart.u\nUNION ALL (SELECT v.* FROM mart.v)',
    says: 'each UNION query must have the same number of columns',
  },
];

const UNLOAD: readonly Mistake[] = [
  {
    kind: 'UNLOAD with a misspelt option that takes a word',
    bad: "UNLOAD ('SELECT id FROM mart.t') TO 's3://b/out/' IAM_ROLE default FORMAT CSV ¦PARALEL OFF",
    good: "UNLOAD ('SELECT id FROM mart.t') TO 's3://b/out/' IAM_ROLE default FORMAT CSV PARALLEL OFF",
    says: 'UNLOAD: PARALEL is not an option (did you mean PARALLEL?)',
  },
  {
    kind: 'UNLOAD with a misspelt option',
    bad: "UNLOAD ('SELECT id FROM mart.t') TO 's3://b/out/' IAM_ROLE default FORMAT CSV ¦HEEADER",
    good: "UNLOAD ('SELECT id FROM mart.t') TO 's3://b/out/' IAM_ROLE default FORMAT CSV HEADER",
    says: 'UNLOAD: HEEADER is not an option (did you mean HEADER?)',
  },
  {
    kind: 'UNLOAD of a query that Redshift refuses',
    bad: "UNLOAD ('SELECT id, ''x'',\n  ¦now() FROM mart.t') TO 's3://b/out/' IAM_ROLE default FORMAT CSV",
    good: "UNLOAD ($$SELECT id, 'x',\n  getdate() FROM mart.t$$) TO 's3://b/out/' IAM_ROLE default FORMAT CSV",
    says: 'the function NOW runs on the leader node only',
  },
  {
    kind: 'UNLOAD with LIMIT',
    bad: "UNLOAD ($$SELECT id FROM mart.t ORDER BY id ¦LIMIT 5$$) TO 's3://b/out/' IAM_ROLE default FORMAT CSV",
    good: "UNLOAD ('SELECT id FROM (SELECT id FROM mart.t ORDER BY id LIMIT 5) q') TO 's3://b/out/' IAM_ROLE default FORMAT CSV",
    says: 'Limit clause is not supported',
  },
];

const NAMES: readonly Mistake[] = [
  {
    kind: 'a reserved word as the name of a column',
    bad: 'CREATE TABLE mart.t (id INT,\n  ¦tag VARCHAR(10))',
    good: 'CREATE TABLE mart.t (id INT,\n  "tag" VARCHAR(10))',
    says: 'TAG is a reserved word',
  },
  {
    kind: 'a reserved word as the name of a table',
    bad: 'CREATE TABLE ¦order (id INT)',
    good: 'CREATE TABLE "order" (id INT)',
    says: 'ORDER is a reserved word',
  },
  {
    kind: 'a reserved word as the name of a procedure',
    bad: 'CREATE OR REPLACE PROCEDURE ¦analyze() AS $$ BEGIN NULL; END $$ LANGUAGE plpgsql',
    good: 'CREATE OR REPLACE PROCEDURE analyze_all() AS $$ BEGIN NULL; END $$ LANGUAGE plpgsql',
    says: 'ANALYZE is a reserved word',
  },
  {
    kind: 'a reserved word in a list of columns',
    bad: 'INSERT INTO mart.t (id, ¦user) SELECT 1, 2',
    good: 'INSERT INTO mart.t (id, users) SELECT 1, 2',
    says: 'USER is a reserved word',
  },
  {
    kind: 'a reserved word as the alias of a table',
    bad: 'DELETE FROM mart.t USING mart.u AS ¦new WHERE t.id = 1',
    good: 'DELETE FROM mart.t USING mart.u AS newer WHERE t.id = newer.id',
    says: 'NEW is a reserved word',
  },
  {
    kind: 'a reserved word as the name of a common table expression',
    bad: 'INSERT INTO mart.t WITH ¦snapshot AS (SELECT id FROM mart.u) SELECT id FROM mart.v',
    good: 'INSERT INTO mart.t WITH snapshots AS (SELECT id FROM mart.u) SELECT id FROM snapshots',
    says: 'SNAPSHOT is a reserved word',
  },
  {
    kind: 'a reserved word where a column is read',
    bad: 'UPDATE mart.t SET id = 1\nWHERE ¦open = 2',
    good: 'UPDATE mart.t SET id = 1\nWHERE t.open = 2 AND "open" = 2',
    says: 'OPEN is a reserved word',
  },
  {
    kind: 'a column called as a system column',
    bad: 'CREATE TABLE mart.t (id INT, ¦xmin INT)',
    good: 'CREATE TABLE mart.t (id INT, x_min INT)',
    says: 'conflicts with a system column name',
  },
  {
    kind: 'a word of which it is not clear whether it is reserved',
    bad: 'CREATE TABLE mart.t (¦start DATE)',
    good: 'CREATE TABLE mart.t ("start" DATE)',
    says: "START is in Redshift's list of reserved words",
    severity: 'warning',
  },
];

const QUERIES: readonly Mistake[] = [
  {
    kind: 'a function of the leader node over a table',
    bad: 'INSERT INTO mart.t SELECT id, ¦now() FROM mart.u',
    good: 'INSERT INTO mart.t SELECT id, getdate() FROM mart.u',
    says: 'NOW runs on the leader node only, and this statement reads a table: use GETDATE()',
  },
  {
    kind: 'a word of the leader node over a table',
    bad: 'UPDATE mart.t SET loaded = ¦CURRENT_TIMESTAMP',
    good: 'INSERT INTO mart.t VALUES (CURRENT_TIMESTAMP)',
    says: 'CURRENT_TIMESTAMP runs on the leader node only',
  },
  {
    kind: 'LISTAGG without a table',
    bad: "SELECT ¦listagg('a', ',')",
    good: "SELECT listagg(a, ',') WITHIN GROUP (ORDER BY a) FROM mart.t",
    says: 'must be applied on at least one user created table: LISTAGG',
  },
  {
    kind: 'MEDIAN and LISTAGG in two orders',
    bad: "SELECT listagg(a, ',') WITHIN GROUP (ORDER BY b),\n  ¦median(c) FROM mart.t",
    good: "SELECT listagg(a, ',') WITHIN GROUP (ORDER BY t.c DESC),\n  median(c) FROM mart.t",
    says: 'need the same ORDER BY',
  },
  {
    kind: 'WITH RECURSIVE without names of columns',
    bad: 'WITH RECURSIVE ¦r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r',
    good: 'WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r',
    says: 'WITH RECURSIVE needs the names of its columns',
  },
  {
    kind: 'WITH RECURSIVE with UNION',
    bad: 'WITH RECURSIVE r (n) AS (SELECT 1\n¦UNION SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r',
    good: 'WITH RECURSIVE q (n) AS (SELECT 1\nUNION SELECT 2) SELECT n FROM q',
    says: 'WITH RECURSIVE takes UNION ALL',
  },
  {
    kind: 'a window with a RANGE frame',
    bad: 'SELECT sum(a) OVER (ORDER BY b ¦RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM mart.t',
    good: 'SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM mart.t',
    says: 'a RANGE frame is not supported',
  },
  {
    kind: 'a window without the frame that it needs',
    bad: 'SELECT ¦sum(a) OVER (ORDER BY b) FROM mart.t',
    good: 'SELECT sum(a) OVER (PARTITION BY b), rank() OVER (ORDER BY b) FROM mart.t',
    says: 'require a frame clause',
  },
  {
    kind: 'an order in a window that can only be partitioned',
    bad: 'SELECT id, median(a) OVER (PARTITION BY b ¦ORDER BY c) FROM mart.t',
    good: 'SELECT id, median(a) OVER (PARTITION BY b) FROM mart.t ORDER BY c',
    says: 'MEDIAN OVER: the window takes PARTITION BY only',
  },
  {
    kind: 'LAG with a default',
    bad: 'SELECT lag(a, 1, ¦0) OVER (ORDER BY b) FROM mart.t',
    good: 'SELECT nvl(lag(a, 1) OVER (ORDER BY b), 0) FROM mart.t',
    says: 'Default parameter not be supported for window function lag',
  },
  {
    kind: 'DISTINCT in a window',
    bad: 'SELECT count(¦DISTINCT a) OVER (PARTITION BY b) FROM mart.t',
    good: 'SELECT count(DISTINCT a) FROM mart.t',
    says: 'DISTINCT is not supported in a window function',
  },
  {
    kind: 'a test of a boolean in a list',
    bad: 'SELECT a ¦IS TRUE FROM mart.t',
    good: 'SELECT a FROM mart.t WHERE a IS TRUE AND b IS NOT FALSE',
    says: 'can stand only in WHERE',
  },
  {
    kind: 'a test of a boolean in a join',
    bad: 'SELECT t.a FROM mart.t JOIN mart.u ON t.a ¦IS NOT FALSE',
    good: 'SELECT t.a FROM mart.t JOIN mart.u ON t.a = u.a',
    says: 'is documented for WHERE only',
    severity: 'warning',
  },
  {
    kind: 'a pattern that looks ahead',
    bad: "SELECT regexp_substr(a, ¦'a(?=b)', 1, 1, 'i') FROM mart.t",
    good: "SELECT regexp_substr(a, 'a(?=b)', 1, 1, 'p') FROM mart.t",
    says: "only with the parameter 'p'",
  },
  {
    kind: 'WITH before INSERT',
    bad: '¦WITH x AS (SELECT 1 AS id) INSERT INTO mart.t SELECT id FROM x',
    good: 'INSERT INTO mart.t WITH x AS (SELECT 1 AS id) SELECT id FROM x',
    says: 'WITH cannot stand before INSERT',
  },
];

const CLAUSES: readonly Mistake[] = [
  {
    kind: 'WHERE after ORDER BY',
    bad: 'SELECT a, count(*) FROM mart.t GROUP BY a ORDER BY a ¦WHERE b = 1',
    good: 'SELECT a, qualify FROM mart.t WHERE b = 1 GROUP BY a, qualify HAVING count(*) > 1 ORDER BY a, qualify OFFSET 1 LIMIT 2',
    says: 'syntax error at or near "WHERE"',
  },
  {
    kind: 'WHERE twice',
    bad: 'DELETE FROM mart.t USING mart.u WHERE t.a = u.a ¦WHERE t.b = 1',
    good: 'DELETE FROM mart.t USING mart.u WHERE t.a = u.a AND EXISTS (SELECT 1 FROM mart.v WHERE v.a = t.b)',
    says: 'syntax error at or near "WHERE"',
  },
  {
    kind: 'a list without a column',
    bad: 'INSERT INTO mart.t SELECT DISTINCT ¦FROM mart.u',
    good: 'INSERT INTO mart.t SELECT DISTINCT * FROM mart.u',
    says: 'syntax error at or near "FROM"',
  },
  {
    kind: 'a key word as an alias',
    bad: 'SELECT a, b ¦right FROM mart.t',
    good: 'SELECT a::timestamp, b "right", sysdate, CASE WHEN a IS NULL THEN 1 END, c AS right FROM mart.t WHERE a IN (SELECT oid FROM pg_class)',
    says: 'RIGHT is a reserved word',
  },
];

const DEFINITIONS: readonly Mistake[] = [
  {
    kind: 'two columns in one ADD',
    bad: 'ALTER TABLE mart.t ADD COLUMN n DECIMAL(8, 2)¦, ADD COLUMN m INT',
    good: 'ALTER TABLE mart.t ADD COLUMN n DECIMAL(8, 2)',
    says: 'syntax error at or near ","',
  },
  {
    kind: 'CREATE TABLE IF NOT EXISTS … AS',
    bad: 'CREATE TEMP TABLE ¦IF NOT EXISTS staged AS SELECT id FROM mart.t',
    good: 'CREATE TEMP TABLE staged AS SELECT id FROM mart.t',
    says: 'CREATE TABLE … AS does not take IF NOT EXISTS',
  },
  {
    kind: 'a column that is declared twice',
    bad: 'CREATE TABLE mart.w (id INT, n INT,\n  ¦ID BIGINT)',
    good: 'CREATE TABLE mart.w (id INT, n INT,\n  id2 BIGINT)',
    says: 'column "id" specified more than once',
  },
  {
    kind: 'a sort key that is no column',
    bad: 'CREATE TABLE mart.w (id INT, n INT) DISTKEY (id) COMPOUND SORTKEY (id, ¦day)',
    good: 'CREATE TABLE mart.w (id INT, n INT, PRIMARY KEY (id), FOREIGN KEY (n) REFERENCES mart.u (m)) DISTKEY (id) SORTKEY (id, n)',
    says: 'column "day" named in key does not exist',
  },
  {
    kind: 'two distribution keys',
    bad: 'CREATE TABLE mart.w (id INT DISTKEY, n INT ¦DISTKEY)',
    good: 'CREATE TABLE mart.w (id INT DISTKEY, n INT) DISTSTYLE KEY',
    says: 'only one column of a table can be the distribution key',
  },
  {
    kind: 'a distribution by a key without one',
    bad: 'CREATE TABLE mart.w (id INT PRIMARY KEY, n INT) ¦DISTSTYLE KEY',
    good: 'CREATE TABLE mart.w (id INT PRIMARY KEY, n INT) DISTSTYLE KEY DISTKEY (id)',
    says: 'DISTSTYLE KEY needs a DISTKEY column',
  },
  {
    kind: 'two primary keys',
    bad: 'CREATE TABLE mart.w (id INT PRIMARY KEY, n INT, ¦PRIMARY KEY (id, n))',
    good: 'CREATE TABLE mart.w (id INT, n INT, PRIMARY KEY (id, n))',
    says: 'a table has only one primary key',
  },
  {
    kind: 'a primary key that is no column',
    bad: 'CREATE TABLE mart.w (id INT, n INT, CONSTRAINT pk PRIMARY KEY (¦ident))',
    good: 'CREATE TABLE mart.w (LIKE mart.t, n INT, CONSTRAINT pk PRIMARY KEY (ident))',
    says: 'column "ident" named in key does not exist',
  },
  {
    kind: 'ADD COLUMN NOT NULL without DEFAULT',
    bad: 'ALTER TABLE mart.t ADD COLUMN n INT ¦NOT NULL',
    good: 'ALTER TABLE mart.t ADD COLUMN n INT DEFAULT 0 NOT NULL',
    says: 'must have a non-null default expression',
  },
];

const BODY = `DECLARE n INT := 1; r RECORD;
BEGIN
  IF n = 1 THEN DELETE FROM mart.t; ELSE UPDATE mart.t SET n = CASE WHEN n = 1 THEN 2 ELSE 3 END; END IF;
  SELECT INTO n count(*) FROM mart.t;
`;

const IN_SETUP: readonly Mistake[] = [
  {
    kind: 'a function of the leader node in a procedure',
    inSetup: true,
    bad: `CREATE OR REPLACE PROCEDURE mart.p1() AS $x$ ${BODY}  UPDATE mart.t SET a = ¦now(); END $x$ LANGUAGE plpgsql`,
    good: `CREATE OR REPLACE PROCEDURE mart.p1() AS $x$ ${BODY}  UPDATE mart.t SET a = getdate(); END $x$ LANGUAGE plpgsql`,
    says: 'the function NOW runs on the leader node only',
  },
  {
    kind: 'a reserved word in a procedure',
    inSetup: true,
    bad: `CREATE PROCEDURE mart.p2() LANGUAGE plpgsql AS $$ ${BODY}  FOR r IN SELECT id, ¦open FROM mart.t LOOP CREATE TEMP TABLE x (id INT); END LOOP; END $$`,
    good: `CREATE PROCEDURE mart.p2() LANGUAGE plpgsql AS $$ ${BODY}  FOR r IN SELECT id, "open" FROM mart.t LOOP CREATE TEMP TABLE x (id INT); END LOOP; END $$`,
    says: 'OPEN is a reserved word',
  },
  {
    kind: 'a MERGE with an alias after THEN in a procedure',
    inSetup: true,
    bad: `CREATE PROCEDURE mart.p3() AS $$ BEGIN IF 1 = 1 THEN MERGE INTO mart.t ¦x USING mart.s ON x.id = s.id ${UPDATED} ${INSERTED}; END IF; END $$ LANGUAGE plpgsql`,
    good: `CREATE PROCEDURE mart.p3() AS $$ BEGIN IF 1 = 1 THEN MERGE INTO mart.t USING mart.s ON t.id = s.id ${UPDATED} ${INSERTED}; END IF; END $$ LANGUAGE plpgsql`,
    says: 'the target table cannot have an alias',
  },
  {
    kind: 'ALTER COLUMN TYPE to another type',
    inSetup: true,
    bad: 'ALTER TABLE shop.orders ALTER COLUMN id TYPE ¦BIGINT',
    good: 'ALTER TABLE shop.orders ALTER COLUMN customer TYPE VARCHAR(40)',
    says: 'changes only the size of a VARCHAR column',
  },
  {
    kind: 'ALTER COLUMN TYPE in a transaction',
    inSetup: true,
    bad: 'CREATE SCHEMA IF NOT EXISTS more;\nALTER TABLE shop.orders ¦ALTER customer TYPE VARCHAR(40)',
    good: 'ALTER TABLE shop.orders ALTER customer TYPE VARCHAR(40)',
    says: 'ALTER COLUMN TYPE cannot run in a transaction',
  },
  {
    kind: 'a reserved word in a setup file',
    inSetup: true,
    bad: 'CREATE TABLE IF NOT EXISTS shop.doors (id INT,\n  ¦open BOOLEAN)',
    good: 'CREATE TABLE IF NOT EXISTS shop.doors (id INT,\n  is_open BOOLEAN)',
    says: 'OPEN is a reserved word',
  },
  {
    kind: 'a quote that is not closed in a setup file',
    inSetup: true,
    bad: "COMMENT ON TABLE shop.orders IS ¦'all orders",
    good: "COMMENT ON TABLE shop.orders IS 'all orders'",
    says: 'this string is not closed',
  },
];

const VIEWS: readonly Mistake[] = [
  {
    kind: 'MERGE of a view',
    bad: `MERGE INTO mart.t USING ¦shop.latest s ON t.id = s.id\n${UPDATED} ${INSERTED}`,
    good: `MERGE INTO mart.t USING shop.elsewhere s ON t.id = s.id\n${UPDATED} ${INSERTED}`,
    says: 'the source must be a table, and shop.latest is a view',
  },
];

/** What is written otherwise than it is declared; said only where all that could declare it is known. */
const UNDECLARED: readonly Mistake[] = [
  {
    kind: 'INSERT into a column that is not there',
    bad: 'INSERT INTO shop.orders (id, ¦costumer) VALUES (1, 2)',
    good: 'INSERT INTO shop.orders (id, customer) VALUES (1, 2)',
    says: 'table shop.orders has no column costumer (did you mean customer?)',
  },
  {
    kind: 'INSERT with another number of values than columns',
    bad: 'INSERT INTO shop.orders (id, customer)\nSELECT ¦id FROM shop.old_orders',
    good: 'INSERT INTO shop.orders (id, customer)\nSELECT id, customer FROM shop.old_orders',
    says: '2 columns are named, and 1 values are inserted',
  },
  {
    kind: 'INSERT with more values than the table has columns',
    bad: "INSERT INTO shop.orders VALUES (¦1, 'a', 2, '2026-01-31', 5)",
    good: "INSERT INTO shop.orders VALUES (1, 'a', 2, '2026-01-31')",
    says: 'table shop.orders has 4 columns, and 5 values are inserted',
  },
  {
    kind: 'COPY into a column that is not there',
    bad: `COPY shop.orders (id, ¦ammount) ${FROM} CSV`,
    good: `COPY shop.orders (id, amount) ${FROM} CSV`,
    says: 'table shop.orders has no column ammount (did you mean amount?)',
  },
  {
    kind: 'UPDATE of a column that is not there',
    bad: 'UPDATE shop.orders SET ¦amounts = 1 WHERE id = 2',
    good: 'UPDATE shop.orders SET amount = 1 WHERE id = 2',
    says: 'table shop.orders has no column amounts',
  },
  {
    kind: 'a column behind an alias',
    bad: 'DELETE FROM shop.orders USING shop.old_orders o\nWHERE orders.id = o.¦ident',
    good: 'DELETE FROM shop.orders USING shop.elsewhere o\nWHERE orders.id = o.ident',
    says: 'o has no column ident',
  },
  {
    kind: 'a column of USING that one table has not',
    bad: 'SELECT customer FROM shop.orders JOIN shop.old_orders USING (id, ¦ident)',
    good: 'SELECT customer FROM shop.orders JOIN shop.elsewhere USING (id, day)',
    says: 'column ident of USING is not in both tables',
  },
  {
    kind: 'a column of the table after USING',
    bad: 'CREATE TEMP TABLE #ids AS SELECT id FROM shop.orders;\nDELETE FROM shop.orders USING #ids i WHERE orders.id = i.¦ident',
    good: 'CREATE TEMP TABLE ids AS SELECT id FROM shop.orders;\nDELETE FROM shop.orders USING ids i WHERE orders.id = i.id',
    says: 'i has no column ident',
  },
  {
    kind: 'a column that is unloaded',
    bad: "UNLOAD ('SELECT id, ''x'' AS x, ¦custmer FROM shop.orders') TO 's3://b/k/' IAM_ROLE default CSV",
    good: "UNLOAD ('SELECT id, ''x'' AS x, customer FROM shop.orders') TO 's3://b/k/' IAM_ROLE default CSV",
    says: 'column custmer is not in shop.orders (did you mean customer?)',
  },
  {
    kind: 'a column without its table',
    bad: 'SELECT id, sum(amount) AS total FROM shop.orders WHERE ¦custmer > 3 GROUP BY id ORDER BY total',
    good: 'SELECT id, sum(amount) AS total FROM shop.orders, shop.latest WHERE custmer > 3 GROUP BY id ORDER BY total',
    says: 'column custmer is not in shop.orders (did you mean customer?)',
  },
  {
    kind: 'a column of a temporary table made of a query',
    bad: 'CREATE TEMP TABLE s AS SELECT id, amount * 2 AS twice FROM shop.orders;\nUPDATE shop.orders SET amount = s.¦amount FROM s WHERE orders.id = s.id',
    good: 'CREATE TEMP TABLE s AS SELECT id, amount * 2 AS twice, e.* FROM shop.orders, shop.elsewhere e;\nUPDATE shop.orders SET amount = s.amount FROM s WHERE orders.id = s.id',
    says: 's has no column amount',
  },
  {
    kind: 'a column of a common table expression, in a subquery',
    bad: 'SELECT id FROM shop.orders WHERE EXISTS (WITH w AS (SELECT id AS key FROM shop.old_orders) SELECT 1 FROM w WHERE w.¦id = orders.id)',
    good: 'SELECT id FROM shop.orders WHERE EXISTS (WITH w AS (SELECT id AS key FROM shop.old_orders) SELECT 1 FROM w WHERE key = orders.id AND day IS NULL)',
    says: 'w has no column id',
  },
  {
    kind: 'MERGE of a column that is not there',
    bad: 'MERGE INTO shop.orders USING shop.old_orders o ON orders.id = o.id\nWHEN MATCHED THEN UPDATE SET ¦price = o.amount WHEN NOT MATCHED THEN INSERT (id) VALUES (o.id)',
    good: 'MERGE INTO shop.orders USING shop.old_orders o ON orders.id = o.id\nWHEN MATCHED THEN UPDATE SET amount = o.amount WHEN NOT MATCHED THEN INSERT (id) VALUES (o.id)',
    says: 'table shop.orders has no column price',
  },
  {
    kind: 'a column that a procedure may have added is not missed, one of the pipeline’s own table is',
    bad: 'CREATE TABLE shop.own (a INT);\nINSERT INTO shop.own (¦b) SELECT n FROM shop.grown',
    good: 'INSERT INTO shop.grown (id, n) VALUES (1, 2)',
    says: 'table shop.own has no column b',
  },
  ...['code', 'name', 'kind'].map((column) => ({
    kind: `ALTER COLUMN TYPE of ${column}, which is a key, has a default or an encoding of its own`,
    inSetup: true as const,
    bad: `ALTER TABLE shop.keyed ALTER COLUMN ¦${column} TYPE VARCHAR(40)`,
    good: 'ALTER TABLE shop.orders ALTER COLUMN customer TYPE VARCHAR(50)',
    says: `the type of column ${column} cannot be changed`,
  })),
  {
    kind: 'GRANT on a table whose name is nearly that of a declared one',
    inSetup: true as const,
    bad: 'GRANT SELECT, INSERT ON TABLE shop.orders, ¦shop.odrers TO PUBLIC',
    good: 'GRANT SELECT ON shop.orders, shop.old_orders TO PUBLIC;\nGRANT USAGE ON SCHEMA shops TO PUBLIC',
    says: 'table shop.odrers is not declared in sql/setup or in this pipeline (did you mean shop.orders?)',
  },
  {
    kind: 'UNLOAD of a table whose name is nearly that of a declared one',
    bad: "UNLOAD ('SELECT ''x'', id\nFROM ¦shop.odrers') TO 's3://b/k/' IAM_ROLE default CSV",
    good: "UNLOAD ('SELECT ''x'', id\nFROM shop.orders') TO 's3://b/k/' IAM_ROLE default CSV",
    says: 'table shop.odrers is not declared in sql/setup or in this pipeline (did you mean shop.orders?)',
  },
  {
    kind: 'a table whose name is nearly that of a declared one',
    bad: 'INSERT INTO ¦shop.odrers (id) VALUES (1)',
    good: 'INSERT INTO shop.invoices (id) VALUES (1)',
    says: 'table shop.odrers is not declared in sql/setup or in this pipeline (did you mean shop.orders?)',
  },
].map((mistake) => Object.assign(mistake, { severity: 'warning' as const }));

export const MISTAKES: readonly Mistake[] = [
  ...MERGE,
  ...COPY,
  ...CHANGES,
  ...CLAUSES,
  ...UNLOAD,
  ...NAMES,
  ...QUERIES,
  ...DEFINITIONS,
  ...IN_SETUP,
  ...VIEWS,
  ...UNDECLARED,
];
