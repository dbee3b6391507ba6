/** Errors of the local warehouse in the words of Redshift, without a trace of the shim or of PostgreSQL's inside. */
import { isRedshiftFunction } from '../../../shared/pipeline/redshift-functions.ts';
import { ownEntry } from '../../own-entry.ts';
import { SHIM } from './shim/schema.ts';
import { missingSystemTable } from './system-tables.ts';

/** What is used of the error that the PostgreSQL client throws. */
export interface PostgresError {
  readonly message: string;
  /** SQLSTATE. */
  readonly code?: string | undefined;
}

type Groups = readonly (string | undefined)[];

interface Wording {
  readonly code: string;
  readonly when: RegExp;
  /** With `$1` for what is in parentheses; undefined: the message stays. */
  readonly text: string | ((...groups: Groups) => string | undefined);
}

const NOT_HERE = 'is not supported by the local warehouse';

/** Functions of the shim by the name that the user wrote: the first one is the guide's. */
export const WRITTEN_NAMES: Readonly<Record<string, readonly string[]>> = {
  date_add: ['dateadd', 'date_add'],
  date_diff: ['datediff', 'date_diff'],
  date_part: ['extract'],
  pgdate_part: ['date_part', 'datepart', 'pgdate_part'],
  scale_of: ['avg'],
  percentile_cont_of: ['percentile_cont'],
  percentile_disc_of: ['percentile_disc'],
  median_of: ['median'],
};

/** Their first argument is a date part, which the translator hands in as a string. */
const WITH_PART = new Set(['date_add', 'date_diff', 'date_part', 'date_trunc', 'pgdate_part']);

function withoutFunction(shown = '', args = ''): string | undefined {
  const name = shown.replace(/^pg_catalog\./, '');
  const [written = name] = ownEntry(WRITTEN_NAMES, name) ?? [];
  if (!isRedshiftFunction(written.toUpperCase())) return undefined;
  const types = WITH_PART.has(name) ? args.replace(/^string\b/, 'part') : args;
  return `the function ${written.toUpperCase()}(${types}) ${NOT_HERE}: it has none for arguments of these types`;
}

function withoutOperator(left: string | undefined, operator = '', right = ''): string {
  const types = left === undefined ? right : `${left} and ${right}`;
  return `the operator ${operator} of ${types} ${NOT_HERE}: use CAST`;
}

const OPERATOR = String.raw`(?:([^+*/<>=~!@#%^&|-]+) )?([+*/<>=~!@#%^&|-]+) (.+)`;

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
  {
    code: '42804',
    when: /^argument of \S+ must be type boolean, not type (smallint|integer|bigint)$/,
    text: `a condition of type $1 ${NOT_HERE}: use a comparison or a cast`,
  },
  {
    code: '54001',
    when: /^stack depth limit exceeded$/,
    text: `an expression that nests so deep ${NOT_HERE}: divide it`,
  },
  {
    code: '0A000',
    when: /^cross-database references are not implemented: (.*)$/,
    text: `$1 ${NOT_HERE}: it is in another database, or it navigates into a SUPER value`,
  },
  {
    code: '54000',
    when: /^null character not permitted$/,
    text: `the character with the number 0 ${NOT_HERE}`,
  },
  {
    code: '22P02',
    when: /^invalid input syntax for type json$/,
    text: `a string in a SUPER column ${NOT_HERE}: use JSON_PARSE`,
  },
  {
    code: '42846',
    when: /^cannot cast type super to (.*)$/,
    text: `a cast of a SUPER value to $1 ${NOT_HERE}: use JSON_EXTRACT_PATH_TEXT`,
  },
  {
    code: '42883',
    when: /^could not identify an? (?:equality|ordering) operator for type super$/,
    text: `DISTINCT, GROUP BY or ORDER BY of SUPER values ${NOT_HERE}: use JSON_SERIALIZE`,
  },
  {
    code: '42804',
    when: /^column "(.*)" is of type super but expression is of type (.*)$/,
    text: `a value of type $2 in the SUPER column $1 ${NOT_HERE}: use JSON_PARSE`,
  },
  {
    code: '22003',
    when: /^(?:numeric field overflow|value overflows numeric format)$/,
    text: 'Numeric data overflow (result precision)',
  },
  {
    code: '42P01',
    when: /^relation "(.*)" does not exist$/,
    text: (relation = '') => missingSystemTable(relation),
  },
  {
    code: '42P01',
    when: /^missing FROM-clause entry for table "(.*)"$/,
    text: `$& (if $1 is a SUPER column: navigation into SUPER values ${NOT_HERE})`,
  },
  {
    code: '42883',
    when: /^function "(.+\))" does not exist$/,
    text: (signature = '') => `function ${signature.replaceAll('"', '')} does not exist`,
  },
  { code: '42883', when: /^function (\S+)\((.*)\) does not exist$/, text: withoutFunction },
  { code: '42725', when: /^function (\S+)\((.*)\) is not unique$/, text: withoutFunction },
  { code: '42883', when: new RegExp(`^operator does not exist: ${OPERATOR}$`), text: withoutOperator },
  { code: '42725', when: new RegExp(`^operator is not unique: ${OPERATOR}$`), text: withoutOperator },
  // Of this machine, in the words that Redshift has for its own.
  {
    code: '53100',
    when: /^[^]*$/,
    text: 'Disk Full\n  Detail: $& (the disk of the local warehouse: free some space on this machine)',
  },
];

const TYPE_NAMES: readonly (readonly [RegExp, string])[] = [
  [/\btimestamp(\(\d+\))? without time zone\b/g, 'timestamp$1'],
  [/\btimestamp(\(\d+\))? with time zone\b/g, 'timestamptz$1'],
  [/\btime(\(\d+\))? without time zone\b/g, 'time$1'],
  [/\btime(\(\d+\))? with time zone\b/g, 'timetz$1'],
  [/\bbpchar\b/g, 'char'],
  [/\bunknown\b/g, 'string'],
];

/** Outside quotation marks. */
function withRedshiftTypes(text: string): string {
  return text.replaceAll(/"[^"]*"|[^"]+/g, (piece) =>
    piece.startsWith('"')
      ? piece
      : TYPE_NAMES.reduce((words, [pattern, name]) => words.replaceAll(pattern, name), piece),
  );
}

/** Any text of PostgreSQL's: a message, a detail, a hint. */
export function withoutInternals(text: string): string {
  return withRedshiftTypes(text.replaceAll(`${SHIM}.`, ''));
}

/** The message alone, without `ERROR: `. */
export function redshiftError(error: PostgresError): string {
  const message = withoutInternals(error.message);
  for (const { code, when, text } of WORDINGS) {
    const groups = error.code === code ? when.exec(message) : null;
    if (groups === null) continue;
    if (typeof text === 'string') return message.replace(when, text);
    const worded = text(...groups.slice(1));
    if (worded !== undefined) return worded;
  }
  return message;
}
