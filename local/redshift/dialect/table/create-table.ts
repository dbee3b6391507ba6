/** CREATE TABLE, with columns, LIKE or AS. */
import { Cursor } from '../cursor.ts';
import type { QualifiedName } from '../cursor.ts';
import { UnsupportedSqlError } from '../errors.ts';
import { isWord, quoteName, render, splitAtCommas } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { rewriteQuery } from '../query.ts';
import { change, definition } from '../translated.ts';
import type { Translated } from '../translated.ts';
import { skipTableAttributes } from './attributes.ts';
import { columnSql, readColumn, skipReferences } from './column.ts';
import type { Column } from './column.ts';

interface TableHead {
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly table: QualifiedName;
}

/** What stands between CREATE and the column list. */
function readHead(cursor: Cursor): TableHead {
  cursor.takeOneOf('local');
  const temporary = cursor.takeOneOf('temp', 'temporary') !== undefined;
  cursor.expect('table');
  const ifNotExists = cursor.take('if', 'not', 'exists');
  const table = cursor.expectQualifiedName();
  return { temporary: temporary || table.name.startsWith('#'), ifNotExists, table };
}

function headSql({ temporary, ifNotExists, table }: TableHead): string {
  return `create ${temporary ? 'temp ' : ''}table ${ifNotExists ? 'if not exists ' : ''}${render(table.nodes)}`;
}

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

function readLike(cursor: Cursor): string | undefined {
  if (!cursor.take('like')) return undefined;
  const source = cursor.expectQualifiedName();
  let defaults = false;
  if (cursor.take('including', 'defaults')) defaults = true;
  else cursor.take('excluding', 'defaults');
  cursor.expectEnd();
  // The checks are those of this dialect; Redshift has no others.
  return `like ${render(source.nodes)} including constraints${defaults ? ' including defaults' : ''}`;
}

function tableElements(items: readonly Node[]): string {
  const columns: Column[] = [];
  const keys = new Set<string>();
  const likes: string[] = [];
  for (const part of splitAtCommas(items)) {
    const cursor = new Cursor(part);
    const like = readLike(cursor);
    if (like !== undefined) {
      likes.push(like);
      continue;
    }
    if (cursor.sees('check') || cursor.sees('exclude'))
      throw new UnsupportedSqlError('CHECK', 'Redshift does not have it');
    const key = isWord(part[0], 'constraint', 'primary', 'unique', 'foreign')
      ? readConstraint(cursor)
      : undefined;
    if (key === undefined) columns.push(readColumn(part));
    else for (const name of key) keys.add(name);
  }
  return [
    ...columns.map((column) => columnSql(keys.has(column.name) ? { ...column, notNull: true } : column)),
    ...likes,
  ].join(', ');
}

/** `name [(columns)] [attributes] AS query`; the cursor is after the name. */
function createTableAs(head: TableHead, cursor: Cursor): Translated | undefined {
  const start = cursor.position;
  const columns = cursor.takeGroup();
  skipTableAttributes(cursor);
  if (!cursor.take('as')) {
    if (columns === undefined) throw cursor.unexpected();
    return undefined;
  }
  const names =
    columns &&
    splitAtCommas(columns.items).map((part) => {
      const column = new Cursor(part);
      const name = column.expectName().value;
      column.expectEnd();
      return quoteName(name);
    });
  const query = cursor.rest();
  if (start === cursor.position || query.length === 0) throw cursor.unexpected();
  const list = names === undefined ? '' : ` (${names.join(', ')})`;
  return change('CREATE TABLE AS', `${headSql(head)}${list} as ${render(rewriteQuery(query))}`);
}

/** @param nodes everything after CREATE */
export function createTable(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  const head = readHead(cursor);
  const asCursor = new Cursor(nodes, cursor.position);
  const made = createTableAs(head, asCursor);
  if (made !== undefined) return made;
  const elements = cursor.expectGroup();
  if (cursor.sees('on', 'commit')) throw new UnsupportedSqlError('ON COMMIT', 'Redshift does not have it');
  skipTableAttributes(cursor);
  cursor.expectEnd();
  return definition('CREATE TABLE', `${headSql(head)} (${tableElements(elements.items)})`);
}
