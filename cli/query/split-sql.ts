/** SQL text cut into statements. */
import { splitStatements, tokenize, UnclosedTokenError } from '../../shared/pipeline/lexer.ts';
import { usageError } from '../exit.ts';

/**
 * The statements of a text, without their semicolons; `where` names the text in the error.
 * @throws CommandError (exit 2) when a string, name or comment is not closed
 */
export function splitSql(text: string, where: string): string[] {
  try {
    return splitStatements(tokenize(text)).map((tokens) =>
      tokens
        .map((token) => token.text)
        .join('')
        .trim(),
    );
  } catch (error) {
    if (!(error instanceof UnclosedTokenError)) throw error;
    const line = text.slice(0, error.offset).split('\n').length;
    throw usageError(`${where}:${line}: unclosed ${error.what}`);
  }
}
