/**
 * Infers Redshift's types on the tree of a translated statement, and collects the edits by which PostgreSQL computes with
 * them. What cannot be inferred and what no rule needs stays as it is.
 */
import type { A_Const, A_Expr, CaseExpr, FuncCall, Node, SubLink, TypeCast } from 'libpg-query';

import { ownEntry } from '../../own-entry.ts';
import { SqlError, UnsupportedSqlError } from '../dialect/errors.ts';
import { quoteName } from '../dialect/nodes.ts';
import { SHIM } from '../dialect/shim/schema.ts';
import { commonType, decimalResult, decimalSize, numberResult } from './arithmetic.ts';
import type { Arithmetic } from './arithmetic.ts';
import type { Catalog } from './catalog.ts';
import { conversion } from './comparisons.ts';
import { FUNCTIONS } from './functions.ts';
import type { ArgumentRule, FunctionRule } from './functions.ts';
import { temporalResult } from './moments.ts';
import { callResult } from './results.ts';
import { namesOf, typeOfColumn } from './scope.ts';
import type { Scope } from './scope.ts';
import type { Edit } from './splice.ts';
import {
  decimal,
  isFloat,
  isInteger,
  isMoment,
  isNumber,
  isString,
  settled,
  textLength,
  typeOfName,
  typeSql,
  typeText,
  UNKNOWN,
  varchar,
} from './type.ts';
import type { Column, Kind, Type } from './type.ts';

/** An expression, and its type. Several nodes: one column of the branches of a set operation. */
export interface Typed {
  readonly nodes: readonly Node[];
  readonly type: Type;
  /** It is one of the columns of a `*`. */
  readonly star?: Star;
}

interface Star {
  readonly node: Node;
  readonly at: number;
  readonly columns: readonly Column[];
}

function columnText({ name, relation }: Column): string {
  return relation === undefined ? quoteName(name) : `${quoteName(relation)}.${quoteName(name)}`;
}

/** Of a procedure, by name, fields of records as `record.field`: they hide columns. */
export type Variables = ReadonlyMap<string, Type>;

/** The first column of a subquery; handed in, since queries hold expressions and expressions queries. */
export type Subquery = (select: Node, scope: Scope) => Typed | undefined;

const COMPARISONS = new Set(['=', '<>', '<', '>', '<=', '>=', '!=']);
const ARITHMETIC = new Set<string>(['+', '-', '*', '/', '%']);
const MOST_DIGITS = 38;

export class Resolver {
  readonly edits: Edit[] = [];
  /** The columns of each star that cannot stay one. */
  readonly #stars = new Map<Node, string[]>();
  readonly #catalog: Catalog;
  readonly #variables: Variables;
  readonly #subquery: Subquery;

  constructor(catalog: Catalog, variables: Variables, subquery: Subquery) {
    this.#catalog = catalog;
    this.#variables = variables;
    this.#subquery = subquery;
  }

  typed(node: Node, scope: Scope): Typed {
    return { nodes: [node], type: this.typeOf(node, scope) };
  }

  typeOf(node: Node, scope: Scope): Type {
    if ('ColumnRef' in node) return this.#named(namesOf(node.ColumnRef), scope);
    if ('A_Const' in node) return constantType(node.A_Const);
    if ('ParamRef' in node)
      return this.#variables.get(`$${String(node.ParamRef.number)}`) ?? { kind: 'untyped' };
    if ('FuncCall' in node) return this.#call(node, node.FuncCall, scope);
    if ('A_Expr' in node) return this.#expression(node, node.A_Expr, scope);
    if ('TypeCast' in node) return this.#cast(node.TypeCast, scope);
    if ('CaseExpr' in node) return this.#case(node.CaseExpr, scope);
    if ('CoalesceExpr' in node) return this.#common('COALESCE', node.CoalesceExpr.args ?? [], scope);
    if ('MinMaxExpr' in node) return this.#common('GREATEST or LEAST', node.MinMaxExpr.args ?? [], scope);
    if ('SubLink' in node) return this.#subLink(node.SubLink, scope);
    if ('SQLValueFunction' in node)
      return { kind: VALUE_FUNCTIONS[node.SQLValueFunction.op ?? ''] ?? 'varchar' };
    if ('BoolExpr' in node || 'NullTest' in node || 'BooleanTest' in node) {
      this.#inside(node, scope);
      return { kind: 'boolean' };
    }
    if ('GroupingFunc' in node) return { kind: 'integer' };
    this.#inside(node, scope);
    return UNKNOWN;
  }

