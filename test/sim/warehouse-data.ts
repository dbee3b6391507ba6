/**
 * What really happens in the simulated warehouse: temporary tables belong to a session, a COPY loads the bytes that the
 * manifest's object has just then, a commit takes what its temporary table holds. So a step that reads a table of another
 * session or run, or loads another file, or commits twice, is caught by what it does and not by what it says.
 */
import type { RunFile } from '../../shared/run/trigger.ts';
import type { FakeStatement } from '../fakes/fake-warehouse.ts';
import type { Broken } from './broken.ts';

interface TempTable {
  readonly run: string;
  /** The objects whose rows it holds, by etag. */
  readonly etags: readonly string[];
  /** How many durable steps of all runs had committed when it was made. */
  readonly asOf: number;
}

/** What a statement says of itself: its comment, and the words behind. */
export interface Spoken {
  readonly run: string;
  readonly step: string;
  readonly words: readonly string[];
  /** Of the marker, in a durable step. */
  readonly birth: string | undefined;
}

const spoken = new WeakMap<FakeStatement, Spoken | undefined>();

export function spokenBy(statement: FakeStatement): Spoken | undefined {
  if (!spoken.has(statement)) spoken.set(statement, read(statement.sqls));
  return spoken.get(statement);
}

function read(sqls: readonly string[]): Spoken | undefined {
  const [, run, step, text] = /baton run=(\S+) step=(\S+) attempt=\d+ \*\/\n(.*)$/.exec(sqls[0] ?? '') ?? [];
  if (run === undefined || step === undefined || text === undefined) return undefined;
  const [, birth] = sqls.length < 2 ? [] : (/VALUES \('[^']*', '([^']*)'/.exec(sqls.at(-1) ?? '') ?? []);
  return { run, step, words: text.split(' '), birth };
}

/** A durable or opaque step that took effect. */
export interface Applied {
  readonly run: string;
  readonly birth: string | undefined;
  readonly step: string;
  readonly etags: readonly string[];
  /** It came through though its session had ended: the run may have been given up meanwhile. */
  readonly late: boolean;
}

export class WarehouseData {
  /** In the order of their commits. */
  readonly applied: Applied[] = [];
  /** By run and step: statements that finished, of any kind. */
  readonly finished = new Set<string>();
  /** What another run committed since a temporary table was made may be in it no more: only where runs follow one another. */
  oneAtATime = true;
  readonly #sessions = new Map<string, Map<string, TempTable>>();
  readonly #objects: ReadonlyMap<string, RunFile>;
  readonly #manifests: ReadonlyMap<string, string>;
  readonly #broken: Broken;

  constructor(objects: ReadonlyMap<string, RunFile>, manifests: ReadonlyMap<string, string>, broken: Broken) {
    this.#objects = objects;
    this.#manifests = manifests;
    this.#broken = broken;
  }

  /** The statement takes effect now. */
  takesEffect(statement: FakeStatement): { rows?: number[]; error?: string } {
    const said = spokenBy(statement);
    if (said === undefined) return {};
    const done = this.#carryOut(statement, said);
    if (done.error === undefined) this.finished.add(`${said.run}/${said.step}`);
    return done;
  }

  #carryOut(statement: FakeStatement, said: Spoken): { rows?: number[]; error?: string } {
    const tables = this.#tablesOf(statement.sessionId);
    const [verb = '', table = '', , from = ''] = said.words;
    switch (verb) {
      case 'CREATE':
        this.#make(tables, table, said, []);
        return { rows: [0] };
      case 'COPY':
        return this.#copy(tables, table, from, said);
      case 'CHECK':
        this.#read(tables, table, said);
        return { rows: [0] };
      case 'DERIVE': {
        const source = this.#read(tables, from, said);
        this.#make(tables, table, said, source?.etags ?? []);
        return { rows: [source?.etags.length ?? 0] };
      }
      case 'COMMIT': {
        const source = this.#read(tables, from, said);
        if (statement.status === 'RUNNING') this.#demandFresh(source, from, said);
        this.applied.push({
          run: said.run,
          birth: said.birth,
          step: said.step,
          etags: source?.etags ?? [],
          late: statement.status !== 'RUNNING',
        });
        return { rows: [source?.etags.length ?? 0, 1] };
      }
      case 'CALL':
        this.applied.push({
          run: said.run,
          birth: undefined,
          step: said.step,
          etags: [],
          late: statement.status !== 'RUNNING',
        });
        return { rows: [1] };
      default:
        throw new Error(`the simulated warehouse does not understand ${said.words.join(' ')}`);
    }
  }

  #copy(
    tables: Map<string, TempTable>,
    name: string,
    manifest: string,
    said: Spoken,
  ): { rows?: number[]; error?: string } {
    const body = this.#manifests.get(manifest.slice(`'s3://artifacts/`.length, -1)) ?? '';
    const [, uri = ''] = /"url":"s3:\/\/([^"]*)"/.exec(body) ?? [];
    const object = this.#objects.get(uri);
    if (object === undefined) return { error: 'ERROR: Mandatory url is not present in manifest' };
    const into = this.#read(tables, name, said);
    if (into !== undefined) tables.set(name, { ...into, etags: [...into.etags, object.etag] });
    return { rows: [1] };
  }

  #make(tables: Map<string, TempTable>, name: string, said: Spoken, etags: readonly string[]): void {
    this.#broken.demand(
      !tables.has(name),
      () => `I7: ${said.run} ${said.step} makes ${name}, which is there already`,
    );
    tables.set(name, { run: said.run, etags, asOf: this.applied.length });
  }

  #read(tables: ReadonlyMap<string, TempTable>, name: string, said: Spoken): TempTable | undefined {
    const table = tables.get(name);
    this.#broken.demand(
      table?.run === said.run,
      () =>
        `I7: ${said.run} ${said.step} reads ${name}, which ${table?.run ?? 'nobody'} made in this session`,
    );
    return table;
  }

  /** Where runs follow one another, none commits what it derived before another one's commit. */
  #demandFresh(table: TempTable | undefined, name: string, said: Spoken): void {
    if (!this.oneAtATime || table === undefined) return;
    const since = this.applied.slice(table.asOf).find(({ run, late }) => run !== said.run && !late);
    this.#broken.demand(
      since === undefined,
      () =>
        `I7: ${said.run} ${said.step} commits ${name}, made before ${since?.run ?? ''} ${since?.step ?? ''} committed`,
    );
  }

  #tablesOf(sessionId: string): Map<string, TempTable> {
    let tables = this.#sessions.get(sessionId);
    if (tables === undefined) {
      tables = new Map();
      this.#sessions.set(sessionId, tables);
    }
    return tables;
  }

  /** Effects of a run's step; of one birth, where one is given. */
  effectsOf(run: string, step: string, birth?: string): Applied[] {
    return this.applied.filter(
      (effect) =>
        effect.run === run &&
        effect.step === step &&
        (birth === undefined || effect.birth === undefined || effect.birth === birth),
    );
  }
}
