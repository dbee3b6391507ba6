/** Functions over SUPER values. */
import { refuse, shim, shimCall, taking } from './call.ts';
import type { Rule } from './call.ts';

/** Each argument as a SUPER value. */
const ofValues: Rule = (call) => shimCall(call.name, ...call.args.map((arg) => shimCall('to_super', arg)));

const TESTS = [
  'is_array',
  'is_bigint',
  'is_boolean',
  'is_char',
  'is_decimal',
  'is_float',
  'is_integer',
  'is_object',
  'is_scalar',
  'is_smallint',
  'is_varchar',
];

export const SUPER_FUNCTIONS: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(TESTS.map((name) => [name, taking(1, 1, shim())])),
  array: ofValues,
  object: (call) => {
    if (call.args.length % 2 === 1) return taking(0, 0, ofValues)(call);
    return ofValues(call);
  },
  array_concat: taking(2, 2, shim()),
  array_flatten: taking(1, 1, shim()),
  get_array_length: taking(1, 1, shim()),
  subarray: taking(3, 3, shim()),
  split_to_array: taking(1, 2, shim()),
  json_typeof: taking(1, 1, shim()),
  json_size: taking(1, 1, shim()),
  decimal_precision: taking(1, 1, shim()),
  decimal_scale: taking(1, 1, shim()),
  size: refuse('the size in memory is not known here'),
  json_serialize_to_varbyte: refuse('VARBYTE'),
};