  #named(names: readonly string[], scope: Scope): Type {
    const variable = this.#variables.get(names.join('.'));
    return variable ?? typeOfColumn(names, scope);
  }

  /** All expressions in a node that has no rule of its own. */
  #inside(node: object, scope: Scope): void {
    for (const value of Object.values(node) as unknown[]) {
      if (typeof value !== 'object' || value === null) continue;
      if (isExpression(value)) this.typeOf(value, scope);
      else this.#inside(value, scope);
    }
  }

  /** Gives values one type, and their nodes the casts for it. */
  unify(values: readonly Typed[]): Type {
    const common = commonType(values.map(({ type }) => type));
    if (common.kind !== 'decimal' || common.size === undefined) return common;
    for (const value of values) {
      const isNull = value.type.kind === 'untyped' && value.type.length === undefined;
      if (!isNull && decimalSize(value.type)?.scale !== common.size.scale) this.convert(value, common);
    }
    return common;
  }

  convert({ nodes, type, star }: Typed, target: Type): void {
    const [before, after] =
      target.kind === 'boolean' && isInteger(type) ? ['(', ' <> 0)'] : ['cast(', ` as ${typeSql(target)})`];
    for (const node of nodes) this.edits.push({ kind: 'wrap', node, before, after });
    if (star === undefined) return;
    const { node, at, columns } = star;
    const texts = this.#stars.get(node) ?? columns.map(columnText);
    texts[at] = `${before}${texts[at] ?? ''}${after} as ${quoteName(columns[at]?.name ?? '')}`;
    if (!this.#stars.has(node)) this.edits.push({ kind: 'list', node, texts });
    this.#stars.set(node, texts);
  }

  compare(left: Typed, right: Typed, what: string): void {
    const casts = conversion(left.type, right.type);
    if (casts === undefined) this.#refuse(what, left.type, right.type);
    if (casts.left !== undefined) this.convert(left, casts.left);
    if (casts.right !== undefined) this.convert(right, casts.right);
  }

  /** Where an assignment converts in Redshift and not in PostgreSQL. */
  assign(value: Typed, target: Type | undefined): void {
    if (target?.kind === 'boolean' && isInteger(value.type)) this.convert(value, target);
  }

  #common(what: string, nodes: readonly Node[], scope: Scope): Type {
    return this.#unifyIn(
      what,
      nodes.map((node) => this.typed(node, scope)),
    );
  }

  /** No page says what CASE and its like make of different kinds; PostgreSQL would refuse them too. */
  #unifyIn(what: string, values: readonly Typed[]): Type {
    const kinds = values.map(({ type }) => type).filter((type) => categoryOf(type) !== undefined);
    const [first] = kinds;
    const other = kinds.find((type) => first !== undefined && categoryOf(type) !== categoryOf(first));
    if (first !== undefined && other !== undefined) this.#refuse(what, first, other);
    return settled(this.unify(values));
  }

  #case({ arg, args = [], defresult }: CaseExpr, scope: Scope): Type {
    const tested = arg && this.typed(arg, scope);
    const results: Typed[] = [];
    const tests: Typed[] = [];
    for (const when of args) {
      if (!('CaseWhen' in when)) continue;
      const { expr, result } = when.CaseWhen;
      if (expr !== undefined) tests.push(this.typed(expr, scope));
      if (result !== undefined) results.push(this.typed(result, scope));
    }
    if (tested !== undefined) this.#compareAll(tested, tests, 'CASE');
    if (defresult !== undefined) results.push(this.typed(defresult, scope));
    return this.#unifyIn('CASE', results);
  }

  /** One value with several: if one of them makes a string of it, it is one for all. */
  #compareAll(left: Typed, others: readonly Typed[], what: string): void {
    const target = others
      .map(({ type }) => conversion(left.type, type)?.left)
      .find((type) => type !== undefined);
    if (target !== undefined) this.convert(left, target);
    const subject = target === undefined ? left : { nodes: [], type: target };
    for (const other of others) this.compare(subject, other, what);
  }

  #subLink({ subLinkType, testexpr, operName, subselect }: SubLink, scope: Scope): Type {
    const tested = testexpr && this.typed(testexpr, scope);
    const first = subselect && this.#subquery(subselect, scope);
    if (subLinkType === 'EXPR_SUBLINK') return first?.type ?? UNKNOWN;
    if (tested !== undefined && first !== undefined && testexpr !== undefined && !('RowExpr' in testexpr))
      this.compare(tested, first, operName === undefined ? 'IN' : 'the comparison');
    return subLinkType === 'ARRAY_SUBLINK' ? UNKNOWN : { kind: 'boolean' };
  }

  /** `a + b + c` is a tree that leans to the left, as deep as it is long: its operators are followed without recursion. */
  #expression(node: Node, expression: A_Expr, scope: Scope): Type {
    const chain = [{ node, expression }];
    let inner = expression.lexpr;
    for (; inner !== undefined && 'A_Expr' in inner; inner = inner.A_Expr.lexpr)
      chain.push({ node: inner, expression: inner.A_Expr });
    let left = inner && this.typed(inner, scope);
    let type = UNKNOWN;
    for (const each of chain.toReversed()) {
      type = this.#operation(each.node, each.expression, left, scope);
      left = { nodes: [each.node], type };
    }
    return type;
  }

  #operation(
    node: Node,
    { kind, name, rexpr, location }: A_Expr,
    left: Typed | undefined,
    scope: Scope,
  ): Type {
    const operator = lastString(name);
    const listed = rexpr !== undefined && 'List' in rexpr ? (rexpr.List.items ?? []) : undefined;
    const rights = (listed ?? (rexpr === undefined ? [] : [rexpr])).map((each) => this.typed(each, scope));
    const [right] = rights;
    switch (kind) {
      case 'AEXPR_IN':
      case 'AEXPR_BETWEEN':
      case 'AEXPR_NOT_BETWEEN':
      case 'AEXPR_BETWEEN_SYM':
      case 'AEXPR_NOT_BETWEEN_SYM':
        if (left !== undefined) this.#compareAll(left, rights, kind === 'AEXPR_IN' ? 'IN' : 'BETWEEN');
        return { kind: 'boolean' };
      case 'AEXPR_DISTINCT':
      case 'AEXPR_NOT_DISTINCT':
        if (left && right) this.compare(left, right, 'the comparison');
        return { kind: 'boolean' };
      case 'AEXPR_NULLIF':
        if (left && right) this.compare(left, right, 'NULLIF');
        return left?.type.kind === 'untyped' ? varchar(left.type.length) : (left?.type ?? UNKNOWN);
      case 'AEXPR_LIKE':
      case 'AEXPR_ILIKE':
      case 'AEXPR_SIMILAR':
        for (const side of [left, right]) if (side !== undefined) this.#asText(side);
        return { kind: 'boolean' };
      default:
    }
    if (kind !== 'AEXPR_OP' || right === undefined) return UNKNOWN;
    if (left === undefined)
      return operator === '+' || operator === '-' || operator === '@' ? right.type : UNKNOWN;
    if (COMPARISONS.has(operator)) {
      this.compare(left, right, `the operator ${operator}`);
      return { kind: 'boolean' };
    }
    if (operator === '||') return this.#concatenation(left, right);
    if (ARITHMETIC.has(operator)) {
      const type = this.#arithmetic(node, operator as Arithmetic, left, right, location);
      const ofTable = left.type.ofTable === true || right.type.ofTable === true;
      return ofTable ? { ...type, ofTable: true } : type;
    }
    if (operator === '^') {
      if (left.type.kind === 'decimal' || right.type.kind === 'decimal')
        this.convert(left, { kind: 'double precision' });
      return { kind: 'double precision' };
    }
    if (/^!?~/.test(operator)) {
      this.#asText(left);
      return { kind: 'boolean' };
    }
    return isInteger(left.type) ? left.type : UNKNOWN;
  }

  #asText(value: Typed): void {
    if (isMoment(value.type) || isNumber(value.type)) this.convert(value, { kind: 'varchar' });
  }

  #concatenation(left: Typed, right: Typed): Type {
    const sides = [left.type, right.type];
    // With a string on one side PostgreSQL converts the other.
    if (sides.every((type) => isMoment(type) || isNumber(type))) this.convert(left, { kind: 'varchar' });
    if (sides.some(({ kind }) => kind === 'super')) return UNKNOWN;
    const lengths = sides.map(textLength);
    const [a, b] = lengths;
    const type = varchar(a === undefined || b === undefined ? undefined : a + b);
    return sides.some(({ ofTable }) => ofTable === true) ? { ...type, ofTable: true } : type;
  }

  #arithmetic(
    node: Node,
    operator: Arithmetic,
    left: Typed,
    right: Typed,
    location: number | undefined,
  ): Type {
    const [a, b] = [left.type, right.type];
    if (operator === '+' && [left, right].every(isText)) {
      this.edits.push({ kind: 'token', location, text: '||' });
      return this.#concatenation(left, right);
    }
    if (a.kind === 'unknown' || b.kind === 'unknown') return UNKNOWN;
    const what = `the operator ${operator}`;
    if ([a, b].some((type) => isString(type) || type.kind === 'boolean')) this.#refuse(what, a, b);
    const temporal = temporalResult(operator, a.kind, b.kind);
    if (temporal !== undefined) {
      for (const side of [left, right])
        if (temporal.days && isNumber(side.type)) this.#whole(side, 'integer');
      return { kind: temporal.kind };
    }
    if (!isNumber(a) || !isNumber(b)) {
      const typed = isNumber(a) ? a : b;
      if (a.kind !== 'untyped' && b.kind !== 'untyped') this.#refuse(what, a, b);
      return isNumber(typed) && (a.kind === 'untyped' || b.kind === 'untyped')
        ? { kind: typed.kind }
        : UNKNOWN;
    }
    const type = numberResult(operator, a, b);
    if (type.kind === 'decimal' && operator !== '%')
      this.#decimal(node, operator, left, right, type, location);
    return type;
  }

  #decimal(
    node: Node,
    operator: Arithmetic,
    left: Typed,
    right: Typed,
    type: Type,
    location: number | undefined,
  ): void {
    const [a, b] = [decimalSize(left.type), decimalSize(right.type)];
    if (operator === '/') {
      if (type.size === undefined)
        throw new UnsupportedSqlError(
          'the division of a DECIMAL whose precision is not documented',
          'cast it to DECIMAL(p,s)',
        );
      const { scale } = type.size;
      this.edits.push(
        { kind: 'token', location, text: ',' },
        {
          kind: 'wrap',
          node,
          before: `${SHIM}.decimal_divide(`,
          after: `, 1e${String(scale)}, 1e-${String(scale)})::${typeSql(type)}`,
        },
      );
      return;
    }
    const full = a && b && decimalResult(operator, a, b);
    if (full !== undefined && full.precision > MOST_DIGITS) this.convert({ nodes: [node], type }, type);
  }

  /** A number with a fraction, where a whole one is meant, is cut. */
  #whole(value: Typed, kind: Kind): void {
    if (value.type.kind === 'decimal' || isFloat(value.type)) {
      for (const node of value.nodes)
        this.edits.push({ kind: 'wrap', node, before: 'cast(pg_catalog.trunc(', after: `) as ${kind})` });
    } else if (value.type.kind === 'bigint' && kind === 'integer') this.convert(value, { kind });
  }

  #cast({ arg, typeName }: TypeCast, scope: Scope): Type {
    if (arg === undefined || typeName === undefined) return UNKNOWN;
    const source = this.typeOf(arg, scope);
    const name = lastString(typeName.names);
    if (typeName.arrayBounds !== undefined) return UNKNOWN;
    const target = typeOfName(name, (typeName.typmods ?? []).map(integerOf));
    // The translator's own cast to `text`, of an argument that is a string or is to be one.
    if (name === 'text' && isString(source)) return source;
    this.#narrow(arg, source, target);
    const sized =
      isString(target) && target.length === undefined ? { ...target, ...lengthOf(source) } : target;
    return source.ofTable === true ? { ...sized, ofTable: true } : sized;
  }

  /** Casts that lose something: DECIMAL of a table is cut and not rounded, strings are cut by bytes. */
  #narrow(arg: Node, source: Type, target: Type): void {
    const wrap = (before: string, after: string): void => {
      this.edits.push({ kind: 'wrap', node: arg, before, after });
    };
    const scale = isInteger(target) ? 0 : target.size?.scale;
    if (source.kind === 'decimal' && source.ofTable === true && scale !== undefined) {
      if (source.size === undefined || source.size.scale > scale)
        wrap('pg_catalog.trunc(', `, ${String(scale)})`);
    } else if (target.kind === 'boolean' && isInteger(source)) wrap('(', ' <> 0)');
    else if (target.kind === 'char' && source.kind !== 'char' && mayHaveMoreBytes(arg, source))
      wrap(`${SHIM}.single_bytes(`, ')');
    else if (
      target.kind === 'varchar' &&
      target.length !== undefined &&
      mayBeLonger(arg, source, target.length)
    )
      wrap(`${SHIM}.cut_bytes(`, `, ${String(target.length)})`);
  }

  #call(node: Node, call: FuncCall, scope: Scope): Type {
    const name = lastString(call.funcname);
    const args = (call.args ?? []).map((arg) => this.typed(arg, scope));
    const ordered = (call.agg_order ?? []).flatMap((sort) =>
      'SortBy' in sort && sort.SortBy.node !== undefined ? [this.typed(sort.SortBy.node, scope)] : [],
    );
    if (call.over !== undefined) this.#inside(call.over, scope);
    if (call.agg_filter !== undefined) this.typeOf(call.agg_filter, scope);
    const [schema] = call.funcname ?? [];
    const isOwn =
      (call.funcname ?? []).length > 1 && ![SHIM, 'pg_catalog'].includes(lastString(schema && [schema]));
    const rule = isOwn ? undefined : ownEntry(FUNCTIONS, name);
    if (rule === undefined) return this.#catalog.result(name);
    this.#convertArguments(name, rule, args);
    const types = args.map(({ type }) => type);
    const leaderOnly = types.find(({ kind, ofTable }) => ofTable === true && rule.leaderOnly?.includes(kind));
    if (leaderOnly !== undefined)
      throw new SqlError(
        `the function ${name.toUpperCase()} of ${typeText(leaderOnly)} runs on the leader node only, and this statement reads a table: cast to DOUBLE PRECISION`,
        '0A000',
      );
    const { type, cast } = callResult(name, rule.result, types, ordered[0]?.type, call.over !== undefined);
    if (cast === 'exact') this.#exactly(node, args[0], type);
    else if (cast === 'digit')
      this.edits.push({ kind: 'wrap', node, before: `${SHIM}.with_a_digit((`, after: ')::numeric)' });
    else if (cast === 'result') this.convert({ nodes: [node], type: UNKNOWN }, type);
    const ofTable = [...types, ...ordered.map((each) => each.type)].some((each) => each.ofTable === true);
    return ofTable && type.kind !== 'unknown' ? { ...type, ofTable: true } : type;
  }

  /** A function of whole numbers that PostgreSQL computes as DOUBLE. */
  #exactly(node: Node, arg: Typed | undefined, type: Type): void {
    if (arg !== undefined) this.convert(arg, { kind: 'decimal' });
    this.convert({ nodes: [node], type: UNKNOWN }, type);
  }

  #convertArguments(name: string, rule: FunctionRule, args: readonly Typed[]): void {
    for (const [at, wanted] of (rule.args ?? []).entries()) {
      const arg = args[at];
      if (wanted !== undefined && arg !== undefined) this.#convertArgument(name, wanted, arg);
    }
    const last = args.at(-1);
    if (rule.last !== undefined && last !== undefined) this.#convertArgument(name, rule.last, last);
    if (name !== 'date_diff') return;
    const [, from, to] = args;
    if (from === undefined || to === undefined) return;
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const)
      if (isString(one.type))
        this.convert(one, { kind: isClock(other.type) ? other.type.kind : 'timestamp' });
  }

  #convertArgument(name: string, wanted: ArgumentRule, arg: Typed): void {
    const { type } = arg;
    switch (wanted) {
      case 'moment':
        if (isString(type) || (name === 'to_char' && isDateLiteral(arg)))
          this.convert(arg, { kind: 'timestamp' });
        return;
      case 'text':
        this.#asText(arg);
        return;
      case 'whole':
      case 'integer':
        if (isString(type)) this.#refuse(name.toUpperCase(), type);
        this.#whole(arg, wanted === 'whole' ? 'bigint' : 'integer');
        return;
      case 'exact':
        if (isInteger(type)) this.convert(arg, { kind: 'decimal' });
        return;
      case 'boolean':
        if (isInteger(type)) this.convert(arg, { kind: 'boolean' });
        if (isString(type)) this.#refuse(name.toUpperCase(), type);
        return;
      case 'number':
        if (isString(type) || type.kind === 'boolean') this.#refuse(name.toUpperCase(), type);
    }
  }

  #refuse(what: string, ...types: readonly Type[]): never {
    throw new UnsupportedSqlError(
      `${what} of ${types.map(typeText).join(' and ')}`,
      'the conversion is not documented; use CAST',
    );
  }
}

