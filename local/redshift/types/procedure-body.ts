/**
 * Redshift's types in the body of a procedure, or of a SQL function: its statements and expressions one by one, with its
 * variables. Tables that the body makes are known to what follows; what is not there stays as it is.
 */
import { parsePlPgSQLSync, parseSync } from 'libpg-query';
import type { CreateFunctionStmt, Node } from 'libpg-query';

import { quoteString } from '../dialect/nodes.ts';
import type { Catalog, CatalogNames } from './catalog.ts';
import { inferTypes, isTyped, namesToRead } from './infer.ts';
import type { Variables } from './resolver.ts';
import { typeOfName, UNKNOWN } from './type.ts';
import type { Column, Type } from './type.ts';

/** A text of the body as PL/pgSQL's parser gives it: without INTO, in whose place are blanks. */
interface BodyText {
  readonly query: string;
  /** What PL/pgSQL's parser calls it: 0 a statement, 2 an expression, 3 and up an assignment. */
  readonly parseMode: number;
  /** It is a string, which was translated before: what EXECUTE runs. */
  readonly isExecuted?: true;
  /** The variable that has the columns of the query's row from here on. */
  readonly record?: string;
}

const EXPRESSION = 2;
const SELECT = 'select ';

/** Their columns by name; undefined: not known. */
export type MadeTables = Map<string, readonly Column[] | undefined>;

type Creation = Extract<Node, { CreateFunctionStmt: unknown }>;

export interface Body {
  readonly isProcedure: boolean;
  readonly names: CatalogNames;
  /** @param made the tables that bodies make; those of this one are added */
  readonly typed: (catalog: Catalog, made?: MadeTables) => string;
}

/** Undefined: it is no procedure and no function, or one that PostgreSQL will refuse. */
export function bodyOf(sql: string, tree: Node): Body | undefined {
  if (!('CreateFunctionStmt' in tree)) return undefined;
  const query = sqlBody(tree);
  const parsed = query === undefined ? parsedBody(sql) : undefined;
  const texts = query === undefined ? textsIn(parsed) : [{ query, parseMode: 0 }];
  if (texts.length === 0) return undefined;
  const names = texts.flatMap((text) => {
    const inner = treeOf(text);
    return inner === undefined ? [] : [namesToRead(inner)];
  });
  return {
    isProcedure: tree.CreateFunctionStmt.is_procedure === true,
    names: {
      tables: names.flatMap(({ tables }) => tables),
      functions: names.flatMap(({ functions }) => functions),
    },
    typed: (catalog, made = new Map()) =>
      typedBody(sql, texts, variablesOf(tree.CreateFunctionStmt, parsed), catalog, made),
  };
}

/** The query that a SQL function is. */
export function sqlBody({ CreateFunctionStmt: { options = [] } }: Creation): string | undefined {
  const option = (name: string): Node | undefined => {
    const found = options.find((one) => 'DefElem' in one && one.DefElem.defname === name);
    return found !== undefined && 'DefElem' in found ? found.DefElem.arg : undefined;
  };
  const [language, body] = [option('language'), option('as')];
  if (language === undefined || !('String' in language) || language.String.sval !== 'sql') return undefined;
  const [text] = body !== undefined && 'List' in body ? (body.List.items ?? []) : [];
  return text !== undefined && 'String' in text ? text.String.sval : undefined;
}

function parsedBody(sql: string): unknown {
  try {
    return parsePlPgSQLSync(sql);
  } catch {
    return undefined;
  }
}

/** What is read before a loop's body is read stands before it. */
function textsIn(value: unknown): BodyText[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value).toSorted(([a], [b]) => Number(a === 'body') - Number(b === 'body'));
  return entries.flatMap(([key, inner]) => {
    if (key === 'PLpgSQL_stmt_dynexecute')
      return textsIn(inner).map(({ query, parseMode }) => ({ query, parseMode, isExecuted: true }));
    if (key === 'PLpgSQL_stmt_fors' || key === 'PLpgSQL_stmt_execsql') return withRecord(inner as Filled);
    return key === 'PLpgSQL_expr' ? [inner as BodyText] : textsIn(inner);
  });
}

/** A query whose rows, or whose row, a variable takes. */
interface Filled {
  readonly var?: { readonly PLpgSQL_rec?: { readonly refname?: string } };
  readonly target?: { readonly PLpgSQL_rec?: { readonly refname?: string } };
}

function withRecord(statement: Filled): BodyText[] {
  const { PLpgSQL_rec: record } = statement.var ?? statement.target ?? {};
  const [query, ...others] = Object.entries(statement)
    .toSorted(([a], [b]) => Number(a === 'body') - Number(b === 'body'))
    .flatMap(([, inner]) => textsIn(inner));
  if (query === undefined) return [];
  return [record?.refname === undefined ? query : { ...query, record: record.refname }, ...others];
}

/** Before the expression: what is no SQL, and after it what SQL needs in its place. */
function headOf({ query, parseMode }: BodyText): string {
  if (parseMode <= EXPRESSION) return '';
  const at = query.search(/:?=/);
  return at === -1 ? query : query.slice(0, at) + (query.startsWith(':', at) ? ':=' : '=');
}

function sqlOf(text: BodyText): string {
  if (text.isExecuted === true) return literalOf(text.query);
  return text.parseMode === 0 ? text.query : SELECT + text.query.slice(headOf(text).length);
}

