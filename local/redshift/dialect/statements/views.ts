/** Views and materialized views. */
import { Cursor } from '../cursor.ts';
import { UnsupportedSqlError } from '../errors.ts';
import { isWord, render } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { rewriteQuery } from '../query.ts';
import { skipTableAttributes } from '../table/attributes.ts';
import { definition } from '../translated.ts';
import type { Translated } from '../translated.ts';

const LATE_BINDING = ['with', 'no', 'schema', 'binding'];

function withoutLateBinding(nodes: Node[]): { query: Node[]; late: boolean } {
  const end = nodes.slice(-LATE_BINDING.length);
  const late =
    end.length === LATE_BINDING.length && end.every((node, at) => isWord(node, LATE_BINDING[at] ?? ''));
  return { query: late ? nodes.slice(0, -LATE_BINDING.length) : nodes, late };
}

/** @param nodes everything after CREATE [OR REPLACE] */
export function createView(nodes: readonly Node[], orReplace: boolean): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('view');
  const view = cursor.expectQualifiedName();
  const columns = cursor.takeGroup();
  cursor.expect('as');
  const { query, late } = withoutLateBinding(cursor.rest());
  const list = columns === undefined ? '' : ` ${render([columns])}`;
  const made = definition(
    'CREATE VIEW',
    `create ${orReplace ? 'or replace ' : ''}view ${render(view.nodes)}${list} as ${render(rewriteQuery(query))}`,
  );
  if (!late || made.kind !== 'sql') return made;
  return { ...made, notice: 'WITH NO SCHEMA BINDING: locally the view is bound to its tables' };
}

/** @param nodes everything after CREATE */
export function createMaterializedView(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('materialized', 'view');
  const view = cursor.expectQualifiedName();
  let refresh: string | undefined;
  while (!cursor.atEnd && !cursor.sees('as')) {
    const before = cursor.position;
    skipTableAttributes(cursor);
    if (cursor.take('auto', 'refresh')) {
      refresh = cursor.takeOneOf('yes', 'no');
      if (refresh === undefined) throw cursor.unexpected();
    }
    if (cursor.position === before) throw cursor.unexpected();
  }
  cursor.expect('as');
  if (refresh === 'yes') {
    throw new UnsupportedSqlError(
      'CREATE MATERIALIZED VIEW … AUTO REFRESH YES',
      'refresh it by REFRESH MATERIALIZED VIEW',
    );
  }
  return definition(
    'CREATE MATERIALIZED VIEW',
    `create materialized view ${render(view.nodes)} as ${render(rewriteQuery(cursor.rest()))}`,
  );
}

export function refreshMaterializedView(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('refresh', 'materialized', 'view');
  const view = cursor.expectQualifiedName();
  if (cursor.sees('cascade')) throw new UnsupportedSqlError('REFRESH MATERIALIZED VIEW … CASCADE');
  cursor.take('restrict');
  cursor.expectEnd();
  return definition('REFRESH MATERIALIZED VIEW', `refresh materialized view ${render(view.nodes)}`);
}