const VALUE_FUNCTIONS: Readonly<Record<string, Kind>> = {
  SVFOP_CURRENT_DATE: 'date',
  SVFOP_CURRENT_TIMESTAMP: 'timestamptz',
  SVFOP_CURRENT_TIMESTAMP_N: 'timestamptz',
  SVFOP_CURRENT_TIME: 'timetz',
  SVFOP_CURRENT_TIME_N: 'timetz',
  SVFOP_LOCALTIME: 'time',
  SVFOP_LOCALTIME_N: 'time',
  SVFOP_LOCALTIMESTAMP: 'timestamp',
  SVFOP_LOCALTIMESTAMP_N: 'timestamp',
};

const EXPRESSIONS = [
  'A_Expr',
  'BoolExpr',
  'NullTest',
  'BooleanTest',
  'FuncCall',
  'TypeCast',
  'CaseExpr',
  'CoalesceExpr',
  'MinMaxExpr',
  'SubLink',
  'A_Const',
  'ColumnRef',
] as const;

function isExpression(value: object): value is Node {
  return EXPRESSIONS.some((tag) => Object.hasOwn(value, tag));
}

/** Undefined: what has no type yet, or goes with others. */
function categoryOf(type: Type): string | undefined {
  if (isNumber(type)) return 'number';
  if (isString(type)) return 'string';
  if (isMoment(type)) return 'moment';
  return type.kind === 'boolean' ? 'boolean' : undefined;
}

