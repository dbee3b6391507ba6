/** Procedures by Redshift's signature: the types of the arguments that a CALL gives, without names and without OUT. */
import { SHIM } from './schema.ts';

export const ROUTINES = String.raw`
-- OUT arguments are INOUT ones with a default here, and the last.
create or replace function ${SHIM}.procedure_of(schema_ text, name text, types text[]) returns oid language sql stable as $$
  select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.prokind = 'p' and p.proname = name and case when schema_ is null then pg_function_is_visible(p.oid) else n.nspname = schema_ end
    and (types is null or (string_to_array(p.proargtypes::text, ' '))[:p.pronargs - p.pronargdefaults]
      = array(select t::regtype::oid::text from unnest(types) with ordinality as u(t, at) order by at)) $$;

-- Whether the procedure that runs was called in a transaction block; the session says so before the CALL.
create or replace function ${SHIM}.in_transaction_block() returns boolean language sql stable
  as $$ select coalesce(pg_catalog.current_setting('redshift.in_transaction_block', true), '') = 'on' $$;

-- Called in procedures after each COMMIT: the backend goes away here where an injected fault says so.
create or replace function ${SHIM}.committed() returns void language plpgsql as $$
begin
  if coalesce(pg_catalog.current_setting('redshift.ends_at_commit', true), '') = 'on' then
    perform pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid());
  end if;
end $$;

create or replace function ${SHIM}.existing_procedure(schema_ text, name text, types text[]) returns oid language plpgsql stable as $$
declare
  found_ oid := ${SHIM}.procedure_of(schema_, name, types);
begin
  if found_ is null then
    raise exception 'procedure %(%) does not exist', name, array_to_string(types, ', ') using errcode = '42883';
  end if;
  return found_;
end $$;

create or replace function ${SHIM}.drop_procedure(schema_ text, name text, types text[], if_exists boolean) returns void language plpgsql as $$
begin
  if if_exists and ${SHIM}.procedure_of(schema_, name, types) is null then return; end if;
  execute format('drop procedure %s', ${SHIM}.existing_procedure(schema_, name, types)::regprocedure);
end $$;
`;
