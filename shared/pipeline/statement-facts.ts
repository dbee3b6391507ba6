/** What one statement does, from its text alone: before it is known which names are temporary tables. */

/** A table where it is named. */
export interface NamedTable {
  readonly name: string;
  /** Offset in the file. */
  readonly offset: number;
}

/** A problem of a statement, with its position. */
export interface StatementProblem {
  readonly offset: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export interface StatementFacts {
  /** For messages: `INSERT`, `CREATE TABLE`. */
  readonly verb: string;
  /** Offset of its first word. */
  readonly offset: number;
  /**
   * - `query`: reads only, and returns rows
   * - `change`: changes tables or objects, and may run in a transaction
   * - `setting`: changes the session only
   * - `opaque`: must be alone in its file
   */
  nature: 'query' | 'change' | 'setting' | 'opaque';
  /** Why it is opaque. */
  opaqueBecause?: string;
  /** Opaque only because it cannot be analyzed: its kind may be declared with `kind:`. */
  declarable: boolean;
  /** Opaque, but running it twice has the same effect as once. */
  idempotentByNature: boolean;
  /** Changes something permanent besides the tables in `writes`: rights, comments, procedures. */
  changesPermanent: boolean;
  readonly creates: (NamedTable & { readonly temp: boolean; readonly ifNotExists: boolean })[];
  readonly drops: (NamedTable & { readonly ifExists: boolean })[];
  readonly renames: { readonly from: NamedTable; readonly to: NamedTable }[];
  /** Tables made, altered or dropped, views too. */
  readonly redefines: NamedTable[];
  /** Rows changed. Tables in `creates` and `drops` are not repeated here. */
  readonly writes: NamedTable[];
  /** May have written anything. */
  writesUnknown: boolean;
  readonly reads: NamedTable[];
  /** May read any temporary table of the session. */
  readsUnknown: boolean;
  /** LIKE sources. */
  readonly shapes: NamedTable[];
  /** Opaque because its text cannot be parsed: most likely a mistake, unless `kind:` is declared. */
  notUnderstood?: StatementProblem;
  setsSession: boolean;
  /** TRUNCATE: commits the transaction it runs in. */
  truncates: boolean;
  calls: boolean;
  /** Inputs outside the warehouse that are not exactly the run's own file. */
  readonly unpinned: string[];
  /** What makes a second execution differ, for example `GETDATE()`. */
  readonly nondeterministic: string[];
  /** Functions that are not known to be deterministic. */
  readonly unknownFunctions: string[];
  /** UNLOAD's target: a literal's text, or a placeholder. */
  unloadTo?: { readonly offset: number; readonly text?: string; readonly param?: string };
  readonly problems: StatementProblem[];
}

export function newFacts(verb: string, offset: number): StatementFacts {
  return {
    verb,
    offset,
    nature: 'change',
    declarable: false,
    idempotentByNature: false,
    changesPermanent: false,
    creates: [],
    drops: [],
    renames: [],
    redefines: [],
    writes: [],
    writesUnknown: false,
    reads: [],
    readsUnknown: false,
    shapes: [],
    setsSession: false,
    truncates: false,
    calls: false,
    unpinned: [],
    nondeterministic: [],
    unknownFunctions: [],
    problems: [],
  };
}
