/** What Redshift refuses of a statement, from its text alone: for the compiler's problems and for the local warehouse's errors. */
import type { Code } from '../code.ts';
import { RefusedError, UnrecognizedError } from '../code.ts';
import type { StatementProblem } from '../statement-facts.ts';
import { copyRefusals } from './copy.ts';
import { definitionRefusals, nameRefusals, repeated } from './refused-definitions.ts';
import type { Assignment, Delete, Insert, Update } from './dml.ts';
import { expressionsOf } from './dml.ts';
import type { Merge } from './merge.ts';
import { mergeRefusals } from './merge.ts';
import type { Span } from './parts.ts';
import { bodyRefusals } from './refused-bodies.ts';
import { callRefusals } from './refused-calls.ts';
import type { Places } from './refused-queries.ts';
import { queryRefusals } from './refused-queries.ts';
import type { Statement } from './statement.ts';
import { parseStatement } from './statement.ts';
import { unloadRefusals } from './unload.ts';

/** In the order of the text. What is not understood is not refused here. */
export function refusals(code: Code): StatementProblem[] {
  const found = [...callRefusals(code), ...nameRefusals(code), ...bodyRefusals(code, refusals)];
  try {
    const statement = parseStatement(code);
    if (statement !== undefined) found.push(...ofStatement(code, statement));
  } catch (error) {
    if (!(error instanceof UnrecognizedError)) throw error;
    const { offset, message } = error;
    if (error instanceof RefusedError) found.push({ offset, severity: 'error', message });
  }
  return found.toSorted((a, b) => a.offset - b.offset);
}

function ofStatement(code: Code, statement: Statement): StatementProblem[] {
  const found = queryRefusals(code, placesOf(statement));
  switch (statement.kind) {
    case 'merge':
      return [...found, ...mergeRefusals(code, statement), ...qualified(code, assignmentsOfMerge(statement))];
    case 'update':
      return [...found, ...qualified(code, statement.assignments)];
    case 'copy':
      return [...found, ...copyRefusals(code, statement), ...repeated(code, statement.columns)];
    case 'unload':
      return [...found, ...unloadRefusals(code, statement, refusals)];
    case 'create table':
    case 'alter table':
      return [...found, ...definitionRefusals(code, statement)];
    case 'insert':
      if (statement.with !== undefined) found.push(withBeforeInsert(code));
      return [...found, ...repeated(code, statement.columns)];
    default:
      return found;
  }
}

/** `SET t.a = 1` */
function qualified(code: Code, assignments: readonly Assignment[]): StatementProblem[] {
  return assignments
    .filter(({ column }) => code.isMark(column.at - 1, '.'))
    .map(({ column }) => ({
      offset: code.offset(pathStart(code, column.at)),
      severity: 'error',
      message: `SET names a column without its table: write ${column.key}`,
    }));
}

function pathStart(code: Code, i: number): number {
  return code.isMark(i - 1, '.') ? pathStart(code, i - 2) : i;
}

function withBeforeInsert(code: Code): StatementProblem {
  return {
    offset: code.offset(0),
    severity: 'error',
    message: 'WITH cannot stand before INSERT: write INSERT INTO table WITH … SELECT',
  };
}

const NOWHERE: Places = { queries: [], expressions: [], changesTable: false };

function placesOf(statement: Statement): Places {
  switch (statement.kind) {
    case 'query':
    case 'create view':
      return { ...NOWHERE, queries: [statement.query] };
    case 'create table':
      return { ...NOWHERE, queries: statement.query === undefined ? [] : [statement.query] };
    case 'insert':
    case 'update':
    case 'delete':
      return placesOfChange(statement);
    case 'merge':
      return { queries: [], expressions: expressionsOfMerge(statement), changesTable: true };
    case 'copy':
    case 'unload':
    case 'alter table':
      return NOWHERE;
    default:
      return statement satisfies never;
  }
}

function placesOfChange(change: Insert | Update | Delete): Places {
  const isInsert = change.kind === 'insert';
  return {
    ...(change.with && { with: change.with }),
    queries: isInsert && change.rows.kind === 'query' ? [change.rows.query] : [],
    // Where VALUES are computed is documented nowhere.
    expressions: isInsert ? [] : expressionsOf(change),
    changesTable: !isInsert,
  };
}

function assignmentsOfMerge({ branches }: Merge): Assignment[] {
  return branches.flatMap(({ action }) => (action.kind === 'update' ? action.assignments : []));
}

function expressionsOfMerge(merge: Merge): Span[] {
  return [
    merge.condition,
    ...assignmentsOfMerge(merge).map(({ value }) => value),
    ...merge.branches.flatMap(({ action }) => (action.kind === 'insert' ? [action.values] : [])),
  ];
}
