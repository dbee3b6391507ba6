/** Aggregate and window functions. */
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { code, group, isWord, joinWithCommas, mark, spaced, textOf, word } from '../nodes.ts';
import type { Group, Node } from '../nodes.ts';
import { SHIM } from '../shim/schema.ts';
import {
  asText,
  cast,
  nullAs,
  parenthesized,
  plainCall,
  refuse,
  shim,
  shimCall,
  taking,
  withOver,
} from './call.ts';
import type { Call, Rule } from './call.ts';

function overOf(over: Group, frame: string): Node[] {
  return [word('over'), { ...over, gap: ' ', items: [...over.items, code(frame)] }];
}

/**
 * LISTAGG in a window: PostgreSQL takes no ORDER BY inside an aggregate there, but a window that is ordered and
 * framed to the whole partition gives the same.
 */
function listaggOver(call: Call, over: Group, args: readonly (readonly Node[])[]): Node[] {
  if (call.distinct) throw new UnsupportedSqlError('LISTAGG(DISTINCT …) OVER');
  const partition = { ...over, items: [...over.items, ...spaced(call.withinGroup ?? [])] };
  return [
    code(`${SHIM}.listagg`),
    group(joinWithCommas(args)),
    ...overOf(partition, 'rows between unbounded preceding and unbounded following'),
  ];
}

const listagg: Rule = (call) => {
  const [value = [], delimiter = [code("''")]] = call.args;
  const args = [asText(value), cast(delimiter, 'text')];
  if (call.over !== undefined) return listaggOver(call, call.over, args);
  return [
    code(`${SHIM}.listagg`),
    group([
      ...(call.distinct ? [word('distinct')] : []),
      ...spaced(joinWithCommas(args)),
      ...spaced(call.withinGroup ?? []),
    ]),
  ];
};

/** The share of a value in the sum of its partition. */
const ratioToReport: Rule = (call) => {
  const [value = []] = call.args;
  if (call.over === undefined) throw new SqlError('window function ratio_to_report requires an OVER clause');
  return [
    parenthesized([
      ...cast(value, 'float8'),
      mark('/', ' '),
      code(`${SHIM}.sum`),
      group(value),
      word('over'),
      { ...call.over, gap: ' ' },
    ]),
  ];
};

/** `LAG` and `LEAD` with IGNORE NULLS: the nearest value, or the one so many further, of a frame that ends beside the row. */
function shifted(frame: string): Rule {
  return (call) => {
    if (call.nulls !== 'ignore') return withOver(call, [call.head, group(joinWithCommas(call.args))]);
    if (call.over === undefined) throw new SqlError(`window function ${call.name} requires an OVER clause`);
    const [value = [], offset = [code('1')]] = call.args;
    const rows = offset.length === 1 ? Number(textOf(offset[0])) : Number.NaN;
    if (rows === 0) return withOver(call, [call.head, group(joinWithCommas(call.args))]);
    if (!Number.isInteger(rows) || rows < 0)
      throw new UnsupportedSqlError(`${call.name.toUpperCase()} with IGNORE NULLS and a computed offset`);
    const args = rows === 1 ? value : joinWithCommas([value, offset]);
    return [code(`${SHIM}.${call.name}`), group(args), ...overOf(call.over, frame)];
  };
}

const valueOfFrame: Rule = (call) => {
  const head = call.nulls === 'ignore' ? code(`${SHIM}.${call.name}`) : call.head;
  return withOver(call, [head, group(joinWithCommas(call.args))]);
};

/** The shim makes Redshift's average of PostgreSQL's, of the type, and of the greatest scale of the values. */
const average: Rule = (call) => {
  const [value = []] = call.args;
  const over = (name: string, inside: readonly Node[]) => withOver(call, [code(name), group(inside)]);
  return shimCall(
    'avg',
    over('pg_catalog.avg', call.distinct ? [word('distinct'), ...spaced(value)] : value),
    over('min', value),
    over('max', shimCall('scale_of', value)),
  );
};

const count: Rule = (call) => {
  const inside = joinWithCommas(call.args);
  return withOver(call, [call.head, group(call.distinct ? [word('distinct'), ...spaced(inside)] : inside)]);
};

/** PostgreSQL has no ordered-set aggregates in windows: the shim's take the values of the window and the fraction. */
function percentileOver(call: Call, order: readonly Node[]): Node[] {
  const descending = isWord(order.at(-1), 'desc');
  const value = descending || isWord(order.at(-1), 'asc') ? order.slice(0, -1) : order;
  const [fraction = []] = call.args;
  const head = code(`${SHIM}.${call.name}`);
  const over = (...args: readonly (readonly Node[])[]) => withOver(call, [head, group(joinWithCommas(args))]);
  if (call.name === 'percentile_disc') {
    const values = withOver(call, [code(`${SHIM}.collected`), group(value)]);
    return shimCall(call.name, values, fraction, [code(String(descending))]);
  }
  if (!descending) return over(value, fraction);
  return over(value, [code('1 -'), parenthesized(fraction)]);
}

const percentile: Rule = (call) => {
  const [order, by, ...keys] = call.withinGroup ?? [];
  if (!isWord(order, 'order') || !isWord(by, 'by')) {
    throw new SqlError(`WITHIN GROUP is required for ordered-set aggregate ${call.name}`);
  }
  if (call.over !== undefined) return percentileOver(call, keys);
  return [
    call.head,
    group(joinWithCommas(call.args)),
    code('within group'),
    group(call.withinGroup ?? [], ' '),
  ];
};

const same: Rule = (call) => withOver(call, plainCall(call.head, call));

const NOT_IN_REDSHIFT = 'Redshift does not have it';

export const AGGREGATE_FUNCTIONS: Readonly<Record<string, Rule>> = {
  sum: taking(1, 1, shim()),
  avg: taking(1, 1, nullAs('numeric', average)),
  count,
  median: taking(1, 1, nullAs('numeric', shim())),
  any_value: taking(1, 1, nullAs('text', same)),
  bit_and: taking(1, 1, nullAs('int', same)),
  bit_or: taking(1, 1, nullAs('int', same)),
  listagg: taking(1, 2, nullAs('text', listagg)),
  ratio_to_report: taking(1, 1, ratioToReport),
  percentile_cont: taking(1, 1, percentile),
  percentile_disc: taking(1, 1, percentile),
  lag: taking(1, 2, nullAs('text', shifted('rows between unbounded preceding and 1 preceding'))),
  lead: taking(1, 2, nullAs('text', shifted('rows between 1 following and unbounded following'))),
  first_value: taking(1, 1, nullAs('text', valueOfFrame)),
  last_value: taking(1, 1, nullAs('text', valueOfFrame)),
  nth_value: taking(2, 2, (call) => {
    const [, place = []] = call.args;
    if (call.nulls === 'ignore' && !(place.length === 1 && place[0]?.kind === 'number'))
      throw new UnsupportedSqlError('NTH_VALUE with IGNORE NULLS and a computed place');
    return valueOfFrame(call);
  }),
  hll: refuse('HyperLogLog'),
  hll_cardinality: refuse('HyperLogLog'),
  hll_create_sketch: refuse('HyperLogLog'),
  hll_combine: refuse('HyperLogLog'),
  string_agg: refuse(`${NOT_IN_REDSHIFT}; use LISTAGG`),
  array_agg: refuse(NOT_IN_REDSHIFT),
  every: refuse(NOT_IN_REDSHIFT),
  corr: refuse(NOT_IN_REDSHIFT),
  covar_pop: refuse(NOT_IN_REDSHIFT),
  covar_samp: refuse(NOT_IN_REDSHIFT),
};
