/** Reads COPY into a `CopyCommand`. Options without meaning here are checked and dropped, unknown ones refused. */
import { defined } from '../../../../shared/run/defined.ts';
import { ownEntry } from '../../../own-entry.ts';
import type { CopyAuthorization, CopyCommand, CopyFormat, TableName } from '../copy-command.ts';
import { Cursor } from '../cursor.ts';
import type { QualifiedName } from '../cursor.ts';
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { isGroup, isMark, isWord, splitAtCommas } from '../nodes.ts';
import type { Node } from '../nodes.ts';

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
const REFUSED_OPTIONS = new Set([
  'bzip2',
  'lzop',
  'zstd',
  'encrypted',
  'master_symmetric_key',
  'ssh',
  'readratio',
  'job',
  'session_token',
]);

function number(cursor: Cursor, option: string, most: number): number {
  cursor.take('as');
  const node = cursor.next();
  const value = node.kind === 'number' || node.kind === 'string' ? Number(node.value) : Number.NaN;
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new SqlError(`COPY: ${option} takes a whole number from 0 to ${most}`, '22023');
  }
  return value;
}

function text(cursor: Cursor): string {
  cursor.take('as');
  return cursor.expectString();
}

function character(cursor: Cursor, option: string): string {
  const value = text(cursor);
  if (value.length !== 1 || (value.codePointAt(0) ?? 0) > 127) {
    throw new SqlError(`COPY: ${option} takes a single ASCII character`, '22023');
  }
  return value;
}

function takeOnOff(cursor: Cursor, ...others: readonly string[]): void {
  cursor.takeOneOf('on', 'off', 'true', 'false', ...others);
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
    options.region = text(cursor);
  },
  ignoreheader: (cursor, { options }) => {
    options.ignoreHeader = number(cursor, 'IGNOREHEADER', 2_147_483_647);
  },
  null: (cursor, { options }) => {
    options.nullAs = text(cursor);
    options.nullAsGiven = true;
  },
  acceptinvchars: (cursor, { options }) => {
    cursor.take('as');
    options.acceptInvChars = cursor.takeString() ?? '?';
  },
  dateformat: (cursor, { options }) => {
    options.dateFormat = text(cursor);
  },
  timeformat: (cursor, { options }) => {
    options.timeFormat = text(cursor);
  },
  encoding: (cursor, { options }) => {
    cursor.take('as');
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
  compupdate: (cursor) => takeOnOff(cursor, 'preset'),
  statupdate: (cursor) => takeOnOff(cursor),
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

function takeAuthorization(cursor: Cursor, draft: Draft): boolean {
  if (cursor.take('iam_role')) {
    const role = cursor.take('default') ? 'default' : cursor.expectString();
    draft.authorization = { kind: 'role', role };
    return true;
  }
  const before = cursor.position;
  const withWord = cursor.take('with');
  if (cursor.take('credentials')) {
    cursor.take('as');
    draft.authorization = credentials(cursor.expectString());
    return true;
  }
  if (withWord) throw new SqlError(`syntax error at or near "with"`);
  if (cursor.take('access_key_id')) draft.keyId = text(cursor);
  else if (cursor.take('secret_access_key')) {
    text(cursor);
    if (draft.keyId !== undefined) draft.authorization = { kind: 'keys', accessKeyId: draft.keyId };
  }
  return cursor.position > before;
}

function takeOption(cursor: Cursor, draft: Draft): void {
  if (takeAuthorization(cursor, draft)) return;
  if (cursor.take('format')) {
    cursor.take('as');
    if (!isWord(cursor.peek(), 'csv', ...REFUSED_FORMATS)) throw cursor.unexpected();
  }
  const node = cursor.next();
  if (!isWord(node))
    throw new SqlError(`syntax error at or near "${node.kind === 'group' ? node.open : node.text}"`);
  const name = node.value;
  if (REFUSED_FORMATS.has(name)) throw new UnsupportedSqlError(`COPY … FORMAT ${name.toUpperCase()}`);
  if (REFUSED_OPTIONS.has(name)) throw new UnsupportedSqlError(`COPY … ${name.toUpperCase()}`);
  const flag = ownEntry(FLAGS, name);
  if (flag !== undefined) draft.options[flag] = true;
  else {
    const read = ownEntry(VALUES, name);
    if (read === undefined) throw new UnsupportedSqlError(`COPY … ${node.text.toUpperCase()}`);
    read(cursor, draft);
  }
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

function tableName(name: QualifiedName): TableName {
  const schema = name.parts.at(-2);
  return { ...defined({ schema }), name: name.name };
}

function takeColumns(cursor: Cursor): readonly string[] | undefined {
  const node = cursor.peek();
  if (!isGroup(node)) return undefined;
  cursor.next();
  return splitAtCommas(node.items).map((part) => {
    const column = new Cursor(part);
    const { value } = column.expectName();
    column.expectEnd();
    return value;
  });
}

export function parseCopy(nodes: readonly Node[]): CopyCommand {
  const cursor = new Cursor(nodes);
  cursor.expect('copy');
  if (cursor.sees('job')) throw new UnsupportedSqlError('COPY JOB');
  const table = tableName(cursor.expectQualifiedName());
  const columns = takeColumns(cursor);
  cursor.expect('from');
  const from = cursor.expectString();
  if (!from.startsWith('s3://'))
    throw new UnsupportedSqlError(`COPY from ${from.split(':')[0] ?? ''}`, 'only s3:// is read');
  const draft = newDraft();
  while (!cursor.atEnd) {
    takeOption(cursor, draft);
    if (isMark(cursor.peek(), ',')) cursor.next();
  }
  const { authorization, options } = draft;
  if (authorization === undefined) {
    throw new SqlError('COPY requires authorization: IAM_ROLE or CREDENTIALS', '22023');
  }
  if (options.ignoreAllErrors && options.maxError > 0) {
    throw new SqlError('IGNOREALLERRORS cannot be used with MAXERROR', '22023');
  }
  return {
    table,
    ...defined({ columns }),
    from,
    authorization,
    format: formatOf(draft),
    ...options,
  };
}
