/**
 * Which tables each step uses, once all steps are known: a name is a temporary table after the statement that
 * created it, and a permanent table elsewhere.
 */
import type { SqlFile, SqlStatement } from './sql-file.ts';
import type { NamedTable, StatementFacts, StatementProblem } from './statement-facts.ts';
import {
  isHashName,
  isQualified,
  mayBeSame,
  namePart,
  nameKey,
  nameParts,
  uniqueNames,
} from './table-name.ts';

/** What one statement, or one step, reads and changes. */
export interface Effect {
  readonly createsTemp: string[];
  readonly readsTemp: string[];
  readonly writesTemp: string[];
  readonly reads: string[];
  readonly writes: string[];
  writesUnknown: boolean;
  readonly shapes: string[];
  readonly redefines: string[];
}

export interface StatementEffect extends Effect {
  readonly facts: StatementFacts;
}

export interface FileEffect {
  readonly file: SqlFile;
  readonly statements: readonly StatementEffect[];
  /** Of the whole step. */
  readonly effect: Effect;
  /** Temporary tables that were changed here and outlive the file, or were dropped here, with their positions. */
  readonly tempChanges: ReadonlyMap<string, number>;
  readonly problems: StatementProblem[];
}

/** `reads:` and `writes:` of a step. */
export interface Declared {
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
}

function emptyEffect(): Effect {
  return {
    createsTemp: [],
    readsTemp: [],
    writesTemp: [],
    reads: [],
    writes: [],
    writesUnknown: false,
    shapes: [],
    redefines: [],
  };
}

interface Made {
  readonly file: string;
}

/** Follows the temporary tables of a pipeline from its first step to its last. */
export class LineageReader {
  /** Every name that is a temporary table somewhere in the pipeline -> the file that makes it first. */
  readonly #temporary = new Map<string, Made>();
  /** Permanent tables and views that the pipeline makes -> where. */
  readonly #permanent = new Map<string, Made>();
  /** Temporary tables that exist now. */
  readonly #live = new Map<string, Made>();
  readonly #dropped = new Map<string, Made>();

  constructor(files: readonly SqlFile[], declared: (file: string) => Declared) {
    for (const file of files) {
      for (const { facts } of file.statements) this.#collect(facts, file.name);
      for (const name of declared(file.name).writes ?? []) {
        if (isHashName(name)) this.#remember(this.#temporary, nameKey(name), file.name);
      }
    }
  }

