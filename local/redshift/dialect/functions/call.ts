/** A function call as the rules see it. Arguments are already rewritten. */
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { code, group, isMark, isWord, joinWithCommas, mark, spaced, word } from '../nodes.ts';
import type { Group, Leaf, Node } from '../nodes.ts';
import { SHIM } from '../shim/schema.ts';

export interface Call {
  /** Lower case. */
  readonly name: string;
  readonly head: Leaf;
  readonly distinct: boolean;
  readonly args: readonly (readonly Node[])[];
  /** The inside of `WITHIN GROUP (…)`: an ORDER BY clause, or nothing. */
  readonly withinGroup?: readonly Node[];
  /** `IGNORE NULLS` or `RESPECT NULLS`. */
  readonly nulls?: 'ignore' | 'respect';
  /** The group after OVER. */
  readonly over?: Group;
  /** Written `APPROXIMATE name(…)`. */
  readonly approximate: boolean;
}

/** What a call becomes. A rule that does not use `over` leaves it to `withOver`. */
export type Rule = (call: Call) => Node[];

export function withOver(call: Call, nodes: readonly Node[]): Node[] {
  return call.over === undefined ? [...nodes] : [...nodes, word('over'), { ...call.over, gap: ' ' }];
}

/** The same function under another name of PostgreSQL. */
export function named(name: string): Rule {
  return (call) => withOver(call, plainCall(code(name), call));
}

/** The function of the shim with this name, or with the call's own. */
export function shim(name?: string): Rule {
  return (call) => withOver(call, plainCall(code(`${SHIM}.${name ?? call.name}`), call));
}

export function plainCall(head: Leaf, call: Call): Node[] {
  const args = joinWithCommas(call.args);
  return [head, group(call.distinct ? [word('distinct'), ...spaced(args)] : args)];
}

export function shimCall(name: string, ...args: readonly (readonly Node[])[]): Node[] {
  return [code(`${SHIM}.${name}`), group(joinWithCommas(args))];
}

/** Only calls with so many arguments; Redshift has no other. */
export function taking(least: number, most: number, rule: Rule): Rule {
  return (call) => {
    if (call.args.length < least || call.args.length > most) {
      throw new SqlError(`wrong number of arguments for function ${call.name}`, '42883');
    }
    return rule(call);
  };
}

/** NULL alone has no type, and PostgreSQL's functions of this name take several: any of them gives NULL. */
export function nullAs(type: string, rule: Rule): Rule {
  return (call) =>
    rule({
      ...call,
      args: call.args.map((arg) => (arg.length === 1 && isWord(arg[0], 'null') ? cast(arg, type) : arg)),
    });
}

export function refuse(why?: string): Rule {
  return (call) => {
    throw new UnsupportedSqlError(`the function ${call.name.toUpperCase()}`, why);
  };
}

/** `( nodes )` */
export function parenthesized(nodes: readonly Node[]): Group {
  return group(nodes, ' ');
}

/** `( nodes ) :: type`, without the parentheses around a single node. */
export function cast(nodes: readonly Node[], type: string): Node[] {
  const operand = nodes.length === 1 ? [...nodes] : [parenthesized(nodes)];
  return [...operand, mark('::'), { ...code(type), gap: '' }];
}

/** A string literal, or a bound parameter: PostgreSQL would choose its type among those a function takes. */
function isUntyped(nodes: readonly Node[]): boolean {
  const [first, second] = nodes;
  if (nodes.length === 1) return first?.kind === 'string';
  return nodes.length === 2 && isMark(first, '$') && second?.kind === 'number';
}

/** Where Redshift expects a timestamp an untyped value is one, or a time; PostgreSQL would choose a type with a zone. */
export function asTimestamp(nodes: readonly Node[]): readonly Node[] {
  if (!isUntyped(nodes)) return nodes;
  return cast(nodes, /^\s*\d{1,2}:\d\d/.test(literal(nodes) ?? '') ? 'time' : 'timestamp');
}

/** An untyped value where text is meant. */
export function asText(nodes: readonly Node[]): readonly Node[] {
  return isUntyped(nodes) ? cast(nodes, 'text') : nodes;
}

/** The literal an argument is, if it is nothing but a string. */
export function literal(nodes: readonly Node[] | undefined): string | undefined {
  const [only] = nodes ?? [];
  return nodes?.length === 1 && only?.kind === 'string' ? only.value : undefined;
}

/** Splits `a FROM b`. */
export function splitAtWord(nodes: readonly Node[], separator: string): [Node[], Node[]] | undefined {
  const at = nodes.findIndex((node) => isWord(node, separator));
  return at === -1 ? undefined : [nodes.slice(0, at), nodes.slice(at + 1)];
}
