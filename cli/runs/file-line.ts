/** What became of one file, as the lists of files show it. */
import type { RunState, Run } from '../../shared/run/run.ts';
import type { FileEntry, RunReader } from './run-reader.ts';

export interface FileLine {
  readonly entry: FileEntry;
  /** Of the run that decides over the file; undefined if that run is no longer stored. */
  readonly state: RunState | undefined;
  /** Id of the batch run that has the file. */
  readonly batch: string | undefined;
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

/** Reads each run that several files share once. */
export class FileLines {
  readonly #reader: Pick<RunReader, 'load'>;
  readonly #shared = new Map<string, Promise<Run | undefined>>();

  constructor(reader: Pick<RunReader, 'load'>) {
    this.#reader = reader;
  }

  async lineOf(entry: FileEntry): Promise<FileLine> {
    const { run, runId } = entry;
    if (run === undefined) return { entry, state: (await this.#load(runId))?.life.state, batch: runId };
    return { entry, state: run.life.state, batch: undefined };
  }

  #load(runId: string): Promise<Run | undefined> {
    const loading = this.#shared.get(runId) ?? this.#reader.load(runId);
    this.#shared.set(runId, loading);
    return loading;
  }
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
