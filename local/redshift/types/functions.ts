/** What the functions of the translated statement give, and what they want: Redshift's types, as data. */
import type { Kind } from './type.ts';

/**
 * A kind, or: `same` type and size of the first argument; `text` VARCHAR of the first argument's size; `string` the kind of the
 * first argument and its size; `varchar` of a size that is not documented; others are rules in `call-type.ts`.
 */
export type ResultRule =
  | Kind
  | 'same'
  | 'text'
  | 'string'
  | 'concat'
  | 'sum'
  | 'average'
  | 'deviation'
  | 'median'
  | 'percentile'
  | 'ordered'
  | 'trunc'
  | 'sign'
  | 'mod'
  | 'moved'
  | 'truncated moment'
  | 'extract'
  | 'zone'
  | { readonly varchar: number };

/** What an argument is converted to if it is of another kind. */
export type ArgumentRule = 'moment' | 'text' | 'whole' | 'boolean' | 'number' | 'exact' | 'integer';

export interface FunctionRule {
  readonly result: ResultRule;
  readonly args?: readonly (ArgumentRule | undefined)[];
  /** Of the last argument. */
  readonly last?: ArgumentRule;
  /** Kinds for which it runs on the leader node only, so not over tables. */
  readonly leaderOnly?: readonly Kind[];
}

function each(names: string, rule: FunctionRule): Readonly<Record<string, FunctionRule>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, rule]));
}

/** By the name without its schema: the shim's and PostgreSQL's functions of one name have one meaning. */
export const FUNCTIONS: Readonly<Record<string, FunctionRule>> = {
  sum: { result: 'sum', args: ['number'] },
  avg: { result: 'average', args: ['number'] },
  ...each('min max any_value first_value last_value collected', { result: 'same' }),
  ...each('lag lead nth_value', { result: 'same', args: [undefined, 'integer'] }),
  ...each('stddev stddev_samp stddev_pop variance var_samp var_pop', {
    result: 'deviation',
    args: ['number'],
  }),
  median: { result: 'median', args: ['exact'] },
  percentile_cont: { result: 'percentile' },
  percentile_disc: { result: 'ordered' },
  listagg: { result: { varchar: 65_535 } },
  ...each('bool_and bool_or', { result: 'boolean', args: ['boolean'] }),
  ...each('bit_and bit_or', { result: 'same' }),
  ...each('count row_number ntile date_diff strtol get_array_length', { result: 'bigint' }),
  ...each('rank dense_rank', { result: 'integer' }),
  ...each('cume_dist percent_rank', { result: 'double precision' }),

  ...each('abs ceil ceiling floor', { result: 'same', args: ['number'] }),
  round: { result: 'same', args: ['number', 'integer'] },
  trunc: { result: 'trunc', args: ['number', 'integer'] },
  sign: { result: 'sign', args: ['number'] },
  mod: { result: 'mod', args: ['number', 'number'] },
  ...each(
    'acos asin atan atan2 cos cot sin tan degrees radians cbrt exp log pi pow power random sqrt dexp dlog1 dlog10',
    { result: 'double precision', args: ['number', 'number'] },
  ),
  ln: {
    result: 'double precision',
    args: ['number'],
    leaderOnly: ['decimal', 'boolean', 'char', 'varchar', 'date', 'timestamp'],
  },

  ...each(
    'len length char_length character_length textlen octet_length ascii bpcharcmp charindex position strpos regexp_count regexp_instr json_array_length bttext_pattern_cmp difference',
    { result: 'integer' },
  ),
  chr: { result: { varchar: 4 }, args: ['integer'] },
  concat: { result: 'concat' },
  ...each('initcap btrim reverse', { result: 'text' }),
  ...each('left right', { result: 'text', args: [undefined, 'integer'] }),
  ...each('substring substr', { result: 'text', args: [undefined, 'integer', 'integer'] }),
  ...each('upper lower ltrim rtrim', { result: 'string' }),
  split_part: { result: 'string', args: [undefined, undefined, 'integer'] },
  ...each('lpad rpad repeat', { result: 'varchar', args: [undefined, 'integer'] }),
  ...each(
    'replace translate quote_ident quote_literal regexp_replace regexp_substr to_hex json_extract_path_text json_extract_array_element_text json_serialize current_setting obj_description version',
    { result: 'varchar' },
  ),
  to_char: { result: 'varchar', args: ['moment'] },
  ...each('md5', { result: { varchar: 32 } }),
  ...each('sha1 func_sha1', { result: { varchar: 40 } }),
  sha2: { result: { varchar: 128 }, args: [undefined, 'integer'] },
  crc32: { result: { varchar: 8 } },
  soundex: { result: { varchar: 4 } },

  to_date: { result: 'date', args: ['text'] },
  to_number: { result: 'decimal', args: ['text'] },
  to_timestamp: { result: 'timestamptz', args: ['text'] },
  add_months: { result: 'timestamp', args: ['moment', 'whole'] },
  last_day: { result: 'date', args: ['moment'] },
  next_day: { result: 'date', args: ['moment'] },
  months_between: { result: 'double precision', args: ['moment', 'moment'] },
  date_add: { result: 'moved', args: [undefined, 'whole', 'moment'] },
  date_trunc: { result: 'truncated moment', args: [undefined, 'moment'] },
  pgdate_part: { result: 'double precision', args: [undefined, 'moment'] },
  date_part: { result: 'extract', args: [undefined, 'moment'] },
  date_part_year: { result: 'integer', args: ['moment'] },
  convert_timezone: { result: 'timestamp', last: 'moment' },
  timezone: { result: 'zone' },
  ...each('getdate sysdate', { result: 'timestamp' }),
  current_date: { result: 'date' },
  now: { result: 'timestamptz' },
  age: { result: 'interval' },

  ...each('is_valid_json is_valid_json_array can_json_parse isfinite', { result: 'boolean' }),
  json_parse: { result: 'super' },
  pg_last_copy_id: { result: 'integer' },
  pg_last_copy_count: { result: 'bigint' },
  scale_of: { result: 'integer' },
};
