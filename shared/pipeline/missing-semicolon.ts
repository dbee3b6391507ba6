/** Finds a statement that begins inside another one because the `;` between them is missing. */
import type { Code } from './code.ts';
import { RESERVED } from './code.ts';
import { NOT_FUNCTIONS } from './functions.ts';

const CREATED: ReadonlySet<string> = new Set(
  'TABLE TEMP TEMPORARY LOCAL VIEW MATERIALIZED SCHEMA OR PROCEDURE FUNCTION EXTERNAL DATABASE USER ROLE'.split(
    ' ',
  ),
);
const DROPPED: ReadonlySet<string> = new Set(
  'TABLE VIEW MATERIALIZED SCHEMA PROCEDURE FUNCTION DATABASE USER ROLE'.split(' '),
);
const ALTERED: ReadonlySet<string> = new Set('TABLE SCHEMA DATABASE USER ROLE PROCEDURE'.split(' '));

const SET_OPERATORS: ReadonlySet<string> = new Set(['UNION', 'INTERSECT', 'EXCEPT', 'MINUS']);

/** Statements that hold no SELECT outside brackets. */
const WITHOUT_SELECT: ReadonlySet<string> = new Set(
  'COPY GRANT REVOKE SET RESET COMMENT ALTER LOCK VACUUM ANALYZE REFRESH TRUNCATE CALL DROP DELETE UPDATE MERGE UNLOAD'.split(
    ' ',
  ),
);
/** Where no table or column may be called as a command is. */
const WITHOUT_ALIAS: ReadonlySet<string> = new Set('COPY VACUUM ANALYZE REFRESH COMMENT CALL'.split(' '));

const MAY_SET: ReadonlySet<string> = new Set(['UPDATE', 'MERGE', 'ALTER', 'WITH', 'CREATE']);
const RIGHTS: ReadonlySet<string> = new Set(['GRANT', 'REVOKE', 'ALTER', 'CREATE']);

/** What these do is spelled out, so that a name in a row with two others is the beginning of another statement. */
const SPELLED_OUT: ReadonlySet<string> = new Set([
  '',
  'SELECT',
  'WITH',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
]);
const COMMENTED: ReadonlySet<string> = new Set(
  'TABLE COLUMN VIEW SCHEMA DATABASE CONSTRAINT FUNCTION'.split(' '),
);
const REVOKED: ReadonlySet<string> = new Set(
  'ALL SELECT INSERT UPDATE DELETE DROP TRUNCATE ALTER REFERENCES USAGE CREATE TEMP TEMPORARY EXECUTE ROLE GRANT'.split(
    ' ',
  ),
);

/** The offset where the second statement begins; undefined where there is one only. */
export function secondStatement(code: Code): number | undefined {
  // Its elements are statements of their own; a body may be anything.
  if (code.is(0, 'CREATE', 'SCHEMA') || code.is(0, 'EXPLAIN')) return undefined;
  const seen: Seen = { verb: code.word(0), select: false, as: false, values: false };
  for (let i = 0; i < code.length; i += 1) {
    if (code.isMark(i, '(')) i = code.closing(i);
    else {
      if (i > 0 && begins(code, i, seen)) return code.offset(i);
      seen.select ||= code.is(i, 'SELECT');
      seen.as ||= code.is(i, 'AS');
      seen.values ||= code.is(i, 'VALUES');
    }
  }
  return undefined;
}

/** Of what stands before, outside brackets. */
interface Seen {
  readonly verb: string;
  select: boolean;
  as: boolean;
  values: boolean;
}