/** Digits as written: leading zeros do not count. */
const DIGITS = /^[-+]?0*(\d*)(?:\.(\d*))?$/;
const MOST_BIGINT = 9_223_372_036_854_775_807n;

function constantType({ ival, fval, sval, boolval }: A_Const): Type {
  if (ival !== undefined) return { kind: 'integer' };
  if (boolval !== undefined) return { kind: 'boolean' };
  if (sval !== undefined) return { kind: 'untyped', length: Buffer.byteLength(sval.sval ?? '') };
  if (fval === undefined) return { kind: 'untyped' };
  const [found, whole = '', fraction] = DIGITS.exec(fval.fval ?? '') ?? [];
  if (found === undefined) return { kind: 'decimal' };
  if (fraction === undefined && BigInt(`0${whole}`) <= MOST_BIGINT) return { kind: 'bigint' };
  const scale = fraction?.length ?? 0;
  const precision = Math.max(whole.length + scale, 1);
  if (precision > MOST_DIGITS) throw new SqlError('Numeric data overflow (result precision)', '22003');
  return decimal(precision, scale);
}

function lastString(names: readonly Node[] | undefined): string {
  const last = names?.at(-1);
  return last !== undefined && 'String' in last ? (last.String.sval ?? '') : '';
}

function integerOf(node: Node): number {
  return 'A_Const' in node ? (node.A_Const.ival?.ival ?? 0) : 0;
}

