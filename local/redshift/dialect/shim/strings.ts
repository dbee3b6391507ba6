/** String, number and hash functions. */
import { SHIM } from './schema.ts';

export const STRINGS = String.raw`
create extension if not exists pgcrypto schema ${SHIM};

create or replace function ${SHIM}.len(s text) returns int language sql immutable as $$ select length(s) $$;
create or replace function ${SHIM}.textlen(s text) returns int language sql immutable as $$ select length(s) $$;
-- The cluster's locale supports only ASCII; Redshift's case functions support every letter.
create or replace function ${SHIM}.upper(s text) returns text language sql immutable
  as $$ select pg_catalog.upper(s collate pg_catalog.pg_c_utf8) collate "default" $$;
create or replace function ${SHIM}.lower(s text) returns text language sql immutable
  as $$ select pg_catalog.lower(s collate pg_catalog.pg_c_utf8) collate "default" $$;
create or replace function ${SHIM}.initcap(s text) returns text language sql immutable
  as $$ select pg_catalog.initcap(s collate pg_catalog.pg_c_utf8) collate "default" $$;
create or replace function ${SHIM}.concat(a text, b text) returns text language sql immutable as $$ select a || b $$;
create or replace function ${SHIM}.charindex(part text, whole text) returns int language sql immutable
  as $$ select strpos(whole, part) $$;
create or replace function ${SHIM}.split_part(s text, delimiter text, n int) returns text language plpgsql immutable as $$
begin
  if n < 1 then raise exception 'field position must be greater than zero' using errcode = '22023'; end if;
  return pg_catalog.split_part(s, delimiter, n);
end $$;

create or replace function ${SHIM}.sha1(s text) returns text language sql immutable
  as $$ select encode(${SHIM}.digest(s, 'sha1'), 'hex') $$;
create or replace function ${SHIM}.func_sha1(s text) returns text language sql immutable as $$ select ${SHIM}.sha1(s) $$;
create or replace function ${SHIM}.sha2(s text, bits int) returns text language sql immutable as $$
  select case bits when 0 then encode(sha256(convert_to(s, 'UTF8')), 'hex') when 224 then encode(sha224(convert_to(s, 'UTF8')), 'hex')
    when 256 then encode(sha256(convert_to(s, 'UTF8')), 'hex') when 384 then encode(sha384(convert_to(s, 'UTF8')), 'hex')
    when 512 then encode(sha512(convert_to(s, 'UTF8')), 'hex')
    else case when s is not null and bits is not null then '' end end $$;
-- The developer guide's example shows that it is CRC-32C.
create or replace function ${SHIM}.crc32(s text) returns text language sql immutable
  as $$ select lpad(to_hex(crc32c(convert_to(s, 'UTF8'))), 8, '0') $$;

create or replace function ${SHIM}.strtol(s text, base int) returns bigint language plpgsql immutable strict as $$
declare
  digits text := lower(btrim(s));
  negative boolean := digits like '-%';
  value numeric := 0;
  digit int;
begin
  digits := ltrim(digits, '+-');
  if base = 16 and digits like '0x%' then digits := substr(digits, 3); end if;
  if base < 2 or base > 36 or digits = '' then
    raise exception 'The input % is not valid to be converted to base %', s, base using errcode = '22P02';
  end if;
  for i in 1 .. length(digits) loop
    digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(digits, i, 1)) - 1;
    if digit < 0 or digit >= base then
      raise exception 'The input % is not valid to be converted to base %', s, base using errcode = '22P02';
    end if;
    value := value * base + digit;
  end loop;
  return case when negative then -value else value end;
end $$;

create or replace function ${SHIM}.to_hex(n smallint) returns text language sql immutable as $$ select pg_catalog.to_hex(n::int) $$;
create or replace function ${SHIM}.to_hex(n int) returns text language sql immutable as $$ select pg_catalog.to_hex(n) $$;
create or replace function ${SHIM}.to_hex(n bigint) returns text language sql immutable as $$ select pg_catalog.to_hex(n) $$;

create or replace function ${SHIM}.bpcharcmp(a text, b text) returns int language sql immutable
  as $$ select sign(pg_catalog.bpcharcmp(a::bpchar, b::bpchar))::int $$;

create or replace function ${SHIM}.trunc(t timestamp) returns date language sql immutable as $$ select t::date $$;
create or replace function ${SHIM}.trunc(t timestamptz) returns date language sql stable as $$ select t::date $$;
create or replace function ${SHIM}.trunc(t date) returns date language sql immutable as $$ select t $$;
create or replace function ${SHIM}.trunc(n numeric) returns numeric language sql immutable as $$ select pg_catalog.trunc(n) $$;
create or replace function ${SHIM}.trunc(n float8) returns float8 language sql immutable as $$ select pg_catalog.trunc(n) $$;
create or replace function ${SHIM}.trunc(n int) returns int language sql immutable as $$ select n $$;
create or replace function ${SHIM}.trunc(n bigint) returns bigint language sql immutable as $$ select n $$;
create or replace function ${SHIM}.trunc(n numeric, digits int) returns numeric language sql immutable
  as $$ select pg_catalog.trunc(n, digits) $$;
create or replace function ${SHIM}.trunc(n float8, digits int) returns float8 language sql immutable
  as $$ select pg_catalog.trunc(n::numeric, digits)::float8 $$;
create or replace function ${SHIM}.trunc(n int, digits int) returns int language sql immutable
  as $$ select pg_catalog.trunc(n::numeric, digits)::int $$;
create or replace function ${SHIM}.trunc(n bigint, digits int) returns bigint language sql immutable
  as $$ select pg_catalog.trunc(n::numeric, digits)::bigint $$;
create or replace function ${SHIM}.round(n numeric) returns numeric language sql immutable as $$ select pg_catalog.round(n) $$;
create or replace function ${SHIM}.round(n float8) returns float8 language sql immutable as $$ select pg_catalog.round(n) $$;
create or replace function ${SHIM}.round(n int) returns int language sql immutable as $$ select n $$;
create or replace function ${SHIM}.round(n bigint) returns bigint language sql immutable as $$ select n $$;
create or replace function ${SHIM}.round(n numeric, digits int) returns numeric language sql immutable
  as $$ select pg_catalog.round(n, digits) $$;
create or replace function ${SHIM}.round(n float8, digits int) returns float8 language sql immutable
  as $$ select pg_catalog.round(n::numeric, digits)::float8 $$;
create or replace function ${SHIM}.round(n int, digits int) returns int language sql immutable
  as $$ select pg_catalog.round(n::numeric, digits)::int $$;
create or replace function ${SHIM}.round(n bigint, digits int) returns bigint language sql immutable
  as $$ select pg_catalog.round(n::numeric, digits)::bigint $$;
-- Of a DECIMAL, too, Redshift's results are DOUBLE PRECISION.
create or replace function ${SHIM}.power(a float8, b float8) returns float8 language sql immutable as $$ select pg_catalog.power(a, b) $$;
create or replace function ${SHIM}.sqrt(a float8) returns float8 language sql immutable as $$ select pg_catalog.sqrt(a) $$;
create or replace function ${SHIM}.exp(a float8) returns float8 language sql immutable as $$ select pg_catalog.exp(a) $$;
create or replace function ${SHIM}.ln(a float8) returns float8 language sql immutable as $$ select pg_catalog.ln(a) $$;
create or replace function ${SHIM}.log(a float8) returns float8 language sql immutable as $$ select pg_catalog.log(a) $$;

create or replace function ${SHIM}.current_setting(name text) returns text language sql stable
  as $$ select coalesce(pg_catalog.current_setting('redshift.' || name, true), pg_catalog.current_setting(name, true), '') $$;
-- Set in the session that runs COPY.
create or replace function ${SHIM}.pg_last_copy_id() returns int language sql stable
  as $$ select coalesce(nullif(pg_catalog.current_setting('redshift.last_copy_id', true), '')::int, -1) $$;
create or replace function ${SHIM}.pg_last_copy_count() returns bigint language sql stable
  as $$ select coalesce(nullif(pg_catalog.current_setting('redshift.last_copy_count', true), '')::bigint, 0) $$;
`;
