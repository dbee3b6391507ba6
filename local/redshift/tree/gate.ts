/** What is not on the list of what Redshift has is refused by name: nodes, operators, functions, casts. */
import type { Node } from 'libpg-query';

import { isRedshiftFunction } from '../../../shared/pipeline/redshift-functions.ts';
import { ownEntry } from '../../own-entry.ts';
import { UnsupportedSqlError } from '../dialect/errors.ts';
import { SHIM } from '../dialect/shim/schema.ts';
import {
  CATALOG,
  EXPRESSION_WORDS,
  FUNCTIONS,
  INSTEAD_OF_OPERATORS,
  MISSING_TYPES,
  NODE_WORDS,
  NODES,
  OPERATORS,
  PREFIX_OPERATORS,
  SYNTAX_FUNCTIONS,
  SYSTEM_COLUMNS,
  TYPES,
  UNNAMED,
  VALUE_WORDS,
} from './gate-lists.ts';

/** Names that no list knows: PostgreSQL's own are refused, the user's may stay. */
export interface Unknowns {
  readonly functions: Set<string>;
  readonly relations: Set<string>;
  /** What has the name of a relation of the statement where a schema stands, by that name. */
  readonly nested: Map<string, string>;
}

/** A node as JSON: it is read by its fields, since most of them may be missing. */
export type Fields = Readonly<Record<string, unknown>>;

export const NOT_IN_REDSHIFT = 'Redshift does not have it';

function refuse(construct: string, why = NOT_IN_REDSHIFT): never {
  throw new UnsupportedSqlError(construct, why);
}

/**
 * @returns what only the catalog knows
 * @throws UnsupportedSqlError naming what Redshift does not have
 */
export function gate(tree: Node): Unknowns {
  const walk = new Walk();
  walk.run(tree);
  return walk.unknowns();
}

/** Not recursive: an expression of thousands of operators is a tree as deep. */
class Walk {
  readonly #functions = new Set<string>();
  readonly #relations = new Set<string>();
  readonly #withNames = new Set<string>();
  /** By which columns can be named in a query. */
  readonly #names = new Set<string>();
  readonly #qualified = new Map<string, string>();
  readonly #open: unknown[] = [];

  run(tree: Node): void {
    this.#open.push(tree);
    while (this.#open.length > 0) this.#visit(this.#open.pop());
  }

  unknowns(): Unknowns {
    for (const name of this.#withNames) this.#relations.delete(name);
    const nested = new Map([...this.#qualified].filter(([schema]) => this.#names.has(schema)));
    return { functions: this.#functions, relations: this.#relations, nested };
  }

  #later(value: unknown): void {
    this.#open.push(value);
  }

  #visit(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.#later(item);
      return;
    }
    if (!isFields(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      const tag = /^[A-Z]/.test(name) ? name : ownEntry(UNNAMED, name);
      if (tag !== undefined && isFields(inner)) this.#node(tag, inner);
      else this.#later(inner);
    }
  }

  #node(tag: string, node: Fields): void {
    if (tag === 'RangeFunction') refuseInFrom(node);
    if (!NODES.has(tag)) refuse(NODE_WORDS[tag] ?? `the construct ${tag}`);
    switch (tag) {
      case 'InsertStmt':
        return this.#insert(node);
      case 'SubLink':
        return this.#subquery(node);
      case 'A_Expr':
        checkExpression(node);
        return this.#later(withoutRows(node));
      case 'FuncCall':
        this.#function(node);
        return this.#later(withoutLists(node));
      case 'ResTarget':
        return this.#later(isStar(node['val']) ? { ...node, val: undefined } : node);
      case 'RangeVar':
        this.#relation(node);
        break;
      case 'CommonTableExpr':
        this.#with(node);
        break;
      default:
        CHECKS[tag]?.(node);
    }
    this.#later(node);
  }

  /** Its VALUES are no table. */
  #insert(node: Fields): void {
    if (node['override'] !== undefined && node['override'] !== 'OVERRIDING_NOT_SET')
      refuse('OVERRIDING … VALUE');
    const query = fieldsOf(node, 'selectStmt', 'SelectStmt');
    if (query?.['valuesLists'] === undefined) return this.#later(node);
    const { selectStmt: _, ...rest } = node;
    const { valuesLists, ...others } = query;
    checkSelect(others);
    this.#later(rest);
    this.#later(others);
    this.#later(valuesLists);
  }

  /** `(a, b) IN (SELECT …)` */
  #subquery(node: Fields): void {
    if (node['subLinkType'] === 'ARRAY_SUBLINK') refuse('ARRAY(SELECT …)');
    const row = fieldsOf(node, 'testexpr', 'RowExpr');
    if (row === undefined || node['subLinkType'] !== 'ANY_SUBLINK') return this.#later(node);
    const { testexpr: _, ...rest } = node;
    this.#later(rest);
    this.#later(row['args']);
  }

