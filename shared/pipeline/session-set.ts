/** `session.set` as SQL text, quoted where needed, for `SET <setting> TO <value>`. */
import { quoteLiteral, RenderError } from './render.ts';

const IDENTIFIER = /^(?:"(?:[^"\p{Cc}]|"")+"|[\p{L}_][\p{L}\p{N}_$]*|'\$user'|"\$user"|\$user)$/u;

/** Redshift's session settings (Database Developer Guide, "Configuration reference"). */
export const SESSION_SETTINGS: ReadonlySet<string> = new Set(
  `analyze_threshold_percent application_name cast_super_null_on_error datashare_break_glass_session_var datestyle
   default_geometry_encoding describe_field_name_in_uppercase downcase_delimited_identifier
   enable_case_sensitive_identifier enable_case_sensitive_super_attribute enable_numeric_rounding
   enable_result_cache_for_session enable_spectrum_oid enable_vacuum_boost error_on_nondeterministic_update
   extra_float_digits intervalstyle interval_forbid_composite_literals json_serialization_enable
   json_serialization_parse_nested_strings max_concurrency_scaling_clusters max_cursor_result_set_size
   mv_enable_aqmv_for_session navigate_super_null_on_error parse_super_null_on_error pg_federation_repeatable_read
   query_group search_path spectrum_enable_pseudo_columns spectrum_query_maxerror statement_timeout
   stored_proc_log_min_messages timezone use_fips_ssl wlm_query_slot_count`.split(/\s+/),
);

/** The value as SQL, or what is wrong with it. */
export function settingAsSql(setting: string, value: string): { sql: string } | { wrong: string } {
  if (setting === 'search_path') {
    const schemas = value.split(',').map((schema) => schema.trim());
    const bad = schemas.find((schema) => !IDENTIFIER.test(schema));
    if (bad !== undefined) return { wrong: `${JSON.stringify(bad)} is not a schema name` };
    return { sql: schemas.map((schema) => (schema === '$user' ? `'$user'` : schema)).join(', ') };
  }
  if (/^-?\d+(?:\.\d+)?$/.test(value) || /^(?:true|false|on|off|default)$/i.test(value))
    return { sql: value };
  try {
    return { sql: quoteLiteral(value) };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { wrong: error.message };
  }
}
