/** String, hash and JSON functions. */
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { group, render, spaced, word } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import {
  cast,
  literal,
  named,
  plainCall,
  refuse,
  shim,
  shimCall,
  splitAtWord,
  taking,
  withOver,
} from './call.ts';
import type { Call, Rule } from './call.ts';

/** Redshift's CONCAT takes two values and is NULL if one is; PostgreSQL's takes any number and skips NULLs. */
const concat: Rule = (call) => shimCall('concat', ...call.args.map((arg) => cast(arg, 'text')));

/** The last argument may be the flag `null_if_invalid`, a boolean literal. */
const extractPath: Rule = (call) => {
  const [document = [], ...rest] = call.args;
  const last = rest.at(-1) ?? [];
  const flag = /^(true|false)$/i.test(render(last)) ? last : undefined;
  const path = flag === undefined ? rest : rest.slice(0, -1);
  if (path.length > 5)
    throw new UnsupportedSqlError('JSON_EXTRACT_PATH_TEXT with more than five path elements');
  return shimCall('json_extract_path_text', document, ...(flag === undefined ? [] : [flag]), ...path);
};

/** Redshift converts any value where a string is expected; PostgreSQL needs an explicit cast. */
function converted(call: Call, places: readonly number[]): Call {
  return {
    ...call,
    args: call.args.map((arg, at) =>
      places.includes(at) && literal(arg) === undefined ? cast(arg, 'text') : arg,
    ),
  };
}

/** The same function, or the shim's, with strings at these places. */
function onText(rule: Rule, ...places: readonly number[]): Rule {
  return (call) => rule(converted(call, places));
}

const same: Rule = (call) => withOver(call, plainCall(call.head, call));

/** `SUBSTRING(x FROM …)`, `TRIM(… FROM x)` and `POSITION(x IN y)`: the string is beside a key word. */
function besideWord(separator: string, side: 'before' | 'after', rule: Rule): Rule {
  return (call) => {
    const split = call.args.length === 1 ? splitAtWord(call.args[0] ?? [], separator) : undefined;
    if (split === undefined) return rule(call);
    const [before, after] = split;
    const inside =
      side === 'before'
        ? [...text(before), word(separator), ...spaced(after)]
        : [...before, word(separator), ...spaced(text(after))];
    return [call.head, group(inside)];
  };
}

function text(nodes: readonly Node[]): readonly Node[] {
  return literal(nodes) === undefined ? cast(nodes, 'text') : nodes;
}

/** A format of Teradata's is refused; the numbers of TEXT_TO_NUMERIC_ALT are precision and scale. */
function withoutFormat(most: number, call: Call): Node[] {
  const [, second] = call.args;
  if (second !== undefined && literal(second) !== undefined)
    throw new UnsupportedSqlError(`${call.name.toUpperCase()} with a format`);
  return taking(1, most, onText(shim(), 0))(call);
}

const wrongPosition: Rule = () => {
  throw new SqlError('syntax error at or near ")"');
};

export const STRING_FUNCTIONS: Readonly<Record<string, Rule>> = {
  len: taking(1, 1, onText(shim(), 0)),
  textlen: taking(1, 1, onText(shim(), 0)),
  length: taking(1, 1, onText(same, 0)),
  char_length: taking(1, 1, onText(same, 0)),
  character_length: taking(1, 1, onText(same, 0)),
  left: taking(2, 2, onText(same, 0)),
  right: taking(2, 2, onText(same, 0)),
  substring: besideWord('from', 'before', taking(2, 3, onText(same, 0))),
  substr: taking(2, 3, onText(same, 0)),
  trim: besideWord('from', 'after', taking(1, 2, onText(named('btrim'), 0, 1))),
  btrim: taking(1, 2, onText(same, 0, 1)),
  ltrim: taking(1, 2, onText(same, 0, 1)),
  rtrim: taking(1, 2, onText(same, 0, 1)),
  lpad: taking(2, 3, onText(same, 0, 2)),
  rpad: taking(2, 3, onText(same, 0, 2)),
  replace: taking(3, 3, onText(same, 0, 1, 2)),
  translate: taking(3, 3, onText(same, 0, 1, 2)),
  repeat: taking(2, 2, onText(same, 0)),
  reverse: taking(1, 1, onText(same, 0)),
  strpos: taking(2, 2, onText(same, 0, 1)),
  position: besideWord('in', 'after', wrongPosition),
  bpcharcmp: taking(2, 2, onText(shim(), 0, 1)),
  bttext_pattern_cmp: taking(2, 2, onText(shim('bpcharcmp'), 0, 1)),
  concat: taking(2, 2, concat),
  charindex: taking(2, 2, onText(shim(), 0, 1)),
  replicate: taking(2, 2, onText(named('repeat'), 0)),
  strtol: taking(2, 2, onText(shim(), 0)),
  octet_length: taking(1, 1, onText(same, 0)),
  ascii: taking(1, 1, onText(same, 0)),
  quote_ident: taking(1, 1, onText(same, 0)),
  quote_literal: taking(1, 1, onText(same, 0)),
  md5: taking(1, 1, onText(same, 0)),
  sha: taking(1, 1, onText(shim('sha1'), 0)),
  sha1: taking(1, 1, onText(shim('sha1'), 0)),
  func_sha1: taking(1, 1, onText(shim(), 0)),
  sha2: taking(2, 2, onText(shim(), 0)),
  crc32: taking(1, 1, onText(shim(), 0)),
  fnv_hash: taking(1, 2, shim()),
  murmur3_32_hash: refuse('its values cannot be verified here'),
  farmfingerprint64: refuse('its values cannot be verified here'),
  farmhash64: refuse('its values cannot be verified here'),
  xxhash64: refuse('its values cannot be verified here'),
  checksum: refuse('its values cannot be verified here'),
  soundex: taking(1, 1, onText(shim(), 0)),
  difference: taking(2, 2, onText(shim(), 0, 1)),
  collate: refuse(),
  text_to_int_alt: (call) => withoutFormat(1, call),
  text_to_numeric_alt: (call) => withoutFormat(3, call),
  octetindex: taking(2, 2, onText(shim(), 0, 1)),
  regexp_replace: taking(2, 5, onText(shim(), 0)),
  regexp_substr: taking(2, 5, onText(shim(), 0)),
  regexp_instr: taking(2, 6, onText(shim(), 0)),
  regexp_count: taking(2, 4, onText(shim(), 0)),
  split_part: taking(3, 3, onText(shim(), 0, 1)),
  initcap: taking(1, 1, onText(shim(), 0)),
  upper: taking(1, 1, onText(shim(), 0)),
  lower: taking(1, 1, onText(shim(), 0)),
  is_valid_json: taking(1, 1, shim()),
  is_valid_json_array: taking(1, 1, shim()),
  json_array_length: taking(1, 2, shim()),
  json_extract_array_element_text: taking(2, 3, shim()),
  json_extract_path_text: taking(2, 7, extractPath),
  json_parse: taking(1, 1, shim()),
  can_json_parse: taking(1, 1, shim()),
  json_serialize: taking(1, 1, shim()),
  object_transform: refuse(),
  to_varbyte: refuse('VARBYTE'),
  from_varbyte: refuse('VARBYTE'),
  from_hex: refuse('VARBYTE'),
  getbit: refuse('VARBYTE'),
};
