/** Errors of the local warehouse in the words of Redshift, without a trace of the shim. */
import { SHIM } from './shim/schema.ts';

/** What is used of the error that the PostgreSQL client throws. */
export interface PostgresError {
  readonly message: string;
  /** SQLSTATE. */
  readonly code?: string | undefined;
}

interface Wording {
  readonly code: string;
  readonly when: RegExp;
  readonly text: string;
}

const WORDINGS: readonly Wording[] = [
  {
    code: '21000',
    when: /^MERGE command cannot affect row a second time$/,
    text: 'Found multiple matches to update the same tuple.',
  },
  { code: '42P07', when: /^relation "(.*)" already exists$/, text: 'Relation "$1" already exists' },
  {
    code: '428C9',
    when: /^cannot insert a non-DEFAULT value into column ".*"$/,
    text: 'cannot set an identity column to a value',
  },
  {
    code: '428C9',
    when: /^column "(.*)" can only be updated to DEFAULT$/,
    text: 'cannot set an identity column to a value',
  },
  {
    code: '23502',
    when: /^null value in column "(.*)" of relation ".*" violates not-null constraint$/,
    text: 'Cannot insert a NULL value into column $1',
  },
  {
    code: '23514',
    when: /^.*"made_by_json_parse".*$/,
    text: 'a string in a SUPER column is not supported by the local warehouse: use JSON_PARSE',
  },
  { code: '22003', when: /^numeric field overflow$/, text: 'Numeric data overflow (result precision)' },
  // Of this machine, in the words that Redshift has for its own.
  {
    code: '53100',
    when: /^[^]*$/,
    text: 'Disk Full\n  Detail: $& (the disk of the local warehouse: free some space on this machine)',
  },
];

/** The message alone, without `ERROR: `. */
export function redshiftError(error: PostgresError): string {
  const message = error.message.replaceAll(`${SHIM}.`, '');
  for (const { code, when, text } of WORDINGS) {
    if (error.code === code && when.test(message)) return message.replace(when, text);
  }
  return message;
}
