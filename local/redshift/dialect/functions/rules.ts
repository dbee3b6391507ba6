/** Every function that is not simply PostgreSQL's. */
import { AGGREGATE_FUNCTIONS } from './aggregates.ts';
import type { Rule } from './call.ts';
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

/** The rule for a function, by its name in lower case; undefined: it means the same in PostgreSQL, or is the user's. */
export function ruleFor(name: string): Rule | undefined {
  return RULES.get(name);
}
