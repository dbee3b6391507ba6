/** What became of one file, as the lists of files show it. */
import type { Fate, Fates } from './fates.ts';
import type { FileEntry } from './run-reader.ts';

/** Its state is that of the run which decides over the file. */
export interface FileLine extends Fate {
  readonly entry: FileEntry;
}

export interface FileJson {
  readonly pipeline: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly etag: string | null;
  readonly size: number | null;
  readonly arrivedAt: string;
  readonly run: string;
  readonly batch: string | null;
  readonly state: string | null;
  /** Null too where they were not asked for. */
  readonly rows: number | null;
}

export async function lineOf(entry: FileEntry, fates: Fates): Promise<FileLine> {
  const { run, runId } = entry;
  return { entry, ...(await (run === undefined ? fates.inBatch(runId) : fates.of(run))) };
}

export function fileJson({ entry, state, batch }: FileLine, rows: number | undefined): FileJson {
  const { file } = entry;
  return {
    pipeline: entry.pipeline,
    bucket: file.bucket,
    key: file.key,
    versionId: file.versionId ?? null,
    etag: file.etag ?? null,
    size: file.size ?? null,
    arrivedAt: entry.arrivedAt,
    run: entry.runId,
    batch: batch ?? null,
    state: state ?? null,
    rows: rows ?? null,
  };
}
