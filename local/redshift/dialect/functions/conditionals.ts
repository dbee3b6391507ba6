/** NVL, NVL2, DECODE and other functions that become PostgreSQL expressions. */
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { code, group, isWord, joinWithCommas, stringLiteral, word } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { literal, nullAs, parenthesized, refuse, shim, shimCall, taking } from './call.ts';
import { isSetting } from '../statements/settings.ts';
import type { Rule } from './call.ts';

function caseOf(branches: readonly [readonly Node[], readonly Node[]][], otherwise: readonly Node[]): Node[] {
  return [
    code('case'),
    ...branches.flatMap(([when, then]) => [word('when'), ...when, word('then'), parenthesized(then)]),
    ...(otherwise.length === 0 ? [] : [word('else'), parenthesized(otherwise)]),
    word('end'),
  ];
}

const nvl: Rule = (call) => [code('coalesce'), group(joinWithCommas(call.args))];

const nvl2: Rule = ({ args: [tested = [], given = [], missing = []] }) => [
  parenthesized(caseOf([[[parenthesized(tested), code('is not null')], given]], missing)),
];

/** A simple CASE in which NULL equals NULL. */
const decode: Rule = (call) => {
  const [tested = [], ...rest] = call.args;
  if (rest.length < 2) throw new SqlError('wrong number of arguments for function decode', '42883');
  const branches: [Node[], readonly Node[]][] = [];
  for (let at = 0; at + 1 < rest.length; at += 2) {
    const search = rest[at] ?? [];
    const isNull = search.length === 1 && isWord(search[0], 'null');
    const when = isNull
      ? [parenthesized(tested), code('is null')]
      : [parenthesized(tested), code('is not distinct from'), parenthesized(search)];
    branches.push([when, rest[at + 1] ?? []]);
  }
  return [parenthesized(caseOf(branches, rest.length % 2 === 1 ? (rest.at(-1) ?? []) : []))];
};

/** GREATEST, LEAST, COALESCE, NULLIF and the like mean the same in PostgreSQL and need no rule. */
const currentSetting: Rule = ({ args: [name = []] }) => {
  const written = literal(name)?.toLowerCase();
  if (written !== undefined && !isSetting(written)) throw new UnsupportedSqlError(`the setting ${written}`);
  return shimCall('current_setting', name);
};

export const CONDITIONAL_FUNCTIONS: Readonly<Record<string, Rule>> = {
  nvl: taking(1, 100, nvl),
  isnull: taking(2, 2, nvl),
  nvl2: taking(3, 3, nvl2),
  decode,
  trunc: taking(1, 2, nullAs('numeric', shim())),
  round: taking(1, 2, nullAs('numeric', shim())),
  power: taking(2, 2, shim()),
  pow: taking(2, 2, shim('power')),
  sqrt: taking(1, 1, shim()),
  exp: taking(1, 1, shim()),
  ln: taking(1, 1, shim()),
  log: taking(1, 1, shim()),
  dexp: taking(1, 1, shim('exp')),
  dlog1: taking(1, 1, shim('ln')),
  dlog10: taking(1, 1, shim('log')),
  to_hex: taking(1, 1, nullAs('int', shim())),
  pg_last_copy_id: taking(0, 0, shim()),
  pg_last_copy_count: taking(0, 0, shim()),
  pg_last_query_id: refuse(),
  pg_last_unload_id: refuse(),
  pg_last_unload_count: refuse(),
  set_config: refuse('use SET'),
  current_setting: taking(1, 1, currentSetting),
  slice_num: refuse(),
  version: taking(0, 0, () => [
    stringLiteral('PostgreSQL 8.0.2 (local warehouse: not Amazon Redshift)'),
    code('::text'),
  ]),
};
