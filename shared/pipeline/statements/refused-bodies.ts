/** What Redshift refuses of the statements in a procedure's body. Conditions and assignments are not looked at. */
import { Code, UnrecognizedError } from '../code.ts';
import { tokenize, UnclosedTokenError } from '../lexer.ts';
import type { StatementProblem } from '../statement-facts.ts';
import type { Span } from './parts.ts';
import { until } from './parts.ts';

const STATEMENTS = /^(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|COPY|UNLOAD|CREATE|ALTER)$/;
/** A statement may follow them without a `;` between. */
const OPENERS = /^(?:BEGIN|THEN|ELSE|LOOP)$/;

/** @param refusals of one statement */
export function bodyRefusals(code: Code, refusals: (code: Code) => StatementProblem[]): StatementProblem[] {
  const kind = code.is(1, 'OR', 'REPLACE') ? 3 : 1;
  const body = code.tokens.find((token) => token.kind === 'dollar');
  if (!code.is(0, 'CREATE') || !code.is(kind, 'PROCEDURE') || body === undefined) return [];
  const tag = body.text.indexOf('$', 1) + 1;
  try {
    const inner = new Code(tokenize(body.text.slice(tag, -tag)));
    return statementsIn(inner)
      .flatMap(({ from, to }) => refusals(new Code(inner.tokens.slice(from, to))))
      .map(({ offset, severity, message }) => ({ offset: body.start + tag + offset, severity, message }));
  } catch (error) {
    if (error instanceof UnclosedTokenError || error instanceof UnrecognizedError) return [];
    throw error;
  }
}

function statementsIn(code: Code): Span[] {
  const found: Span[] = [];
  for (let at = 0; at < code.length;) {
    const to = until(code, at, code.length, (i) => code.isMark(i, ';'));
    if (STATEMENTS.test(code.word(at))) {
      found.push({ from: at, to });
      at = to + 1;
      continue;
    }
    const opener = until(code, at, to, (i) => OPENERS.test(code.word(i)));
    const query = until(code, at, opener, (i) => code.is(i, 'IN')) + 1;
    if (code.is(at, 'FOR') && STATEMENTS.test(code.word(query))) found.push({ from: query, to: opener });
    at = opener + 1;
  }
  return found;
}
