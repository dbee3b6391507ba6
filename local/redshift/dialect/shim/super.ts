/** SUPER values from scalars, and functions that look into them. Floating numbers are those with an exponent. */
import { SHIM } from './schema.ts';

/** What a SUPER number or boolean is cast to; of a string, an array and an object it is not documented. */
const CASTS = {
  smallint: 'number',
  int: 'number',
  bigint: 'number',
  numeric: 'number',
  float8: 'number',
  real: 'number',
  boolean: 'boolean',
};

const SCALARS = ['smallint', 'int', 'bigint', 'numeric', 'float8', 'real', 'boolean', 'varchar'];

export const SUPER = String.raw`
create or replace function ${SHIM}.float_json(n float8) returns text language sql immutable strict as $$
  select case when n = 0 then '0e+0' else trim_scale(pg_catalog.round(n::numeric / 10 ^ e::numeric, 14))::text || 'e' || case when e < 0 then '-' else '+' end || abs(e) end
  from (select floor(pg_catalog.log(abs(n)::numeric))::int where n <> 0 union all select 0 where n = 0) as x(e) $$;
create or replace function ${SHIM}.to_super(v json) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || btrim(format('%s', v)))::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v text) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || format('%s', to_json(v)))::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v varchar) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || format('%s', to_json(v::text)))::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v bigint) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || v)::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v int) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || v)::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v smallint) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || v)::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v numeric) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || v)::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v float8) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || ${SHIM}.float_json(v))::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v real) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || ${SHIM}.float_json(v::text::float8))::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v boolean) returns ${SHIM}.super language sql immutable strict as $$ select (' ' || case when v then 'true' else 'false' end)::json::${SHIM}.super $$;
create or replace function ${SHIM}.to_super(v anyelement) returns ${SHIM}.super language plpgsql immutable as $$
begin
  raise exception 'could not convert type % to super', pg_typeof(v) using errcode = '42846';
end $$;

-- A column of type SUPER takes scalars. The base type of SUPER is json, and so is that of the casts.
${SCALARS.map(
  (
    type,
  ) => `create or replace function ${SHIM}.json_of(v ${type}) returns json language sql immutable as $$ select ${SHIM}.to_super(v)::json $$;
drop cast if exists (${type} as json);
create cast (${type} as json) with function ${SHIM}.json_of(${type}) as assignment;`,
).join('\n')}

create or replace function ${SHIM}.array(variadic items json[]) returns ${SHIM}.super language sql immutable
  as $$ select (' [' || coalesce((select string_agg(coalesce(${SHIM}.json_compact(i), 'null'), ',' order by n) from unnest(items) with ordinality as u(i, n)), '') || ']')::json::${SHIM}.super $$;
create or replace function ${SHIM}.scalar_text(v json, kind text, whole boolean) returns text language plpgsql immutable strict as $$
begin
  if json_typeof(v) = 'null' then return null; end if;
  if json_typeof(v) <> kind or (whole and v::text ~ '[.eE]') then
    perform ${SHIM}.unverified('a cast of the SUPER value ' || btrim(format('%s', v)) || ' to another type');
  end if;
  return v #>> '{}';
end $$;
${Object.entries(CASTS)
  .map(
    ([
      type,
      kind,
    ]) => `create or replace function ${SHIM}.cast_to_${type}(v json) returns ${type} language sql immutable strict
  as $$ select ${SHIM}.scalar_text(v, '${kind}', ${String(type.endsWith('int'))})::${type} $$;
