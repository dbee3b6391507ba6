/** What runs here and is not quite what Redshift does: how it differs, with a statement that shows it. */
export interface Approximation {
  readonly construct: string;
  readonly redshift: string;
  readonly here: string;
  readonly sql: string;
  /** Values joined by `|`. */
  readonly rows: readonly string[];
}

export const APPROXIMATED: readonly Approximation[] = [
  {
    construct: 'DISTKEY, SORTKEY, ENCODE, DISTSTYLE',
    redshift: 'decide how rows are stored',
    here: 'are checked for their form; PG_TABLE_DEF does not show them',
    sql: `create table ap1 (a int encode az64 distkey, b date) sortkey(b);
select "column", type, encoding, distkey, sortkey from pg_table_def where tablename = 'ap1'`,
    rows: ['a|integer|none|f|0', 'b|date|none|f|0'],
  },
  {
    construct: 'VACUUM, GRANT, REVOKE, ALTER TABLE … OWNER TO',
    redshift: 'reclaim space, change rights and owners',
    here: 'have no effect: there is one user',
    sql: `grant select on ap1 to public;
alter table ap1 owner to somebody;
select has_table_privilege('ap1', 'select')`,
    rows: ['t'],
  },
  {
    construct: 'IDENTITY',
    redshift: 'numbers have gaps, which depend on the slices',
    here: 'numbers follow each other',
    sql: `create table ap2 (id int identity(1, 1), a int);
insert into ap2 (a) values (10), (20), (30);
select id, a from ap2 order by id`,
    rows: ['1|10', '2|20', '3|30'],
  },
  {
    construct: 'APPROXIMATE COUNT(DISTINCT …), APPROXIMATE PERCENTILE_DISC',
    redshift: 'a result near the exact one',
    here: 'the exact one',
    sql: 'select approximate count(distinct a) from ap2',
    rows: ['3'],
  },
  {
    construct: 'division of DECIMAL',
    redshift: 'the quotient has the scale of the guide; whether it is cut or rounded there is not documented',
    here: 'it is cut',
    sql: `create table ap3 (a decimal(8,2), b decimal(8,2));
insert into ap3 values (2, 3);
select (a / b)::varchar from ap3`,
    rows: ['0.666666666'],
  },
  {
    construct: 'length of a computed VARCHAR as a column (REPLACE, TO_CHAR, REGEXP_REPLACE …)',
    redshift: 'not documented',
    here: 'VARCHAR(65535)',
    sql: `create table ap4 as select replace(item, 'a', 'b') as r from sales;
select type from pg_table_def where tablename = 'ap4'`,
    rows: ['character varying(65535)'],
  },
  {
    construct: 'CREATE MATERIALIZED VIEW … AUTO REFRESH YES',
    redshift: 'refreshed when there is time',
    here: 'refreshed by REFRESH MATERIALIZED VIEW only, with a notice',
    sql: `create materialized view ap5 auto refresh yes as select count(*) as n from ap2;
insert into ap2 (a) values (40);
select n from ap5`,
    rows: ['3'],
  },
  {
    construct: 'a view over a late-binding view',
    redshift: 'is bound to it',
    here: 'is bound when it is read, too',
    sql: `create view ap6 as select a from public.ap2 with no schema binding;
create view ap7 as select max(a) as m from ap6;
create or replace view ap6 as select a * 2 as a from public.ap2 with no schema binding;
select m from ap7`,
    rows: ['80'],
  },
  {
    construct: 'EXPLAIN',
    redshift: 'the plan of its nodes and slices',
    here: 'the plan of PostgreSQL',
    sql: 'explain select 1',
    rows: ['Result  (cost=0.00..0.01 rows=1 width=4)'],
  },
  {
    construct: 'VERSION(), CURRENT_USER',
    redshift: 'its version, the user of the session',
    here: 'words that say what this is; one user',
    sql: 'select version(), current_user',
    rows: ['PostgreSQL 8.0.2 (local warehouse: not Amazon Redshift)|IAMR:local'],
  },
  {
    construct: 'TO_DATE and TO_TIMESTAMP of days that are not in the calendar',
    redshift: 'overflow into the next month',
    here: 'the same for days, hours, minutes and seconds; a month beyond 12 is refused',
    sql: "select to_date('20010631', 'YYYYMMDD')",
    rows: ['2001-07-01'],
  },
  {
    construct: 'SET TRANSACTION and BEGIN with an isolation level',
    redshift: 'one of two levels',
    here: 'accepted, without effect',
    sql: 'begin isolation level serializable; commit; select 1',
    rows: ['1'],
  },
];
