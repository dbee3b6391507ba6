/** Aggregates whose result has another type or value in Redshift. */
import { SHIM } from './schema.ts';

export const AGGREGATES = String.raw`
-- SUM of BIGINT stays BIGINT.
create or replace aggregate ${SHIM}.sum(int8) (sfunc = int8pl, stype = int8, combinefunc = int8pl);
create or replace aggregate ${SHIM}.sum(int4) (sfunc = int4_sum, stype = int8, combinefunc = int8pl);
create or replace aggregate ${SHIM}.sum(int2) (sfunc = int2_sum, stype = int8, combinefunc = int8pl);
create or replace aggregate ${SHIM}.sum(numeric) (sfunc = numeric_avg_accum, stype = internal, finalfunc = numeric_sum);
create or replace aggregate ${SHIM}.sum(float8) (sfunc = float8pl, stype = float8);

-- AVG of integers is BIGINT, of DECIMAL has its scale; both are truncated.
create or replace function ${SHIM}.int8_avg_step(state int8[], v int8) returns int8[] language sql immutable
  as $$ select case when v is null then state else array[state[1] + 1, state[2] + v] end $$;
create or replace function ${SHIM}.int_avg(state int8[]) returns int8 language sql immutable
  as $$ select case when state[1] > 0 then state[2] / state[1] end $$;
create or replace aggregate ${SHIM}.avg(int8) (sfunc = ${SHIM}.int8_avg_step, stype = int8[], finalfunc = ${SHIM}.int_avg, initcond = '{0,0}');
create or replace aggregate ${SHIM}.avg(int4) (sfunc = int4_avg_accum, stype = int8[], finalfunc = ${SHIM}.int_avg, initcond = '{0,0}');
create or replace aggregate ${SHIM}.avg(int2) (sfunc = int2_avg_accum, stype = int8[], finalfunc = ${SHIM}.int_avg, initcond = '{0,0}');
create or replace function ${SHIM}.numeric_avg_step(state numeric[], v numeric) returns numeric[] language sql immutable
  as $$ select case when v is null then state else array[state[1] + 1, state[2] + v, greatest(state[3], scale(v))] end $$;
create or replace function ${SHIM}.numeric_avg(state numeric[]) returns numeric language sql immutable
  as $$ select case when state[1] > 0 then pg_catalog.trunc(state[2] / state[1], state[3]::int) end $$;
create or replace aggregate ${SHIM}.avg(numeric) (sfunc = ${SHIM}.numeric_avg_step, stype = numeric[], finalfunc = ${SHIM}.numeric_avg, initcond = '{0,0,0}');
create or replace aggregate ${SHIM}.avg(float8) (sfunc = float8_accum, stype = float8[], finalfunc = float8_avg, initcond = '{0,0,0}');

create or replace function ${SHIM}.append_known(state numeric[], v numeric) returns numeric[] language sql immutable
  as $$ select case when v is null then state else array_append(state, v) end $$;
create or replace function ${SHIM}.append_known(state numeric[], v int8) returns numeric[] language sql immutable
  as $$ select case when v is null then state else array_append(state, v::numeric) end $$;
create or replace function ${SHIM}.append_known(state float8[], v float8) returns float8[] language sql immutable
  as $$ select case when v is null then state else array_append(state, v) end $$;
create or replace function ${SHIM}.median_of(state numeric[]) returns numeric language sql immutable
  as $$ select case when n % 2 = 1 then s[(n + 1) / 2] else pg_catalog.round((s[n / 2] + s[n / 2 + 1]) / 2, greatest(scale(s[1]), scale(trim_scale((s[n / 2] + s[n / 2 + 1]) / 2)))) end
    from (select array_agg(v order by v), count(*)::int from unnest(state) as v) as q(s, n) where n > 0 $$;
create or replace function ${SHIM}.median_of(state float8[]) returns float8 language sql immutable
  as $$ select percentile_cont(0.5) within group (order by v) from unnest(state) as v $$;
create or replace aggregate ${SHIM}.median(numeric) (sfunc = ${SHIM}.append_known, stype = numeric[], finalfunc = ${SHIM}.median_of, initcond = '{}');
create or replace aggregate ${SHIM}.median(float8) (sfunc = ${SHIM}.append_known, stype = float8[], finalfunc = ${SHIM}.median_of, initcond = '{}');
create or replace aggregate ${SHIM}.median(int8) (sfunc = ${SHIM}.append_known, stype = numeric[], finalfunc = ${SHIM}.median_of, initcond = '{}');

create or replace function ${SHIM}.listagg_step(state text, v anyelement, delimiter text) returns text language sql immutable
  as $$ select case when v is null then state when state is null then v::text else state || coalesce(delimiter, '') || v::text end $$;
create or replace aggregate ${SHIM}.listagg(anyelement, text) (sfunc = ${SHIM}.listagg_step, stype = text);

-- The first or last value of a frame that is not NULL, for IGNORE NULLS; named as the function they stand for, since
-- that names the column of the result.
create or replace function ${SHIM}.keep_first(state anyelement, v anyelement) returns anyelement language sql immutable strict as $$ select state $$;
create or replace function ${SHIM}.keep_last(state anyelement, v anyelement) returns anyelement language sql immutable strict as $$ select v $$;
create or replace aggregate ${SHIM}.first_value(anyelement) (sfunc = ${SHIM}.keep_first, stype = anyelement);
create or replace aggregate ${SHIM}.lead(anyelement) (sfunc = ${SHIM}.keep_first, stype = anyelement);
create or replace aggregate ${SHIM}.last_value(anyelement) (sfunc = ${SHIM}.keep_last, stype = anyelement);
create or replace aggregate ${SHIM}.lag(anyelement) (sfunc = ${SHIM}.keep_last, stype = anyelement);
`;
