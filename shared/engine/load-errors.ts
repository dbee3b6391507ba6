/** After a failed COPY: the first rows of SYS_LOAD_ERROR_DETAIL, read in the same session (Redshift developer guide: SYS_LOAD_ERROR_DETAIL). */
import type { Plan } from '../pipeline/plan.ts';
import { listOf } from '../run/batch.ts';
import type { Failed } from '../run/decision.ts';
import type { LoadErrorsRead } from '../run/run-event.ts';
import type { Run } from '../run/run.ts';
import { sessionIdOf } from '../run/run.ts';
import type { SmallEnd, Warehouse } from '../warehouse/warehouse.ts';
import type { LoadError } from './batch/bad-files.ts';
import { badFilesOf } from './batch/bad-files.ts';
import { readList } from './batch/list.ts';
import type { Engine } from './ports.ts';
import { rawLine } from './raw-line.ts';

const ROWS_SHOWN = 10;

/** A load stops at its first bad row, but loads several files at once. */
const ROWS_READ = 100;

/** What a data error does not say: the rows that could not be loaded. */
export async function explainDataError(
  run: Run,
  plan: Plan,
  about: Failed,
  engine: Engine,
): Promise<LoadErrorsRead> {
  const errors = await readLoadErrors(run, plan, about, engine);
  const message = errors
    .slice(0, ROWS_SHOWN)
    .map(({ text }) => text)
    .join('\n');
  const list = listOf(run);
  const files = list === undefined ? [] : await readList(run.id, list.list, engine.files);
  const badFiles = badFilesOf(errors, files, { step: about.error.step ?? run.step }, about.statementId);
  return { kind: 'LoadErrorsRead', message, about, ...(badFiles.length > 0 && { badFiles }) };
}

/** The rows of the view; none if there are none or it cannot be read: COPY's own error is reported anyway. */
async function readLoadErrors(
  run: Run,
  plan: Plan,
  end: Failed,
  engine: Engine,
): Promise<readonly LoadError[]> {
  const { warehouse } = engine;
  try {
    const seen = await warehouse.describe(end.statementId);
    const sessionId = sessionIdOf(run);
    if (seen === 'NOT_FOUND' || sessionId === undefined) return [];
    const where =
      seen.queryId !== undefined
        ? `query_id = ${seen.queryId}`
        : seen.pid !== undefined
          ? // Of its latest load that failed: a batch is loaded again in the same session.
            `query_id = (SELECT MAX(query_id) FROM sys_load_error_detail WHERE session_id = ${seen.pid})`
          : undefined;
    if (where === undefined) return [];
    const sql = `SELECT TRIM(file_name) AS file_name, line_number, TRIM(column_name) AS column_name, TRIM(column_type) AS column_type, TRIM(error_message) AS error_message FROM sys_load_error_detail WHERE ${where} ORDER BY start_time DESC, line_number LIMIT ${ROWS_READ}`;
    const read = await warehouse.runSmall(sessionId, sql, plan.session.keepAliveSeconds);
    const rows = read.ok ? await rowsOf(read.value, warehouse) : await rowsOfOther(sql, plan, warehouse);
    const raw = await rawLines(rows, run.id, engine);
    return rows.map((row, i) => ({ file: row[0] ?? '', text: loadErrorText(row, raw[i]) }));
  } catch (error) {
    // The next drive reads them: without them no file can be set aside, and the whole batch would fail.
    if (setsAside(run, plan)) throw error;
    engine.log('warn', 'the load errors could not be read', { run: run.id, error });
    return [];
  }
}

/** Rows whose lines are looked up in their files. */
const LINES_SHOWN = 3;

/** Of the first few rows. They are a help, nothing depends on them. */
async function rawLines(rows: Rows, runId: string, { files, log }: Engine): Promise<(string | undefined)[]> {
  return Promise.all(
    rows.slice(0, LINES_SHOWN).map(async ([file, line]) => {
      const at = Number(line ?? 0);
      if (!file || !(at > 0)) return undefined;
      return rawLine(file, at, files).catch((error: unknown) => {
        log('warn', 'the line that could not be loaded could not be read', { run: runId, error });
        return undefined;
      });
    }),
  );
}

type Rows = readonly (readonly (string | null)[])[];

async function rowsOf({ status, statementId }: SmallEnd, warehouse: Warehouse): Promise<Rows> {
  if (status !== 'FINISHED') return [];
  const result = await warehouse.result(statementId, ROWS_READ);
  return result === 'NOT_FOUND' ? [] : result.rows;
}

/** The run's session is gone or busy, as it may be after an error: any session of the same user can read the view. */
async function rowsOfOther(sql: string, plan: Plan, warehouse: Warehouse): Promise<Rows> {
  const read = await warehouse.ask(sql, plan.warehouse);
  return read.ok ? read.value : [];
}

function setsAside({ batch }: Run, { isolateFiles }: Plan): boolean {
  return batch !== undefined && isolateFiles !== undefined;
}

/** The column is missing for a row with too few or too many fields or one that cannot be read; the line, for a file that cannot be read. */
function loadErrorText(
  [file, line, column, type, message]: readonly (string | null)[],
  raw: string | undefined,
): string {
  const at = [file ?? '?'];
  if (line !== undefined && line !== null && line !== '0') at.push(` line ${line}`);
  if (column) at.push(`, column ${column}${type ? ` (${type})` : ''}`);
  return `${at.join('')}: ${message ?? ''}${raw === undefined ? '' : `, in: ${raw}`}`;
}
