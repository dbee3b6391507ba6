/** Data types: what Redshift means by a name, and the PostgreSQL type that holds it. */
import { ownEntry } from '../../own-entry.ts';
import type { Cursor } from './cursor.ts';
import { SqlError, UnsupportedSqlError } from './errors.ts';
import { isGroup, isName, isWord } from './nodes.ts';
import { SHIM } from './shim/schema.ts';

/** Where a type stands: a column's length has a default, a cast's has not. */
export type TypePlace = 'column' | 'expression';

export interface DataType {
  /** As PostgreSQL is to read it. */
  readonly sql: string;
  /** The longest value in bytes, for `char` and `varchar` of a column. */
  readonly bytes?: number;
}

const MAX_VARCHAR = 65_535;
const MAX_CHAR = 4096;
const DEFAULT_VARCHAR = 256;

/** Types without arguments, by Redshift's name. */
const PLAIN: Readonly<Record<string, string>> = {
  smallint: 'smallint',
  int2: 'smallint',
  integer: 'integer',
  int: 'integer',
  int4: 'integer',
  bigint: 'bigint',
  int8: 'bigint',
  real: 'real',
  float4: 'real',
  float8: 'double precision',
  boolean: 'boolean',
  bool: 'boolean',
  date: 'date',
  datetime: 'timestamp',
  timestamptz: 'timestamptz',
  timetz: 'timetz',
  super: `${SHIM}.super`,
  oid: 'oid',
  regclass: 'regclass',
  refcursor: 'refcursor',
  record: 'record',
  void: 'void',
};

const CHARS = new Set(['char', 'character', 'nchar', 'bpchar']);
const VARCHARS = new Set(['varchar', 'nvarchar', 'text']);
const DECIMALS = new Set(['decimal', 'numeric', 'dec']);

function readArguments(cursor: Cursor): readonly string[] | undefined {
  const next = cursor.peek();
  if (!isGroup(next)) return undefined;
  cursor.next();
  return next.items
    .map((item) => (item.kind === 'group' ? '(' : item.value))
    .join('')
    .split(',');
}

function lengthOf(args: readonly string[] | undefined, type: string, most: number): number | undefined {
  if (args === undefined) return undefined;
  const [given = ''] = args;
  if (given === 'max') return most;
  const length = Number(given);
  if (args.length !== 1 || !Number.isInteger(length)) throw new SqlError(`invalid length for type ${type}`);
  if (length < 1) throw new SqlError(`length for type ${type} must be at least 1`, '22023');
  if (length > most) throw new SqlError(`length for type ${type} cannot exceed ${most}`, '22023');
  return length;
}

function varchar(cursor: Cursor, place: TypePlace): DataType {
  const given = lengthOf(readArguments(cursor), 'character varying', MAX_VARCHAR);
  const bytes = given ?? (place === 'column' ? DEFAULT_VARCHAR : undefined);
  return bytes === undefined ? { sql: 'varchar' } : { sql: `varchar(${bytes})`, bytes };
}

function character(cursor: Cursor, name: string, place: TypePlace): DataType {
  const given = lengthOf(readArguments(cursor), 'character', MAX_CHAR);
  if (given === undefined && name === 'bpchar') {
    return place === 'column' ? { sql: 'char(256)', bytes: 256 } : { sql: 'bpchar' };
  }
  return { sql: `char(${given ?? 1})`, bytes: given ?? 1 };
}

/** DECIMAL without arguments is DECIMAL(18,0) in Redshift and unlimited in PostgreSQL. */
function decimal(cursor: Cursor): DataType {
  const args = readArguments(cursor) ?? ['18', '0'];
  const [precision = 0, scale = 0] = args.map(Number);
  if (args.length > 2) throw new SqlError('invalid NUMERIC type modifier', '22023');
  if (!(precision >= 1 && precision <= 38)) {
    throw new SqlError(`NUMERIC precision ${precision} must be between 1 and 38`, '22023');
  }
  if (!(scale >= 0 && scale <= precision)) {
    throw new SqlError(`NUMERIC scale ${scale} must be between 0 and precision ${precision}`, '22023');
  }
  return { sql: `numeric(${precision},${scale})` };
}

function timeType(cursor: Cursor, name: 'time' | 'timestamp'): DataType {
  const args = readArguments(cursor);
  const digits = args === undefined ? '' : `(${args.join(',')})`;
  if (cursor.take('with', 'time', 'zone')) return { sql: `${name}${digits} with time zone` };
  cursor.take('without', 'time', 'zone');
  return { sql: `${name}${digits}` };
}

function float(cursor: Cursor): DataType {
  const [digits] = readArguments(cursor) ?? [];
  return { sql: digits !== undefined && Number(digits) <= 24 ? 'real' : 'double precision' };
}

const INTERVAL_FIELDS = ['year', 'month', 'day', 'hour', 'minute', 'second', 'to'] as const;

function interval(cursor: Cursor): DataType {
  const fields: string[] = [];
  for (;;) {
    const field = cursor.takeOneOf(...INTERVAL_FIELDS);
    if (field === undefined) break;
    fields.push(field);
  }
  return { sql: ['interval', ...fields].join(' ') };
}

/** A type that is known by one or more words; undefined (and nothing consumed) if the words are none. */
export function takeType(cursor: Cursor, place: TypePlace): DataType | undefined {
  const first = cursor.peek();
  if (!isWord(first)) return undefined;
  const name = first.value;
  if (cursor.take('character', 'varying') || cursor.take('char', 'varying')) return varchar(cursor, place);
  if (cursor.take('national', 'character', 'varying') || cursor.take('nchar', 'varying')) {
    return varchar(cursor, place);
  }
  if (cursor.take('double', 'precision')) return { sql: 'double precision' };
  if (cursor.take('national', 'character') || cursor.take('national', 'char')) {
    return character(cursor, 'nchar', place);
  }
  if (VARCHARS.has(name) && cursor.take(name)) return varchar(cursor, place);
  if (CHARS.has(name) && cursor.take(name)) return character(cursor, name, place);
  if (DECIMALS.has(name) && cursor.take(name)) return decimal(cursor);
  if (name === 'float' && cursor.take(name)) return float(cursor);
  if ((name === 'time' || name === 'timestamp') && cursor.take(name)) return timeType(cursor, name);
  if (name === 'interval' && cursor.take(name)) return interval(cursor);
  const plain = ownEntry(PLAIN, name);
  if (plain === undefined || !cursor.take(name)) return undefined;
  return { sql: plain };
}

/** @throws UnsupportedSqlError naming a type that is not known here */
export function expectType(cursor: Cursor, place: TypePlace): DataType {
  const type = takeType(cursor, place);
  if (type === undefined) {
    const node = cursor.peek();
    if (isName(node)) throw new UnsupportedSqlError(`the type ${node.value.toUpperCase()}`);
    throw cursor.unexpected();
  }
  if (isGroup(cursor.peek(), '[')) throw new UnsupportedSqlError('an array type');
  return type;
}
