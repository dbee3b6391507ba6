/** How large a step's SQL is at most when it is sent: its text, and the longest values that its placeholders can have. */
import type { Parameter, StatementTemplate } from './plan.ts';
import { MOST_EVENT_BYTES } from './triggers/event-size.ts';

/** Limit for names and values of all parameters of a run, in bytes. */
export const MOST_PARAMETER_BYTES = 4_096;

/** `pipeline-` and 26 characters. */
const RUN_ID_BYTES = 100;
/** S3: the longest key, and the longest address. */
const KEY_BYTES = 1_024;
const URI_BYTES = 70 + KEY_BYTES;
/** IAM: the longest ARN of a role. */
const ROLE_BYTES = 2_048;

const BUILT_IN: Readonly<Record<string, number>> = {
  event: MOST_EVENT_BYTES,
  file_uri: URI_BYTES,
  key: KEY_BYTES,
  bucket: 64,
  /** In the artifacts bucket, below the run's id, with a hash. */
  manifest: 70 + RUN_ID_BYTES + 100,
  copy_role: ROLE_BYTES,
  run_id: RUN_ID_BYTES,
  batch_id: RUN_ID_BYTES,
  upstream_run_id: RUN_ID_BYTES,
};

/** Of the comment that precedes each statement (shared/engine/statements.ts), with the longest name of a step. */
const COMMENT_BYTES = RUN_ID_BYTES + 160;
/** Dates, times, and whatever else is short. */
const SHORT_BYTES = 64;

/** Bytes of the statement at most, with its comment. */
export function mostBytesOf({ parts }: StatementTemplate, parameters: readonly Parameter[]): number {
  return parts.reduce(
    (sum, part) =>
      sum + (typeof part === 'string' ? Buffer.byteLength(part) : literalBytes(part.param, parameters)),
    COMMENT_BYTES,
  );
}

/** As a literal in which every character is doubled. */
function literalBytes(name: string, parameters: readonly Parameter[]): number {
  const parameter = parameters.find((each) => each.name === name);
  return 2 + 2 * (parameter === undefined ? (BUILT_IN[name] ?? SHORT_BYTES) : valueBytes(parameter));
}

/** A string may name the run's id in braces; in a value given at start that is not expected more than a few times. */
function valueBytes({ type, default: value = '' }: Parameter): number {
  if (type !== 'string' && type !== 'number') return SHORT_BYTES;
  const filledIn = Buffer.byteLength(value) + (value.split('{').length - 1) * RUN_ID_BYTES;
  return Math.max(MOST_PARAMETER_BYTES, filledIn);
}