function begins(code: Code, i: number, seen: Seen): boolean {
  if (code.isMark(i - 1, '.') || code.is(i - 1, 'AS') || code.is(i - 1, 'FOR')) return false;
  const { verb } = seen;
  const next = code.word(i + 1);
  switch (code.word(i)) {
    case 'INSERT':
      return next === 'INTO' && !behindCtes(code, i, seen);
    case 'DELETE':
      return (next === 'FROM' && !behindCtes(code, i, seen)) || inARow(code, i);
    case 'UPDATE':
      return isNamed(code, i + 1) && isUpdate(code, i) && !behindCtes(code, i, seen);
    case 'MERGE':
      return next === 'INTO';
    case 'COPY':
      return isNamed(code, i + 1) && code.is(behindColumns(code, i + 1), 'FROM');
    case 'CREATE':
      return CREATED.has(next) && !RIGHTS.has(verb === 'CREATE' ? '' : verb);
    case 'DROP':
      return DROPPED.has(next) && verb !== 'GRANT' && verb !== 'REVOKE';
    case 'ALTER':
      return ALTERED.has(next) && verb !== 'GRANT' && verb !== 'REVOKE';
    case 'TRUNCATE':
      return (next === 'TABLE' || isNamed(code, i + 1)) && verb !== 'GRANT' && verb !== 'REVOKE';
    case 'UNLOAD':
      return code.isMark(i + 1, '(');
    case 'CALL':
      return isNamed(code, i + 1) && code.isMark(code.path(i + 1).next, '(');
    case 'REFRESH':
      return next === 'MATERIALIZED';
    case 'ANALYZE':
    case 'VACUUM':
      return WITHOUT_ALIAS.has(verb) || inARow(code, i);
    case 'COMMENT':
      return WITHOUT_ALIAS.has(verb) || (next === 'ON' && COMMENTED.has(code.word(i + 2)));
    case 'LOCK':
      return inARow(code, i) || (next === 'TABLE' && isOperand(code, i - 1));
    case 'EXECUTE':
    case 'SHOW':
    case 'RESET':
    case 'DEALLOCATE':
      return inARow(code, i);
    case 'BEGIN':
    case 'COMMIT':
    case 'ROLLBACK':
    case 'ABORT':
      return i === code.length - 1 && isSpelledOut(code) && isOperand(code, i - 1);
    case 'SET':
      return !MAY_SET.has(verb) && isNamed(code, i + 1) && isSetting(code, i + 2);
    case 'GRANT':
      return next !== 'OPTION' && !code.is(0, 'ALTER', 'DEFAULT');
    case 'REVOKE':
      return REVOKED.has(next) && isOperand(code, i - 1) && !code.is(0, 'ALTER', 'DEFAULT');
    case 'SELECT':
      return beginsQuery(code, i, seen);
    default:
      return false;
  }
}

function isNamed(code: Code, i: number): boolean {
  return code.isName(i) && !RESERVED.has(code.word(i));
}

/** Where a value, a table or an alias may end. */
function isOperand(code: Code, i: number): boolean {
  const kind = code.tokens[i]?.kind;
  if (kind === 'mark') return code.isMark(i, ')') || code.isMark(i, ']');
  if (kind !== 'word') return kind !== undefined;
  const word = code.word(i);
  return !RESERVED.has(word) && !NOT_FUNCTIONS.has(word) && !MORE_WORDS.has(word);
}

/** Words that a name follows. */
const MORE_WORDS: ReadonlySet<string> = new Set(
  'DELETE UPDATE PRIOR LATERAL RECURSIVE APPROXIMATE'.split(' '),
);

function isSpelledOut(code: Code): boolean {
  if (code.word(0) !== 'CREATE') return SPELLED_OUT.has(code.word(0));
  return [1, 2, 3].some((i) => code.is(i, 'TABLE'));
}

/** A value or alias, the word at `i`, and a name: the second could be the alias of the first, the third is nothing. */
function inARow(code: Code, i: number): boolean {
  return isSpelledOut(code) && isOperand(code, i - 1) && isNamed(code, i + 1);
}

function isSetting(code: Code, i: number): boolean {
  return code.is(i, 'TO') || code.isMark(i, '=');
}

/** `UPDATE t SET`, `UPDATE t a SET`, `UPDATE t AS a SET`. */
function isUpdate(code: Code, i: number): boolean {
  const { next } = code.path(i + 1);
  return [next, next + 1, next + 2].some((at) => code.is(at, 'SET') && code.isName(at + 1));
}

/** `WITH … AS (…) INSERT INTO`. */
function behindCtes(code: Code, i: number, { verb, select }: Seen): boolean {
  return verb === 'WITH' && !select && code.isMark(i - 1, ')');
}

function behindColumns(code: Code, i: number): number {
  const { next } = code.path(i);
  return code.isMark(next, '(') ? code.closing(next) + 1 : next;
}

function beginsQuery(code: Code, i: number, { verb, select, as, values }: Seen): boolean {
  const before = code.word(i - 1);
  if (SET_OPERATORS.has(before)) return false;
  if ((before === 'ALL' || before === 'DISTINCT') && SET_OPERATORS.has(code.word(i - 2))) return false;
  // `GRANT SELECT, INSERT ON`: a right.
  if (RIGHTS.has(verb) && verb !== 'CREATE')
    return (
      !code.isMark(i + 1, ',') && !code.isMark(i + 1, '(') && !/^(?:ON|FOR|TO|FROM|)$/.test(code.word(i + 1))
    );
  if (select || values || WITHOUT_SELECT.has(verb)) return true;
  return verb === 'CREATE' && !as;
}
