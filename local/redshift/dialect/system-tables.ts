/** Redshift's system tables that the local warehouse has, and which of them is nearest to one that it has not. */

/** By name, without a schema. */
const HERE = ['pg_table_def', 'svv_transactions', 'sys_load_detail', 'sys_load_error_detail'] as const;

const SYSTEM_TABLE = /^(?:stl|stv|svcs|svl|svv|sys)_\w+$/;

/** Those of Redshift's own whose names begin as PostgreSQL's do. */
const PG_TABLES = new Set([
  'pg_attribute_info',
  'pg_class_info',
  'pg_database_info',
  'pg_external_schema',
  'pg_library',
  'pg_proc_info',
  'pg_statistic_indicator',
  'pg_user_info',
]);

const NEAREST: readonly (readonly [RegExp, (typeof HERE)[number]])[] = [
  [/load_?error|loaderror|replacements/, 'sys_load_error_detail'],
  [/load|copy|s3client|file_scan/, 'sys_load_detail'],
  [/lock|transaction|session|inflight|recents|tr_conflict|blocking/, 'svv_transactions'],
  [/table|column|schema|view|_info$/, 'pg_table_def'],
];

/** The error for a relation that does not exist, if it is a system table of Redshift's. */
export function missingSystemTable(relation: string): string | undefined {
  const [name = '', schema] = relation.toLowerCase().split('.').toReversed();
  if (schema !== undefined && schema !== 'pg_catalog') return undefined;
  if (!SYSTEM_TABLE.test(name) && !PG_TABLES.has(name)) return undefined;
  const nearest = NEAREST.find(([pattern]) => pattern.test(name))?.[1];
  const here = `here are ${HERE.join(', ')}`;
  const why = nearest === undefined ? here : `the nearest here is ${nearest}`;
  return `the system table ${name} is not supported by the local warehouse: ${why}`;
}
