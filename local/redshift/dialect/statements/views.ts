/** Views and materialized views. */
import { Cursor } from '../cursor.ts';
import type { QualifiedName } from '../cursor.ts';
import { UnsupportedSqlError } from '../errors.ts';
import { isWord, quoteString, render } from '../nodes.ts';
import type { Group, Node } from '../nodes.ts';
import { rewriteQuery } from '../query.ts';
import { SHIM } from '../shim/schema.ts';
import { skipTableAttributes } from '../table/attributes.ts';
import { definition } from '../translated.ts';
import type { Translated, TranslatedSql } from '../translated.ts';

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
  if (late) return createLateBindingView({ nodes, view, columns, query, orReplace });
  const list = columns === undefined ? '' : ` ${render([columns])}`;
  const temporary = view.name.startsWith('#') ? 'temp ' : '';
  const create = `${temporary}view ${render(view.nodes)}${list} as ${render(rewriteQuery(query))}`;
  if (!orReplace) return definition('CREATE VIEW', `create ${create}`);
  return definition(
    'CREATE VIEW',
    `select ${SHIM}.drop_late_binding_view(${quoteString(render(view.nodes))})`,
    `create or replace ${create}`,
  );
}

interface LateBindingView {
  /** The statement after CREATE [OR REPLACE]. */
  readonly nodes: readonly Node[];
  readonly view: QualifiedName;
  readonly columns: Group | undefined;
  readonly query: readonly Node[];
  readonly orReplace: boolean;
}

/** Its query is kept as text, and read again in each statement that names the view (`tree/late-binding.ts`). */
function createLateBindingView({ nodes, view, columns, query, orReplace }: LateBindingView): Translated {
  if (view.name.startsWith('#')) throw new UnsupportedSqlError('a temporary view WITH NO SCHEMA BINDING');
  const translated = render(rewriteQuery(query));
  const named =
    columns === undefined ? translated : `select * from (${translated}) as "~columns" ${render([columns])}`;
  const texts = [render(view.nodes), `create view ${render(nodes.slice(1))};`, named].map(quoteString);
  return definition(
    'CREATE VIEW',
    `select ${SHIM}.create_late_binding_view(${texts.join(', ')}, ${orReplace})`,
  );
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
  const made: TranslatedSql = definition(
    'CREATE MATERIALIZED VIEW',
    `create materialized view ${render(view.nodes)} as ${render(rewriteQuery(cursor.rest()))}`,
  );
  return refresh === 'yes'
    ? { ...made, notice: 'AUTO REFRESH YES: locally only REFRESH MATERIALIZED VIEW refreshes it' }
    : made;
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
