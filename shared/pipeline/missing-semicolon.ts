/** Finds a statement that begins inside another: the `;` between them is missing. */
import type { Code } from './code.ts';
import { RESERVED } from './code.ts';

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
      return next === 'INTO' && !behindCtes(code, i, verb);
    case 'DELETE':
      return next === 'FROM' && !behindCtes(code, i, verb);
    case 'UPDATE':
      return isNamed(code, i + 1) && isUpdate(code, i) && !behindCtes(code, i, verb);
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
    case 'COMMENT':
      return WITHOUT_ALIAS.has(verb);
    case 'SET':
      return !MAY_SET.has(verb) && isNamed(code, i + 1) && isSetting(code, i + 2);
    case 'GRANT':
      return !RIGHTS.has(verb);
    case 'SELECT':
      return beginsQuery(code, i, seen);
    default:
      return false;
  }
}

function isNamed(code: Code, i: number): boolean {
  return code.isName(i) && !RESERVED.has(code.word(i));
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
function behindCtes(code: Code, i: number, verb: string): boolean {
  return verb === 'WITH' && code.isMark(i - 1, ')');
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
