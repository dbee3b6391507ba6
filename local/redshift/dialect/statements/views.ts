/** Views and materialized views. */
import type { CreateView } from '../../../../shared/pipeline/statements/definitions.ts';
import { Cursor } from '../cursor.ts';
import { syntaxError, UnsupportedSqlError } from '../errors.ts';
import { quoteString, render } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { rewriteQuery } from '../query.ts';
import { SHIM } from '../shim/schema.ts';
import type { Source } from '../source.ts';
import { skipTableAttributes } from '../table/attributes.ts';
import { definition } from '../translated.ts';
import type { Translated, TranslatedSql } from '../translated.ts';

export function createView(view: CreateView, source: Source): Translated {
  const { target, names, replaces, attributes, query } = view;
  const name = render(source.nodes(target));
  const isTemp = name.startsWith('"#');
  const list = names && ` ${render(source.nodes({ from: target.to, to: attributes.from }))}`;
  const body = render(rewriteQuery(source.nodes(query)));
  if (view.materialized) return createMaterializedView(view, source, `${name}${list ?? ''} as ${body}`);
  if (view.late) {
    if (isTemp) throw new UnsupportedSqlError('a temporary view WITH NO SCHEMA BINDING');
    // Its query is kept as text, and read again in each statement that names the view (`tree/late-binding.ts`).
    const written = `create view ${render(source.nodes({ from: target.from, to: source.code.length }))};`;
    const columns = list === undefined ? body : `select * from (${body}) as "~columns"${list}`;
    const texts = [name, written, columns].map(quoteString);
    return definition(
      'CREATE VIEW',
      `select ${SHIM}.create_late_binding_view(${texts.join(', ')}, ${replaces})`,
    );
  }
  const create = `${isTemp ? 'temp ' : ''}view ${name}${list ?? ''} as ${body}`;
  if (!replaces) return definition('CREATE VIEW', `create ${create}`);
  return definition(
    'CREATE VIEW',
    `select ${SHIM}.drop_late_binding_view(${quoteString(name)})`,
    `create or replace ${create}`,
  );
}

function createMaterializedView(
  { replaces, attributes }: CreateView,
  source: Source,
  view: string,
): Translated {
  if (replaces) throw syntaxError('materialized');
  const cursor = new Cursor(source.nodes(attributes));
  let refresh: string | undefined;
  while (!cursor.atEnd) {
    const before = cursor.position;
    skipTableAttributes(cursor);
    if (cursor.take('auto', 'refresh')) {
      refresh = cursor.takeOneOf('yes', 'no');
      if (refresh === undefined) throw cursor.unexpected();
    }
    if (cursor.position === before) throw cursor.unexpected();
  }
  const made: TranslatedSql = definition('CREATE MATERIALIZED VIEW', `create materialized view ${view}`);
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