  #with(node: Fields): void {
    if (node['ctematerialized'] !== undefined && node['ctematerialized'] !== 'CTEMaterializeDefault')
      refuse('WITH … AS [NOT] MATERIALIZED');
    const query = node['ctequery'];
    if (isFields(query) && query['SelectStmt'] === undefined) refuse('INSERT, UPDATE or DELETE in WITH');
    this.#withNames.add(String(node['ctename']));
  }

  #relation(node: Fields): void {
    const name = String(node['relname']);
    if (node['inh'] !== true) refuse('ONLY');
    if (node['relpersistence'] === 'u') refuse('UNLOGGED');
    const schema = node['schemaname'];
    this.#name(node, name);
    if (typeof schema === 'string') this.#qualified.set(schema, `${schema}.${name}`);
    if (schema !== undefined && schema !== 'pg_catalog') return;
    if (name.startsWith('pg_') && !CATALOG.has(name)) this.#relations.add(name);
  }

  #name({ alias }: Fields, name: string): void {
    this.#names.add(isFields(alias) ? String(alias['aliasname']) : name);
  }

  #function(node: Fields): void {
    const [schema, name] = functionName(node);
    checkCall(node, schema);
    if (schema === SHIM) return;
    if (node['funcformat'] === 'COERCE_SQL_SYNTAX') return checkSyntaxCall(name, node);
    if (schema !== undefined && schema !== 'pg_catalog') return;
    const counts = FUNCTIONS.get(name);
    if (counts !== undefined) return checkCount(name, argumentCount(node), counts);
    if (isRedshiftFunction(name.toUpperCase()))
      throw new UnsupportedSqlError(`the function ${name.toUpperCase()}`);
    this.#functions.add(name);
  }
}

/** `*` or `t.*` */
function isStar(value: unknown): boolean {
  return (
    isFields(value) && isFields(value['ColumnRef']) && namesOf(value['ColumnRef']['fields']).at(-1) === '*'
  );
}

