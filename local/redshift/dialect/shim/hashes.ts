/** FNV_HASH, and functions of sounds and bytes. */
import { SHIM } from './schema.ts';

export const HASHES = String.raw`
-- FNV-1a with 64 bits, whose printed values the guide has; a seed continues another hash.
create or replace function ${SHIM}.fnv(bytes bytea, seed bigint) returns bigint language plpgsql immutable strict as $$
declare
  hash numeric := case when seed < 0 then seed + 18446744073709551616 else seed end;
  low int;
begin
  for i in 0 .. octet_length(bytes) - 1 loop
    low := (hash % 256)::int;
    hash := ((hash - low + (low # get_byte(bytes, i))) * 1099511628211) % 18446744073709551616;
  end loop;
  return case when hash >= 9223372036854775808 then hash - 18446744073709551616 else hash end;
end $$;
create or replace function ${SHIM}.fnv_hash(v text, seed bigint default -3750763034362895579) returns bigint language sql immutable
  as $$ select ${SHIM}.fnv(convert_to(v, 'UTF8'), seed) $$;
create or replace function ${SHIM}.fnv_hash(v bpchar, seed bigint default -3750763034362895579) returns bigint language sql immutable
  as $$ select ${SHIM}.fnv(bpcharsend(v), seed) $$;
create or replace function ${SHIM}.fnv_hash(v smallint, seed bigint default -3750763034362895579) returns bigint language sql immutable
  as $$ select ${SHIM}.fnv(reverse(int2send(v)), seed) $$;
create or replace function ${SHIM}.fnv_hash(v int, seed bigint default -3750763034362895579) returns bigint language sql immutable
  as $$ select ${SHIM}.fnv(reverse(int4send(v)), seed) $$;
create or replace function ${SHIM}.fnv_hash(v bigint, seed bigint default -3750763034362895579) returns bigint language sql immutable
  as $$ select ${SHIM}.fnv(reverse(int8send(v)), seed) $$;
-- How the bytes of other types stand in memory is not documented.
create or replace function ${SHIM}.fnv_hash(v anyelement, seed bigint default 0) returns bigint language sql
  as $$ select ${SHIM}.unverified('FNV_HASH of ' || pg_typeof(v)::text) $$;

-- American Soundex. Sources differ on H and W between two letters of one sound: only where it makes no difference is there an answer.
create or replace function ${SHIM}.soundex_by(letters text, separators text) returns text language plpgsql immutable strict as $$
declare
  code text := left(letters, 1);
  sound text;
  last_ text := translate(left(letters, 1), 'BFPVCGJKQSXZDTLMNR', '111122222222334556');
begin
  for i in 2 .. length(letters) loop
    sound := translate(substr(letters, i, 1), 'BFPVCGJKQSXZDTLMNR', '111122222222334556');
    if sound ~ '\d' then
      if sound <> last_ and length(code) < 4 then code := code || sound; end if;
      last_ := sound;
    elsif strpos(separators, sound) > 0 then
      last_ := '';
    end if;
  end loop;
  return case when code = '' then '' else rpad(code, 4, '0') end;
end $$;
create or replace function ${SHIM}.soundex(s text) returns text language sql immutable strict as $$
  select case when a = b then a else ${SHIM}.unverified('SOUNDEX of ' || s || ', with H or W between letters of one sound,')::text end
  from (select ${SHIM}.soundex_by(l, 'AEIOUY'), ${SHIM}.soundex_by(l, 'AEIOUYHW') from (select regexp_replace(pg_catalog.upper(s), '[^A-Z]', '', 'g')) as w(l)) as v(a, b) $$;
create or replace function ${SHIM}.difference(a text, b text) returns int language sql immutable strict as $$
  select case when x = '' and y = '' then 1 when x = '' or y = '' then 0
    else (select count(*)::int from generate_series(1, 4) as i where substr(x, i, 1) = substr(y, i, 1)) end
  from (select ${SHIM}.soundex(a), ${SHIM}.soundex(b)) as v(x, y) $$;

create or replace function ${SHIM}.octetindex(part text, whole text) returns int language sql immutable strict
  as $$ select position(convert_to(part, 'UTF8') in convert_to(whole, 'UTF8')) $$;
`;
