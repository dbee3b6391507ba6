/**
 * JSON in strings, and SUPER. A SUPER value is kept as `json` text that begins with a blank: only JSON_PARSE makes
 * one, so a plain string put into a SUPER column, which Redshift would keep as a string, is an error here.
 */
import { SHIM } from './schema.ts';

export const JSON_FUNCTIONS = String.raw`
do $$ begin
  if to_regtype('${SHIM}.super') is null then
    create domain ${SHIM}.super as json constraint made_by_json_parse check (value is null or starts_with(format('%s', value), ' '));
  end if;
end $$;

create or replace function ${SHIM}.read_json(s text) returns json language plpgsql immutable strict as $$
begin
  if not (s is json) then raise exception 'JSON parsing error: % is no JSON', s using errcode = '22032'; end if;
  return s::json;
end $$;
create or replace function ${SHIM}.json_parse(s text) returns ${SHIM}.super language sql immutable strict
  as $$ select (' ' || btrim(format('%s', ${SHIM}.read_json(s))))::json::${SHIM}.super $$;
create or replace function ${SHIM}.can_json_parse(s text) returns boolean language sql immutable strict as $$ select s is json $$;

-- Without blanks, members in the order written.
create or replace function ${SHIM}.json_compact(j json) returns text language sql immutable strict as $$
  select case json_typeof(j)
    when 'object' then '{' || coalesce((select string_agg(format('%s:%s', to_json(e.key), ${SHIM}.json_compact(e.value)), ',' order by e.n)
      from json_each(j) with ordinality as e(key, value, n)), '') || '}'
    when 'array' then '[' || coalesce((select string_agg(${SHIM}.json_compact(e.value), ',' order by e.n)
      from json_array_elements(j) with ordinality as e(value, n)), '') || ']'
    else btrim(format('%s', j)) end $$;
create or replace function ${SHIM}.json_serialize(j json) returns text language sql immutable strict
  as $$ select ${SHIM}.json_compact(j) $$;

-- A cast to a string takes the quotes off a string.
create or replace function ${SHIM}.super_text(j json) returns text language sql immutable strict
  as $$ select case json_typeof(j) when 'string' then j #>> '{}' when 'null' then null else ${SHIM}.json_compact(j) end $$;
create or replace function ${SHIM}.super_varchar(j json) returns varchar language sql immutable strict
  as $$ select ${SHIM}.super_text(j)::varchar $$;
drop cast if exists (json as text);
drop cast if exists (json as varchar);
create cast (json as text) with function ${SHIM}.super_text(json);
create cast (json as varchar) with function ${SHIM}.super_varchar(json);

create or replace function ${SHIM}.is_valid_json(s text) returns boolean language sql immutable as $$ select s is json object $$;
create or replace function ${SHIM}.is_valid_json_array(s text) returns boolean language sql immutable as $$ select s is json array $$;
-- In PL/pgSQL, so that a constant that is no JSON is not read before the flag is looked at.
create or replace function ${SHIM}.json_array_length(s text, null_if_invalid boolean default false) returns int language plpgsql immutable as $$
begin
  if null_if_invalid and not (s is json array) then return null; end if;
  return pg_catalog.json_array_length(${SHIM}.read_json(s));
end $$;
create or replace function ${SHIM}.json_extract_array_element_text(s text, n int, null_if_invalid boolean default false)
returns text language plpgsql immutable as $$
begin
  if null_if_invalid and not (s is json array) then return null; end if;
  if n < 0 or n >= pg_catalog.json_array_length(${SHIM}.read_json(s)) then
    perform ${SHIM}.unverified('JSON_EXTRACT_ARRAY_ELEMENT_TEXT beyond the array');
  end if;
  return s::json ->> n;
end $$;

-- Step by step: a path element is the key of an object, never a place in an array.
create or replace function ${SHIM}.json_extract_path_text(s text, variadic path text[]) returns text language plpgsql immutable as $$
declare
  found_ json := ${SHIM}.read_json(s);
begin
  for i in 1 .. array_length(path, 1) loop
    if json_typeof(found_) is distinct from 'object' then return null; end if;
    found_ := found_ -> path[i];
  end loop;
  return found_ #>> '{}';
end $$;
create or replace function ${SHIM}.json_extract_path_text(s text, null_if_invalid boolean, variadic path text[])
returns text language plpgsql immutable as $$
begin
  if null_if_invalid and not (s is json) then return null; end if;
  return ${SHIM}.json_extract_path_text(s, variadic path);
end $$;
`;
