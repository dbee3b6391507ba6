/**
 * The identity of a step: what its author wrote, the SQL and the options. What the compiler derives (kind, lineage,
 * defaults) is stored separately and is not part of it, so that a newer compiler does not change a step.
 */
import { contentHash } from './hash.ts';
import { isBlank, tokenize } from './lexer.ts';
import type { Plan, StatementTemplate, Step } from './plan.ts';
import type { StepSettings } from './settings.ts';

/** @param settings of the step in pipeline.yml, those that are written there */
export function stepIdentity(statements: readonly StatementTemplate[], settings: StepSettings): string {
  // It says when the next step begins, not what this one does: a failed run may be resumed with another.
  const { handoff: _, ...options } = settings;
  return contentHash({ sql: statements.map(normalizedSql), options });
}

/** The text with its placeholders put back, without comments; white space and line ends count as one blank. */
function normalizedSql({ parts }: StatementTemplate): string {
  const text = parts.map((part) => (typeof part === 'string' ? part : `:${part.param}`)).join('');
  let sql = '';
  let blank = false;
  for (const token of tokenize(text)) {
    if (isBlank(token)) blank = sql !== '';
    else {
      sql += blank ? ` ${token.text}` : token.text;
      blank = false;
    }
  }
  return sql;
}

/**
 * The current plan, for comparison by a run of `before`, a plan of schema 1. That schema hashes the whole compiled step, which
 * later compilers do not reproduce: a current step with the same SQL and the same options gets the hash of the old one.
 */
export function comparableWith(before: Plan, today: Plan): Plan {
  const steps = today.steps.map((step, i) => {
    const then = before.steps[i];
    return then !== undefined && asksTheSame(then, step) ? { ...step, hash: then.hash } : step;
  });
  return { ...today, steps };
}

function asksTheSame(a: Step, b: Step): boolean {
  const asked = ({ statements, verify, expect = 'no_rows', repeatable }: Step): string =>
    contentHash({
      sql: statements.map(normalizedSql),
      verify: verify === undefined ? undefined : normalizedSql(verify),
      expect,
      repeatable,
    });
  return asked(a) === asked(b);
}
