/** String, hash and JSON functions. */
import { UnsupportedSqlError } from '../errors.ts';
import { render } from '../nodes.ts';
import { asText, cast, named, refuse, shim, shimCall, taking } from './call.ts';
import type { Rule } from './call.ts';

/** Redshift's CONCAT takes two values and is NULL if one is; PostgreSQL's takes any number and skips NULLs. */
const concat: Rule = (call) => shimCall('concat', ...call.args.map((arg) => cast(arg, 'text')));

const sha2: Rule = (call) => shimCall('sha2', call.args[0] ?? [], call.args[1] ?? []);

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

/** Types are told apart by name in the shim: a literal must be text there. */
const onText: Rule = (call) => shimCall(call.name, ...call.args.map((arg) => asText(arg)));

export const STRING_FUNCTIONS: Readonly<Record<string, Rule>> = {
  len: taking(1, 1, onText),
  textlen: taking(1, 1, onText),
  concat: taking(2, 2, concat),
  charindex: taking(2, 2, shim()),
  replicate: taking(2, 2, named('repeat')),
  strtol: taking(2, 2, shim()),
  md5: taking(1, 1, named('md5')),
  sha: taking(1, 1, shim('sha1')),
  sha1: taking(1, 1, shim('sha1')),
  func_sha1: taking(1, 1, shim()),
  sha2: taking(2, 2, sha2),
  crc32: taking(1, 1, shim()),
  fnv_hash: refuse('its values cannot be verified here'),
  murmur3_32_hash: refuse('its values cannot be verified here'),
  farmfingerprint64: refuse('its values cannot be verified here'),
  farmhash64: refuse('its values cannot be verified here'),
  xxhash64: refuse('its values cannot be verified here'),
  checksum: refuse('its values cannot be verified here'),
  soundex: refuse(),
  difference: refuse(),
  collate: refuse(),
  octetindex: refuse(),
  regexp_replace: taking(2, 5, shim()),
  regexp_substr: taking(2, 5, shim()),
  regexp_instr: taking(2, 6, shim()),
  regexp_count: taking(2, 4, shim()),
  split_part: taking(3, 3, shim()),
  initcap: taking(1, 1, shim()),
  upper: taking(1, 1, shim()),
  lower: taking(1, 1, shim()),
  is_valid_json: taking(1, 1, shim()),
  is_valid_json_array: taking(1, 1, shim()),
  json_array_length: taking(1, 2, shim()),
  json_extract_array_element_text: taking(2, 3, shim()),
  json_extract_path_text: taking(2, 7, extractPath),
  json_parse: taking(1, 1, shim()),
  can_json_parse: taking(1, 1, shim()),
  json_serialize: taking(1, 1, shim()),
  json_typeof: refuse(),
  json_size: refuse(),
  json_serialize_to_varbyte: refuse(),
  object: refuse('SUPER values are only stored and serialized here'),
  array: refuse('SUPER values are only stored and serialized here'),
  to_varbyte: refuse('VARBYTE'),
  from_varbyte: refuse('VARBYTE'),
  from_hex: refuse('VARBYTE'),
  getbit: refuse('VARBYTE'),
};
