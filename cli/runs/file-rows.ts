/**
 * How many rows each file brought. Of a run with one file its history has it; of a batch only the warehouse has it, in SYS_LOAD_DETAIL
 * (Redshift developer guide): one row for each file of a COPY, kept for 7 days, visible to its own user and to superusers. What cannot
 * be read is not known, never 0.
 */
import { messageOf } from '../../shared/errors.ts';
import { quoteLiteral } from '../../shared/pipeline/render.ts';
import { startOf, utf8Bytes } from '../../shared/run/text.ts';
import type { SqlClient } from '../aws/sql-client.ts';
import { finishedLoads, type FinishedLoad } from './finished-loads.ts';
import type { FileEntry, RunReader } from './run-reader.ts';

/** A file, and the run that loads it. */
export interface LoadedFile {
  readonly file: FileEntry['file'];
  readonly runId: string;
  /** The run loads other files too. */
  readonly isShared: boolean;
}

export interface FileRows {
  /** Of a file of a batch: the lines that COPY read. */
  readonly rows: ReadonlyMap<LoadedFile, number>;
  /** Why some are not known: sentences. */
  readonly problems: readonly string[];
}

export interface RowSources {
  readonly reader: Pick<RunReader, 'load' | 'history' | 'loadPlan'>;
  /** The warehouse that pipelines name; absent: the stage's own. */
  readonly sql: (warehouse?: string) => Promise<SqlClient>;
  readonly signal: AbortSignal;
}

const RUNS_AT_ONCE = 10;

export async function readFileRows(files: readonly LoadedFile[], sources: RowSources): Promise<FileRows> {
  const rows = new Map<LoadedFile, number>();
  const problems = new Set<string>();
  const groups = new Map<string, [LoadedFile, ...LoadedFile[]]>();
  for (const file of files) {
    const group = groups.get(file.runId);
    if (group === undefined) groups.set(file.runId, [file]);
    else group.push(file);
  }
  const all = [...groups.values()];
  for (let from = 0; from < all.length; from += RUNS_AT_ONCE) {
    sources.signal.throwIfAborted();
    const runs = all.slice(from, from + RUNS_AT_ONCE);
    for (const { known, problem } of await Promise.all(runs.map((group) => rowsOfRun(group, sources)))) {
      for (const [file, count] of known) rows.set(file, count);
      if (problem !== undefined) problems.add(problem);
    }
  }
  return { rows, problems: [...problems] };
}

interface Known {
  readonly known: ReadonlyMap<LoadedFile, number>;
  readonly problem?: string;
}

const NOTHING: Known = { known: new Map() };

async function rowsOfRun(
  files: readonly [LoadedFile, ...LoadedFile[]],
  { reader, sql, signal }: RowSources,
): Promise<Known> {
  const [first] = files;
  const run = await reader.load(first.runId);
  if (run === undefined) return NOTHING;
  const plan = await reader.loadPlan(run.planHash);
  const loads = finishedLoads(plan, await reader.history(run.id)).filter(({ ofFile }) => ofFile);
  // A rebuild loads again, a step may load into several tables: the latest counts.
  const last = loads.at(-1);
  if (last === undefined) return NOTHING;
  if (!first.isShared) return last.rows === undefined ? NOTHING : { known: new Map([[first, last.rows]]) };
  try {
    const details = await readDetails(await sql(plan?.warehouse), files, loads, signal);
    const known = new Map(
      files.flatMap((file) => {
        const lines = linesOf(file, files, details);
        return lines === undefined ? [] : [[file, lines] as const];
      }),
    );
    if (known.size > 0) return { known };
    throw new Error(
      'sys_load_detail has none of them: it keeps 7 days, and shows a user only their own loads',
    );
  } catch (error) {
    signal.throwIfAborted();
    return { ...NOTHING, problem: `the rows of the files of ${run.id} are not known: ${messageOf(error)}` };
  }
}

async function readDetails(
  client: SqlClient,
  files: readonly LoadedFile[],
  loads: readonly FinishedLoad[],
  signal: AbortSignal,
): Promise<Detail[]> {
  const read = (etag?: 'NULL') => client.run([loadDetailSql(files, loads, etag)], signal);
  const [result] = await read().catch((error: unknown) => {
    // A warehouse of before the column came in.
    if (/column "?file_etag"? does not exist/.test(messageOf(error))) return read('NULL');
    throw error;
  });
  return (result?.rows ?? []).map(([name, etag, lines]) => ({
    name: String(name ?? ''),
    etag: String(etag ?? ''),
    lines: Number(lines),
  }));
}

export interface Detail {
  /** Without blanks at its end. */
  readonly name: string;
  /** Empty where the warehouse has none. */
  readonly etag: string;
  readonly lines: number;
}

/** `character(256)`. */
const LONGEST_NAME = 256;

/** A URL of S3, as the view shows it. */
function uriOf({ file: { bucket, key } }: LoadedFile): string {
  return `s3://${bucket}/${key}`;
}

function shownAs(file: LoadedFile): string {
  return startOf(uriOf(file), LONGEST_NAME).trimEnd();
}

/**
 * The lines of a file: the latest detail with its name, and with its ETag where both are there. A name that was cut may stand for several
 * files, which only ETags tell apart; if they do not, it is not known.
 *
 * @param details the latest first
 */
export function linesOf(
  file: LoadedFile,
  all: readonly LoadedFile[],
  details: readonly Detail[],
): number | undefined {
  const name = shownAs(file);
  const wasCut = utf8Bytes(uriOf(file)) > LONGEST_NAME;
  const hasTwins = wasCut && all.some((other) => other !== file && shownAs(other) === name);
  const etag = file.file.etag?.replaceAll('"', '') ?? '';
  return details.find(
    (detail) =>
      detail.name === name &&
      (detail.etag === '' || etag === '' ? !hasTwins : detail.etag.replaceAll('"', '') === etag),
  )?.lines;
}

/** Clocks and times of events differ from those of the warehouse. */
const PADDING_MS = 60_000;

const UNQUOTABLE = /[\p{Cc}\p{Cs}]/u;

/** What the view has of these files in the time of these loads, the latest first. A split file may have several rows. */
export function loadDetailSql(
  files: readonly LoadedFile[],
  loads: readonly FinishedLoad[],
  etag: 'MAX(RTRIM(file_etag))' | 'NULL' = 'MAX(RTRIM(file_etag))',
): string {
  const times = loads.flatMap(({ row }) => [Date.parse(row.startedAt), Date.parse(row.endedAt)]);
  const at = (ms: number): string => quoteLiteral(new Date(ms).toISOString().slice(0, 23).replace('T', ' '));
  const prefix =
    commonStart(files.map((file) => startOf(uriOf(file), LONGEST_NAME))).split(UNQUOTABLE)[0] ?? '';
  return (
    `SELECT RTRIM(file_name), ${etag}, SUM(lines_scanned), MAX(start_time) FROM sys_load_detail ` +
    `WHERE start_time >= ${at(Math.min(...times) - PADDING_MS)} AND start_time <= ${at(Math.max(...times) + PADDING_MS)} ` +
    `AND LEFT(file_name, ${Array.from(prefix).length}) = ${quoteLiteral(prefix)} ` +
    `GROUP BY query_id, file_name ORDER BY 4 DESC`
  );
}

/** In whole characters. */
function commonStart(texts: readonly string[]): string {
  const [first = [], ...others] = texts.map((text) => Array.from(text));
  let end = first.length;
  for (const other of others) {
    const same = first.findIndex((character, i) => character !== other[i]);
    if (same !== -1 && same < end) end = same;
  }
  return first.slice(0, end).join('');
}
