/** COPY as a `CopyCommand`. Options without meaning here are checked and dropped, unknown ones refused. */
import type { Copy } from '../../../../shared/pipeline/statements/copy.ts';
import { parseCopy } from '../../../../shared/pipeline/statements/copy.ts';
import type { Option } from '../../../../shared/pipeline/statements/options.ts';
import { defined } from '../../../../shared/run/defined.ts';
import { ownEntry } from '../../../own-entry.ts';
import type { CopyAuthorization, CopyCommand, CopyFormat, TableName } from '../copy-command.ts';
import { Cursor } from '../cursor.ts';
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import type { Source } from '../source.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Draft {
  options: Mutable<Omit<CopyCommand, 'table' | 'columns' | 'from' | 'authorization' | 'format'>>;
  authorization?: CopyAuthorization;
  csv: boolean;
  quote?: string;
  delimiter?: string;
  escape: boolean;
  removeQuotes: boolean;
  keyId?: string;
}

function newDraft(): Draft {
  return {
    options: {
      manifest: false,
      compression: 'none',
      ignoreHeader: 0,
      nullAs: '\\N',
      nullAsGiven: false,
      emptyAsNull: false,
      blanksAsNull: false,
      trimBlanks: false,
      truncateColumns: false,
      fillRecord: false,
      ignoreBlankLines: false,
      acceptAnyDate: false,
      roundDecimals: false,
      encoding: 'utf8',
      explicitIds: false,
      maxError: 0,
      ignoreAllErrors: false,
      noLoad: false,
    },
    csv: false,
    escape: false,
    removeQuotes: false,
  };
}

const REFUSED_FORMATS = new Set([
  'json',
  'parquet',
  'orc',
  'avro',
  'fixedwidth',
  'shapefile',
  'rcfile',
  'sequencefile',
  'textfile',
]);
function number(cursor: Cursor, option: string, most: number): number {
  const node = cursor.next();
  const value = node.kind === 'number' || node.kind === 'string' ? Number(node.value) : Number.NaN;
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new SqlError(`COPY: ${option} takes a whole number from 0 to ${most}`, '22023');
  }
  return value;
}

function character(cursor: Cursor, option: string): string {
  const value = cursor.expectString();
  if (value.length !== 1 || (value.codePointAt(0) ?? 0) > 127) {
    throw new SqlError(`COPY: ${option} takes a single ASCII character`, '22023');
  }
  return value;
}

type Flag = {
  [K in keyof Draft['options']]: Draft['options'][K] extends boolean ? K : never;
}[keyof Draft['options']];

const FLAGS: Readonly<Record<string, Flag>> = {
  manifest: 'manifest',
  emptyasnull: 'emptyAsNull',
  blanksasnull: 'blanksAsNull',
  trimblanks: 'trimBlanks',
  truncatecolumns: 'truncateColumns',
  fillrecord: 'fillRecord',
  ignoreblanklines: 'ignoreBlankLines',
  acceptanydate: 'acceptAnyDate',
  roundec: 'roundDecimals',
  explicit_ids: 'explicitIds',
  ignoreallerrors: 'ignoreAllErrors',
  noload: 'noLoad',
};

const VALUES: Readonly<Record<string, (cursor: Cursor, draft: Draft) => void>> = {
  csv: (_, draft) => {
    draft.csv = true;
  },
  quote: (cursor, draft) => {
    draft.quote = character(cursor, 'QUOTE');
  },
  delimiter: (cursor, draft) => {
    draft.delimiter = character(cursor, 'DELIMITER');
  },
  escape: (_, draft) => {
    draft.escape = true;
  },
  removequotes: (_, draft) => {
    draft.removeQuotes = true;
  },
  gzip: (_, { options }) => {
    options.compression = 'gzip';
  },
  region: (cursor, { options }) => {
    options.region = cursor.expectString();
  },
  ignoreheader: (cursor, { options }) => {
    options.ignoreHeader = number(cursor, 'IGNOREHEADER', 2_147_483_647);
  },
  null: (cursor, { options }) => {
    options.nullAs = cursor.expectString();
    options.nullAsGiven = true;
  },
  acceptinvchars: (cursor, { options }) => {
    options.acceptInvChars = cursor.takeString() ?? '?';
  },
  dateformat: (cursor, { options }) => {
    options.dateFormat = cursor.expectString();
  },
  timeformat: (cursor, { options }) => {
    options.timeFormat = cursor.expectString();
  },
  encoding: (cursor, { options }) => {
    const found =
      cursor.takeOneOf('utf8', 'utf16', 'utf16le', 'utf16be') ?? cursor.expectString().toLowerCase();
    if (found !== 'utf8' && found !== 'utf16' && found !== 'utf16le' && found !== 'utf16be') {
      throw new UnsupportedSqlError(`COPY … ENCODING ${found.toUpperCase()}`);
    }
    options.encoding = found;
  },
  maxerror: (cursor, { options }) => {
    options.maxError = number(cursor, 'MAXERROR', 100_000);
  },
  compupdate: () => {},
  statupdate: () => {},
  iam_role: (cursor, draft) => {
    const role = cursor.take('default') ? 'default' : cursor.expectString();
    draft.authorization = { kind: 'role', role };
  },
  credentials: (cursor, draft) => {
    draft.authorization = credentials(cursor.expectString());
  },
  access_key_id: (cursor, draft) => {
    draft.keyId = cursor.expectString();
  },
  secret_access_key: (_, draft) => {
    if (draft.keyId !== undefined) draft.authorization = { kind: 'keys', accessKeyId: draft.keyId };
  },
  comprows: (cursor) => void number(cursor, 'COMPROWS', 2_147_483_647),
};

