/** SET, RESET and SHOW. */
import { ownEntry } from '../../../own-entry.ts';
import { Cursor } from '../cursor.ts';
import { UnsupportedSqlError } from '../errors.ts';
import { isMark, quoteString, render } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { definition, rows } from '../translated.ts';
import type { Translated } from '../translated.ts';

/** Settings that mean the same in PostgreSQL. */
const SAME = new Set([
  'search_path',
  'statement_timeout',
  'timezone',
  'datestyle',
  'extra_float_digits',
  'application_name',
  'client_encoding',
]);

/** Settings that concern only how Redshift works inside: kept, so that SHOW answers, and without effect. */
const WITHOUT_EFFECT = new Set([
  'query_group',
  'enable_result_cache_for_session',
  'wlm_query_slot_count',
  'analyze_threshold_percent',
  'enable_vacuum_boost',
  'max_concurrency_scaling_clusters',
  'mv_enable_aqmv_for_session',
  'auto_analyze',
  'stored_proc_log_min_messages',
  'max_cursor_result_set_size',
  'query_priority',
  'statement_mem',
]);

/** Settings that change what SQL means: only Redshift's default is possible here. */
const ONLY_DEFAULT: Readonly<Record<string, readonly string[]>> = {
  enable_case_sensitive_identifier: ['off', 'false', 'default'],
  enable_case_sensitive_super_attribute: ['off', 'false', 'default'],
  describe_field_name_in_uppercase: ['off', 'false', 'default'],
  downcase_delimited_identifier: ['on', 'true', 'default'],
  error_on_nondeterministic_update: ['off', 'false', 'default'],
  navigate_super_null_on_error: ['on', 'true', 'default'],
  parse_super_null_on_error: ['off', 'false', 'default'],
  cast_super_null_on_error: ['on', 'true', 'default'],
  json_serialization_enable: ['off', 'false', 'default'],
};

/** A setting that the local warehouse has. */
export function isSetting(name: string): boolean {
  return SAME.has(name) || WITHOUT_EFFECT.has(name) || Object.hasOwn(ONLY_DEFAULT, name);
}

/** The name that a setting without effect has as a parameter of the session. */
function ownName(name: string): string {
  return `redshift.${name}`;
}

function readName(cursor: Cursor): string {
  if (cursor.take('time', 'zone')) return 'timezone';
  return cursor.expectQualifiedName().parts.join('.');
}

function valueText(nodes: readonly Node[]): string {
  return nodes
    .filter((node) => !isMark(node, ','))
    .map((node) => (node.kind === 'group' ? '' : node.value))
    .join(', ');
}

export function set(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('set');
  if (cursor.sees('session', 'authorization') || cursor.sees('session', 'characteristics')) {
    throw new UnsupportedSqlError(
      `SET SESSION ${cursor.sees('session', 'authorization') ? 'AUTHORIZATION' : 'CHARACTERISTICS'}`,
    );
  }
  if (cursor.sees('transaction')) throw new UnsupportedSqlError('SET TRANSACTION');
  const zone = cursor.sees('time', 'zone');
  const local = cursor.takeOneOf('session', 'local') === 'local' ? 'local ' : '';
  if (cursor.sees('session', 'authorization'))
    throw new UnsupportedSqlError('SET LOCAL SESSION AUTHORIZATION');
  const name = readName(cursor);
  if (!cursor.takeMark('=') && !cursor.take('to') && !zone) throw cursor.unexpected();
  const value = cursor.rest();
  if (value.length === 0) throw cursor.unexpected();
  if (SAME.has(name)) return definition('SET', `set ${local}${name} to ${render(value)}`);
  const allowed = ownEntry(ONLY_DEFAULT, name);
  if (allowed !== undefined && !allowed.includes(valueText(value).toLowerCase())) {
    throw new UnsupportedSqlError(`SET ${name} TO ${valueText(value)}`);
  }
  if (allowed === undefined && !WITHOUT_EFFECT.has(name)) throw new UnsupportedSqlError(`SET ${name}`);
  return definition('SET', `set ${local}${ownName(name)} to ${quoteString(valueText(value))}`);
}

export function reset(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('reset');
  if (cursor.take('all')) {
    cursor.expectEnd();
    return definition('RESET', 'reset all');
  }
  if (cursor.sees('session', 'authorization')) throw new UnsupportedSqlError('RESET SESSION AUTHORIZATION');
  const name = readName(cursor);
  cursor.expectEnd();
  if (SAME.has(name)) return definition('RESET', `reset ${name}`);
  if (WITHOUT_EFFECT.has(name) || Object.hasOwn(ONLY_DEFAULT, name)) {
    return definition('RESET', `set ${ownName(name)} to ''`);
  }
  throw new UnsupportedSqlError(`RESET ${name}`);
}

export function show(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('show');
  const name = readName(cursor);
  if (!cursor.atEnd) throw new UnsupportedSqlError(`SHOW ${name.toUpperCase()}`);
  if (SAME.has(name)) return rows('SHOW', `show ${name}`);
  if (WITHOUT_EFFECT.has(name)) {
    return rows(
      'SHOW',
      `select coalesce(current_setting(${quoteString(ownName(name))}, true), '') as ${name}`,
    );
  }
  throw new UnsupportedSqlError(`SHOW ${name.toUpperCase()}`);
}
