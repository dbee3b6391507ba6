/** The relations that a statement reads, and its qualified columns, by their places in its text. */
import type { Node } from 'libpg-query';

export interface Relation {
  readonly schema: string | undefined;
  readonly name: string;
  readonly hasAlias: boolean;
  /** In bytes of UTF-8, of its first character. */
  readonly at: number;
}

/** A column written `schema.table.column`. */
interface QualifiedColumn {
  readonly schema: string;
  readonly table: string;
  readonly at: number;
}

export interface Relations {
  readonly relations: readonly Relation[];
  readonly columns: readonly QualifiedColumn[];
}

/** Where a relation is read; a target of INSERT, UPDATE, DELETE and the like stands elsewhere. */
const READ_IN: ReadonlySet<string> = new Set(['fromClause', 'usingClause', 'sourceRelation', 'larg', 'rarg']);

interface RangeVar {
  readonly schemaname?: string;
  readonly relname?: string;
  readonly alias?: unknown;
  readonly location?: number;
}

interface ColumnRef {
  readonly fields?: readonly { readonly String?: { readonly sval?: string } }[];
  readonly location?: number;
}

interface WithClause {
  readonly recursive?: boolean;
  readonly ctes?: readonly { readonly CommonTableExpr?: { readonly ctename?: string } }[];
}

type Names = ReadonlySet<string>;

/** Common table expressions are left out, each where it is seen. */
export function relationsOf(tree: Node): Relations {
  const found = new Finder();
  found.walk(tree);
  return found;
}

class Finder {
  readonly relations: Relation[] = [];
  readonly columns: QualifiedColumn[] = [];

  /** Without recursion, but for WITH: a long expression is a tree as deep. */
  walk(tree: unknown, of = '', outer: Names = new Set()): void {
    const open: { readonly value: unknown; readonly key: string; readonly local: Names }[] = [
      { value: tree, key: of, local: outer },
    ];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { value, key, local } = next;
      if (typeof value !== 'object' || value === null) continue;
      if (Array.isArray(value)) {
        for (const item of value.toReversed() as unknown[]) open.push({ value: item, key, local });
        continue;
      }
      const { withClause } = value as { withClause?: WithClause };
      const inner = withClause === undefined ? local : this.#with(withClause, local);
      const later: typeof open = [];
      for (const [tag, content] of Object.entries(value)) {
        if (tag === 'withClause') continue;
        if (tag === 'RangeVar' && READ_IN.has(key)) this.#relation(content as RangeVar, inner);
        else if (tag === 'ColumnRef') this.#column(content as ColumnRef);
        else later.push({ value: content, key: tag, local: inner });
      }
      for (const each of later.toReversed()) open.push(each);
    }
  }

  /** Each common table expression sees those before it, with RECURSIVE all. */
  #with({ recursive, ctes = [] }: WithClause, outer: Names): Names {
    const names = new Set(outer);
    if (recursive === true) for (const cte of ctes) names.add(cte.CommonTableExpr?.ctename ?? '');
    for (const cte of ctes) {
      this.walk(cte, '', new Set(names));
      names.add(cte.CommonTableExpr?.ctename ?? '');
    }
    return names;
  }

  #relation({ schemaname, relname = '', alias, location = 0 }: RangeVar, local: Names): void {
    if (schemaname === undefined && local.has(relname)) return;
    this.relations.push({ schema: schemaname, name: relname, hasAlias: alias !== undefined, at: location });
  }

  #column({ fields = [], location = 0 }: ColumnRef): void {
    const [schema, table] = fields.map((field) => field.String?.sval);
    if (fields.length === 3 && schema !== undefined && table !== undefined)
      this.columns.push({ schema, table, at: location });
  }
}
