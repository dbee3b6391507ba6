/** What the local warehouse cannot run of a pipeline: each statement is translated as it would be sent for an example. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SqlError, UnsupportedSqlError } from '../../local/redshift/dialect/errors.ts';
import { translate } from '../../local/redshift/dialect/translate.ts';
import { isBlank, splitStatements, tokenize } from '../../shared/pipeline/lexer.ts';
import type { ParameterType, Plan } from '../../shared/pipeline/plan.ts';
import type { Problem } from '../../shared/pipeline/problem.ts';
import { positionOf } from '../../shared/pipeline/problem.ts';
import { decodeUtf8 } from '../../shared/pipeline/utf8.ts';
import { exampleSettings, sqlOf } from './example-run.ts';

const EXAMPLES: Readonly<Record<ParameterType, string>> = {
  string: 'example',
  number: '1',
  boolean: 'true',
  date: '2026-01-31',
  timestamp: '2026-01-31 00:00:00',
};

/** Warnings only: on AWS the statements may run. `file` is below the SQL folder, as for the compiler's problems. */
export function localProblems(plan: Plan, sqlFolder: string): Problem[] {
  const parameters = Object.fromEntries(
    plan.parameters
      .filter((parameter) => parameter.default === undefined)
      .map(({ name, type }) => [name, EXAMPLES[type]]),
  );
  return sqlOf(plan, exampleSettings('local'), { parameters }).flatMap(({ step, statements }) => {
    const file = `${plan.pipeline}/${step}`;
    const { text } = decodeUtf8(readFileSync(join(sqlFolder, plan.pipeline, step)));
    // Behind those of the file comes the marker of a durable step.
    return splitStatements(tokenize(text)).flatMap((tokens, i): Problem[] => {
      const message = refusal(statements[i] ?? '');
      if (message === undefined) return [];
      const offset = tokens.find((token) => !isBlank(token))?.start ?? 0;
      return [{ file, ...positionOf(text, offset), severity: 'warning', message }];
    });
  });
}

function refusal(sql: string): string | undefined {
  try {
    translate(sql);
    return undefined;
  } catch (error) {
    if (error instanceof UnsupportedSqlError)
      return `${error.message}; local runs fail at this statement, on AWS it may work`;
    if (error instanceof SqlError) return `not supported by the local warehouse: ${error.message}`;
    throw error;
  }
}
