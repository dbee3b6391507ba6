/** Which words of an expression name a column. */
import type { Code } from '../code.ts';
import { RESERVED } from '../code.ts';
import { NOT_FUNCTIONS } from '../functions.ts';

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Key words of expressions and clauses, parts of dates, and names that are values by themselves. */
const NO_COLUMNS = words(`
  ABSOLUTE ACROSS ASC AUTHORIZATION BOTH CASE CENTURY CENTURIES COLLATE CURRENT CURRENT_CATALOG CURRENT_DATABASE CURRENT_DATE CURRENT_SCHEMA
  CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURRENT_USER_ID D DAY DAYOFWEEK DAYOFYEAR DAYS DAYWEEK DAYYEAR DECADE
  DECADES DESC DOW DOY DW DY EPOCH EXCLUDE FALSE FIRST FOLLOWING H HOUR HOURS HR HRS IGNORE INCLUDE ISNULL LAST LEADING
  LEVEL LOCALTIME LOCALTIMESTAMP M MICROSECOND MICROSECONDS MICROSEC MICROSECS MILLENNIUM MILLENNIA MILLISECOND MILLISECONDS
  MILLISEC MILLISECS MIN MINS MINUTE MINUTES MON MONS MONTH MONTHS MS MSEC MSECOND MSECONDS MSECS NEXT NO NOTNULL NULL OTHERS
  PLACING PRECEDING PRIOR QTR QTRS QUARTER QUARTERS RANGE RECURSIVE RESPECT ROW ROWS S SEC SECOND SECONDS SECS SESSION_USER
  SYMMETRIC SYSDATE TIES TIMEZONE TIMEZONE_HOUR TIMEZONE_MINUTE TRAILING TRUE UNBOUNDED UNKNOWN US USEC USECOND USECONDS
  USECS USER VALUE WITHOUT W WEEK WEEKDAY WEEKS Y YEAR YEARS YR YRS ZONE OLD NEW OID TABLEOID CTID XMIN XMAX CMIN CMAX MAX
`);

/** The word at `i`, without a point before it: not a key word, a type, an alias or a function. */
export function isColumn(code: Code, i: number): boolean {
  const word = code.word(i);
  if (RESERVED.has(word) || NOT_FUNCTIONS.has(word) || NO_COLUMNS.has(word)) return false;
  if (code.isMark(i - 1, '::') || code.is(i - 1, 'AS')) return false;
  // A literal with a prefix, and `name => value`.
  if (code.tokens[i + 1]?.kind === 'string' && word !== '') return false;
  if (code.isMark(i + 1, '=>')) return false;
  return !isImplicitAlias(code, i);
}

/** `a b`: a name behind an operand. */
function isImplicitAlias(code: Code, i: number): boolean {
  const before = code.tokens[i - 1];
  if (before === undefined) return false;
  if (before.kind === 'word') {
    const word = before.text.toUpperCase();
    return !(RESERVED.has(word) || NOT_FUNCTIONS.has(word) || NO_COLUMNS.has(word)) || word === 'END';
  }
  return before.kind !== 'mark' || before.text === ')' || before.text === ']';
}
