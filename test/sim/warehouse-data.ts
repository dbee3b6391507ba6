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
  /** Runs of the files of a batch whose rows it holds. */
  readonly members: readonly string[];
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

/** The text of a check. */
export const CHECK = /\*\/\nCHECK /;

const spoken = new WeakMap<FakeStatement, readonly Spoken[]>();

/** Of its first step. */
export function spokenBy(statement: FakeStatement): Spoken | undefined {
  return stepsIn(statement)[0];
}

/** Its steps: one, or those of a group, each of one statement. A marker is of the step before it. */
export function stepsIn(statement: FakeStatement): readonly Spoken[] {
  let said = spoken.get(statement);
  if (said === undefined) {
    const [, birth] = /step_marker.*VALUES \('[^']*', '([^']*)'/s.exec(statement.sqls.at(-1) ?? '') ?? [];
    said = statement.sqls.flatMap((sql) => read(sql, birth));
    spoken.set(statement, said);
  }
  return said;
}

function read(sql: string, birth: string | undefined): Spoken[] {
  const [, run, step, text] = /baton run=(\S+) step=(\S+) attempt=\d+ \*\/\n(.*)$/.exec(sql) ?? [];
  if (run === undefined || step === undefined || text === undefined || text.includes('step_marker'))
    return [];
  return [{ run, step, words: text.split(' '), birth }];
}

/** A durable or opaque step that took effect. */
export interface Applied {
  readonly run: string;
  readonly birth: string | undefined;
  readonly step: string;
  readonly etags: readonly string[];
  /** Of a batch: the runs of its files. */
  readonly members: readonly string[];
  /** It came through though its session had ended: the run may have been given up meanwhile. */
  readonly late: boolean;
}

export class WarehouseData {
  /** In the order of their commits. */
  readonly applied: Applied[] = [];
  /** By run and step: statements that finished, of any kind. */
  readonly finished = new Set<string>();
  /** Etags of objects with a row that cannot be loaded. */
  readonly bad = new Set<string>();
  /** Checks that fail: their texts, which belong to one attempt. */
  readonly failing = new Set<string>();
  /** By session: the rows of SYS_LOAD_ERROR_DETAIL of its last load. */
  readonly #loadErrors = new Map<string, (string | null)[][]>();
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

  /** The statement takes effect now; of a group all steps or none. */
  takesEffect(statement: FakeStatement): { rows?: number[]; error?: string; failed?: number } {
    const steps = stepsIn(statement);
    const before = new Map(this.#tablesOf(statement.sessionId));
    const rows: number[] = [];
    for (const [i, said] of steps.entries()) {
      const done = this.#carryOut(statement, said);
      if (done.error !== undefined) {
        this.#sessions.set(statement.sessionId, before);
        return { error: done.error, ...(steps.length > 1 && { failed: i }) };
      }
      rows.push(...(done.rows ?? []));
    }
    for (const [i, { run, step }] of steps.entries())
      if (!this.failing.has(statement.sqls[i] ?? '')) this.finished.add(`${run}/${step}`);
    return steps.length === 0 ? {} : { rows };
  }

  #carryOut(statement: FakeStatement, said: Spoken): { rows?: number[]; error?: string } {
    const tables = this.#tablesOf(statement.sessionId);
    const [verb = '', table = '', , from = ''] = said.words;
    switch (verb) {
      case 'CREATE':
        this.#make(tables, table, said);
        return { rows: [0] };
      case 'COPY':
        return this.#copy(statement.sessionId, table, from, said);
      case 'CHECK':
        this.#read(tables, table, said);
        return { rows: [0] };
      case 'DERIVE': {
        const source = this.#read(tables, from, said);
        this.#make(tables, table, said, source);
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
          members: source?.members ?? [],
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
          members: [],
          late: statement.status !== 'RUNNING',
        });
        return { rows: [1] };
      default:
        throw new Error(`the simulated warehouse does not understand ${said.words.join(' ')}`);
    }
  }

  #copy(sessionId: string, name: string, quoted: string, said: Spoken): { rows?: number[]; error?: string } {
    const manifest = quoted.slice(`'s3://artifacts/`.length, -1);
    const { entries } = JSON.parse(this.#manifests.get(manifest) ?? '{"entries":[]}') as {
      entries: { url: string }[];
    };
    const uris = entries.map(({ url }) => url.slice('s3://'.length));
    this.#broken.demand(
      new Set(uris).size === uris.length,
      () => `I15: ${manifest} names a key twice: ${uris.join()}`,
    );
    const etags = uris.flatMap((uri) => this.#objects.get(uri)?.etag ?? []);
    if (etags.length < uris.length || uris.length === 0)
      return { error: 'ERROR: Mandatory url is not present in manifest' };
    const bad = uris[etags.findIndex((etag) => this.bad.has(etag))];
    if (bad !== undefined) {
      this.#loadErrors.set(sessionId, [[`s3://${bad}`, '3', 'id', 'int4', 'Invalid digit']]);
      return { error: "ERROR: Load into table 'stage' failed. Check 'sys_load_error_detail' system table." };
    }
    const tables = this.#tablesOf(sessionId);
    const into = this.#read(tables, name, said);
    if (into !== undefined)
      tables.set(name, {
        ...into,
        etags: [...into.etags, ...etags],
        members: [...into.members, ...this.#membersOf(manifest)],
      });
    return { rows: [uris.length] };
  }

  /** A list has the name of its manifest; the manifest of a lone file has none. */
  #membersOf(manifest: string): string[] {
    const [, folder, hash = ''] = /^(manifests\/[^/]+)\/([^/]+)\.json$/.exec(manifest) ?? [];
    const list = this.#manifests.get(`${folder ?? ''}/list-${hash}.json`);
    if (folder === undefined || list === undefined) return [];
    const { files } = JSON.parse(list) as { files: { run?: string }[] };
    return files.flatMap(({ run }) => run ?? []);
  }

  /** The rows that a query of SYS_LOAD_ERROR_DETAIL finds; sessions have the numbers of their processes. */
  loadErrorsFor(sql: string): (string | null)[][] {
    const [, pid] = /session_id = (\d+)/.exec(sql) ?? [];
    return this.#loadErrors.get(`session-${Number(pid) - 100}`) ?? [];
  }

  #make(tables: Map<string, TempTable>, name: string, said: Spoken, source?: TempTable): void {
    this.#broken.demand(
      !tables.has(name),
      () => `I7: ${said.run} ${said.step} makes ${name}, which is there already`,
    );
    const { etags, members } = source ?? { etags: [], members: [] };
    tables.set(name, { run: said.run, etags, members, asOf: this.applied.length });
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
