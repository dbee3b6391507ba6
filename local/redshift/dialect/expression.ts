/**
 * Expressions, and everything else that is not a clause of a query: function calls, casts, literals. What no rule
 * knows is passed on, so every construct of PostgreSQL that Redshift lacks, or means otherwise, is refused here.
 */
import { defined } from '../../../shared/run/defined.ts';
import { ownEntry } from '../../own-entry.ts';
import { Cursor } from './cursor.ts';
import { SqlError, syntaxError, UnsupportedSqlError } from './errors.ts';
import type { Call } from './functions/call.ts';
import { checkModifiers, ruleFor } from './functions/rules.ts';
import { code, group, isGroup, isMark, isName, isWord, splitAtCommas, word } from './nodes.ts';
import type { Group, Leaf, Node } from './nodes.ts';
import { SHIM } from './shim/schema.ts';
import { expectType } from './types.ts';

/** Rewrites a query in parentheses. Handed in, since queries hold expressions and expressions queries. */
export type QueryRewriter = (nodes: readonly Node[]) => Node[];

/** Words that begin a construct of PostgreSQL, or of Redshift, that has no place here. */
const REFUSED_WORDS: Readonly<Record<string, string>> = {
  array: 'ARRAY[…]',
  lateral: 'LATERAL',
  tablesample: 'TABLESAMPLE',
  returning: 'RETURNING',
  pivot: 'PIVOT',
  unpivot: 'UNPIVOT',
  filter: 'FILTER (WHERE …)',
  collate: 'COLLATE',
  try_cast: 'TRY_CAST',
  row: 'ROW(…)',
};

function isQuery(items: readonly Node[]): boolean {
  return isWord(items[0], 'select', 'with') || (isGroup(items[0]) && isQuery(items[0].items));
}

/** `IGNORE NULLS` or `RESPECT NULLS`. */
function nullsWord(first: Node | undefined, second: Node | undefined): 'ignore' | 'respect' | undefined {
  if (!isWord(second, 'nulls')) return undefined;
  return isWord(first, 'ignore') ? 'ignore' : isWord(first, 'respect') ? 'respect' : undefined;
}

export function rewriteExpression(nodes: readonly Node[], query: QueryRewriter): Node[] {
  return new ExpressionRewriter(nodes, query).run();
}

class ExpressionRewriter {
  readonly #nodes: readonly Node[];
  readonly #query: QueryRewriter;
  #at = 0;
  readonly #out: Node[] = [];

  constructor(nodes: readonly Node[], query: QueryRewriter) {
    this.#nodes = nodes;
    this.#query = query;
  }

  run(): Node[] {
    while (this.#at < this.#nodes.length) this.#step();
    return this.#out;
  }

  #peek(ahead = 0): Node | undefined {
    return this.#nodes[this.#at + ahead];
  }

  #rewrite(nodes: readonly Node[]): Node[] {
    return rewriteExpression(nodes, this.#query);
  }

