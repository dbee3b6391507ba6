/** ALTER TABLE. What concerns only storage or constraints that are not enforced has no effect. */
import { Cursor } from '../cursor.ts';
import type { QualifiedName } from '../cursor.ts';
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { isWord, quoteName, quoteString, render, textOf } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { SHIM } from '../shim/schema.ts';
import { definition } from '../translated.ts';
import type { Translated, TranslatedSql } from '../translated.ts';
import { expectType } from '../types.ts';
import { columnSql, readColumn } from './column.ts';

function regclass(table: QualifiedName): string {
  return `${quoteString(table.parts.map(quoteName).join('.'))}::regclass`;
}

/** No effect but an error if the table is not there. */
function onlyExists(table: QualifiedName, notice: string): TranslatedSql {
  return { ...definition('ALTER TABLE', `select ${regclass(table)}`), notice };
}

/** Of Redshift or of PostgreSQL, and not here. */
const OTHER_ACTIONS =
  'attach cluster detach disable enable force inherit masking no of partition replica reset row set validate'.split(
    ' ',
  );

const STORAGE = 'distribution, sort keys and encodings have no effect in the local warehouse';
const CONSTRAINTS = 'constraints are not enforced';

function alterColumn(cursor: Cursor, table: QualifiedName, target: string): Translated {
  const column = cursor.expectName().value;
  if (cursor.take('encode')) return onlyExists(table, STORAGE);
  cursor.expect('type');
  const type = expectType(cursor, 'column');
  cursor.expectEnd();
  return {
    ...definition(
      'ALTER TABLE ALTER COLUMN',
      `select ${SHIM}.check_resize(${regclass(table)}, ${quoteString(column)})`,
      `alter table ${target} alter column ${quoteName(column)} type ${type.sql}`,
      `select ${SHIM}.set_byte_limit(${regclass(table)}, ${quoteString(column)}, ${quoteString(type.sql)}, ${type.bytes ?? 'null'})`,
    ),
    notInTransaction: true,
  };
}

function alterStorage(cursor: Cursor, table: QualifiedName, target: string): Translated {
  if (cursor.take('column')) return alterColumn(cursor, table, target);
  if (
    cursor.takeOneOf('distkey', 'diststyle', 'sortkey', 'compound', 'interleaved', 'encode') === undefined
  ) {
    return alterColumn(cursor, table, target);
  }
  cursor.rest();
  return onlyExists(table, STORAGE);
}

function append(cursor: Cursor, table: QualifiedName): Translated {
  const source = cursor.expectQualifiedName();
  const option = cursor.takeOneOf('ignoreextra', 'filltarget');
  cursor.expectEnd();
  return {
    ...definition(
      'ALTER TABLE APPEND',
      `select ${SHIM}.append_table(${regclass(table)}, ${regclass(source)}, ${quoteString(option ?? '')})`,
    ),
    notInTransaction: true,
  };
}

function add(cursor: Cursor, table: QualifiedName, target: string): Translated {
  if (
    cursor.sees('constraint') ||
    cursor.sees('primary') ||
    cursor.sees('unique') ||
    cursor.sees('foreign')
  ) {
    const unknown = cursor.rest().find((node) => isWord(node, 'check', 'exclude'));
    if (unknown !== undefined)
      throw new UnsupportedSqlError(
        `a constraint by ${textOf(unknown)?.toUpperCase() ?? ''}`,
        'Redshift does not have it',
      );
    return onlyExists(table, CONSTRAINTS);
  }
  if (cursor.sees('check') || cursor.sees('exclude'))
    throw new UnsupportedSqlError('a constraint by CHECK or EXCLUDE', 'Redshift does not have it');
  if (cursor.sees('partition') || cursor.sees('if', 'not', 'exists', 'partition')) {
    throw new UnsupportedSqlError('ALTER TABLE … ADD PARTITION');
  }
  cursor.take('column');
  if (cursor.sees('if', 'not', 'exists'))
    throw new UnsupportedSqlError('ALTER TABLE … ADD COLUMN IF NOT EXISTS', 'Redshift does not have it');
  return definition(
    'ALTER TABLE',
    `alter table ${target} add column ${columnSql(readColumn(cursor.rest()))}`,
  );
}

function drop(cursor: Cursor, table: QualifiedName, target: string): Translated {
  if (cursor.take('constraint')) {
    cursor.rest();
    return onlyExists(table, CONSTRAINTS);
  }
  cursor.take('column');
  if (cursor.sees('if', 'exists'))
    throw new UnsupportedSqlError('ALTER TABLE … DROP COLUMN IF EXISTS', 'Redshift does not have it');
  const column = cursor.expectName();
  const mode = cursor.takeOneOf('restrict', 'cascade');
  cursor.expectEnd();
  return definition(
    'ALTER TABLE',
    `alter table ${target} drop column ${column.text}${mode === undefined ? '' : ` ${mode}`}`,
  );
}

function rename(cursor: Cursor, target: string): Translated {
  if (cursor.take('to')) {
    const name = cursor.expectName();
    cursor.expectEnd();
    return definition('ALTER TABLE', `alter table ${target} rename to ${name.text}`);
  }
  cursor.take('column');
  const from = cursor.expectName();
  cursor.expect('to');
  const to = cursor.expectName();
  cursor.expectEnd();
  return definition('ALTER TABLE', `alter table ${target} rename column ${from.text} to ${to.text}`);
}

/** @param nodes everything after ALTER TABLE */
export function alterTable(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  if (cursor.sees('if', 'exists')) throw new SqlError('syntax error at or near "if"');
  const table = cursor.expectQualifiedName();
  const target = render(table.nodes);
  if (cursor.take('append', 'from')) return append(cursor, table);
  if (cursor.take('add')) return add(cursor, table, target);
  if (cursor.take('drop')) return drop(cursor, table, target);
  if (cursor.take('rename')) return rename(cursor, target);
  if (cursor.take('alter')) return alterStorage(cursor, table, target);
  if (cursor.take('owner', 'to')) return onlyExists(table, 'owners have no effect in the local warehouse');
  if (!isWord(cursor.peek(), ...OTHER_ACTIONS)) throw cursor.unexpected();
  throw new UnsupportedSqlError(`ALTER TABLE … ${textOf(cursor.peek())?.toUpperCase() ?? ''}`);
}
