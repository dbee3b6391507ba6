/** Regular expression functions. PostgreSQL's expressions are refused where they can mean something else. */
import { SHIM } from './schema.ts';

export const PATTERNS = String.raw`
-- With 'p' the pattern is Perl's: choices and lazy quantifiers match otherwise there.
create or replace function ${SHIM}.pattern_flags(pattern text, parameters text) returns text language plpgsql immutable as $$
begin
  if parameters ~ '[^ciep]' then
    raise exception 'invalid regular expression parameter "%"', parameters using errcode = '22023';
  end if;
  if pattern ~ '[*+?}][?]' or (strpos(parameters, 'p') > 0 and strpos(pattern, '|') > 0) then
    perform ${SHIM}.unverified('the regular expression ' || pattern);
  end if;
  return case when strpos(parameters, 'i') > 0 then 'i' else 'c' end;
end $$;

create or replace function ${SHIM}.regexp_replace(s text, pattern text, replacement text default '', position_ int default 1, parameters text default '')
returns text language plpgsql immutable strict as $$
begin
  if replacement ~ '[\\$]' then perform ${SHIM}.unverified('REGEXP_REPLACE with the replacement ' || replacement); end if;
  return pg_catalog.regexp_replace(s, pattern, replacement, greatest(position_, 1), 0, ${SHIM}.pattern_flags(pattern, parameters));
end $$;

create or replace function ${SHIM}.regexp_substr(s text, pattern text, position_ int default 1, occurrence int default 1, parameters text default '')
returns text language plpgsql immutable strict as $$
begin
  if occurrence < 1 or occurrence > length(s) then return null; end if;
  if position_ > length(s) then return ''; end if;
  return coalesce(pg_catalog.regexp_substr(s, pattern, greatest(position_, 1), occurrence,
    ${SHIM}.pattern_flags(pattern, parameters), case when strpos(parameters, 'e') > 0 and pattern ~ '\((?!\?)' then 1 else 0 end), '');
end $$;

create or replace function ${SHIM}.regexp_instr(s text, pattern text, position_ int default 1, occurrence int default 1, option_ int default 0, parameters text default '')
returns int language plpgsql immutable strict as $$
begin
  if occurrence < 1 or occurrence > length(s) or position_ > length(s) then return 0; end if;
  return pg_catalog.regexp_instr(s, pattern, greatest(position_, 1), occurrence, case when option_ = 0 then 0 else 1 end,
    ${SHIM}.pattern_flags(pattern, parameters), case when strpos(parameters, 'e') > 0 and pattern ~ '\((?!\?)' then 1 else 0 end);
end $$;

create or replace function ${SHIM}.regexp_count(s text, pattern text, position_ int default 1, parameters text default '')
returns int language plpgsql immutable strict as $$
begin
  if position_ > length(s) then return 0; end if;
  return pg_catalog.regexp_count(s, pattern, greatest(position_, 1), ${SHIM}.pattern_flags(pattern, parameters));
end $$;
`;
