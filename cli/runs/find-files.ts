/** The files of one or several pipelines by the prefix of their key, at most a number of them. */
import type { RunState } from '../../shared/run/run.ts';
import { Fates } from './fates.ts';
import { lineOf, type FileLine } from './file-line.ts';
import type { FileReader, RunReader } from './run-reader.ts';

/** How many files of a pipeline are looked through for a state. */
export const FILES_LOOKED_THROUGH = 10_000;

interface Wanted {
  readonly prefix: string;
  readonly state?: RunState | undefined;
  readonly limit: number;
  readonly signal: AbortSignal;
}

export interface FoundFiles {
  /** The last key first, of one key the newest upload first. */
  readonly lines: readonly FileLine[];
  /** There are files beyond the limit. */
  readonly more: boolean;
  /** Pipelines whose files were not all looked through for the state. */
  readonly cut: readonly string[];
}

type Reader = FileReader & Pick<RunReader, 'load'>;

/** Reads only as many pages as the answer takes. */
export async function findFiles(
  reader: Reader,
  pipelines: readonly string[],
  wanted: Wanted,
): Promise<FoundFiles> {
  const fates = new Fates(reader);
  const lists = await Promise.all(pipelines.map((name) => ofPipeline(reader, fates, name, wanted)));
  const all = lists.flatMap((list) => list.lines);
  if (pipelines.length > 1) all.sort(lastFirst);
  return {
    lines: all.slice(0, wanted.limit),
    more: all.length > wanted.limit,
    cut: pipelines.filter((_, i) => lists[i]?.cut === true),
  };
}

async function ofPipeline(
  reader: Reader,
  fates: Fates,
  pipeline: string,
  { prefix, state, limit, signal }: Wanted,
): Promise<{ readonly lines: FileLine[]; readonly cut: boolean }> {
  const found: FileLine[] = [];
  let seen = 0;
  for await (const page of reader.files(pipeline, prefix)) {
    signal.throwIfAborted();
    const all = await Promise.all(page.map((entry) => lineOf(entry, fates)));
    found.push(...all.filter((line) => state === undefined || line.state === state));
    // One more than asked for shows that there are more.
    if (found.length > limit) break;
    seen += page.length;
    if (seen >= FILES_LOOKED_THROUGH && found.length < limit) return { lines: found, cut: true };
  }
  return { lines: found, cut: false };
}

/** By bytes of UTF-8, as the index has them. */
function lastFirst(a: FileLine, b: FileLine): number {
  const keys = Buffer.compare(Buffer.from(b.entry.file.key), Buffer.from(a.entry.file.key));
  return keys === 0 ? b.entry.arrivedAt.localeCompare(a.entry.arrivedAt) : keys;
}
