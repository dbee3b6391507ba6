/** Date and time functions. The translator has already turned every date part into its full name. */
import { CLOCK_SETTING, SHIM } from './schema.ts';

export const DATES = String.raw`
create or replace function ${SHIM}.unverified(what text) returns bigint language plpgsql as $$
begin
  raise exception '%', what || ' is not supported by the local warehouse' using errcode = '0A000';
end $$;

-- How far the local clock is ahead: a setting of the session, which follows it (sessions/session.ts).
create or replace function ${SHIM}.clock_offset() returns interval language sql stable
  as $$ select coalesce(nullif(current_setting('${CLOCK_SETTING}', true), '')::float8, 0) * interval '1 millisecond' $$;

-- GETDATE has whole seconds and the statement's time, SYSDATE microseconds and the transaction's.
create or replace function ${SHIM}.getdate() returns timestamp language sql stable
  as $$ select date_trunc('second', (statement_timestamp() + ${SHIM}.clock_offset())::timestamp) $$;
create or replace function ${SHIM}.sysdate() returns timestamp language sql stable
  as $$ select (transaction_timestamp() + ${SHIM}.clock_offset())::timestamp $$;
create or replace function ${SHIM}."current_date"() returns date language sql stable
  as $$ select (transaction_timestamp() + ${SHIM}.clock_offset())::date $$;

create or replace function ${SHIM}.timeofday() returns text language sql volatile as $$ select pg_catalog.timeofday() $$;

-- A year (and ten, and more) after the 29th of February is the 1st of March; months end at the end of a month.
create or replace function ${SHIM}.add_years(t timestamp, years int) returns timestamp language sql immutable as $$
  select t + make_interval(years => years)
    + case when date_part('day', t) = 29 and date_part('day', t + make_interval(years => years)) = 28
      then interval '1 day' else interval '0' end $$;

create or replace function ${SHIM}.date_add(part text, n bigint, t timestamp) returns timestamp language sql immutable as $$
  select case part
    when 'microsecond' then t + n * interval '1 microsecond'
    when 'millisecond' then t + n * interval '1 millisecond'
    when 'second' then t + n * interval '1 second'
    when 'minute' then t + n * interval '1 minute'
    when 'hour' then t + n * interval '1 hour'
    when 'day' then t + make_interval(days => n::int)
    when 'week' then t + make_interval(weeks => n::int)
    when 'month' then t + make_interval(months => n::int)
    when 'quarter' then t + make_interval(months => (3 * n)::int)
    else ${SHIM}.add_years(t, (n * case part when 'year' then 1 when 'decade' then 10 when 'century' then 100 else 1000 end)::int)
  end $$;
create or replace function ${SHIM}.date_add(part text, n bigint, t date) returns timestamp language sql immutable
  as $$ select ${SHIM}.date_add(part, n, t::timestamp) $$;
create or replace function ${SHIM}.date_add(part text, n bigint, t text) returns timestamp language sql stable
  as $$ select ${SHIM}.date_add(part, n, t::timestamp) $$;
create or replace function ${SHIM}.date_add(part text, n bigint, t timestamptz) returns timestamptz language sql stable
  as $$ select ${SHIM}.date_add(part, n, t::timestamp)::timestamptz $$;
create or replace function ${SHIM}.date_add(part text, n bigint, t time) returns time language sql immutable
  as $$ select case when part in ('hour', 'minute', 'second', 'millisecond', 'microsecond')
    then t + n * ('1 ' || part)::interval
    else (${SHIM}.unverified('DATEADD of ' || part || ' to a TIME'))::text::time end $$;

create or replace function ${SHIM}.date_add(part text, n bigint, t timetz) returns timetz language sql stable
  as $$ select (${SHIM}.date_add(part, n, (t at time zone 'UTC')::time)::text || '+00')::timetz $$;

-- The number of boundaries crossed, not of whole units.
create or replace function ${SHIM}.boundary(part text, t timestamp) returns bigint language sql immutable as $$
  select case part
    when 'microsecond' then (extract(epoch from t) * 1000000)::bigint
    when 'millisecond' then floor(extract(epoch from t) * 1000)::bigint
    when 'second' then floor(extract(epoch from t))::bigint
    when 'minute' then floor(extract(epoch from t) / 60)::bigint
    when 'hour' then floor(extract(epoch from t) / 3600)::bigint
    when 'day' then (t::date - date '2000-01-01')::bigint
    when 'month' then (extract(year from t) * 12 + extract(month from t))::bigint
    when 'quarter' then (extract(year from t) * 4 + extract(quarter from t))::bigint
    when 'year' then extract(year from t)::bigint
    when 'decade' then floor(extract(year from t) / 10)::bigint
    when 'century' then extract(century from t)::bigint
    when 'millennium' then extract(millennium from t)::bigint
  end $$;
-- Whether a week begins on Sunday or on Monday here is not documented: only where it makes no difference is there an answer.
create or replace function ${SHIM}.weeks(a timestamp, b timestamp) returns bigint language sql immutable as $$
  select case when mondays = sundays then mondays
    else ${SHIM}.unverified('DATEDIFF(week, …) where the week may begin on Sunday or on Monday') end
  from (select (floor((b::date - date '2000-01-03') / 7.0) - floor((a::date - date '2000-01-03') / 7.0))::bigint,
    (floor((b::date - date '2000-01-02') / 7.0) - floor((a::date - date '2000-01-02') / 7.0))::bigint) as w(mondays, sundays) $$;
create or replace function ${SHIM}.date_diff(part text, a timestamp, b timestamp) returns bigint language sql immutable as $$
  select case when part = 'week' then ${SHIM}.weeks(a, b)
    else ${SHIM}.boundary(part, b) - ${SHIM}.boundary(part, a) end $$;
create or replace function ${SHIM}.date_diff(part text, a date, b date) returns bigint language sql immutable
  as $$ select ${SHIM}.date_diff(part, a::timestamp, b::timestamp) $$;
create or replace function ${SHIM}.date_diff(part text, a timestamptz, b timestamptz) returns bigint language sql stable
  as $$ select ${SHIM}.date_diff(part, a::timestamp, b::timestamp) $$;
create or replace function ${SHIM}.date_diff(part text, a text, b text) returns bigint language sql stable
  as $$ select ${SHIM}.date_diff(part, a::timestamp, b::timestamp) $$;
create or replace function ${SHIM}.date_diff(part text, a time, b time) returns bigint language sql immutable
  as $$ select ${SHIM}.date_diff(part, date '2000-01-01' + a, date '2000-01-01' + b) $$;

create or replace function ${SHIM}.date_diff(part text, a timetz, b timetz) returns bigint language sql stable
  as $$ select ${SHIM}.date_diff(part, (a at time zone 'UTC')::time, (b at time zone 'UTC')::time) $$;

create or replace function ${SHIM}.date_trunc(part text, t timestamp) returns timestamp language sql immutable
  as $$ select pg_catalog.date_trunc(part, t) $$;
create or replace function ${SHIM}.date_trunc(part text, t date) returns timestamp language sql immutable
  as $$ select pg_catalog.date_trunc(part, t::timestamp) $$;
create or replace function ${SHIM}.date_trunc(part text, t text) returns timestamp language sql stable
  as $$ select pg_catalog.date_trunc(part, t::timestamp) $$;
create or replace function ${SHIM}.date_trunc(part text, t timestamptz) returns timestamptz language sql stable
  as $$ select pg_catalog.date_trunc(part, t) $$;

-- DATE_PART gives a DOUBLE, with the fraction of a second.
create or replace function ${SHIM}.pgdate_part(part text, t timestamp) returns float8 language sql immutable as $$
  select case part
    when 'microsecond' then date_part('microseconds', t)::bigint % 1000000
    when 'millisecond' then ${SHIM}.unverified('DATE_PART(millisecond, …)')
    when 'decade' then floor(date_part('year', t) / 10) + 1
    else date_part(part, t) end $$;
create or replace function ${SHIM}.pgdate_part(part text, t date) returns float8 language sql immutable
  as $$ select ${SHIM}.pgdate_part(part, t::timestamp) $$;
create or replace function ${SHIM}.pgdate_part(part text, t text) returns float8 language sql stable
  as $$ select ${SHIM}.pgdate_part(part, t::timestamp) $$;
create or replace function ${SHIM}.pgdate_part(part text, t time) returns float8 language sql immutable
  as $$ select date_part(part, t) $$;
create or replace function ${SHIM}.pgdate_part(part text, t timestamptz) returns float8 language sql stable
  as $$ select case when part like 'timezone%' then date_part(part, t) else ${SHIM}.pgdate_part(part, t::timestamp) end $$;
create or replace function ${SHIM}.pgdate_part(part text, t interval) returns float8 language sql immutable
  as $$ select date_part(part, t) $$;

-- EXTRACT gives a whole number, of the part alone.
create or replace function ${SHIM}.date_part(part text, t timestamp) returns bigint language sql immutable as $$
  select case part
    when 'microsecond' then ${SHIM}.unverified('EXTRACT(microsecond …)')
    when 'millisecond' then floor(extract(milliseconds from t))::bigint % 1000
    when 'second' then floor(extract(second from t))::bigint
    when 'epoch' then floor(extract(epoch from t))::bigint
    else ${SHIM}.pgdate_part(part, t)::bigint end $$;
create or replace function ${SHIM}.date_part(part text, t date) returns bigint language sql immutable
  as $$ select ${SHIM}.date_part(part, t::timestamp) $$;
create or replace function ${SHIM}.date_part(part text, t text) returns bigint language sql stable
  as $$ select ${SHIM}.date_part(part, t::timestamp) $$;
create or replace function ${SHIM}.date_part(part text, t time) returns bigint language sql immutable
  as $$ select ${SHIM}.date_part(part, date '2000-01-01' + t) $$;
create or replace function ${SHIM}.date_part(part text, t timetz) returns bigint language sql stable
  as $$ select case when part like 'timezone%' then date_part(part, t)::bigint else ${SHIM}.date_part(part, t::time) end $$;
create or replace function ${SHIM}.date_part(part text, t timestamptz) returns float8 language sql stable
  as $$ select case when part like 'timezone%' then date_part(part, t) else ${SHIM}.date_part(part, t::timestamp) end $$;
create or replace function ${SHIM}.date_part(part text, t interval) returns bigint language sql immutable
  as $$ select floor(date_part(part, t))::bigint $$;
create or replace function ${SHIM}.date_part_year(t timestamp) returns int language sql immutable
  as $$ select date_part('year', t)::int $$;
create or replace function ${SHIM}.date_part_year(t date) returns int language sql immutable
  as $$ select date_part('year', t)::int $$;

create or replace function ${SHIM}.last_day(t timestamp) returns date language sql immutable
  as $$ select (pg_catalog.date_trunc('month', t) + interval '1 month - 1 day')::date $$;
create or replace function ${SHIM}.last_day(t date) returns date language sql immutable
  as $$ select ${SHIM}.last_day(t::timestamp) $$;
create or replace function ${SHIM}.last_day(t timestamptz) returns date language sql stable
  as $$ select ${SHIM}.last_day(t::timestamp) $$;
-- The last day of a month leads to the last day of a month.
create or replace function ${SHIM}.add_months(t timestamp, n bigint) returns timestamp language sql immutable as $$
  select case when t::date = ${SHIM}.last_day(t)
    then ${SHIM}.last_day(t + make_interval(months => n::int)) + t::time
    else t + make_interval(months => n::int) end $$;
create or replace function ${SHIM}.add_months(t date, n bigint) returns timestamp language sql immutable
  as $$ select ${SHIM}.add_months(t::timestamp, n) $$;
create or replace function ${SHIM}.add_months(t timestamptz, n bigint) returns timestamp language sql stable
  as $$ select ${SHIM}.add_months(t::timestamp, n) $$;
create or replace function ${SHIM}.next_day(t timestamp, day text) returns date language sql immutable as $$
  select t::date + (case when ahead > 0 then ahead else ahead + 7 end)
  from (select (array_position(array['su','mo','tu','we','th','fr','sa'], left(lower(day), 2)) - 1)
    - date_part('dow', t)::int) as d(ahead) $$;
create or replace function ${SHIM}.next_day(t date, day text) returns date language sql immutable
  as $$ select ${SHIM}.next_day(t::timestamp, day) $$;
-- Whole months between equal days or two last days; else a fraction of months of 31 days.
create or replace function ${SHIM}.months_between(a timestamp, b timestamp) returns float8 language sql immutable as $$
  select (date_part('year', a) - date_part('year', b)) * 12 + date_part('month', a) - date_part('month', b)
    + case when date_part('day', a) = date_part('day', b)
        or (a::date = ${SHIM}.last_day(a) and b::date = ${SHIM}.last_day(b)) then 0
      else (date_part('day', a) - date_part('day', b)
        + (date_part('epoch', a::time) - date_part('epoch', b::time)) / 86400) / 31 end $$;
create or replace function ${SHIM}.months_between(a date, b date) returns float8 language sql immutable
  as $$ select ${SHIM}.months_between(a::timestamp, b::timestamp) $$;

create or replace function ${SHIM}.months_between(a timestamptz, b timestamptz) returns float8 language sql stable
  as $$ select ${SHIM}.months_between(a::timestamp, b::timestamp) $$;
create or replace function ${SHIM}.next_day(t timestamptz, day text) returns date language sql stable
  as $$ select ${SHIM}.next_day(t::timestamp, day) $$;
create or replace function ${SHIM}.date_part_year(t timestamptz) returns int language sql stable
  as $$ select date_part('year', t::timestamp)::int $$;

-- A zone given as an offset has a sign that can be read in two ways.
create or replace function ${SHIM}.zone(name text) returns text language sql immutable as $$
  select case when name ~ '^(UTC|GMT)?[+-]' then (${SHIM}.unverified('CONVERT_TIMEZONE with the offset ' || name))::text
    else name end $$;
create or replace function ${SHIM}.convert_timezone(source text, target text, t timestamp) returns timestamp language sql stable
  as $$ select t at time zone ${SHIM}.zone(source) at time zone ${SHIM}.zone(target) $$;
create or replace function ${SHIM}.convert_timezone(target text, t timestamp) returns timestamp language sql stable
  as $$ select ${SHIM}.convert_timezone('UTC', target, t) $$;
create or replace function ${SHIM}.convert_timezone(source text, target text, t date) returns timestamp language sql stable
  as $$ select ${SHIM}.convert_timezone(source, target, t::timestamp) $$;
create or replace function ${SHIM}.convert_timezone(target text, t date) returns timestamp language sql stable
  as $$ select ${SHIM}.convert_timezone('UTC', target, t::timestamp) $$;
create or replace function ${SHIM}.convert_timezone(source text, target text, t timestamptz) returns timestamp language sql stable
  as $$ select ${SHIM}.convert_timezone(source, target, t::timestamp) $$;
create or replace function ${SHIM}.convert_timezone(target text, t timestamptz) returns timestamp language sql stable
  as $$ select t at time zone ${SHIM}.zone(target) $$;
create or replace function ${SHIM}.convert_timezone(source text, target text, t text) returns timestamp language sql stable
  as $$ select ${SHIM}.convert_timezone(source, target, t::timestamp) $$;
create or replace function ${SHIM}.convert_timezone(target text, t text) returns timestamp language sql stable
  as $$ select ${SHIM}.convert_timezone('UTC', target, t::timestamp) $$;
create or replace function ${SHIM}.pgdate_part(part text, t timetz) returns float8 language sql stable
  as $$ select case when part like 'timezone%' then date_part(part, t) else ${SHIM}.pgdate_part(part, t::time) end $$;
`;
