/** What Redshift refuses of CREATE TABLE and ALTER TABLE. */
import type { Code } from '../code.ts';
import type { StatementProblem } from '../statement-facts.ts';
import type { AlterTable, ColumnDefinition, CreateTable } from './definitions.ts';
import type { Name, Span } from './parts.ts';
import { until } from './parts.ts';
import { SYSTEM_COLUMNS } from './reserved-words.ts';

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
