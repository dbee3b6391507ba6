/**
 * Late-binding views. PostgreSQL binds a view to its tables, so one made WITH NO SCHEMA BINDING is a view here that
 * only holds two texts: what the user wrote, for the catalog, and its query for PostgreSQL, which takes the view's
 * place in every statement that reads it. DROP, RENAME, rights and transactions are then PostgreSQL's own.
 */
import { SHIM } from './schema.ts';

/** The column that the view of a late-binding view has. */
const COLUMN = 'late_binding';

export const VIEWS = String.raw`
-- Only a statement in which the view was not replaced by its query calls it.
create or replace function ${SHIM}.late_binding_view(definition text, query text) returns text language plpgsql as $$
begin
  raise exception 'reading a late-binding view here is not supported by the local warehouse: %', definition using errcode = '0A000';
end $$;
create or replace function ${SHIM}.definition_of(definition text, query text) returns text language sql immutable as $$ select definition $$;
create or replace function ${SHIM}.query_of(definition text, query text) returns text language sql immutable as $$ select query $$;

create or replace function ${SHIM}.is_late_binding(view_ oid) returns boolean language sql stable as $$
  select exists (select from pg_attribute where attrelid = view_ and attnum = 1 and attname = '${COLUMN}')
    and pg_get_viewdef(view_) like ' SELECT ${SHIM}.late\_binding\_view(%' $$;
-- One of the two texts: the view's own definition, with another function in the place of the first. NULL: it is not late-binding.
create or replace function ${SHIM}.late_binding_text(view_ oid, reader text) returns text language plpgsql stable as $$
declare
  found_ text;
begin
  if not ${SHIM}.is_late_binding(view_) then return null; end if;
  execute replace(split_part(pg_get_viewdef(view_), '(', 1), 'late_binding_view', reader)
    || substr(pg_get_viewdef(view_), strpos(pg_get_viewdef(view_), '(')) into found_;
  return found_;
end $$;

create or replace function ${SHIM}.create_late_binding_view(name text, definition text, query text, replaces boolean) returns void language plpgsql as $$
begin
  if replaces and exists (select from pg_class where oid = to_regclass(name) and relkind = 'v') then
    execute 'drop view ' || name;
  end if;
  execute format('create view %s as select ${SHIM}.late_binding_view(%L, %L) as ${COLUMN}', name, definition, query);
end $$;
-- CREATE OR REPLACE VIEW of a bound view where a late-binding one was: its columns are others.
create or replace function ${SHIM}.drop_late_binding_view(name text) returns void language plpgsql as $$
begin
  if ${SHIM}.is_late_binding(to_regclass(name)) then execute 'drop view ' || name; end if;
end $$;

create or replace view ${SHIM}.pg_views as
  select v.schemaname, v.viewname, v.viewowner, coalesce(${SHIM}.late_binding_text(c.oid, 'definition_of'), v.definition) as definition
  from pg_catalog.pg_views v join pg_namespace n on n.nspname = v.schemaname
    join pg_class c on c.relnamespace = n.oid and c.relname = v.viewname
  where v.schemaname <> '${SHIM}';
`;
