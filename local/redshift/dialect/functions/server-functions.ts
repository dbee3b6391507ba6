/**
 * Functions of PostgreSQL that reach past the database: files and settings of the server, large objects, and SQL in a
 * string that nothing translates. Redshift has none of them. The role of the sessions may not use the first kind either.
 */
const SERVER_FUNCTION = new RegExp(
  `^(?:${[
    'pg_read_(?:binary_)?file(?:_\\w+)?',
    'pg_ls_\\w*dir',
    'pg_logdir_ls',
    'pg_stat_file',
    'pg_file_\\w+',
    'pg_current_logfile',
    'pg_reload_conf',
    'pg_rotate_logfile\\w*',
    'pg_hba_file_rules',
    'pg_show_all_file_settings',
    'lo_(?:import|export|creat|create|from_bytea|get|put|open|close|lseek|lseek64|tell|tell64|truncate|truncate64|unlink)',
    'loread',
    'lowrite',
    'dblink\\w*',
    '(?:query|cursor|table|schema|database)_to_xml\\w*',
    'ts_stat',
  ].join('|')})$`,
);

/** `name`: in lower case. */
export function isServerFunction(name: string): boolean {
  return SERVER_FUNCTION.test(name);
}
