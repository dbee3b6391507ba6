/**
 * What COPY makes of a field, by the type of its column ("Data conversion parameters" of Redshift's guide), as the
 * text that PostgreSQL's COPY takes. Checked here, since PostgreSQL is looser (dates), counts otherwise (characters
 * for bytes), and breaks the whole load off at a value that it refuses: what is accepted here it must accept, too.
 * Text is one character a byte.
 */
import type { CopyCommand } from '../dialect/copy-command.ts';
import { UnsupportedSqlError } from '../dialect/errors.ts';
import type { Column } from './columns.ts';
import { FieldProblem, LOAD_ERROR } from './field-problem.ts';
import { dateReader, timeReader, timestampReader } from './times.ts';

/** The text for PostgreSQL, or the problem. */
export type Converter = (value: string, quoted: boolean) => string | FieldProblem;

export const NULL = String.raw`\N`;
/** The column's own default: what is NULL in a column that is NOT NULL and has one. */
export const DEFAULT = String.raw`\D`;

const ESCAPED = /[\\\t\n\r]/;
const ALL_ESCAPED = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** As COPY's text format wants it. */
function escapeText(value: string): string {
  return ESCAPED.test(value) ? value.replaceAll(ALL_ESCAPED, (c) => ESCAPES[c] ?? c) : value;
}

const WHOLE: Readonly<
  Record<string, { readonly name: string; readonly most: bigint; readonly digits: number }>
> = {
  int2: { name: 'Short', most: 32_767n, digits: 4 },
  int4: { name: 'Integer', most: 2_147_483_647n, digits: 9 },
  int8: { name: 'Long', most: 9_223_372_036_854_775_807n, digits: 18 },
};

export function converterFor(column: Column, copy: CopyCommand): Converter {
  const convert = byType(column, copy);
  const nullAs = Buffer.from(copy.nullAs).toString('latin1');
  const missing = new FieldProblem(LOAD_ERROR.missingNotNull, 'Missing data for not-null field');
  return (value, quoted) => {
    const out = value === nullAs && !(quoted && copy.format.kind === 'csv') ? NULL : convert(value, quoted);
    if (out !== NULL || !column.notNull) return out;
    return column.hasDefault ? DEFAULT : missing;
  };
}

function byType(column: Column, copy: CopyCommand): Converter {
  const whole = WHOLE[column.type];
  if (whole !== undefined) return wholeNumber(whole);
  switch (column.type) {
    case 'varchar':
    case 'text':
      return text(column, copy, false);
    case 'bpchar':
      return text(column, copy, true);
    case 'numeric':
      return decimal(column, copy.roundDecimals);
    case 'float4':
    case 'float8':
      return float(column.type);
    case 'bool':
      return boolean;
    case 'date':
      return orNull(dateReader(copy.dateFormat, copy.acceptAnyDate));
    case 'timestamp':
    case 'timestamptz':
      return orNull(timestampReader(copy.timeFormat, column.type === 'timestamptz', copy.acceptAnyDate));
    case 'super':
      return orNull(superJson);
    case 'time':
    case 'timetz':
      return orNull(timeReader(column.type === 'timetz'));
    default:
      throw new UnsupportedSqlError(`COPY into a column of type ${column.type.toUpperCase()}`);
  }
}

/** Serialized JSON. The blank before it is the mark of the dialect's SUPER. */
function superJson(value: string): string | FieldProblem {
  try {
    JSON.parse(value);
  } catch {
    return new FieldProblem(LOAD_ERROR.line, 'Invalid JSON in a SUPER column');
  }
  return ` ${escapeText(value)}`;
}

/** An empty field is NULL in every type but text. */
function orNull(read: (value: string) => string | FieldProblem | undefined): Converter {
  return (value) => {
    const trimmed = value.trim();
    return trimmed === '' ? NULL : (read(trimmed) ?? NULL);
  };
}

function text(column: Column, copy: CopyCommand, char: boolean): Converter {
  const most = column.length ?? (char ? 4096 : 65_535);
  const tooLong = new FieldProblem(LOAD_ERROR.tooLong, 'String length exceeds DDL length');
  return (value, quoted) => {
    if (value === '' && copy.emptyAsNull && !quoted) return NULL;
    if (copy.blanksAsNull && value.trim() === '' && value !== '') return NULL;
    let kept = copy.trimBlanks ? withoutTrailingBlanks(value) : value;
    if (char && !isAscii(kept)) {
      return new FieldProblem(
        LOAD_ERROR.char,
        'Multibyte character not supported for CHAR (Hint: try using VARCHAR)',
      );
    }
    if (kept.length > most) {
      if (!copy.truncateColumns) return tooLong;
      kept = cutAtCharacter(kept, most);
    }
    return escapeText(kept);
  };
}

/** A regular expression would try every run of blanks at each of its places. */
function withoutTrailingBlanks(value: string): string {
  let end = value.length;
  while (end > 0 && value.charCodeAt(end - 1) === 32) end -= 1;
  return value.slice(0, end);
}

function isAscii(value: string): boolean {
  for (let i = 0; i < value.length; i += 1) if (value.charCodeAt(i) > 127) return false;
  return true;
}

