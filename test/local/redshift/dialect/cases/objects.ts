/** Late-binding views, and procedures that are replaced. */
import type { Script } from './scripts.ts';

export const LATE_BINDING: readonly Script[] = [
  {
    name: 'a late-binding view is made before its table, and survives its drop and a change of a column',
    run: `create view lb1 as select a, b from public.lbt with no schema binding;
create table lbt (a int, b varchar(3));
insert into lbt values (1, 'x');
alter table lbt alter column b type varchar(30);
insert into lbt values (2, 'longer');
create table lb_kept as select b from lb1;
drop table lbt;
create table lbt (b decimal(5,1), a bigint);
insert into lbt values (7.5, 9)`,
    check: 'select a, b::varchar from lb1 union all select 0, b from lb_kept order by 1, 2',
    rows: ['0|longer', '0|x', '9|7.5'],
  },
  {
    name: 'a late-binding view is read by joins, subqueries, INSERT, UPDATE, DELETE and other views',
    run: `create view lb2 (k) as select a from public.lbt with no schema binding;
create view lb3 as select k + 1 as k from lb2;
create view lb4 as with own as (select * from public.lb3) select * from own with no schema binding;
create table lb_out (k bigint, n int);
insert into lb_out (k) select lb2.k from public.lb2 join lb3 on lb3.k = public.lb2.k + 1;
insert into lb_out select k, (select count(*) from lb4) from lb4 where k in (select k from lb3);
update lb_out set n = 5 from public.lb2 where lb_out.k = lb2.k;
insert into lb_out values (100, 1);
delete from lb_out using lb4 where lb_out.k = lb4.k * 10`,
    check: 'with lb2 as (select k, n from lb_out) select k, n from lb2 order by 1',
    rows: ['9|5', '10|1'],
  },
  {
    name: 'a view that is replaced is read as it is now, also by views over it and of the other kind',
    run: `create or replace view lb2 as select b, a as k from public.lbt with no schema binding;
create view lb5 as select 1 as one;
create or replace view lb5 as select b from lb2;
create or replace view lb6 as select 'text' as t with no schema binding;
create or replace view lb6 as select 2 as n`,
    check: 'select lb3.k, lb5.b, lb6.n from lb3, lb5, lb6',
    rows: ['10|7.5|2'],
  },
  {
    name: 'a procedure reads a late-binding view as it is when it is called, also through another one',
    run: `create table lb_log (n bigint, note varchar(20));
create procedure lb_inner(n inout bigint) as $$
declare r record;
begin
  select into n count(*) from lb2 v where v.k = n;
  for r in select k from public.lb2 loop insert into lb_log values (r.k, 'lb2 from'); end loop;
  execute 'insert into lb_log select k * 10, ''from lb2'' from lb2';
end $$ language plpgsql;
create procedure lb_outer() as $$ declare n bigint := 9; begin call lb_inner(n); insert into lb_log values (n, 'outer'); end $$ language plpgsql;
call lb_outer();
drop view lb2;
create view public.lb2 as select 50 + a as k from public.lbt with no schema binding;
call lb_outer()`,
    check: 'select n, note from lb_log order by 2, 1',
    rows: ['90|from lb2', '590|from lb2', '9|lb2 from', '59|lb2 from', '0|outer', '1|outer'],
  },
  {
    name: 'what a procedure reads of a late-binding view has Redshift’s types',
    run: `create table lb_typed (d decimal(10,2), v varchar(10));
insert into lb_typed values (10, '5'), (5, '6');
create view lb13 as select * from public.lb_typed with no schema binding;
create table lb_result (q decimal(20,10), s varchar(20));
create procedure lb_types() as $$ begin insert into lb_result select d / 3, v || '-' || 1 from lb13 where v = 5; end $$ language plpgsql;
call lb_types()`,
    check: 'select q, s from lb_result',
    rows: ['3.3333333333|5-1'],
  },
  {
    name: 'the catalog has the text of a late-binding view, and none of its columns',
    run: `create view public.lb7 as select Item from public.sales where item <> 'it''s' with no schema binding`,
    check: `select definition, (select count(*) from pg_table_def where tablename = 'lb7') from pg_views where viewname = 'lb7'`,
    rows: [
      "create view public.lb7 as select Item from public.sales where item <> 'it''s' with no schema binding;|0",
    ],
  },
  {
    name: 'a late-binding view is renamed and dropped, and GRANT takes it',
    run: `alter table lb7 rename to lb8;
grant select on lb8 to public;
drop view lb8;
drop view if exists lb8 cascade`,
    check: "select count(*) from pg_views where viewname like 'lb8'",
    rows: ['0'],
  },
];

export const REPLACED: readonly Script[] = [
  {
    name: 'CREATE OR REPLACE PROCEDURE replaces the one with the same types, whatever the names',
    run: `create table rp_log (t varchar(20));
create procedure rp(x int) as $$ begin insert into rp_log values ('first'); end $$ language plpgsql;
create or replace procedure rp(y int) as $$ begin insert into rp_log values ('second ' || y); end $$ language plpgsql;
create or replace procedure rp(y varchar(5)) as $$ begin insert into rp_log values ('other'); end $$ language plpgsql;
call rp(1);
create or replace procedure public.rp(z int, w out int) as $$ begin w := z; insert into rp_log values ('third'); end $$ language plpgsql;
call rp(1);
drop procedure rp(int)`,
    check: "select t, (select count(*) from pg_proc where proname = 'rp') from rp_log order by 1",
    rows: ['second 1|1', 'third|1'],
  },
];

/** A statement and the message of its error. */
export const OBJECT_ERRORS: readonly (readonly [string, string])[] = [
  [
    'create view lb9 as select a from lbt with no schema binding',
    'All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING.',
  ],
  ['create view lb9 as select a from nowhere.lbt with no schema binding', 'schema "nowhere" does not exist'],
  ['create view lb1 as select 1 as a', 'Relation "lb1" already exists'],
  ['create table lb1 (a int)', 'Relation "lb1" already exists'],
  ['insert into lb1 values (1)', 'cannot insert into view "lb1"'],
  ['delete from lb1', 'cannot delete from view "lb1"'],
  [
    'create view lb10 as select * from public.nothing with no schema binding; select * from lb10',
    'relation "public.nothing" does not exist',
  ],
  [
    'create view lb11 as select * from public.lb12 with no schema binding; create view lb12 as select * from public.lb11 with no schema binding; select * from lb11',
    'infinite recursion detected in the late-binding view "public"."lb12"',
  ],
  ['drop procedure rp(int, int)', 'procedure rp(integer, integer) does not exist'],
];
