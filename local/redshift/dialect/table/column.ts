/** Columns of CREATE TABLE and ALTER TABLE ADD COLUMN. */
import { Cursor } from '../cursor.ts';
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { isMark, isWord, quoteName, render } from '../nodes.ts';
import type { Group, Node } from '../nodes.ts';
import { expression } from '../query.ts';
import { SHIM } from '../shim/schema.ts';
import { expectType } from '../types.ts';
import type { DataType } from '../types.ts';
import { takeColumnAttribute } from './attributes.ts';

export interface Column {
  readonly name: string;
  readonly type: DataType;
  /** What follows the type. */
  readonly options: readonly string[];
  readonly notNull: boolean;
}

/**
 * Redshift counts the length of strings in bytes, PostgreSQL in characters. The fast test comes first, and is
 * true for NULL; the function raises Redshift's error.
 */
function byteCheck(column: string, type: DataType): string | undefined {
  if (type.bytes === undefined) return undefined;
  const kind = type.sql.startsWith('char(') ? 'character' : 'character varying';
  const name = quoteName(column);
  return `check (coalesce(octet_length(${name}), 0) <= ${type.bytes} or ${SHIM}.too_long('${kind}', ${type.bytes}))`;
}

/** A DECIMAL of 19 digits is kept in 8 bytes: not every number of 19 digits fits. */
function eightByteCheck(column: string, { sql }: DataType): string | undefined {
  const scale = /^numeric\(19,(\d+)\)$/.exec(sql)?.[1];
  if (scale === undefined) return undefined;
  return `check (coalesce(abs(${quoteName(column)}) * 1e${scale}, 0) <= 9223372036854775807 or ${SHIM}.decimal_overflow())`;
}

/** `(seed, step)` of IDENTITY; both are 1 where it stands alone. */
function identity(group: Group | undefined, generated: 'always' | 'by default'): string {
  const numbers = (group === undefined ? '1, 1' : render(group.items))
    .split(',')
    .map((text) => Number(text.replaceAll(/\s/g, '')));
  const [seed, step] = numbers;
  if (numbers.length !== 2 || !Number.isInteger(seed) || !Number.isInteger(step) || step === 0) {
    throw new SqlError('IDENTITY takes a seed and a step');
  }
  const bound =
    (step ?? 1) > 0 ? `minvalue ${Math.min(seed ?? 1, 1)}` : `maxvalue ${Math.max(seed ?? -1, -1)}`;
  return `generated ${generated} as identity (start with ${seed} increment by ${step} ${bound})`;
}

const OPTION_WORDS = new Set([
  'default',
  'identity',
  'generated',
  'encode',
  'distkey',
  'sortkey',
  'not',
  'null',
  'unique',
  'primary',
  'references',
  'collate',
  'check',
  'constraint',
]);

/** Words that end a DEFAULT expression and begin the next option of the column. */
function takeDefault(cursor: Cursor): Node[] {
  const nodes: Node[] = [];
  while (!cursor.atEnd) {
    const node = cursor.peek();
    if (isMark(node, ',')) throw cursor.unexpected();
    if (nodes.length > 0 && isWord(node) && OPTION_WORDS.has(node.value)) break;
    nodes.push(cursor.next());
  }
  if (nodes.length === 0) throw cursor.unexpected();
  return expression(nodes);
}

/** REFERENCES table [(column)]. */
export function skipReferences(cursor: Cursor): void {
  cursor.expectQualifiedName();
  cursor.takeGroup();
}

/** Primary keys, unique keys and foreign keys are information for Redshift's planner: they are not enforced. */
export function readColumn(nodes: readonly Node[]): Column {
  const cursor = new Cursor(nodes);
  const name = cursor.expectName().value;
  const type = expectType(cursor, 'column');
  const options: string[] = [];
  let notNull = false;
  while (!cursor.atEnd) {
    if (takeColumnAttribute(cursor)) continue;
    if (cursor.take('not', 'null')) notNull = true;
    else if (cursor.take('null') || cursor.take('unique')) continue;
    else if (cursor.take('primary', 'key')) notNull = true;
    else if (cursor.take('references')) skipReferences(cursor);
    else if (cursor.take('identity')) options.push(identity(cursor.takeGroup(), 'always'));
    else if (cursor.take('default', 'identity')) options.push(identity(cursor.takeGroup(), 'by default'));
    else if (cursor.take('generated', 'by', 'default', 'as', 'identity')) {
      options.push(identity(cursor.takeGroup(), 'by default'));
    } else if (cursor.take('default')) options.push(`default ${render(takeDefault(cursor))}`);
    else if (cursor.sees('collate')) throw new UnsupportedSqlError('COLLATE');
    else throw cursor.unexpected();
  }
  return { name, type, options, notNull };
}

export function columnSql(column: Column): string {
  const check = byteCheck(column.name, column.type) ?? eightByteCheck(column.name, column.type);
  return [
    quoteName(column.name),
    column.type.sql,
    ...column.options,
    ...(column.notNull ? ['not null'] : []),
    ...(check === undefined ? [] : [check]),
  ].join(' ');
}