  #collect(facts: StatementFacts, file: string): void {
    for (const made of facts.creates) {
      this.#remember(made.temp ? this.#temporary : this.#permanent, nameKey(made.name), file);
    }
    for (const { from, to } of facts.renames) {
      const isTemp = this.#temporary.has(nameKey(from.name));
      this.#remember(isTemp ? this.#temporary : this.#permanent, nameKey(to.name), file);
    }
  }

  #remember(map: Map<string, Made>, key: string, file: string): void {
    if (!map.has(key)) map.set(key, { file });
  }

  /** To be called once for every file, in the order of steps. */
  read(file: SqlFile, declared: Declared): FileEffect {
    const problems: StatementProblem[] = [];
    const liveBefore = new Set(this.#live.keys());
    const touched = new Map<string, number>();
    const declaredWrites = (declared.writes ?? []).map(canonical);
    const declaredReads = (declared.reads ?? []).map(canonical);
    const statements = file.statements.map((statement) =>
      this.#statement(statement, file.name, { declaredReads, declaredWrites }, touched, problems),
    );
    const whole = emptyEffect();
    for (const effect of statements) addTo(whole, effect);
    this.#declare(whole, { declaredReads, declaredWrites }, file, touched);
    const tempChanges = new Map([...touched].filter(([key]) => this.#live.has(key) || liveBefore.has(key)));
    return { file, statements, effect: tidy(whole), tempChanges, problems };
  }

  #declare(
    whole: Effect,
    declared: { declaredReads: string[]; declaredWrites: string[] },
    file: SqlFile,
    touched: Map<string, number>,
  ): void {
    for (const name of declared.declaredReads)
      (this.#isTemporary(name) ? whole.readsTemp : whole.reads).push(name);
    for (const name of declared.declaredWrites) {
      const key = nameKey(name);
      if (!this.#isTemporary(name)) whole.writes.push(name);
      else {
        (this.#live.has(key) ? whole.writesTemp : whole.createsTemp).push(name);
        this.#live.set(key, { file: file.name });
        touched.set(key, 0);
      }
    }
  }

  #isTemporary(name: string): boolean {
    return !isQualified(name) && (isHashName(name) || this.#temporary.has(nameKey(name)));
  }

  #statement(
    { facts }: SqlStatement,
    file: string,
    declared: { declaredReads: string[]; declaredWrites: string[] },
    touched: Map<string, number>,
    problems: StatementProblem[],
  ): StatementEffect {
    const effect: StatementEffect = { ...emptyEffect(), facts };
    const say = (offset: number, message: string, severity: 'error' | 'warning' = 'error'): void => {
      problems.push({ offset, severity, message });
    };
    const use = (table: NamedTable): boolean => this.#use(table, facts, say);
    for (const read of facts.reads) (use(read) ? effect.readsTemp : effect.reads).push(read.name);
    for (const shape of facts.shapes) (use(shape) ? effect.readsTemp : effect.shapes).push(shape.name);
    if (facts.readsUnknown && declared.declaredReads.length === 0)
      effect.readsTemp.push(...this.#live.keys());
    for (const write of facts.writes) {
      if (use(write)) {
        effect.writesTemp.push(write.name);
        touched.set(nameKey(write.name), write.offset);
      } else effect.writes.push(write.name);
    }
    for (const redefined of facts.redefines) {
      if (!this.#isTemporary(redefined.name)) effect.redefines.push(redefined.name);
    }
    for (const drop of facts.drops) this.#drop(drop, file, effect, touched, say);
    for (const { from, to } of facts.renames) this.#rename(from, to, file, effect, touched, say, use);
    for (const made of facts.creates) this.#create(made, file, effect, touched, say);
    effect.writesUnknown = facts.writesUnknown && declared.declaredWrites.length === 0;
    return effect;
  }

  /** True for a temporary table. */
  #use(table: NamedTable, facts: StatementFacts, say: Say): boolean {
    if (!this.#isTemporary(table.name)) return false;
    const key = nameKey(table.name);
    if (!this.#live.has(key)) say(table.offset, this.#whyMissing(table.name, facts));
    return true;
  }

  #whyMissing(name: string, facts: StatementFacts): string {
    const key = nameKey(name);
    const dropped = this.#dropped.get(key);
    if (dropped !== undefined) return `the temporary table ${name} was dropped in ${dropped.file}`;
    if (facts.creates.some((made) => made.temp && nameKey(made.name) === key)) {
      return `the temporary table ${name} would hide the table it is created from: name it stage_${name} or #${name}`;
    }
    const made = this.#temporary.get(key);
    return made === undefined
      ? `the temporary table ${name} is not created in any step; if a procedure creates it, declare it in that step's writes:`
      : `the temporary table ${name} is used before it is created (in ${made.file})`;
  }

  #drop(
    drop: StatementFacts['drops'][number],
    file: string,
    effect: Effect,
    touched: Map<string, number>,
    say: Say,
  ): void {
    const key = nameKey(drop.name);
    if (!this.#isTemporary(drop.name)) {
      effect.writes.push(drop.name);
      effect.redefines.push(drop.name);
      return;
    }
    effect.writesTemp.push(drop.name);
    touched.set(key, drop.offset);
    if (this.#live.delete(key)) this.#dropped.set(key, { file });
    else if (!drop.ifExists)
      say(drop.offset, `the temporary table ${drop.name} is dropped before it is created`);
    else if (!isHashName(drop.name)) {
      say(
        drop.offset,
        `no temporary table ${drop.name} exists here, so this would drop a permanent one of that name: every run starts in a new session, so remove this (or name the table #${drop.name})`,
        'warning',
      );
    }
  }

  #rename(
    from: NamedTable,
    to: NamedTable,
    file: string,
    effect: Effect,
    touched: Map<string, number>,
    say: Say,
    use: (table: NamedTable) => boolean,
  ): void {
    if (!use(from)) {
      effect.writes.push(from.name, to.name);
      effect.redefines.push(from.name, to.name);
      return;
    }
    effect.writesTemp.push(from.name);
    touched.set(nameKey(from.name), from.offset);
    this.#live.delete(nameKey(from.name));
    this.#dropped.set(nameKey(from.name), { file });
    this.#create({ ...to, temp: true, ifNotExists: false }, file, effect, touched, say);
  }

  #create(
    made: StatementFacts['creates'][number],
    file: string,
    effect: Effect,
    touched: Map<string, number>,
    say: Say,
  ): void {
    const key = nameKey(made.name);
    if (!made.temp) {
      effect.writes.push(made.name);
      const hidden = this.#temporary.get(key);
      if (hidden !== undefined)
        say(
          made.offset,
          `${made.name} is also a temporary table (in ${hidden.file}), and one would hide the other: rename one of them`,
        );
      return;
    }
    const permanent = [...this.#permanent].find(([name]) => name !== key && mayBeSame(name, key))?.[1];
    if (isQualified(made.name))
      say(made.offset, `a temporary table has no schema: name it ${nameParts(made.name).at(-1)}`);
    if (permanent !== undefined)
      say(
        made.offset,
        `the temporary table ${made.name} would hide the permanent one created in ${permanent.file}: rename it`,
      );
    const before = this.#live.get(key);
    if (before !== undefined && !made.ifNotExists)
      say(
        made.offset,
        `the temporary table ${made.name} already exists (created in ${before.file}); drop it first or use another name`,
      );
    effect.createsTemp.push(made.name);
    touched.set(key, made.offset);
    this.#live.set(key, { file });
  }
}

type Say = (offset: number, message: string, severity?: 'error' | 'warning') => void;

function canonical(name: string): string {
  return nameParts(name).map(namePart).join('.');
}

function addTo(whole: Effect, effect: Effect): void {
  whole.createsTemp.push(...effect.createsTemp);
  whole.readsTemp.push(...effect.readsTemp);
  whole.writesTemp.push(...effect.writesTemp);
  whole.reads.push(...effect.reads);
  whole.writes.push(...effect.writes);
  whole.shapes.push(...effect.shapes);
  whole.redefines.push(...effect.redefines);
  whole.writesUnknown ||= effect.writesUnknown;
}

function tidy(effect: Effect): Effect {
  return {
    createsTemp: uniqueNames(effect.createsTemp),
    readsTemp: uniqueNames(effect.readsTemp),
    writesTemp: uniqueNames(effect.writesTemp),
    reads: uniqueNames(effect.reads),
    writes: uniqueNames(effect.writes),
    writesUnknown: effect.writesUnknown,
    shapes: uniqueNames(effect.shapes),
    redefines: uniqueNames(effect.redefines),
  };
}