/** The longest start of at most `most` bytes that ends with a whole UTF-8 character. */
function cutAtCharacter(value: string, most: number): string {
  let end = most;
  while (end > 0 && (value.charCodeAt(end) & 0xc0) === 0x80) end -= 1;
  return value.slice(0, end);
}

function wholeNumber({ name, most, digits }: (typeof WHOLE)[string]): Converter {
  return (value) => {
    if (isShortNumber(value, digits)) return value;
    const trimmed = value.trim();
    if (trimmed === '') return NULL;
    const wrong = /[^\d]/.exec(
      trimmed.replace(/^[+-]/, '-').slice(trimmed.startsWith('-') || trimmed.startsWith('+') ? 1 : 0),
    );
    if (wrong !== null || !/\d/.test(trimmed)) {
      const at = value.search(/[^\d\s+-]/);
      const position = Math.max(at, 0);
      return new FieldProblem(
        LOAD_ERROR.digit,
        `Invalid digit, Value '${value.charAt(position)}', Pos ${String(position)}, Type: ${name}`,
      );
    }
    const plain = trimmed.replace(/^([+-]?)0+(?=\d)/, '$1').replace(/^\+/, '');
    // No more digits than that are ever read: the time it takes grows faster than their number.
    const number = plain.length > digits + 2 ? most + 1n : BigInt(plain);
    if (number > most || number < -most - 1n) {
      return new FieldProblem(LOAD_ERROR.tooLong, `Overflow, Column type: ${name}`);
    }
    return String(number);
  };
}

/** Only digits, and few enough to be in range: nearly every value, so this is the quick way. */
function isShortNumber(value: string, digits: number): boolean {
  if (value.length === 0 || value.length > digits) return false;
  for (let i = 0; i < value.length; i += 1) {
    const c = value.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return true;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** COPY truncates digits beyond the column's scale, unless ROUNDEC is given. */
function decimal({ precision = 38, scale = 0 }: Column, round: boolean): Converter {
  const wrong = new FieldProblem(LOAD_ERROR.digit, 'Invalid digit, Type: Decimal');
  const overflow = new FieldProblem(LOAD_ERROR.decimal, 'Numeric data overflow (result precision)');
  return (value) => {
    const trimmed = value.trim();
    if (trimmed === '') return NULL;
    const [match, sign = '', left = '', right = '', exponent] = DECIMAL.exec(trimmed) ?? [];
    if (match === undefined || left + right === '') {
      const position = Math.max(trimmed.search(/[^\d.+-]/), 0);
      const shown = trimmed.charAt(position);
      return shown === ''
        ? wrong
        : new FieldProblem(
            LOAD_ERROR.digit,
            `Invalid digit, Value '${shown}', Pos ${String(position)}, Type: Decimal`,
          );
    }
    // Nearly every value, so this is the quick way.
    if (exponent === undefined && left.length <= precision - scale && right.length <= scale) return trimmed;
    const [whole, fraction] = exponent === undefined ? [left, right] : shifted(left, right, Number(exponent));
    const significant = whole.replace(/^0+/, '');
    if (significant.length > precision - scale) return overflow;
    const kept = BigInt(significant + fraction.slice(0, scale).padEnd(scale, '0'));
    const next = fraction.charAt(scale) >= '5' && round ? 1n : 0n;
    const digits = String(kept + next).padStart(scale + 1, '0');
    if (digits.replace(/^0+/, '').length > precision) return overflow;
    const point = digits.length - scale;
    return `${sign}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
  };
}

/** More than any decimal has. */
const MOST_DIGITS = 100;

/** The digits to the left and to the right of a point that is moved, as far as a decimal can tell. */
function shifted(left: string, right: string, by: number): readonly [string, string] {
  const digits = left + right;
  const point = left.length + Math.min(Math.max(by, -left.length - MOST_DIGITS), right.length + MOST_DIGITS);
  return point < 0
    ? ['', '0'.repeat(-point) + digits]
    : [digits.slice(0, point).padEnd(point, '0'), digits.slice(point)];
}

const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function float(type: 'float4' | 'float8'): Converter {
  const name = type === 'float4' ? 'Real' : 'Double';
  const wrong = new FieldProblem(LOAD_ERROR.float, `Invalid digit, Type: ${name}`);
  const overflow = new FieldProblem(LOAD_ERROR.float, `Overflow, Column type: ${name}`);
  return orNull((value) => {
    if (/^(?:[+-]?inf(?:inity)?|nan)$/i.test(value)) return value;
    if (!FLOAT.test(value)) return wrong;
    const number = type === 'float4' ? Math.fround(Number(value)) : Number(value);
    const lost = number === 0 && /^[^eE]*[1-9]/.test(value);
    return lost || !Number.isFinite(number) ? overflow : value;
  });
}

const TRUE = new Set(['t', 'true', 'y', 'yes', '1']);
const FALSE = new Set(['f', 'false', 'n', 'no', '0']);

const boolean: Converter = orNull((value) => {
  const lower = value.toLowerCase();
  if (TRUE.has(lower)) return 't';
  return FALSE.has(lower) ? 'f' : new FieldProblem(LOAD_ERROR.boolean, 'Unknown boolean format');
});
