/** Texts read by a format: TO_DATE and TO_TIMESTAMP, whose values may overflow, and numbers written as Teradata does. */
import { SHIM } from './schema.ts';

export const FORMATS = String.raw`
-- The parts of a text by a format of numbers of fixed width, of month names and of marks; NULL: the format has others.
create or replace function ${SHIM}.moment_parts(s text, format text) returns jsonb language plpgsql immutable as $$
declare
  rest text := upper(format);
  pattern text := '^\s*';
  names text[] := '{}';
  token text;
  found_ text[];
begin
  while rest <> '' loop
    token := substring(rest from '^(YYYY|MM|DD|HH24|MI|SS|MON|[^A-Z0-9"]+)');
    if token is null or token = any(names) then return null; end if;
    rest := substr(rest, length(token) + 1);
    if token ~ '^[A-Z]' then names := names || token; end if;
    pattern := pattern || case when token = 'YYYY' then '(\d{4})' when token = 'MON' then '([A-Za-z]{3})'
      when token ~ '^[A-Z]' then '(\d{1,2})' else '[^A-Za-z0-9]*' end;
  end loop;
  found_ := regexp_match(s, pattern);
  if found_ is null then return null; end if;
  return (select jsonb_object_agg(name, case when name = 'MON' then (array_position(
      array['jan','feb','mar','apr','may','jun','jul','aug','sep','oct','nov','dec'], lower(value)))::text else value end)
    from unnest(names, found_) as p(name, value));
end $$;

-- June 31 is July 1, and 24:38 is 00:38 of the next day.
create or replace function ${SHIM}.overflowing(what text, s text, format text) returns timestamp language plpgsql immutable as $$
declare
  parts jsonb := ${SHIM}.moment_parts(s, format);
  month_ int := coalesce((parts ->> 'MM')::int, (parts ->> 'MON')::int, 1);
begin
  if parts is null or parts -> 'YYYY' is null or month_ not between 1 and 12 or coalesce((parts ->> 'DD')::int, 1) < 1 then
    perform ${SHIM}.unverified(what || ' of ' || s || ' by the format ' || format);
  end if;
  return make_date((parts ->> 'YYYY')::int, month_, 1) + make_interval(days => coalesce((parts ->> 'DD')::int, 1) - 1,
    hours => coalesce((parts ->> 'HH24')::int, 0), mins => coalesce((parts ->> 'MI')::int, 0), secs => coalesce((parts ->> 'SS')::int, 0));
end $$;

create or replace function ${SHIM}.has_year(format text) returns boolean language sql immutable
  as $$ select regexp_replace(format, 'DA?Y', '', 'gi') ~* '[YJ]' $$;

create or replace function ${SHIM}.to_date(s text, format text, is_strict boolean default false) returns date language plpgsql immutable strict as $$
begin
  if btrim(s) = '' then perform ${SHIM}.unverified('TO_DATE of an empty string'); end if;
  if not ${SHIM}.has_year(format) then perform ${SHIM}.unverified('TO_DATE by the format ' || format); end if;
  return pg_catalog.to_date(s, format);
exception when datetime_field_overflow then
  if is_strict then raise; end if;
  return ${SHIM}.overflowing('TO_DATE', s, format)::date;
end $$;
create or replace function ${SHIM}.to_date(t timestamp, format text, is_strict boolean default false) returns date language sql immutable
  as $$ select ${SHIM}.to_date(t::text, format, is_strict) $$;
create or replace function ${SHIM}.to_date(n bigint, format text, is_strict boolean default false) returns date language sql immutable
  as $$ select ${SHIM}.to_date(n::text, format, is_strict) $$;

create or replace function ${SHIM}.to_timestamp(s text, format text, is_strict boolean default false) returns timestamptz language plpgsql stable strict as $$
begin
  if format ~ 'TZ|tz|OF' then perform ${SHIM}.unverified('TO_TIMESTAMP with a time zone in its format'); end if;
  if btrim(s) = '' then return timestamp '0001-01-01'; end if;
  return pg_catalog.to_timestamp(s, format);
exception when datetime_field_overflow then
  if is_strict then raise; end if;
  return ${SHIM}.overflowing('TO_TIMESTAMP', s, format);
end $$;
create or replace function ${SHIM}.to_timestamp(t timestamp, format text, is_strict boolean default false) returns timestamptz language sql stable
  as $$ select ${SHIM}.to_timestamp(t::text, format, is_strict) $$;
create or replace function ${SHIM}.to_timestamp(t timestamptz, format text, is_strict boolean default false) returns timestamptz language sql stable
  as $$ select ${SHIM}.to_timestamp(t::timestamp::text, format, is_strict) $$;
create or replace function ${SHIM}.to_timestamp(n bigint, format text, is_strict boolean default false) returns timestamptz language sql stable
  as $$ select ${SHIM}.to_timestamp(n::text, format, is_strict) $$;

-- A sign before or after the digits; blanks are 0.
create or replace function ${SHIM}.signed_number(s text) returns numeric language plpgsql immutable strict as $$
declare
  found_ text[] := regexp_match(s, '^\s*([+-]?)\s*(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*([+-]?)\s*$');
begin
  if btrim(s) = '' then return 0; end if;
  if found_ is null or (found_[1] <> '' and found_[4] <> '') then
    raise exception 'Invalid input "%" for a conversion to a number', s using errcode = '22P02';
  end if;
  return (case when '-' in (found_[1], found_[4]) then '-' else '' end || found_[2] || coalesce(found_[3], ''))::numeric;
end $$;
create or replace function ${SHIM}.text_to_int_alt(s text) returns int language sql immutable strict
  as $$ select pg_catalog.trunc(${SHIM}.signed_number(s))::int $$;
-- Halves are rounded to the even neighbor.
create or replace function ${SHIM}.text_to_numeric_alt(s text, digits int default 38, scale_ int default 0) returns numeric language plpgsql immutable strict as $$
declare
  moved numeric := ${SHIM}.signed_number(s) * 10::numeric ^ scale_;
begin
  moved := case when abs(moved - pg_catalog.trunc(moved)) = 0.5 then 2 * pg_catalog.round(moved / 2) else pg_catalog.round(moved) end;
  if abs(moved) >= 10::numeric ^ digits then raise exception 'Numeric data overflow (result precision)' using errcode = '22003'; end if;
  return pg_catalog.round(moved / 10::numeric ^ scale_, scale_);
end $$;
`;