function refuseInFrom(node: Fields): never {
  const [list] = listOf(node['functions']);
  const [call] = isFields(list) ? listOf(fieldsOf({ list }, 'list', 'List')?.['items']) : [];
  const name = isFields(call) && isFields(call['FuncCall']) ? functionName(call['FuncCall'])[1] : '';
  if (isRedshiftFunction(name.toUpperCase()))
    throw new UnsupportedSqlError(`the function ${name.toUpperCase()} in FROM`);
  refuse('a function in FROM');
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The node of this kind in a field. */
function fieldsOf(node: Fields, field: string, tag: string): Fields | undefined {
  const value = node[field];
  const inner = isFields(value) ? value[tag] : undefined;
  return isFields(inner) ? inner : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The parts of a name; `*` for a star. */
function namesOf(value: unknown): readonly string[] {
  return listOf(value).map((item) =>
    isFields(item) && isFields(item['String']) ? String(item['String']['sval']) : '*',
  );
}

function functionName(node: Fields): readonly [schema: string | undefined, name: string] {
  const names = namesOf(node['funcname']);
  return [names.at(-2), names.at(-1) ?? ''];
}

/** `(a, b) IN ((1, 2), …)`, `(a, b) = (c, d)` */
function withoutRows(node: Fields): Fields {
  const left = fieldsOf(node, 'lexpr', 'RowExpr');
  if (left === undefined) return node;
  const right = fieldsOf(node, 'rexpr', 'RowExpr');
  const isEquality = node['kind'] === 'AEXPR_OP' && /^(?:=|<>)$/.test(namesOf(node['name']).join('.'));
  if (isEquality && right !== undefined) return { lexpr: left['args'], rexpr: right['args'] };
  if (node['kind'] !== 'AEXPR_IN') return node;
  const rows = listOf(fieldsOf(node, 'rexpr', 'List')?.['items']);
  return {
    lexpr: left['args'],
    rexpr: rows.map((item) => (isFields(item) && isFields(item['RowExpr']) ? item['RowExpr']['args'] : item)),
  };
}

/** The translator hands lists to functions of the shim: `array['a', 'b']::text[]`. */
function withoutLists(node: Fields): Fields {
  if (functionName(node)[0] !== SHIM) return node;
  const args = listOf(node['args']).map((arg) => {
    const cast = isFields(arg) && isFields(arg['TypeCast']) ? arg['TypeCast'] : undefined;
    const list = cast === undefined ? undefined : fieldsOf(cast, 'arg', 'A_ArrayExpr');
    return list === undefined ? arg : list['elements'];
  });
  return { ...node, args };
}

function argumentCount(node: Fields): number {
  return listOf(node['args']).length;
}

/** What may stand in and after the parentheses. Ordered arguments are the translator's, of an aggregate of the shim. */
function checkCall(node: Fields, schema: string | undefined): void {
  if (node['func_variadic'] === true) refuse('VARIADIC');
  if (node['agg_filter'] !== undefined) refuse('FILTER (WHERE …)');
  if (node['agg_order'] !== undefined && node['agg_within_group'] !== true && schema !== SHIM)
    refuse('ORDER BY in the arguments of a function');
}

function checkSyntaxCall(name: string, node: Fields): void {
  const word = ownEntry(SYNTAX_FUNCTIONS, name);
  if (word !== '') refuse(word ?? `the function ${name.toUpperCase()}`);
  if (name === 'timezone' && argumentCount(node) === 1) refuse('AT LOCAL');
  const pattern = listOf(node['args'])[1];
  const literal = isFields(pattern) ? fieldsOf(pattern, 'A_Const', 'sval') : undefined;
  if (name === 'substring' && literal !== undefined && !/^\s*-?\d+\s*$/.test(String(literal['sval'])))
    refuse('SUBSTRING with a pattern');
}

function checkCount(name: string, count: number, [least, most]: readonly [number, number]): void {
  if (count >= least && count <= most) return;
  refuse(
    `the function ${name.toUpperCase()} with ${count === 1 ? '1 argument' : `${String(count)} arguments`}`,
  );
}

function checkSelect(node: Fields): void {
  if (node['valuesLists'] !== undefined) refuse('VALUES as a table');
  if (node['groupDistinct'] === true) refuse('GROUP BY DISTINCT');
  if (node['limitOption'] === 'LIMIT_OPTION_WITH_TIES') refuse('FETCH FIRST … WITH TIES');
  if (node['windowClause'] !== undefined) refuse('the WINDOW clause');
  if (listOf(node['distinctClause']).some((item) => isFields(item) && Object.keys(item).length > 0))
    refuse('DISTINCT ON');
  if (node['all'] === true && node['op'] !== 'SETOP_UNION')
    refuse(node['op'] === 'SETOP_EXCEPT' ? 'EXCEPT ALL' : 'INTERSECT ALL');
}

/** Bits of PostgreSQL's FRAMEOPTION_…. */
const WRITTEN_FRAME = 0x00001;
const RANGE_FRAME = 0x00002;
const GROUPS_FRAME = 0x00008;
const EXCLUDE = 0x38000;

function checkFrame(node: Fields): void {
  const options = Number(node['frameOptions'] ?? 0);
  if ((options & EXCLUDE) !== 0) refuse('EXCLUDE in a window frame');
  if ((options & WRITTEN_FRAME) === 0) return;
  const why = 'in Redshift a window frame begins with ROWS';
  if ((options & GROUPS_FRAME) !== 0) refuse('GROUPS in a window frame', why);
  if ((options & RANGE_FRAME) !== 0) refuse('RANGE in a window frame', why);
}

function checkType(node: Fields): void {
  const names = namesOf(node['names']);
  const name = names.at(-1) ?? '';
  if (node['arrayBounds'] !== undefined) refuse('an array type');
  if (node['setof'] === true) refuse('SETOF');
  if (names.at(-2) === SHIM || TYPES.has(name)) return;
  throw new UnsupportedSqlError(
    `the type ${name.toUpperCase()}`,
    MISSING_TYPES.has(name) ? undefined : NOT_IN_REDSHIFT,
  );
}

function checkExpression(node: Fields): void {
  const kind = String(node['kind']);
  const word = ownEntry(EXPRESSION_WORDS, kind);
  // A column with an array is one of the catalog, such as the users of a group.
  const isColumn = kind === 'AEXPR_OP_ANY' && fieldsOf(node, 'rexpr', 'ColumnRef') !== undefined;
  if (word !== undefined && !isColumn) refuse(word);
  if (kind !== 'AEXPR_OP') return;
  const names = namesOf(node['name']);
  const operator = names.at(-1) ?? '';
  if (names.length > 1) refuse(`OPERATOR(${names.join('.')})`);
  if (node['lexpr'] === undefined) {
    if (!PREFIX_OPERATORS.has(operator)) refuse(`the operator ${operator} before a value`);
  } else if (!OPERATORS.has(operator))
    refuse(`the operator ${operator}`, ownEntry(INSTEAD_OF_OPERATORS, operator));
}

const MOMENTS = new Set(['date', 'timestamp', 'timestamptz']);

const CHECKS: Readonly<Record<string, (node: Fields) => void>> = {
  SelectStmt: checkSelect,
  TypeName: checkType,
  WindowDef: checkFrame,
  A_Indirection: (node) => {
    const field = namesOf(node['indirection']).find((name) => name !== '*');
    if (field !== undefined)
      refuse(`navigation into a value ((…).${field})`, 'SUPER values are not navigated here');
  },
  A_Const: (node) => {
    if (node['bsval'] !== undefined) refuse('a literal of bits');
  },
  ColumnRef: (node) => {
    const names = namesOf(node['fields']);
    const name = names.at(-1) ?? '';
    if (name === '*') refuse(`${names.join('.')} as a value`);
    if (SYSTEM_COLUMNS.has(name)) refuse(`the system column ${name.toUpperCase()}`);
  },
  ExplainStmt: (node) => {
    const options = listOf(node['options']).map((option) => JSON.stringify(option));
    if (options.some((option) => !option.includes('"defname":"verbose"'))) refuse('EXPLAIN with options');
  },
  TypeCast: (node) => {
    const literal = fieldsOf(node, 'arg', 'A_Const')?.['sval'];
    const value = isFields(literal) ? String(literal['sval']) : '';
    const type = isFields(node['typeName']) ? (namesOf(node['typeName']['names']).at(-1) ?? '') : '';
    if (/^\s*[+-]?inf(?:inity)?\s*$/i.test(value) && MOMENTS.has(type))
      refuse(`the value '${value}' of a date or time`);
    if (/^\s*nan\s*$/i.test(value) && type === 'numeric') refuse("the value 'NaN' of a DECIMAL");
  },
  RangeSubselect: (node) => {
    if (node['lateral'] === true) refuse('LATERAL');
  },
  SortBy: (node) => {
    if (node['useOp'] !== undefined) refuse('ORDER BY … USING');
  },
  SQLValueFunction: (node) => {
    const word = ownEntry(VALUE_WORDS, String(node['op']));
    if (word !== undefined) refuse(word);
  },
  CreateTableAsStmt: (node) => {
    if (isFields(node['into']) && node['into']['skipData'] === true) refuse('WITH NO DATA');
  },
  ViewStmt: (node) => {
    if (node['withCheckOption'] !== undefined && node['withCheckOption'] !== 'NO_CHECK_OPTION')
      refuse('WITH CHECK OPTION');
  },
};
