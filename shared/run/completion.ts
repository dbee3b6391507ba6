/** The completion event may be late, duplicated or forged. Which submission is it trusted for? */
import type { Decision } from './decision.ts';
import { ask, nothing } from './decision.ts';
import type { StatementEnded } from './run-event.ts';
import type { Run, Submitted, Underway } from './run.ts';
import { submitted } from './run.ts';

/** The reading of a completion event: the submission it is trusted for, a statement to describe, or why it is ignored. */
export type Heard =
  | { readonly work: Submitted }
  | { readonly statementId: string }
  | { readonly ignored: string };

/** Trusted only if it carries the current token and, once recorded, the same statement. */
export function believed(work: Underway | undefined, event: StatementEnded): Heard {
  if (work === undefined || event.tokenStart.length < 10 || !work.token.startsWith(event.tokenStart))
    return { ignored: 'ignored an event of an earlier submission or of another program' };
  if (work.phase === 'SUBMITTED') {
    const { statementId } = work;
    return event.trusted && statementId === event.statementId ? { work } : { statementId };
  }
  if (!event.trusted) return { ignored: 'ignored an event of another principal' };
  // The event overtook the record of the submission: it may record the submission itself.
  return { work: submitted(work, event.statementId) };
}

export function doubted(run: Run, heard: Exclude<Heard, { work: Submitted }>): Decision {
  return 'ignored' in heard
    ? nothing(run, heard.ignored)
    : ask(run, { kind: 'Describe', statementId: heard.statementId });
}
