/** Every function that is not simply PostgreSQL's. */
import { AGGREGATE_FUNCTIONS } from './aggregates.ts';
import { SqlError } from '../errors.ts';
import type { Call, Rule } from './call.ts';
import { CONDITIONAL_FUNCTIONS } from './conditionals.ts';
import { DATE_FUNCTIONS } from './dates.ts';
import { REFUSED_FUNCTIONS } from './refused.ts';
import { STRING_FUNCTIONS } from './strings.ts';
import { SUPER_FUNCTIONS } from './super.ts';

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...REFUSED_FUNCTIONS,
    ...CONDITIONAL_FUNCTIONS,
    ...DATE_FUNCTIONS,
    ...STRING_FUNCTIONS,
    ...SUPER_FUNCTIONS,
    ...AGGREGATE_FUNCTIONS,
  }),
);

const SORTED = new Set(['listagg', 'percentile_cont', 'percentile_disc']);
const SKIPS_NULLS = new Set(['lag', 'lead', 'first_value', 'last_value', 'nth_value']);

/** @throws SqlError for what a rule would leave out, since only other functions take it */
export function checkModifiers({ name, distinct, withinGroup, nulls, over }: Call): void {
  const refuse = (what: string, kind: string): never => {
    throw new SqlError(`${what} specified, but ${name} is not ${kind}`, '42809');
  };
  const isAggregate = Object.hasOwn(AGGREGATE_FUNCTIONS, name);
  if (distinct && !isAggregate) refuse('DISTINCT', 'an aggregate function');
  if (over !== undefined && !isAggregate) refuse('OVER', 'a window function nor an aggregate function');
  if (withinGroup !== undefined && !SORTED.has(name)) refuse('WITHIN GROUP', 'an ordered-set aggregate');
  if (nulls !== undefined && !SKIPS_NULLS.has(name))
    refuse(`${nulls.toUpperCase()} NULLS`, 'one of LAG, LEAD, FIRST_VALUE, LAST_VALUE and NTH_VALUE');
}

/** The rule for a function, by its name in lower case; undefined: it means the same in PostgreSQL, or is the user's. */
export function ruleFor(name: string): Rule | undefined {
  return RULES.get(name);
}
