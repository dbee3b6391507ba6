/** The local AWS as the tests see it: emptied between them, given rows and files, read. */
import type { Run } from '../../shared/run/run.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { HistoryRow } from '../runs/run-reader.ts';
import { perform, runStatements } from './actions.ts';
import type { FoundRows } from './compare.ts';
import type { FoundFile } from './file-rows.ts';
import { insertStatements, quotedName } from './insert.ts';
import { NotAtRest, type LocalBaton } from './local-baton.ts';
import { directlyStartedBy } from './started-by.ts';
import type { Action, ExpectedFiles, GivenTable, SetupStatement } from './test-case.ts';

/** By how much a test may move the clock on while its runs wait. */
const CLOCK_MS = 30 * 86_400_000;

/** The test came to its time limit. */
export class TestTimeout extends Error {
  override name = 'TestTimeout';
}

export class TestStage {
  readonly local: LocalBaton;
  #isEmpty = true;

  constructor(local: LocalBaton) {
    this.local = local;
  }

  /**
   * Breaks off what is left of the test before, empties everything, applies sql/setup/, and sets the clock.
   * @param now ms since the epoch
   * @throws CommandError (exit 1) with the files of sql/setup/ that could not be applied
   */
  async begin(now = Date.now()): Promise<void> {
    if (!this.#isEmpty) await this.local.reset();
    this.#isEmpty = false;
    await this.local.setClock(now);
  }

  /** @throws CommandError (exit 1) with the warehouse's error */
  async execute(statements: readonly SetupStatement[]): Promise<void> {
    await runStatements(statements, this.local);
  }

  /** @throws CommandError (exit 1) with the warehouse's error */
  async insert(table: GivenTable): Promise<void> {
    const statements = insertStatements(table);
    if (statements.length > 0) await this.local.execute(statements);
  }

  /**
   * Lets something happen, and waits until its runs, and those that follow them, are at rest. Of files in a batch its run counts.
   * @param deadline ms since the epoch
   * @returns the runs that began, or went on, since; the oldest first
   * @throws TestTimeout when one did not begin
   */
  async act(action: Action, deadline: number): Promise<readonly Run[]> {
    const runs = await this.after(() => this.begins(action), deadline);
    const missing = directlyStartedBy(action, this.local.plans).filter(
      (pipeline) => !runs.some((run) => run.pipeline === pipeline),
    );
    if (missing.length > 0) throw new TestTimeout(`no run of ${missing.join(' or ')} started`);
    // What a test makes up did not run.
    const isMadeUp = ({ id }: Run): boolean => action.kind === 'upstream' && action.runId === id;
    return runs.filter((run) => run.life.state !== 'ABSORBED' && !isMadeUp(run));
  }

  /** Lets something happen, and waits for nothing. @throws CommandError */
  async begins(action: Action): Promise<void> {
    await perform(action, this.local);
  }

  /** Does something, and waits as `act` does. */
  async after(action: () => Promise<unknown>, deadline: number): Promise<readonly Run[]> {
    const before = new Map((await this.local.allRuns()).map((run) => [run.id, run.version]));
    await action();
    const runs = await this.#atRest(deadline);
    return runs.filter((run) => before.get(run.id) !== run.version);
  }

  /** All runs; those that are not at rest at the deadline as they are. */
  async #atRest(deadline: number): Promise<readonly Run[]> {
    try {
      return await this.local.untilAtRest({ limitMs: Math.max(deadline - Date.now(), 0), clockMs: CLOCK_MS });
    } catch (error) {
      if (error instanceof NotAtRest) return error.runs;
      throw error;
    }
  }

  /** Makes a bucket that nothing of the stage names. */
  async ensureBucket(bucket: string): Promise<void> {
    await this.local.ensureBucket(bucket);
  }

  /** The object with this key, or all whose keys begin so, in the order of their keys. */
  async files({ bucket, key }: Pick<ExpectedFiles, 'bucket' | 'key'>): Promise<readonly FoundFile[]> {
    const keys = await this.local.keys(key, bucket);
    const wanted = keys.includes(key) ? [key] : keys;
    return Promise.all(wanted.map(async (one) => ({ key: one, bytes: await this.local.get(one, bucket) })));
  }

  /** The attempts of its steps. */
  async history({ id }: Run): Promise<readonly HistoryRow[]> {
    return this.local.history(id);
  }

  /** The rows of a table, with those columns; with all of them where none is named. */
  async read(
    table: string,
    named: readonly string[],
  ): Promise<FoundRows & { readonly columns: readonly string[] }> {
    const name = quotedName(table);
    const [probe] = await this.local.execute([`SELECT * FROM ${name} LIMIT 0`]);
    const known = new Map(probe?.columns?.map((column) => [column.name.toLowerCase(), column.type]));
    const columns = named.length === 0 ? [...known.keys()] : named;
    const unknown = columns.find((column) => !known.has(column));
    if (unknown !== undefined) {
      throw new CommandError(
        EXIT.failed,
        `it has no column ${unknown}; its columns: ${[...known.keys()].join(', ')}`,
      );
    }
    const types = columns.map((column) => known.get(column) ?? '');
    // A BIGINT may have more digits than a number of JavaScript.
    const selected = columns.map((column, i) =>
      types[i] === 'int8' ? `CAST(${quotedName(column)} AS VARCHAR)` : quotedName(column),
    );
    const [result] = await this.local.execute([`SELECT ${selected.join(', ')} FROM ${name}`]);
    return { columns, types, rows: result?.rows ?? [] };
  }
}
