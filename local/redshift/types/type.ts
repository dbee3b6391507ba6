/** Redshift's types as values. That a kind is unknown and that a size is unknown are two things. */

export type Kind =
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'decimal'
  | 'real'
  | 'double precision'
  | 'boolean'
  | 'char'
  | 'varchar'
  | 'date'
  | 'time'
  | 'timetz'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'super'
  /** A string literal, NULL, or a parameter: it becomes what its place wants. */
  | 'untyped'
  | 'unknown';

export interface Type {
  readonly kind: Kind;
  /** Of DECIMAL; absent: not known. */
  readonly size?: DecimalSize;
  /** Of CHAR, VARCHAR and string literals, in bytes; absent: not known. */
  readonly length?: number;
  /** The value depends on a row of a table. */
  readonly ofTable?: true;
  /** Of a whole row, by the name of its relation. */
  readonly row?: readonly Column[];
}

export interface Column {
  readonly name: string;
  readonly type: Type;
  /** The name of its relation in FROM; absent where several have it. */
  readonly relation?: string;
}

export interface DecimalSize {
  readonly precision: number;
  readonly scale: number;
}

export const MAX_LENGTH = 65_535;

export const UNKNOWN: Type = { kind: 'unknown' };

export function decimal(precision: number, scale: number): Type {
  return { kind: 'decimal', size: { precision, scale } };
}

export function varchar(length: number | undefined): Type {
  return length === undefined
    ? { kind: 'varchar' }
    : { kind: 'varchar', length: Math.min(length, MAX_LENGTH) };
}

const INTEGERS: ReadonlySet<Kind> = new Set(['smallint', 'integer', 'bigint']);
const FLOATS: ReadonlySet<Kind> = new Set(['real', 'double precision']);
const MOMENTS: ReadonlySet<Kind> = new Set(['date', 'time', 'timetz', 'timestamp', 'timestamptz']);

export function isInteger({ kind }: Type): boolean {
  return INTEGERS.has(kind);
}

export function isFloat({ kind }: Type): boolean {
  return FLOATS.has(kind);
}

export function isNumber(type: Type): boolean {
  return isInteger(type) || isFloat(type) || type.kind === 'decimal';
}

/** A string with a type; literals are not. */
export function isString({ kind }: Type): boolean {
  return kind === 'char' || kind === 'varchar';
}

/** Dates and times. */
export function isMoment({ kind }: Type): boolean {
  return MOMENTS.has(kind);
}

/** A literal alone waits for its place; what is made of literals is a string. */
export function settled(type: Type): Type {
  return type.kind === 'untyped' && type.length !== undefined ? varchar(type.length) : type;
}

/** Bytes of the longest text of a value, where it is known. */
export function textLength(type: Type): number | undefined {
  if (type.kind === 'decimal') return type.size && type.size.precision + 2;
  return type.length ?? TEXT_LENGTH[type.kind];
}

const TEXT_LENGTH: Readonly<Partial<Record<Kind, number>>> = {
  smallint: 6,
  integer: 11,
  bigint: 20,
  real: 15,
  'double precision': 24,
  boolean: 5,
  date: 13,
  time: 15,
  timetz: 24,
  timestamp: 29,
  timestamptz: 35,
};

/** Of PostgreSQL, for a cast or a column. */
export function typeSql({ kind, size, length }: Type): string {
  if (kind === 'decimal')
    return size === undefined ? 'numeric' : `numeric(${String(size.precision)},${String(size.scale)})`;
  if (kind === 'char') return length === undefined ? 'bpchar' : `char(${String(length)})`;
  if (kind === 'varchar') return length === undefined ? 'varchar' : `varchar(${String(length)})`;
  return kind;
}

/** As Redshift writes it, for messages. */
export function typeText({ kind, size, length }: Type): string {
  if (kind === 'decimal')
    return size === undefined ? 'DECIMAL' : `DECIMAL(${String(size.precision)},${String(size.scale)})`;
  if (kind === 'untyped') return 'a literal';
  if (length !== undefined) return `${kind.toUpperCase()}(${String(length)})`;
  return kind.toUpperCase();
}

const KINDS: Readonly<Record<string, Kind>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  numeric: 'decimal',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  bpchar: 'char',
  varchar: 'varchar',
  text: 'varchar',
  name: 'varchar',
  date: 'date',
  time: 'time',
  timetz: 'timetz',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  interval: 'interval',
  super: 'super',
  json: 'super',
};

/** @param modifiers precision and scale, or length, as a cast writes them */
export function typeOfName(name: string, modifiers: readonly number[]): Type {
  const kind = KINDS[name] ?? 'unknown';
  const [first, second = 0] = modifiers;
  if (kind === 'decimal' && first !== undefined) return decimal(first, second);
  if (kind === 'char' || kind === 'varchar') return first === undefined ? { kind } : { kind, length: first };
  return { kind };
}

/** @param modifier `atttypmod` of the catalog */
export function typeOfCatalog(name: string, modifier: number): Type {
  if (modifier < 4) return typeOfName(name, []);
  const packed = modifier - 4;
  if (name === 'numeric') return decimal(packed >>> 16, packed & 0x7ff);
  return typeOfName(name, name === 'bpchar' || name === 'varchar' ? [packed] : []);
}
