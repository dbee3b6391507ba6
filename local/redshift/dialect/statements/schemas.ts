/** Schemas, and DROP of every kind. */
import { argumentTypes, dropProcedure } from '../procedure/signature.ts';
import { Cursor } from '../cursor.ts';
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { render } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { definition, noop } from '../translated.ts';
import type { Translated, TranslatedSql } from '../translated.ts';

/** @param nodes everything after CREATE */
export function createSchema(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('schema');
  const ifNotExists = cursor.take('if', 'not', 'exists') ? 'if not exists ' : '';
  if (cursor.sees('authorization')) throw new UnsupportedSqlError('CREATE SCHEMA AUTHORIZATION');
  const name = cursor.expectName();
  let notice: string | undefined;
  if (cursor.take('authorization')) {
    cursor.expectName();
    notice = 'AUTHORIZATION has no effect: the local warehouse has one user';
  }
  if (cursor.take('quota')) {
    cursor.rest();
    notice = 'QUOTA has no effect in the local warehouse';
  }
  cursor.expectEnd();
  const made: TranslatedSql = definition('CREATE SCHEMA', `create schema ${ifNotExists}${name.text}`);
  return notice === undefined ? made : { ...made, notice };
}

export function alterSchema(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('schema');
  const name = cursor.expectName();
  if (cursor.take('rename', 'to')) {
    const to = cursor.expectName();
    cursor.expectEnd();
    return definition('ALTER SCHEMA', `alter schema ${name.text} rename to ${to.text}`);
  }
  if (cursor.takeOneOf('owner', 'quota') === undefined) throw cursor.unexpected();
  return noop('ALTER SCHEMA', 'owners and quotas have no effect in the local warehouse');
}

const KINDS = [
  ['materialized', 'view'],
  ['table'],
  ['view'],
  ['schema'],
  ['procedure'],
  ['function'],
] as const;

/** DROP of an object that the local warehouse can have made. */
export function drop(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('drop');
  const kind = KINDS.find((words) => cursor.take(...words));
  if (kind === undefined) {
    const node = cursor.peek();
    throw new UnsupportedSqlError(`DROP ${node?.kind === 'word' ? node.text.toUpperCase() : ''}`.trim());
  }
  const ifExists = cursor.take('if', 'exists') ? 'if exists ' : '';
  const names: string[] = [];
  const procedures: string[] = [];
  do {
    const name = cursor.expectQualifiedName();
    const args = kind[0] === 'procedure' || kind[0] === 'function' ? cursor.takeGroup() : undefined;
    const types = args === undefined ? undefined : argumentTypes(args);
    if (kind[0] === 'procedure' && types !== undefined)
      procedures.push(dropProcedure(name, types, ifExists !== ''));
    else names.push(`${render(name.nodes)}${types === undefined ? '' : `(${types.join(', ')})`}`);
  } while (cursor.takeMark(','));
  if (cursor.sees('drop', 'external')) throw new UnsupportedSqlError('DROP SCHEMA … DROP EXTERNAL DATABASE');
  const mode = cursor.takeOneOf('cascade', 'restrict');
  if (!cursor.atEnd) throw new SqlError('syntax error in DROP');
  const words = kind.join(' ');
  return definition(
    `DROP ${words.toUpperCase()}`,
    ...procedures,
    ...(names.length === 0
      ? []
      : [`drop ${words} ${ifExists}${names.join(', ')}${mode === undefined ? '' : ` ${mode}`}`]),
  );
}
