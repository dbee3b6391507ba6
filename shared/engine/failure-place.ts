/** Where in its step's file a statement failed, for people. Loaded only after a failure. */
import type { Plan, StatementTemplate } from '../pipeline/plan.ts';
import type { ParameterValue } from '../pipeline/render.ts';
import { renderStatement } from '../pipeline/render.ts';
import type { Run } from '../run/run.ts';
import type { StatementStatus } from '../warehouse/warehouse.ts';
import { stepsOf, stepWith } from './group.ts';
import type { Settings } from './ports.ts';
import { commentOf } from './statements.ts';
import { placeholderValues } from './values.ts';

/** The engine counts characters from 1, in the text that was sent (Redshift developer guide: error messages of the parser). */
const POSITION = /\bPosition: (\d+)/;

/**
 * `40_commit.sql line 14, column 3 (statement 2 of 3)`: the position that the error gives, or else the start of the statement.
 * Undefined if it is not known which statement failed.
 */
export function failurePlace(
  seen: StatementStatus,
  run: Run,
  plan: Plan,
  settings: Settings,
): string | undefined {
  const steps = stepsOf(run, plan);
  const isSingle = steps.length === 1 && steps[0]?.send === 'single';
  const failed = seen.failed ?? (isSingle ? 0 : undefined);
  const found = failed === undefined ? undefined : stepWith(failed, steps);
  const statement = found?.step.statements[found.statement];
  if (found === undefined || statement?.at === undefined) return undefined;
  const { step, statement: index } = found;
  const count = step.statements.length;
  const [, position] = POSITION.exec(seen.error ?? '') ?? [];
  const before =
    position === undefined
      ? ''
      : sourceBefore(
          statement,
          Number(position) - 1 - commentOf(run, step).length,
          placeholderValues(run, plan, settings),
        );
  const lines = before.split('\n');
  const line = statement.at.line + lines.length - 1;
  const column = (lines.at(-1) ?? '').length + (lines.length === 1 ? statement.at.column : 1);
  return `${step.name} line ${line}, column ${column}${count === 1 ? '' : ` (statement ${index + 1} of ${count})`}`;
}

/** The author's text before the given position in the rendered statement. */
function sourceBefore(
  { parts }: StatementTemplate,
  characters: number,
  values: ReadonlyMap<string, ParameterValue>,
): string {
  let source = '';
  let left = characters;
  for (const part of parts) {
    const rendered = Array.from(typeof part === 'string' ? part : renderStatement({ parts: [part] }, values));
    if (left < rendered.length)
      return typeof part === 'string' ? source + rendered.slice(0, Math.max(left, 0)).join('') : source;
    left -= rendered.length;
    source += typeof part === 'string' ? part : `:${part.param}`;
  }
  return source;
}
