/** Reads SQL that a test runs itself. */
import { isBlank, splitStatements, tokenize, UnclosedTokenError } from '../../shared/pipeline/lexer.ts';
import type { SetupStatement } from './test-case.ts';
import type { Source } from './test-shape.ts';
import type { Path, TestSource } from './test-source.ts';

export function readStatements(source: TestSource, written: Source<'sql'>, path: Path): SetupStatement[] {
  if (!source.hasOne(written, ['sql', 'file'], path)) return [];
  const found = source.textOf(written, 'sql', path);
  if (found === undefined) return [];
  try {
    return splitStatements(tokenize(found.text)).map((tokens) => {
      const sql = tokens.map(({ text }) => text).join('');
      const start = tokens.find((token) => !isBlank(token))?.start;
      return { sql: sql.trim(), line: found.text.slice(0, start).split('\n').length };
    });
  } catch (error) {
    if (!(error instanceof UnclosedTokenError)) throw error;
    source.sayIn(found, error.offset, 'the statements', error.message);
    return [];
  }
}