function credentials(value: string): CopyAuthorization {
  const parts = new Map(
    value.split(';').map((part): [string, string] => {
      const at = part.indexOf('=');
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
  const role = parts.get('aws_iam_role');
  if (role !== undefined) return { kind: 'role', role };
  const accessKeyId = parts.get('aws_access_key_id');
  if (accessKeyId !== undefined && parts.has('aws_secret_access_key')) return { kind: 'keys', accessKeyId };
  throw new SqlError(
    "Invalid credentials. Must be of the format: credentials 'aws_iam_role=...' or 'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'",
    '22023',
  );
}

function takeOption({ name, values }: Option, source: Source, draft: Draft): void {
  if (REFUSED_FORMATS.has(name)) throw new UnsupportedSqlError(`COPY … FORMAT ${name.toUpperCase()}`);
  const flag = ownEntry(FLAGS, name);
  const read = ownEntry(VALUES, name);
  if (flag !== undefined) draft.options[flag] = true;
  else if (read === undefined) throw new UnsupportedSqlError(`COPY … ${name.toUpperCase()}`);
  else read(new Cursor(source.nodes(values)), draft);
}

function formatOf({ csv, quote, delimiter, escape, removeQuotes }: Draft): CopyFormat {
  if (!csv) {
    if (quote !== undefined) throw new SqlError('QUOTE requires CSV', '22023');
    return { kind: 'delimited', delimiter: delimiter ?? '|', escape, removeQuotes };
  }
  if (escape) throw new SqlError('CSV is not compatible with ESCAPE', '22023');
  if (removeQuotes) throw new SqlError('CSV is not compatible with REMOVEQUOTES', '22023');
  return { kind: 'csv', delimiter: delimiter ?? ',', quote: quote ?? '"' };
}

function tableName({ target }: Copy, source: Source): TableName {
  const { name, parts } = new Cursor(source.nodes(target)).expectQualifiedName();
  const schema = parts.at(-2);
  return { ...defined({ schema }), name };
}

function columnsOf({ columns }: Copy, source: Source): readonly string[] | undefined {
  return columns?.map(({ at }) => new Cursor(source.nodes({ from: at, to: at + 1 })).expectName().value);
}

export function readCopy(source: Source): CopyCommand {
  if (source.code.is(1, 'JOB')) throw new UnsupportedSqlError('COPY JOB');
  const copy = source.read(parseCopy);
  const from = new Cursor(source.nodes({ from: copy.from, to: copy.from + 1 })).expectString();
  if (!from.startsWith('s3://'))
    throw new UnsupportedSqlError(`COPY from ${from.split(':')[0] ?? ''}`, 'only s3:// is read');
  const draft = newDraft();
  for (const option of copy.options) takeOption(option, source, draft);
  const { authorization, options } = draft;
  if (authorization === undefined) {
    throw new SqlError('COPY requires authorization: IAM_ROLE or CREDENTIALS', '22023');
  }
  if (options.ignoreAllErrors && options.maxError > 0) {
    throw new SqlError('IGNOREALLERRORS cannot be used with MAXERROR', '22023');
  }
  return {
    table: tableName(copy, source),
    ...defined({ columns: columnsOf(copy, source) }),
    from,
    authorization,
    format: formatOf(draft),
    ...options,
  };
}
