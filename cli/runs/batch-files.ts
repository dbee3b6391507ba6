/** The files of a run that loads many of them: those of its list, and those that earlier lists had. */
import { listKey, readList, type ListedFile } from '../../shared/engine/batch/list.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Run } from '../../shared/run/run.ts';
import { errorOf } from './run-parts.ts';
import { Fates } from './fates.ts';
import type { RunReader } from './run-reader.ts';

export interface ArtifactReader {
  /** Undefined: there is no such object. */
  getArtifact(key: string): Promise<string | undefined>;
  /** All keys with this prefix. */
  listArtifacts(prefix: string): Promise<readonly string[]>;
}

export interface LeftFile {
  readonly file: ListedFile;
  /** Of its own run; undefined: there is none any more. */
  readonly state: string | undefined;
  /** Another batch has it. */
  readonly batch: string | undefined;
  readonly error: string | undefined;
}

export interface BatchFiles {
  readonly files: readonly ListedFile[];
  /** They were isolated, superseded, or taken out by a person; at most `MOST_LEFT`. */
  readonly left: readonly LeftFile[];
}

/** An earlier list has few files more than a later one. */
const MOST_LEFT = 200;

/** Undefined: the run has no list of files (yet). Rejects where the lists cannot be read. */
async function readBatchFiles(
  run: Run,
  reader: Pick<RunReader, 'load'>,
  artifacts: ArtifactReader,
): Promise<BatchFiles | undefined> {
  const { batch } = run;
  if (batch === undefined || batch.phase === 'GATHER') return undefined;
  const files = await readList(run.id, batch.list, artifacts);
  if (batch.seal === 1) return { files, left: [] };
  const prefix = listKey(run.id, '').replace(/\.json$/, '');
  const earlier = (await artifacts.listArtifacts(prefix))
    .map((key) => key.slice(prefix.length).replace(/\.json$/, ''))
    .filter((hash) => hash !== batch.list);
  const idOf = ({ bucket, key, run: member }: ListedFile): string => member ?? `${bucket}/${key}`;
  const left = new Map<string, ListedFile>();
  for (const hash of earlier)
    for (const file of await readList(run.id, hash, artifacts)) left.set(idOf(file), file);
  for (const file of files) left.delete(idOf(file));
  const fates = new Fates(reader);
  return {
    files,
    left: await Promise.all(
      [...left.values()].slice(0, MOST_LEFT).map((file) => leftFile(file, reader, fates)),
    ),
  };
}

async function leftFile(file: ListedFile, reader: Pick<RunReader, 'load'>, fates: Fates): Promise<LeftFile> {
  const run = file.run === undefined ? undefined : await reader.load(file.run);
  if (run === undefined) return { file, state: undefined, batch: undefined, error: undefined };
  return { file, ...(await fates.of(run)), error: errorOf(run)?.message };
}

/** The files, or why they cannot be shown. */
export async function tryBatchFiles(
  run: Run,
  reader: Pick<RunReader, 'load'>,
  artifacts: () => Promise<ArtifactReader>,
): Promise<BatchFiles | string | undefined> {
  if (run.batch === undefined) return undefined;
  try {
    return await readBatchFiles(run, reader, await artifacts());
  } catch (error) {
    return messageOf(error);
  }
}
