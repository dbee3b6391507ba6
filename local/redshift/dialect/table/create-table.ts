/** CREATE TABLE, with columns, LIKE or AS. */
import type { CreateTable } from '../../../../shared/pipeline/statements/definitions.ts';
import { Cursor } from '../cursor.ts';
import { syntaxError, UnsupportedSqlError } from '../errors.ts';
import { quoteName, render, splitAtCommas } from '../nodes.ts';
import { rewriteQuery } from '../query.ts';
import type { Source } from '../source.ts';
import { change, definition } from '../translated.ts';
import type { Translated } from '../translated.ts';
import { skipTableAttributes } from './attributes.ts';
import { columnSql, readColumn, skipReferences } from './column.ts';

/** The columns of a PRIMARY KEY; other table constraints have no effect. */
function readConstraint(cursor: Cursor): readonly string[] | undefined {
  if (cursor.take('constraint')) cursor.expectName();
  if (cursor.take('primary', 'key')) {
    return splitAtCommas(cursor.expectGroup().items).map((part) => new Cursor(part).expectName().value);
  }
  if (cursor.take('unique')) cursor.expectGroup();
  else if (cursor.take('foreign', 'key')) {
    cursor.expectGroup();
    cursor.expect('references');
    skipReferences(cursor);
  } else return undefined;
  return [];
}

function elementsOf({ columns, constraints, likes }: CreateTable, source: Source): string {
  if (columns.length + constraints.length + likes.length === 0) throw syntaxError(')');
  const keys = new Set<string>();
  for (const span of constraints) {
    const nodes = source.nodes(span);
    const key = readConstraint(new Cursor(nodes));
    if (key === undefined) throw new UnsupportedSqlError('CHECK', 'Redshift does not have it');
    for (const name of key) keys.add(name);
  }
  return [
    ...columns
      .map(({ name, rest }) => readColumn(source.nodes({ from: name.at, to: rest.to })))
      .map((column) => columnSql(keys.has(column.name) ? Object.assign(column, { notNull: true }) : column)),
    // The checks are those of this dialect; Redshift has no others.
    ...likes.map(
      (like) =>
        `like ${render(source.nodes(like))} including constraints${like.includesDefaults ? ' including defaults' : ''}`,
    ),
  ].join(', ');
}

export function createTable(table: CreateTable, source: Source): Translated {
  const attributes = new Cursor(source.nodes(table.attributes));
  if (attributes.sees('on', 'commit'))
    throw new UnsupportedSqlError('ON COMMIT', 'Redshift does not have it');
  skipTableAttributes(attributes);
  attributes.expectEnd();
  const { temp, ifNotExists, target, names, query } = table;
  const head = `create ${temp ? 'temp ' : ''}table ${ifNotExists ? 'if not exists ' : ''}${render(source.nodes(target))}`;
  if (query === undefined) return definition('CREATE TABLE', `${head} (${elementsOf(table, source)})`);
  const list = names?.map(({ at }) =>
    quoteName(new Cursor(source.nodes({ from: at, to: at + 1 })).expectName().value),
  );
  const columns = list === undefined ? '' : ` (${list.join(', ')})`;
  return change('CREATE TABLE AS', `${head}${columns} as ${render(rewriteQuery(source.nodes(query)))}`);
}
