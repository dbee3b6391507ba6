/** Arguments of procedures and functions. */
import { Cursor } from '../cursor.ts';
import { UnsupportedSqlError } from '../errors.ts';
import type { QualifiedName } from '../cursor.ts';
import { isName, isWord, quoteString, splitAtCommas } from '../nodes.ts';
import type { Group, Node } from '../nodes.ts';
import { SHIM } from '../shim/schema.ts';
import { takeType } from '../types.ts';

interface Argument {
  readonly mode: 'in' | 'out' | 'inout';
  readonly name: string;
  readonly type: string;
}

/** `[name] [mode] type`: Redshift puts the mode after the name, and also accepts it before. */
function readArgument(nodes: readonly Node[]): Argument {
  const cursor = new Cursor(nodes);
  let mode = cursor.takeOneOf('in', 'out', 'inout');
  const bare = new Cursor(nodes, cursor.position);
  let type = takeType(bare, 'expression');
  if (type !== undefined && bare.atEnd) return { mode: modeOf(mode), name: '', type: type.sql };
  const name = cursor.expectName();
  mode ??= cursor.takeOneOf('in', 'out', 'inout');
  type = takeType(cursor, 'expression');
  if (type === undefined) {
    const written = cursor.peek();
    if (isName(written)) throw new UnsupportedSqlError(`the type ${written.value.toUpperCase()}`);
    throw cursor.unexpected();
  }
  cursor.expectEnd();
  return { mode: modeOf(mode), name: `${name.text} `, type: type.sql };
}

function modeOf(mode: string | undefined): Argument['mode'] {
  return mode === 'out' || mode === 'inout' ? mode : 'in';
}

/**
 * An OUT argument is not given in Redshift's CALL, but is in PostgreSQL's: it becomes an INOUT one with a default,
 * which only works after all others.
 */
export function procedureArguments({ items }: Group): {
  readonly sql: string;
  readonly types: readonly string[];
} {
  const args = splitAtCommas(items).map(readArgument);
  const firstOut = args.findIndex((arg) => arg.mode === 'out');
  if (firstOut !== -1 && args.slice(firstOut).some((arg) => arg.mode !== 'out')) {
    throw new UnsupportedSqlError('an OUT argument before an IN argument');
  }
  const sql = args.map(({ mode, name, type }) =>
    mode === 'out' ? `inout ${name}${type} default null` : `${mode} ${name}${type}`,
  );
  return { sql: sql.join(', '), types: givenTypes(args) };
}

function givenTypes(args: readonly Argument[]): readonly string[] {
  return args.filter(({ mode }) => mode !== 'out').map(({ type }) => type);
}

/** The arguments of a SQL function, which may all be nameless. */
export function functionArguments({ items }: Group): string {
  return splitAtCommas(items)
    .map(readArgument)
    .map(({ name, type }) => `${name}${type}`)
    .join(', ');
}

/** The list of argument types in DROP. */
export function argumentTypes({ items }: Group): readonly string[] {
  return givenTypes(splitAtCommas(items).map(readArgument));
}

/** Drops the procedure that a CALL with such arguments would run. */
export function dropProcedure(name: QualifiedName, types: readonly string[], ifExists: boolean): string {
  return `select ${SHIM}.drop_procedure(${signature(name, types)}, ${String(ifExists)})`;
}

/** Its number, or an error. */
export function existingProcedure(name: QualifiedName, types: readonly string[]): string {
  return `${SHIM}.existing_procedure(${signature(name, types)})`;
}

function signature(name: QualifiedName, types: readonly string[]): string {
  const [own = '', schema] = name.parts.toReversed();
  const list = `array[${types.map(quoteString).join(', ')}]::text[]`;
  return `${schema === undefined ? 'null' : quoteString(schema)}, ${quoteString(own)}, ${list}`;
}

/** A word that begins an option of CREATE PROCEDURE or CREATE FUNCTION. */
export function isOption(node: Node | undefined): boolean {
  return isWord(node, 'as', 'language', 'security', 'set', 'nonatomic', 'volatile', 'stable', 'immutable');
}
