/** Aggregates whose result has another type or value in Redshift. */
import { SHIM } from './schema.ts';

export const AGGREGATES = String.raw`
-- SUM of BIGINT stays BIGINT.
create or replace aggregate ${SHIM}.sum(int8) (sfunc = int8pl, stype = int8, combinefunc = int8pl);
create or replace aggregate ${SHIM}.sum(int4) (sfunc = int4_sum, stype = int8, combinefunc = int8pl);
create or replace aggregate ${SHIM}.sum(int2) (sfunc = int2_sum, stype = int8, combinefunc = int8pl);
create or replace aggregate ${SHIM}.sum(numeric) (sfunc = numeric_avg_accum, stype = internal, finalfunc = numeric_sum);
create or replace aggregate ${SHIM}.sum(float8) (sfunc = float8pl, stype = float8);

-- AVG of integers is BIGINT, of DECIMAL has its scale; both are truncated. The translator hands in PostgreSQL's
-- average, a value that only shows the type, and the greatest scale.
create or replace function ${SHIM}.scale_of(n numeric) returns int language sql immutable as $$ select scale(n) $$;
create or replace function ${SHIM}.scale_of(n int) returns int language sql immutable as $$ select 0 $$;
create or replace function ${SHIM}.scale_of(n bigint) returns int language sql immutable as $$ select 0 $$;
create or replace function ${SHIM}.scale_of(n float8) returns int language sql immutable as $$ select 0 $$;
create or replace function ${SHIM}.avg(average numeric, example smallint, digits int) returns bigint language sql immutable
  as $$ select pg_catalog.trunc(average)::bigint $$;
create or replace function ${SHIM}.avg(average numeric, example int, digits int) returns bigint language sql immutable
  as $$ select pg_catalog.trunc(average)::bigint $$;
create or replace function ${SHIM}.avg(average numeric, example bigint, digits int) returns bigint language sql immutable
  as $$ select pg_catalog.trunc(average)::bigint $$;
create or replace function ${SHIM}.avg(average numeric, example numeric, digits int) returns numeric language sql immutable
  as $$ select pg_catalog.trunc(average, digits) $$;
create or replace function ${SHIM}.avg(average float8, example float8, digits int) returns float8 language sql immutable
  as $$ select average $$;

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

-- Percentiles in a window, where PostgreSQL has none. The fraction is the first element of the state.
create or replace function ${SHIM}.percentile_step(state float8[], v float8, fraction float8) returns float8[] language sql immutable
  as $$ select case when v is null then state else array_append(coalesce(state, array[fraction]), v) end $$;
create or replace function ${SHIM}.percentile_cont_of(state float8[]) returns float8 language sql immutable
  as $$ select percentile_cont(state[1]) within group (order by v) from unnest(state[2:]) as v $$;
create or replace aggregate ${SHIM}.collected(anynonarray) (sfunc = array_agg_transfn, stype = internal, finalfunc = array_agg_finalfn, finalfunc_extra);
create or replace function ${SHIM}.percentile_disc(values_ anyarray, fraction float8, descending boolean) returns anyelement language sql immutable as $$
  select (array_agg(v order by v))[greatest(1, case when descending then count(*) + 1 - greatest(1, ceil(fraction * count(*))) else ceil(fraction * count(*)) end::int)]
  from unnest(values_) as v where v is not null $$;
create or replace aggregate ${SHIM}.percentile_cont(float8, float8) (sfunc = ${SHIM}.percentile_step, stype = float8[], finalfunc = ${SHIM}.percentile_cont_of);

-- The middle of two days may be no day.
create or replace function ${SHIM}.append_known(state date[], v date) returns date[] language sql immutable
  as $$ select case when v is null then state else array_append(state, v) end $$;
create or replace function ${SHIM}.append_known(state timestamp[], v timestamp) returns timestamp[] language sql immutable
  as $$ select case when v is null then state else array_append(state, v) end $$;
create or replace function ${SHIM}.append_known(state timestamptz[], v timestamptz) returns timestamptz[] language sql immutable
  as $$ select case when v is null then state else array_append(state, v) end $$;
create or replace function ${SHIM}.median_of(state date[]) returns date language sql immutable as $$
  select case when n % 2 = 1 then s[(n + 1) / 2] when (s[n / 2 + 1] - s[n / 2]) % 2 = 0 then s[n / 2] + (s[n / 2 + 1] - s[n / 2]) / 2
    else (${SHIM}.unverified('MEDIAN between two dates with no date in the middle'))::text::date end
  from (select array_agg(v order by v), count(*)::int from unnest(state) as v) as q(s, n) where n > 0 $$;
create or replace function ${SHIM}.median_of(state timestamp[]) returns timestamp language sql immutable as $$
  select case when n % 2 = 1 then s[(n + 1) / 2] else s[n / 2] + (s[n / 2 + 1] - s[n / 2]) / 2 end
  from (select array_agg(v order by v), count(*)::int from unnest(state) as v) as q(s, n) where n > 0 $$;
create or replace function ${SHIM}.median_of(state timestamptz[]) returns timestamptz language sql immutable as $$
  select case when n % 2 = 1 then s[(n + 1) / 2] else s[n / 2] + (s[n / 2 + 1] - s[n / 2]) / 2 end
  from (select array_agg(v order by v), count(*)::int from unnest(state) as v) as q(s, n) where n > 0 $$;
create or replace aggregate ${SHIM}.median(date) (sfunc = ${SHIM}.append_known, stype = date[], finalfunc = ${SHIM}.median_of, initcond = '{}');
create or replace aggregate ${SHIM}.median(timestamp) (sfunc = ${SHIM}.append_known, stype = timestamp[], finalfunc = ${SHIM}.median_of, initcond = '{}');
create or replace aggregate ${SHIM}.median(timestamptz) (sfunc = ${SHIM}.append_known, stype = timestamptz[], finalfunc = ${SHIM}.median_of, initcond = '{}');

-- Empty strings count as little as NULL. The length is that of the result, in bytes.
create or replace function ${SHIM}.listagg_step(state text, v anyelement, delimiter text) returns text language sql immutable as $$
  select case when v is null or octet_length(v::text) = 0 then state when state is null then v::text
    else state || coalesce(delimiter, '') || v::text end $$;
create or replace function ${SHIM}.listagg_too_long() returns text language plpgsql as $$
begin
  raise exception 'Result size exceeds LISTAGG limit' using errcode = '54000', detail = 'LISTAGG limit: 65535';
end $$;
create or replace function ${SHIM}.listagg_end(state text) returns text language sql stable
  as $$ select case when octet_length(state) > 65535 then ${SHIM}.listagg_too_long() else state end $$;
create or replace aggregate ${SHIM}.listagg(anyelement, text) (sfunc = ${SHIM}.listagg_step, stype = text, finalfunc = ${SHIM}.listagg_end);

-- The first or last value of a frame that is not NULL, for IGNORE NULLS; named as the function they stand for, since
-- that names the column of the result.
create or replace function ${SHIM}.keep_first(state anyelement, v anyelement) returns anyelement language sql immutable strict as $$ select state $$;
create or replace function ${SHIM}.keep_last(state anyelement, v anyelement) returns anyelement language sql immutable strict as $$ select v $$;
create or replace aggregate ${SHIM}.first_value(anyelement) (sfunc = ${SHIM}.keep_first, stype = anyelement);
create or replace aggregate ${SHIM}.lead(anyelement) (sfunc = ${SHIM}.keep_first, stype = anyelement);
create or replace aggregate ${SHIM}.last_value(anyelement) (sfunc = ${SHIM}.keep_last, stype = anyelement);
create or replace aggregate ${SHIM}.lag(anyelement) (sfunc = ${SHIM}.keep_last, stype = anyelement);

-- The value so many rows away: the state has a place for each of them, NULL while it is free.
create or replace function ${SHIM}.places(example anyelement, n int) returns anyarray language sql immutable
  as $$ select array_fill(case when false then example end, array[n]) $$;
create or replace function ${SHIM}.keep_last_of(state anyarray, v anyelement, n int) returns anyarray language sql immutable as $$
  select case when v is null then state else array_append((coalesce(state, ${SHIM}.places(v, n)))[2:], v) end $$;
create or replace function ${SHIM}.keep_first_of(state anyarray, v anyelement, n int) returns anyarray language sql immutable as $$
  select case when v is null or free is null then state else array_append(places[:free - 1], v) || places[free + 1:] end
  from (select p, array_position(p, null) from coalesce(state, ${SHIM}.places(v, n)) as p) as s(places, free) $$;
create or replace function ${SHIM}.first_place(state anyarray) returns anyelement language sql immutable as $$ select state[1] $$;
create or replace function ${SHIM}.last_place(state anyarray) returns anyelement language sql immutable as $$ select state[cardinality(state)] $$;
create or replace aggregate ${SHIM}.lag(anyelement, int) (sfunc = ${SHIM}.keep_last_of, stype = anyarray, finalfunc = ${SHIM}.first_place);
create or replace aggregate ${SHIM}.nth_value(anyelement, int) (sfunc = ${SHIM}.keep_first_of, stype = anyarray, finalfunc = ${SHIM}.last_place);
create or replace aggregate ${SHIM}.lead(anyelement, int) (sfunc = ${SHIM}.keep_first_of, stype = anyarray, finalfunc = ${SHIM}.last_place);
`;
