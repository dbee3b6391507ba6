/** MERGE, in both of Redshift's forms. */
import { Cursor } from '../cursor.ts';
import type { QualifiedName } from '../cursor.ts';
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { isGroup, isName, isWord, render } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { expression } from '../query.ts';
import { change } from '../translated.ts';
import type { TranslatedSql } from '../translated.ts';

interface MergeHead {
  readonly target: QualifiedName;
  readonly targetAlias: readonly Node[];
  /** A table or a query in parentheses, with its alias. */
  readonly source: readonly Node[];
  readonly condition: readonly Node[];
}

function takeAlias(cursor: Cursor): Node[] {
  const explicit = cursor.take('as');
  const node = cursor.peek();
  if (!isName(node) || (!explicit && isWord(node, 'using', 'on'))) return [];
  return [cursor.next()];
}

function readHead(cursor: Cursor): MergeHead {
  cursor.expect('merge', 'into');
  const target = cursor.expectQualifiedName();
  const targetAlias = takeAlias(cursor);
  cursor.expect('using');
  const query = cursor.takeGroup();
  const source = query === undefined ? cursor.expectQualifiedName().nodes : [query];
  const sourceNodes = [...source, ...takeAlias(cursor)];
  cursor.expect('on');
  const condition: Node[] = [];
  while (!cursor.atEnd && !cursor.sees('when') && !cursor.sees('remove', 'duplicates'))
    condition.push(cursor.next());
  if (condition.length === 0) throw cursor.unexpected();
  return { target, targetAlias, source: expression(sourceNodes), condition: expression(condition) };
}

/**
 * REMOVE DUPLICATES: rows of the target that match are replaced by the source's, and no row is inserted twice.
 * One statement cannot do that: it would not see its own deletes.
 */
function removeDuplicates(head: MergeHead): TranslatedSql {
  const target = render(head.target.nodes);
  const alias = head.targetAlias.length === 0 ? '' : ` as ${render(head.targetAlias)}`;
  return {
    kind: 'sql',
    command: 'MERGE',
    statements: [
      `delete from ${target}${alias} using ${render(head.source)} where ${render(head.condition)}`,
      `insert into ${target} select distinct * from ${render(head.source)}`,
    ],
    rowsFrom: 1,
    returnsRows: false,
  };
}

function branch(cursor: Cursor): Node[] {
  const nodes: Node[] = [];
  while (!cursor.atEnd && !(cursor.sees('when') && isWord(cursor.peek(1), 'matched', 'not')))
    nodes.push(cursor.next());
  return nodes;
}

const BOTH = 'MERGE needs WHEN MATCHED and WHEN NOT MATCHED';

function whenMatched(cursor: Cursor): string {
  if (!cursor.take('when', 'matched')) throw new SqlError(BOTH);
  if (cursor.sees('and'))
    throw new UnsupportedSqlError('MERGE … WHEN MATCHED AND', 'Redshift does not have it');
  cursor.expect('then');
  const action = branch(cursor);
  const isUpdate = isWord(action[0], 'update') && isWord(action[1], 'set');
  if (!isUpdate && !(isWord(action[0], 'delete') && action.length === 1))
    throw new SqlError('MERGE: WHEN MATCHED takes UPDATE SET or DELETE');
  return `when matched then ${render(expression(action))}`;
}

function whenNotMatched(cursor: Cursor): string {
  if (!cursor.take('when', 'not', 'matched')) throw new SqlError(BOTH);
  if (cursor.sees('and') || cursor.sees('by')) {
    throw new UnsupportedSqlError('MERGE … WHEN NOT MATCHED AND or BY', 'Redshift does not have it');
  }
  cursor.expect('then', 'insert');
  const columns = cursor.takeGroup();
  cursor.expect('values');
  const values = cursor.peek();
  if (!isGroup(values)) throw cursor.unexpected();
  cursor.next();
  const list = columns === undefined ? '' : `${render([columns])} `;
  return `when not matched then insert ${list}values ${render(expression([values]))}`;
}

export function merge(nodes: readonly Node[]): TranslatedSql {
  const cursor = new Cursor(nodes);
  const head = readHead(cursor);
  if (cursor.take('remove', 'duplicates')) {
    cursor.expectEnd();
    return removeDuplicates(head);
  }
  const first = cursor.sees('when', 'not') ? whenNotMatched(cursor) : whenMatched(cursor);
  const second = first.startsWith('when not') ? whenMatched(cursor) : whenNotMatched(cursor);
  cursor.expectEnd();
  const alias = head.targetAlias.length === 0 ? '' : ` as ${render(head.targetAlias)}`;
  return change(
    'MERGE',
    `merge into ${render(head.target.nodes)}${alias} using ${render(head.source)} on (${render(head.condition)}) ${first} ${second}`,
  );
}
