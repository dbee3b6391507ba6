/** MERGE, in both of Redshift's forms. */
import type { Merge, MergeBranch } from '../../../../shared/pipeline/statements/merge.ts';
import { parseMerge } from '../../../../shared/pipeline/statements/merge.ts';
import type { Span } from '../../../../shared/pipeline/statements/parts.ts';
import { quoteString, render } from '../nodes.ts';
import { expression } from '../query.ts';
import { SHIM } from '../shim/schema.ts';
import type { Source } from '../source.ts';
import type { TranslatedSql } from '../translated.ts';

class MergeWriter {
  readonly #source: Source;
  readonly #merge: Merge;

  constructor(source: Source) {
    this.#source = source;
    this.#merge = source.read(parseMerge);
  }

  write(): TranslatedSql {
    const statements = [
      this.#check(),
      ...(this.#merge.removesDuplicates ? this.#replace() : [this.#change()]),
    ];
    return { kind: 'sql', command: 'MERGE', statements, rowsFrom: statements.length - 1, returnsRows: false };
  }

  #text(span: Span): string {
    return render(this.#source.nodes(span));
  }

  #expression(span: Span): string {
    return render(expression(this.#source.nodes(span)));
  }

  /** Only the catalog knows what is a view. */
  #check(): string {
    return `select ${SHIM}.merge_source(${quoteString(this.#text(this.#merge.source))}::regclass)`;
  }

  get #using(): string {
    const { source, sourceAlias } = this.#merge;
    return this.#text({ from: source.from, to: sourceAlias === undefined ? source.to : sourceAlias.at + 1 });
  }

  /**
   * REMOVE DUPLICATES: rows of the target that match are replaced by the source's, and no row is inserted twice.
   * One statement cannot do that: it would not see its own deletes.
   */
  #replace(): string[] {
    const target = this.#text(this.#merge.target);
    return [
      `delete from ${target} using ${this.#using} where ${this.#expression(this.#merge.condition)}`,
      `insert into ${target} select distinct * from ${this.#using}`,
    ];
  }

  #change(): string {
    const { target, condition, branches } = this.#merge;
    const whens = branches.map((branch) => this.#branch(branch)).join(' ');
    return `merge into ${this.#text(target)} using ${this.#using} on (${this.#expression(condition)}) ${whens}`;
  }

  #branch({ matched, action }: MergeBranch): string {
    const when = matched ? 'when matched then' : 'when not matched then';
    switch (action.kind) {
      case 'delete':
        return `${when} delete`;
      case 'update':
        return `${when} update set ${this.#expression(action.set)}`;
      case 'insert': {
        const { columns, values } = action;
        const list =
          columns === undefined
            ? ''
            : ` (${columns.map(({ at }) => this.#text({ from: at, to: at + 1 })).join(', ')})`;
        return `${when} insert${list} values (${this.#expression(values)})`;
      }
      default:
        return action satisfies never;
    }
  }
}

export function merge(source: Source): TranslatedSql {
  return new MergeWriter(source).write();
}