/** Empty: it is no literal. */
function literalOf(query: string): string {
  return /^'((?:[^']|'')*)'$/.exec(query)?.[1]?.replaceAll("''", "'") ?? '';
}

function treeOf(text: BodyText): Node | undefined {
  return parsed(sqlOf(text));
}

function parsed(sql: string): Node | undefined {
  try {
    return parseSync(sql).stmts?.[0]?.stmt;
  } catch {
    return undefined;
  }
}

function typedBody(
  sql: string,
  texts: readonly BodyText[],
  declared: Variables,
  catalog: Catalog,
  made: MadeTables,
): string {
  const variables = new Map(declared);
  const known: Catalog = {
    columns: (schema, name) => (made.has(name) ? made.get(name) : catalog.columns(schema, name)),
    result: (name) => catalog.result(name),
  };
  let typed = sql;
  for (const text of texts) {
    const tree = treeOf(text);
    if (tree === undefined) continue;
    if ('CreateStmt' in tree)
      made.set(tree.CreateStmt.relation?.relname ?? '', definedColumns(tree.CreateStmt.tableElts ?? []));
    if (!isTyped(tree)) continue;
    const inferred = inferTypes(sqlOf(text), tree, known, variables);
    if ('CreateTableAsStmt' in tree)
      made.set(tree.CreateTableAsStmt.into?.rel?.relname ?? '', inferred.columns);
    for (const { name, type } of (text.record !== undefined && inferred.columns) || [])
      variables.set(`${text.record ?? ''}.${name}`, type);
    const { editIn, before } = inferred;
    if (editIn === undefined) continue;
    if (text.isExecuted === true) {
      const { sql: executed } = inferred;
      if (before === undefined) typed = typed.replaceAll(text.query, () => quoteString(executed));
      continue;
    }
    const head = headOf(text);
    typed = typed.replaceAll(patternOf(text.query), (found) => {
      if (text.parseMode === 0) return `${before === undefined ? '' : `${before};\n`}${editIn(found)}`;
      return head + withoutName(editIn(SELECT + found.slice(head.length))).slice(SELECT.length);
    });
  }
  return typed;
}

/** An expression of PL/pgSQL has no name. */
function withoutName(select: string): string {
  return select.replace(/ as "(?:[^"]|"")*"$/, '');
}

/** The text with anything in the place of INTO. */
function patternOf(query: string): RegExp {
  const escaped = query.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const open = escaped.replaceAll(/ {6,}/g, ({ length }) => `[^;]{${String(length)}}`);
  return new RegExp(`(?<![\\w.])${open}(?![\\w.])`, 'g');
}

function definedColumns(elements: readonly Node[]): readonly Column[] | undefined {
  const columns = elements.map((element) => {
    if (!('ColumnDef' in element)) return undefined;
    const { colname = '', typeName } = element.ColumnDef;
    const cast = typeName && ({ TypeCast: { typeName } } as Node);
    return { name: colname, type: { ...typeOfCast(cast), ofTable: true as const } };
  });
  const known = columns.filter((column) => column !== undefined);
  return known.length === columns.length ? known : undefined;
}

function typeOfCast(cast: Node | undefined): Type {
  if (cast === undefined || !('TypeCast' in cast)) return UNKNOWN;
  const { names = [], typmods = [], arrayBounds } = cast.TypeCast.typeName ?? {};
  const last = names.at(-1);
  if (arrayBounds !== undefined || last === undefined || !('String' in last)) return UNKNOWN;
  const sizes = typmods.map((size) => ('A_Const' in size ? (size.A_Const.ival?.ival ?? 0) : 0));
  return typeOfName(last.String.sval ?? '', sizes);
}

interface Variable {
  readonly refname?: string;
  readonly datatype?: { readonly PLpgSQL_type?: { readonly typname?: string } };
}

/** Two variables of one name in different blocks have no type here, unless it is the same. */
function variablesOf({ parameters = [] }: CreateFunctionStmt, body: unknown): Variables {
  const found = new Map<string, Type>();
  const add = (name: string, type: Type): void => {
    const other = found.get(name);
    found.set(name, other === undefined || JSON.stringify(other) === JSON.stringify(type) ? type : UNKNOWN);
  };
  const given = new Set<string>();
  for (const [i, parameter] of parameters.entries()) {
    if (!('FunctionParameter' in parameter)) continue;
    const { name = '', argType } = parameter.FunctionParameter;
    given.add(name);
    if (argType === undefined) continue;
    const type = typeOfCast({ TypeCast: { typeName: argType } });
    add(name, type);
    add(`$${String(i + 1)}`, type);
  }
  for (const { refname = '', datatype } of variablesIn(body)) {
    if (given.delete(refname)) continue;
    const type = parsed(`select null::${datatype?.PLpgSQL_type?.typname ?? 'unknown'}`);
    const target = type && 'SelectStmt' in type ? type.SelectStmt.targetList?.[0] : undefined;
    add(refname, typeOfCast(target && 'ResTarget' in target ? target.ResTarget.val : undefined));
  }
  return found;
}

function variablesIn(value: unknown): Variable[] {
  if (Array.isArray(value)) return value.flatMap(variablesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'PLpgSQL_var' ? [inner as Variable] : variablesIn(inner),
  );
}
