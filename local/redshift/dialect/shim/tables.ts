/** What statements about tables call: byte lengths, ALTER TABLE APPEND, and a few system views. */
import { SHIM } from './schema.ts';

export const TABLES = String.raw`
create or replace function ${SHIM}.too_long(type text, bytes int) returns boolean language plpgsql as $$
begin
  raise exception 'value too long for type %(%)', type, bytes using errcode = '22001';
end $$;

-- Redshift changes only the size of a VARCHAR column, and only of one without DEFAULT.
create or replace function ${SHIM}.check_resize(target regclass, column_ name) returns void language plpgsql stable as $$
declare
  found_ record;
begin
  select atttypid = 'varchar'::regtype as is_varchar, atthasdef as has_default into found_
    from pg_attribute where attrelid = target and attname = column_ and attnum > 0 and not attisdropped;
  if not found_.is_varchar then
    raise exception 'target data type "character varying" is not the same as the type of column "%"', column_ using errcode = '0A000';
  end if;
  if found_.has_default then
    raise exception 'cannot alter type of column "%" with a default value', column_ using errcode = '0A000';
  end if;
end $$;

create or replace function ${SHIM}.decimal_overflow() returns boolean language plpgsql as $$
begin
  raise exception 'numeric field overflow' using errcode = '22003';
end $$;

-- Puts the check of a column's length in the place of the one it had.
create or replace function ${SHIM}.set_byte_limit(target regclass, column_ name, type text, bytes int) returns void language plpgsql as $$
declare
  old record;
begin
  for old in select c.conname from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]
    where c.conrelid = target and c.contype = 'c' and a.attname = column_ loop
    execute format('alter table %s drop constraint %I', target, old.conname);
  end loop;
  if bytes is not null then
    execute format('alter table %s add check (coalesce(octet_length(%I), 0) <= %s or ${SHIM}.too_long(%L, %s))', target, column_, bytes,
      case when type like 'char(%' then 'character' else 'character varying' end, bytes);
  end if;
end $$;

create or replace function ${SHIM}.merge_source(source regclass) returns void language plpgsql stable as $$
begin
  if (select relkind in ('v', 'm') from pg_class where oid = source) then
    raise exception 'MERGE: the source must be a table, and % is a view', source using errcode = '0A000';
  end if;
end $$;

create or replace function ${SHIM}.column_names(target regclass) returns text[] language sql stable as $$
  select array_agg(quote_ident(attname) order by attnum) from pg_attribute where attrelid = target and attnum > 0 and not attisdropped $$;

-- Moves all rows: columns must be the same, unless IGNOREEXTRA or FILLTARGET lets one side have more.
create or replace function ${SHIM}.append_table(target regclass, source regclass, option_ text) returns bigint language plpgsql as $$
declare
  ours text[] := ${SHIM}.column_names(target);
  theirs text[] := ${SHIM}.column_names(source);
  shared_ text[] := (select array_agg(c) from unnest(ours) as c where c = any(theirs));
  moved bigint;
begin
  if shared_ is null or (option_ <> 'ignoreextra' and not theirs <@ ours) or (option_ <> 'filltarget' and not ours <@ theirs) then
    raise exception 'Column mismatch between target table "%" and source table "%"', target, source using errcode = '42804';
  end if;
  execute format('insert into %s (%s) select %2$s from %3$s', target, array_to_string(shared_, ', '), source);
  get diagnostics moved = row_count;
  execute format('delete from %s', source);
  return moved;
end $$;

create or replace view ${SHIM}.pg_table_def as
  select n.nspname::text as schemaname, c.relname::text as tablename, a.attname::text as "column",
    format_type(a.atttypid, a.atttypmod) as type, 'none'::text as encoding, false as distkey, 0 as sortkey, a.attnotnull as "notnull"
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'v', 'm') and not (c.relkind = 'v' and ${SHIM}.is_late_binding(c.oid)) and n.nspname <> '${SHIM}'
    and (n.nspname = any(current_schemas(false)) or n.oid = pg_my_temp_schema())
  order by n.nspname, c.relname, a.attnum;
`;