  #step(): void {
    const node = this.#peek();
    if (node === undefined) return;
    if (node.kind === 'group') this.#group(node);
    else if (isMark(node, '::')) this.#cast(node);
    else if (node.kind === 'word') this.#word(node);
    else this.#pass(node);
  }

  #pass(node: Node): void {
    this.#out.push(node);
    this.#at += 1;
  }

  #group(node: Group): void {
    if (node.open === '[') throw new UnsupportedSqlError('navigation into a SUPER value ([…])');
    if (node.items.length === 1 && isMark(node.items[0], '+'))
      throw new UnsupportedSqlError('the outer join mark (+)');
    this.#pass({ ...node, items: isQuery(node.items) ? this.#query(node.items) : this.#rewrite(node.items) });
  }

  #cast(node: Leaf): void {
    const cursor = new Cursor(this.#nodes, this.#at + 1);
    const type = expectType(cursor, 'expression');
    this.#at = cursor.position;
    this.#out.push(node, { ...code(type.sql), gap: '' });
  }

  #word(node: Leaf): void {
    if (isMark(this.#nodes[this.#at - 1], '.')) return this.#pass(node);
    const next = this.#peek(1);
    if (isGroup(next)) return this.#call(node, next);
    if (isGroup(next, '[') && node.value === 'array') throw new UnsupportedSqlError('ARRAY[…]');
    if (isMark(next, '.')) return this.#pass(node);
    switch (node.value) {
      case 'sysdate':
        return this.#replace(code(`${SHIM}.sysdate()`));
      case 'current_date':
        return this.#replace(code(`${SHIM}."current_date"()`));
      case 'at':
        if (isWord(this.#nodes[this.#at - 2], 'as') && isName(next) && !isWord(next, 'time', 'local'))
          throw new UnsupportedSqlError('AT, the index of a nested SUPER value');
        return this.#pass(node);
      case 'current_aws_account':
      case 'current_namespace':
      case 'current_user_id':
        if (isWord(this.#nodes[this.#at - 1], 'as')) return this.#pass(node);
        throw new UnsupportedSqlError(node.value.toUpperCase());
      case 'approximate':
        return this.#approximate(node);
      case 'is':
        return this.#is(node);
      case 'table':
        throw syntaxError(node.text);
      case 'connect':
        if (isWord(next, 'by')) throw new UnsupportedSqlError('CONNECT BY');
        return this.#pass(node);
      case 'lateral':
      case 'pivot':
      case 'returning':
      case 'unpivot':
      case 'tablesample':
      case 'collate':
        throw new UnsupportedSqlError(REFUSED_WORDS[node.value] ?? node.text);
      default:
    }
    this.#pass(node);
  }

  #replace(replacement: Leaf): void {
    const alias = isWord(this.#nodes[this.#at - 1], 'as');
    this.#pass(alias ? (this.#peek() ?? replacement) : replacement);
  }

  #is(node: Leaf): void {
    const at = isWord(this.#peek(1), 'not') ? 2 : 1;
    if (isWord(this.#peek(at), 'distinct')) {
      throw new UnsupportedSqlError('IS DISTINCT FROM', 'Redshift does not have it');
    }
    this.#pass(node);
  }

  /** APPROXIMATE only allows an inexact result: the exact one is among those. */
  #approximate(node: Leaf): void {
    if (isWord(this.#peek(1), 'count', 'percentile_disc') && isGroup(this.#peek(2))) this.#at += 1;
    else this.#pass(node);
  }

  #call(head: Leaf, argumentsGroup: Group): void {
    const name = head.value;
    if (name === 'cast') return this.#castFunction(argumentsGroup);
    if (name === 'convert') return this.#convertFunction(argumentsGroup);
    const refused = ownEntry(REFUSED_WORDS, name);
    if (refused !== undefined && name !== 'array') throw new UnsupportedSqlError(refused);
    const rule = ruleFor(name);
    if (rule === undefined) return this.#unknownCall(head);
    const call = this.#readCall(head, argumentsGroup);
    checkModifiers(call);
    const [first, ...rest] = rule(call);
    if (first !== undefined)
      this.#out.push({ ...first, gap: head.gap === '' ? first.gap : head.gap }, ...rest);
  }

  /** A function that means the same in PostgreSQL, one of the user's, or no function at all, such as `IN (…)`. */
  #unknownCall(head: Leaf): void {
    if (isWord(this.#peek(2), 'ignore', 'respect') && isWord(this.#peek(3), 'nulls')) {
      throw new UnsupportedSqlError(`${head.value.toUpperCase()} with IGNORE NULLS or RESPECT NULLS`);
    }
    this.#pass(head);
  }

  #readCall(head: Leaf, argumentsGroup: Group): Call {
    this.#at += 2;
    let items = argumentsGroup.items;
    const distinct = isWord(items[0], 'distinct');
    if (distinct || isWord(items[0], 'all')) items = items.slice(1);
    let nulls = nullsWord(items.at(-2), items.at(-1));
    if (nulls !== undefined) items = items.slice(0, -2);
    const args = isQuery(items)
      ? [this.#query(items)]
      : splitAtCommas(items).map((arg) => this.#rewrite(arg));
    let withinGroup: Node[] | undefined;
    let over: Group | undefined;
    const within = this.#peek(2);
    if (isWord(this.#peek(), 'within') && isWord(this.#peek(1), 'group') && isGroup(within)) {
      withinGroup = this.#rewrite(within.items);
      this.#at += 3;
    }
    const outside = nullsWord(this.#peek(), this.#peek(1));
    if (outside !== undefined) this.#at += 2;
    nulls ??= outside;
    const window = this.#peek(1);
    if (isWord(this.#peek(), 'over') && isGroup(window)) {
      over = { ...window, items: this.#rewrite(window.items) };
      this.#at += 2;
    }
    return {
      name: head.value,
      head,
      distinct,
      args,
      approximate: false,
      ...defined({ withinGroup, nulls, over }),
    };
  }

  /** `CAST (value AS type)`. */
  #castFunction({ items, gap }: Group): void {
    const as = items.findLastIndex((item) => isWord(item, 'as'));
    if (as === -1) throw new SqlError('syntax error at or near ")"');
    const cursor = new Cursor(items, as + 1);
    const type = expectType(cursor, 'expression');
    cursor.expectEnd();
    const value = items.slice(0, as);
    this.#out.push(word('cast'), {
      ...group([...(isQuery(value) ? this.#query(value) : this.#rewrite(value)), word('as'), code(type.sql)]),
      gap,
    });
    this.#at += 2;
  }

  /** `CONVERT (type, value)`. */
  #convertFunction({ items }: Group): void {
    const cursor = new Cursor(items);
    const type = expectType(cursor, 'expression');
    if (!cursor.takeMark(',')) throw cursor.unexpected();
    this.#out.push(word('cast'), group([...this.#rewrite(cursor.rest()), word('as'), code(type.sql)]));
    this.#at += 2;
  }
}
