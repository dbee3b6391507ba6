/**
 * Views of Redshift's that Baton asks, over PostgreSQL's own: with the columns that the guide gives (Redshift database
 * developer guide: SVV_TRANSACTIONS), as far as PostgreSQL knows them.
 */
export const SYSTEM_VIEWS = `
  SET allow_system_table_mods = on;
  CREATE OR REPLACE VIEW pg_catalog.svv_transactions AS
    SELECT a.usename::text AS txn_owner, a.datname::text AS txn_db, a.backend_xid::text::bigint AS xid, a.pid AS pid,
      a.xact_start AS txn_start, coalesce(l.mode, 'none')::text AS lock_mode,
      CASE WHEN l.locktype = 'relation' THEN 'relation' ELSE 'transactionid' END::text AS lockable_object_type,
      l.relation::bigint AS relation, coalesce(l.granted, true) AS granted
    FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid
    WHERE a.xact_start IS NOT NULL AND a.datname = current_database() AND a.pid <> pg_backend_pid();
  GRANT SELECT ON pg_catalog.svv_transactions TO PUBLIC;
  RESET allow_system_table_mods;
`;