function lengthOf(type: Type): { readonly length?: number } {
  const length = textLength(type);
  return length === undefined ? {} : { length };
}

/** A string, or a literal that is one. */
function isText({ type }: Typed): boolean {
  return isString(type) || (type.kind === 'untyped' && type.length !== undefined);
}

function isDateLiteral(value: Typed): boolean {
  const [node] = value.nodes;
  if (node === undefined || !('A_Const' in node)) return false;
  return /^\s*\d+-\d+-\d+/.test(node.A_Const.sval?.sval ?? '');
}

function isClock({ kind }: Type): boolean {
  return kind === 'time' || kind === 'timetz';
}

/** A CHAR has only characters of one byte. */
function mayHaveMoreBytes(arg: Node, source: Type): boolean {
  if (!('A_Const' in arg)) return isString(source);
  const text = arg.A_Const.sval?.sval ?? '';
  return Buffer.byteLength(text) > text.length;
}

/** Where bytes and characters can differ. */
function mayBeLonger(arg: Node, source: Type, bytes: number): boolean {
  if (isString(source)) return source.length === undefined || source.length > bytes;
  if ('ParamRef' in arg) return true;
  if (!('A_Const' in arg)) return false;
  const text = arg.A_Const.sval?.sval ?? '';
  return Buffer.byteLength(text) > bytes && Buffer.byteLength(text) > text.length;
}
