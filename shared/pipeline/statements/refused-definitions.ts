/** What Redshift refuses of CREATE TABLE and ALTER TABLE. */
import type { Code } from '../code.ts';
import type { StatementProblem } from '../statement-facts.ts';
import type { AlterTable, ColumnDefinition, CreateTable } from './definitions.ts';
import type { Name, Span } from './parts.ts';
import { nameList, until } from './parts.ts';
import { isReserved, reservedMessage, SYSTEM_COLUMNS } from './reserved-words.ts';

/** In the guide's list of reserved words, and not reserved by the note below it. */
const DOUBTFUL: ReadonlySet<string> = new Set(['START', 'CONNECT']);

export function definitionRefusals(code: Code, statement: CreateTable | AlterTable): StatementProblem[] {
  if (statement.kind === 'create table') {
    const { columns, names = [], target } = statement;
    const all = [...columns.map(({ name }) => name), ...names];
    return [
      ...ifNotExists(code, statement),
      ...doubtful(code, target.from),
      ...all.flatMap((name) => columnName(code, name)),
      ...repeated(code, all),
      ...keyRefusals(code, statement),
      ...singleKeys(code, statement),
    ];
  }
  const { action } = statement;
  switch (action.kind) {
    case 'add column':
      return [...columnName(code, action.column.name), ...notNullWithoutDefault(code, action.column)];
    case 'rename column':
      return columnName(code, action.to);
    case 'rename':
      return doubtful(code, action.to.from);
    case 'alter type':
      return typeRefusals(code, action.type);
    default:
      return [];
  }
}

function ifNotExists(code: Code, { ifNotExists: isWritten, query, target }: CreateTable): StatementProblem[] {
  if (!isWritten || query === undefined) return [];
  const message = 'CREATE TABLE … AS does not take IF NOT EXISTS: write DROP TABLE IF EXISTS before it';
  return [{ offset: code.offset(target.from - 3), severity: 'error', message }];
}

/** A column that is named twice. */
export function repeated(code: Code, names: readonly Name[] = []): StatementProblem[] {
  return names
    .filter(({ key }, i) => names.findIndex((name) => name.key === key) < i)
    .map(({ key, at }) => ({
      offset: code.offset(at),
      severity: 'error',
      message: `column "${key}" specified more than once`,
    }));
}

/** One distribution key, which DISTSTYLE KEY needs, and one primary key. */
function singleKeys(code: Code, { columns, constraints, attributes }: CreateTable): StatementProblem[] {
  const spans = [...columns.map(({ rest }) => rest), ...constraints, attributes];
  const places = (...words: readonly string[]): number[] =>
    spans.flatMap(({ from, to }) =>
      [...code.tokens.keys()].slice(from, to).filter((i) => code.is(i, ...words)),
    );
  const problem = (at: number, message: string): StatementProblem => ({
    offset: code.offset(at),
    severity: 'error',
    message,
  });
  const [first, ...more] = places('DISTKEY');
  const styles = first === undefined ? places('DISTSTYLE', 'KEY') : [];
  return [
    ...more.map((at) => problem(at, 'only one column of a table can be the distribution key')),
    ...styles.map((at) => problem(at, 'DISTSTYLE KEY needs a DISTKEY column')),
    ...places('PRIMARY', 'KEY')
      .slice(1)
      .map((at) => problem(at, 'a table has only one primary key')),
  ];
}

/** Words that columns in brackets follow. */
const KEYS = /^(?:KEY|UNIQUE|DISTKEY|SORTKEY)$/;

/** Keys of the table that name no column of it. */
function keyRefusals(code: Code, statement: CreateTable): StatementProblem[] {
  const { columns, names, query, likes, constraints, attributes } = statement;
  if (likes.length > 0 || (query !== undefined && names === undefined)) return [];
  const known = new Set([...columns.map(({ name }) => name), ...(names ?? [])].map(({ key }) => key));
  const found: StatementProblem[] = [];
  for (const { from, to } of [...constraints, attributes])
    for (let i = from; i < to; i += 1) {
      if (!KEYS.test(code.word(i)) || !code.isMark(i + 1, '(')) continue;
      for (const { key, at } of nameList(code, i + 1).names)
        if (!known.has(key))
          found.push({
            offset: code.offset(at),
            severity: 'error',
            message: `column "${key}" named in key does not exist`,
          });
    }
  return found;
}

/** The names of schemas, procedures and functions: statements without a value of their own. */
export function nameRefusals(code: Code): StatementProblem[] {
  if (!code.is(0, 'CREATE')) return [];
  const kind = code.is(1, 'OR', 'REPLACE') ? 3 : 1;
  if (!code.is(kind, 'SCHEMA') && !code.is(kind, 'PROCEDURE') && !code.is(kind, 'FUNCTION')) return [];
  const name = code.is(kind + 1, 'IF', 'NOT', 'EXISTS') ? kind + 4 : kind + 1;
  return isReserved(code, name)
    ? [{ offset: code.offset(name), severity: 'error', message: reservedMessage(code, name) }]
    : [];
}

function doubtful(code: Code, i: number): StatementProblem[] {
  const word = code.word(i);
  if (!DOUBTFUL.has(word)) return [];
  const message = `${word} is in Redshift's list of reserved words: to be sure, write "${word.toLowerCase()}"`;
  return [{ offset: code.offset(i), severity: 'warning', message }];
}

function columnName(code: Code, { key, at }: Name): StatementProblem[] {
  if (!SYSTEM_COLUMNS.has(key)) return doubtful(code, at);
  const message = `column name "${key}" conflicts with a system column name`;
  return [{ offset: code.offset(at), severity: 'error', message }];
}

function notNullWithoutDefault(code: Code, { name, rest }: ColumnDefinition): StatementProblem[] {
  const find = (...words: readonly string[]): number =>
    until(code, rest.from, rest.to, (i) => code.is(i, ...words));
  if (find('NOT', 'NULL') === rest.to || find('DEFAULT') < rest.to || find('IDENTITY') < rest.to) return [];
  return [
    {
      offset: code.offset(find('NOT', 'NULL')),
      severity: 'error',
      message: `ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression: ${name.key}`,
    },
  ];
}

function typeRefusals(code: Code, { from, to }: Span): StatementProblem[] {
  const isVarchar =
    code.is(from, 'VARCHAR') ||
    code.is(from, 'NVARCHAR') ||
    code.is(from, 'CHARACTER', 'VARYING') ||
    code.is(from, 'CHAR', 'VARYING') ||
    code.is(from, 'NCHAR', 'VARYING');
  if (isVarchar || from === to) return [];
  const message = 'ALTER COLUMN TYPE changes only the size of a VARCHAR column';
  return [{ offset: code.offset(from), severity: 'error', message }];
}