drop cast if exists (json as ${type});
create cast (json as ${type}) with function ${SHIM}.cast_to_${type}(json);`,
  )
  .join('\n')}

create or replace function ${SHIM}.array() returns ${SHIM}.super language sql immutable as $$ select ' []'::json::${SHIM}.super $$;
create or replace function ${SHIM}.object() returns ${SHIM}.super language sql immutable as $$ select ' {}'::json::${SHIM}.super $$;
create or replace function ${SHIM}.object(variadic items json[]) returns ${SHIM}.super language sql immutable as $$
  select (' {' || coalesce((select string_agg(${SHIM}.json_compact(items[2 * n - 1]) || ':' || coalesce(${SHIM}.json_compact(items[2 * n]), 'null'), ',' order by n)
    from generate_series(1, cardinality(items) / 2) as n), '') || '}')::json::${SHIM}.super $$;

create or replace function ${SHIM}.elements(what text, v json) returns json[] language plpgsql immutable strict as $$
begin
  if json_typeof(v) <> 'array' then perform ${SHIM}.unverified(what || ' of a value that is no array'); end if;
  return array(select e from json_array_elements(v) with ordinality as a(e, n) order by n);
end $$;
create or replace function ${SHIM}.array_concat(a json, b json) returns ${SHIM}.super language sql immutable strict
  as $$ select ${SHIM}.array(variadic ${SHIM}.elements('ARRAY_CONCAT', a) || ${SHIM}.elements('ARRAY_CONCAT', b)) $$;
create or replace function ${SHIM}.array_flatten(v json) returns ${SHIM}.super language sql immutable strict as $$
  select ${SHIM}.array(variadic array(select f.e from unnest(${SHIM}.elements('ARRAY_FLATTEN', v)) with ordinality as a(inner_, n),
    lateral unnest(${SHIM}.elements('ARRAY_FLATTEN', a.inner_)) with ordinality as f(e, m) order by a.n, f.m)) $$;
create or replace function ${SHIM}.get_array_length(v json) returns bigint language sql immutable strict
  as $$ select cardinality(${SHIM}.elements('GET_ARRAY_LENGTH', v))::bigint $$;
-- From 0; from the end if negative.
create or replace function ${SHIM}.subarray(v json, start_ int, length_ int) returns ${SHIM}.super language plpgsql immutable strict as $$
declare
  items json[] := ${SHIM}.elements('SUBARRAY', v);
  first_ int := case when start_ < 0 then cardinality(items) + start_ else start_ end;
begin
  if first_ not between 0 and cardinality(items) - 1 or length_ < 0 then
    perform ${SHIM}.unverified('SUBARRAY beyond the array');
  end if;
  return ${SHIM}.array(variadic items[first_ + 1 : first_ + length_]);
end $$;
create or replace function ${SHIM}.split_to_array(s text, delimiter text default ',') returns ${SHIM}.super language plpgsql immutable strict as $$
begin
  if s = '' or delimiter = '' then perform ${SHIM}.unverified('SPLIT_TO_ARRAY with an empty string'); end if;
  return (' ' || format('%s', to_json(string_to_array(s, delimiter))))::json::${SHIM}.super;
end $$;

create or replace function ${SHIM}.json_typeof(v json) returns text language sql immutable strict as $$ select pg_catalog.json_typeof(v) $$;
create or replace function ${SHIM}.json_size(v json) returns int language sql immutable strict as $$ select octet_length(${SHIM}.json_compact(v)) $$;
create or replace function ${SHIM}.is_array(v json) returns boolean language sql immutable as $$ select coalesce(pg_catalog.json_typeof(v) = 'array', false) $$;
create or replace function ${SHIM}.is_object(v json) returns boolean language sql immutable as $$ select coalesce(pg_catalog.json_typeof(v) = 'object', false) $$;
create or replace function ${SHIM}.is_scalar(v json) returns boolean language sql immutable
  as $$ select coalesce(pg_catalog.json_typeof(v) in ('string', 'number', 'boolean'), false) $$;
create or replace function ${SHIM}.is_boolean(v json) returns boolean language sql immutable as $$ select coalesce(pg_catalog.json_typeof(v) = 'boolean', false) $$;
create or replace function ${SHIM}.is_varchar(v json) returns boolean language sql immutable as $$ select coalesce(pg_catalog.json_typeof(v) = 'string', false) $$;
create or replace function ${SHIM}.is_char(v json) returns boolean language sql immutable
  as $$ select coalesce(pg_catalog.json_typeof(v) = 'string' and octet_length(v #>> '{}') = length(v #>> '{}'), false) $$;
create or replace function ${SHIM}.is_float(v json) returns boolean language sql immutable
  as $$ select coalesce(pg_catalog.json_typeof(v) = 'number' and format('%s', v) ~ '[eE]', false) $$;
create or replace function ${SHIM}.is_decimal(v json) returns boolean language sql immutable
  as $$ select coalesce(pg_catalog.json_typeof(v) = 'number' and format('%s', v) !~ '[eE]', false) $$;
create or replace function ${SHIM}.is_whole(v json, most numeric) returns boolean language plpgsql immutable as $$
begin
  if not ${SHIM}.is_decimal(v) or format('%s', v) ~ '[.]' then return false; end if;
  return btrim(format('%s', v))::numeric between -most - 1 and most;
end $$;
create or replace function ${SHIM}.is_bigint(v json) returns boolean language sql immutable as $$ select ${SHIM}.is_whole(v, 9223372036854775807) $$;
create or replace function ${SHIM}.is_integer(v json) returns boolean language sql immutable as $$ select ${SHIM}.is_whole(v, 2147483647) $$;
create or replace function ${SHIM}.is_smallint(v json) returns boolean language sql immutable as $$ select ${SHIM}.is_whole(v, 32767) $$;
create or replace function ${SHIM}.decimal_scale(v json) returns int language plpgsql immutable strict as $$
begin
  if not ${SHIM}.is_decimal(v) then perform ${SHIM}.unverified('DECIMAL_SCALE of a value that is no decimal'); end if;
  return scale(btrim(format('%s', v))::numeric);
end $$;
create or replace function ${SHIM}.decimal_precision(v json) returns int language plpgsql immutable strict as $$
begin
  if not ${SHIM}.is_decimal(v) then perform ${SHIM}.unverified('DECIMAL_PRECISION of a value that is no decimal'); end if;
  return greatest(length(ltrim(translate(format('%s', v), ' -.', ''), '0')), 1);
end $$;
`;
