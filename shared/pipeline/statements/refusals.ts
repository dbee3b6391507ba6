/** What Redshift refuses of a statement, from its text alone: for the compiler's problems and for the local warehouse's errors. */
import type { Code } from '../code.ts';
import { UnrecognizedError } from '../code.ts';
import type { StatementProblem } from '../statement-facts.ts';
import { copyRefusals, parseCopy } from './copy.ts';
import { mergeRefusals, parseMerge } from './merge.ts';

/** In the order of the text. What is not understood is not refused here. */
export function refusals(code: Code): StatementProblem[] {
  try {
    return find(code).toSorted((a, b) => a.offset - b.offset);
  } catch (error) {
    if (!(error instanceof UnrecognizedError)) throw error;
    return [];
  }
}

function find(code: Code): StatementProblem[] {
  if (code.is(0, 'MERGE')) return mergeRefusals(code, parseMerge(code));
  if (code.is(0, 'COPY')) return copyRefusals(code, parseCopy(code));
  return [];
}
