/**
 * Functions of PostgreSQL that Redshift has not ("Unsupported PostgreSQL functions" in the developer guide): SQL
 * that uses them must not pass here and fail there.
 */
import { refuse } from './call.ts';
import type { Rule } from './call.ts';

const NAMES = [
  'array_append',
  'array_length',
  'array_to_string',
  'bit_length',
  'clock_timestamp',
  'concat_ws',
  'convert_from',
  'convert_to',
  'div',
  'encode',
  'format',
  'gen_random_uuid',
  'generate_subscripts',
  'json_agg',
  'json_build_object',
  'jsonb_agg',
  'jsonb_build_object',
  'justify_days',
  'justify_hours',
  'justify_interval',
  'make_date',
  'make_interval',
  'make_timestamp',
  'nextval',
  'currval',
  'setval',
  'num_nonnulls',
  'overlay',
  'pg_sleep',
  'quote_nullable',
  'regexp_like',
  'regexp_match',
  'regexp_matches',
  'regexp_split_to_array',
  'regexp_split_to_table',
  'row_to_json',
  'setseed',
  'starts_with',
  'statement_timestamp',
  'string_to_array',
  'string_to_table',
  'to_json',
  'to_jsonb',
  'transaction_timestamp',
  'txid_current',
  'unnest',
  'width_bucket',
] as const;

export const REFUSED_FUNCTIONS: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(NAMES.map((name) => [name, refuse('Redshift does not have it')])),
  generate_series: refuse('Redshift has it for queries without tables only'),
};
