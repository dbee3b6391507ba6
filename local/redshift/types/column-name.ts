/** The name that PostgreSQL gives a select item without one. */
import type { Node } from 'libpg-query';

const NONE = '?column?';

interface Figured {
  readonly name: string;
  /** A type's name, and CASE, give way to what is inside. */
  readonly weak: boolean;
}

export function columnName(node: Node): string {
  return figure(node)?.name ?? NONE;
}

function strong(name: string): Figured {
  return { name, weak: false };
}

function figure(node: Node | undefined): Figured | undefined {
  if (node === undefined) return undefined;
  if ('ColumnRef' in node) return lastName(node.ColumnRef.fields);
  if ('A_Indirection' in node)
    return lastName(node.A_Indirection.indirection) ?? figure(node.A_Indirection.arg);
  if ('FuncCall' in node) return lastName(node.FuncCall.funcname);
  if ('A_Expr' in node) return node.A_Expr.kind === 'AEXPR_NULLIF' ? strong('nullif') : undefined;
  if ('TypeCast' in node) {
    const inner = figure(node.TypeCast.arg);
    if (inner !== undefined && !inner.weak) return inner;
    const name = lastName(node.TypeCast.typeName?.names);
    return name === undefined ? inner : { ...name, weak: true };
  }
  if ('CaseExpr' in node) {
    const inner = figure(node.CaseExpr.defresult);
    return inner !== undefined && !inner.weak ? inner : { name: 'case', weak: true };
  }
  if ('CoalesceExpr' in node) return strong('coalesce');
  if ('MinMaxExpr' in node) return strong(node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest');
  if ('GroupingFunc' in node) return strong('grouping');
  if ('SQLValueFunction' in node)
    return strong((node.SQLValueFunction.op ?? '').replace(/^SVFOP_/, '').toLowerCase());
  if ('SubLink' in node) return ofSubquery(node.SubLink.subLinkType, node.SubLink.subselect);
  return undefined;
}

function ofSubquery(type: string | undefined, subselect: Node | undefined): Figured | undefined {
  if (type === 'EXISTS_SUBLINK') return strong('exists');
  if (type === 'ARRAY_SUBLINK') return strong('array');
  if (type !== 'EXPR_SUBLINK' || subselect === undefined || !('SelectStmt' in subselect)) return undefined;
  const [first] = subselect.SelectStmt.targetList ?? [];
  if (first === undefined || !('ResTarget' in first)) return undefined;
  if (first.ResTarget.name !== undefined) return strong(first.ResTarget.name);
  return figure(first.ResTarget.val);
}

function lastName(names: readonly Node[] | undefined): Figured | undefined {
  const last = names?.findLast((each) => 'String' in each);
  return last === undefined || !('String' in last) ? undefined : strong(last.String.sval ?? '');
}
