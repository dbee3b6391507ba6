/**
 * The statement's name: the second identity of a submission, after its token. Unguessable, and no name is a prefix
 * of another, since ListStatements searches by prefix.
 */
export interface StatementIdentity {
  readonly stage: string;
  readonly runId: string;
  readonly generation: number;
  /** Index of the step, from 0. */
  readonly step: number;
  readonly attempt: number;
  /** Which token of the attempt, from 1. */
  readonly nonce: number;
  readonly token: string;
}

/** How many characters of the token are part of the name. */
export const TOKEN_START = 10;

/** `baton:<stage>:<run>:<gen>:<step>:<attempt>:<nonce>:<first ten of the token>;` */
export function statementName(identity: StatementIdentity): string {
  const { stage, runId, generation, step, attempt, nonce, token } = identity;
  return `${namePrefix(stage)}${runId}:${generation}:${step}:${attempt}:${nonce}:${token.slice(0, TOKEN_START)};`;
}

/** What the names of a stage begin with; the completion rule filters by it. */
function namePrefix(stage: string): string {
  return `baton:${stage}:`;
}

const NAME = /^baton:([^:]+):([^:]+):(\d+):(\d+):(\d+):(\d+):([a-z2-7]{10});$/;

/** Parses the name of a submission; undefined for any other name, including that of an opener. */
export function parseStatementName(
  name: string,
): { stage: string; runId: string; tokenStart: string } | undefined {
  const [, stage, runId, , , , , tokenStart] = NAME.exec(name) ?? [];
  if (stage === undefined || runId === undefined || tokenStart === undefined) return undefined;
  return { stage, runId, tokenStart };
}
