/** The tables that statements declare, with their columns where these are known. */
import type { Code } from '../code.ts';
import type { StatementFacts } from '../statement-facts.ts';
import type { AlterTable, CreateTable } from '../statements/definitions.ts';
import type { Statement } from '../statements/statement.ts';
import { nameKey, nameParts } from '../table-name.ts';
import { namesInBodies } from './bodies.ts';
import { fixedColumns } from './fixed-columns.ts';
import { outputOf } from './output.ts';

/** In their order; undefined: not known, so nothing is said about them. */
export type Columns = readonly string[] | undefined;

interface Declared {
  readonly columns: Columns;
  readonly temp: boolean;
  readonly isView?: true;
  /** Why the size of a column cannot change. */
  readonly fixed?: ReadonlyMap<string, string>;
}

export class Catalog {
  readonly #tables: Map<string, Declared>;
  /** Last parts of names in bodies of procedures that define tables. */
  readonly #inBodies: Set<string>;

  constructor(tables: Iterable<[string, Declared]> = [], inBodies: Iterable<string> = []) {
    this.#tables = new Map(tables);
    this.#inBodies = new Set(inBodies);
  }

  /** A catalog that goes its own way from here. */
  copy(): Catalog {
    return new Catalog(this.#tables, this.#inBodies);
  }

  has(name: string): boolean {
    return this.#tables.has(nameKey(name));
  }

  columns(name: string): Columns {
    return this.#tables.get(nameKey(name))?.columns;
  }

  isView(name: string): boolean {
    return this.#tables.get(nameKey(name))?.isView === true;
  }

  /** Why ALTER COLUMN TYPE is refused for a column. */
  whyFixed(table: string, column: string): string | undefined {
    return this.#tables.get(nameKey(table))?.fixed?.get(column);
  }

  /** Declared names with the same schema. */
  besides(name: string): string[] {
    const schema = schemaOf(nameKey(name));
    return schema === '' ? [] : [...this.#tables.keys()].filter((key) => schemaOf(key) === schema);
  }

  /** What a statement changes in the catalog, after it has run. */
  apply(code: Code, statement: Statement | undefined, facts: StatementFacts): void {
    for (const { name } of facts.drops) this.#tables.delete(nameKey(name));
    for (const { from, to } of facts.renames) this.#rename(nameKey(from.name), nameKey(to.name));
    for (const part of namesInBodies(code)) {
      this.#inBodies.add(part);
      this.#forget(part);
    }
    if (facts.writesUnknown && statement === undefined) this.#forgetAll(code);
    switch (statement?.kind) {
      case 'create table':
        this.#create(code, statement);
        break;
      case 'create view': {
        const { target, names } = statement;
        const columns = names?.map(({ key }) => key) ?? outputOf(code, statement.query, this);
        this.#set(nameKey(target.name), { columns, temp: false, isView: true });
        break;
      }
      case 'alter table':
        this.#alter(statement);
        break;
      case 'query':
        this.#selectInto(code, statement, facts);
        break;
      default:
    }
  }

  #set(key: string, declared: Declared): void {
    const known = !this.#inBodies.has(nameParts(key).at(-1) ?? '');
    this.#tables.set(key, known ? declared : { ...declared, columns: undefined });
  }

  #create(code: Code, statement: CreateTable): void {
    const { target, temp, ifNotExists, columns, likes, query, names } = statement;
    const key = nameKey(target.name);
    const own = columns.map(({ name }) => name.key);
    let made: Columns = own;
    if (query !== undefined) made = names?.map((name) => name.key) ?? outputOf(code, query, this);
    for (const { name } of likes) {
      const copied = this.columns(name);
      made = copied === undefined || made === undefined ? undefined : [...copied, ...made];
    }
    const before = this.#tables.get(key);
    // Which of the two was made first is not known.
    const differs = ifNotExists && before !== undefined && String(before.columns) !== String(made);
    this.#set(key, { columns: differs ? undefined : made, temp, fixed: fixedColumns(code, statement) });
  }

  #selectInto(code: Code, statement: Statement & { kind: 'query' }, { creates }: StatementFacts): void {
    const [made] = creates;
    if (made !== undefined)
      this.#set(nameKey(made.name), { columns: outputOf(code, statement.query, this), temp: made.temp });
  }

  #rename(from: string, to: string): void {
    const declared = this.#tables.get(from);
    this.#tables.delete(from);
    if (declared !== undefined) this.#set(to, declared);
  }

  #alter({ target, action }: AlterTable): void {
    const key = nameKey(target.name);
    const before = this.#tables.get(key);
    const { columns } = before ?? {};
    if (before === undefined || columns === undefined) return;
    switch (action.kind) {
      case 'add column':
        this.#set(key, { ...before, columns: [...columns, action.column.name.key] });
        break;
      case 'drop column':
        this.#set(key, { ...before, columns: columns.filter((name) => name !== action.column.key) });
        break;
      case 'rename column': {
        const { column, to } = action;
        this.#set(key, { ...before, columns: columns.map((name) => (name === column.key ? to.key : name)) });
        break;
      }
      default:
    }
  }

  /** A statement that cannot be analyzed: temporary tables may be others now, and what it names may be changed. */
  #forgetAll(code: Code): void {
    for (const [key, declared] of this.#tables)
      if (declared.temp) this.#set(key, { ...declared, columns: undefined });
    for (const [i] of code.tokens.entries())
      if (code.isName(i)) this.#forget(nameKey(code.path(i).parts.at(-1) ?? ''));
  }

  /** @param part the last part of a name */
  #forget(part: string): void {
    for (const [key, declared] of this.#tables)
      if (nameParts(key).at(-1) === part) this.#set(key, { ...declared, columns: undefined });
  }
}

function schemaOf(key: string): string {
  return nameParts(key).slice(0, -1).join('.');
}
