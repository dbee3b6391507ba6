/** What statements call once their types are known: DECIMAL division, and casts to VARCHAR. */
import { SHIM } from './schema.ts';

export const CONVERSIONS = String.raw`
-- The quotient with so many digits as up has zeros; down is 1 / up. No page says whether it is cut or rounded: this line decides.
create or replace function ${SHIM}.decimal_divide(a numeric, b numeric, up numeric, down numeric) returns numeric language sql immutable
  as $$ select pg_catalog.div(a * up, b) * down $$;

-- MEDIAN and PERCENTILE_CONT of whole numbers show one digit behind the point at least (the developer guide's examples).
create or replace function ${SHIM}.with_a_digit(n numeric) returns numeric language sql immutable
  as $$ select case when scale(n) < 1 then pg_catalog.round(n, 1) else n end $$;

create or replace function ${SHIM}.single_bytes(s text) returns text language sql immutable as $$
  select case when octet_length(s) = length(s) then s
    else (${SHIM}.unverified('a cast of characters of several bytes to CHAR'))::text end $$;

-- The longest beginning that has no more bytes, without a part of a character.
create or replace function ${SHIM}.first_bytes(s text, bytes int) returns text language plpgsql immutable strict as $$
declare
  all_ bytea := convert_to(s, 'UTF8');
  at_ int := bytes;
begin
  while at_ > 0 and (get_byte(all_, at_) & 192) = 128 loop at_ := at_ - 1; end loop;
  return convert_from(substring(all_ from 1 for at_), 'UTF8');
end $$;
create or replace function ${SHIM}.cut_bytes(s text, bytes int) returns text language sql immutable
  as $$ select case when octet_length(s) <= bytes then s else ${SHIM}.first_bytes(s, bytes) end $$;
`;
