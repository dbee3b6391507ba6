/** Which files of a batch the warehouse names as the cause of a failed load. */
import { MOST_LEAVING } from '../../run/batch.ts';
import type { Leaving, Run } from '../../run/run.ts';
import type { ListedFile } from './list.ts';

/** A row of SYS_LOAD_ERROR_DETAIL: `text` for people. */
export interface LoadError {
  /** Blank-padded and cut to 256 characters by the warehouse (Redshift developer guide: SYS_LOAD_ERROR_DETAIL). */
  readonly file: string;
  readonly text: string;
}

/**
 * Each named file with its first error; empty if the errors name no file, more than 25, or a name that is not the beginning of
 * exactly one listed file: then no file is known to be the cause.
 */
export function badFilesOf(
  errors: readonly LoadError[],
  files: readonly ListedFile[],
  { step }: Pick<Run, 'step'>,
  statementId: string,
): readonly Leaving[] {
  const bad = new Map<string, Leaving>();
  for (const { file, text } of errors) {
    const name = file.trimEnd();
    const named = files.filter(({ bucket, key }) => isNamed(`s3://${bucket}/${key}`, name));
    const [runId] = named.map((each) => each.run);
    if (named.length !== 1 || runId === undefined) return [];
    const error = { class: 'data' as const, message: text, step, statementId };
    if (!bad.has(runId)) bad.set(runId, { runId, error });
  }
  return bad.size > MOST_LEAVING ? [] : [...bad.values()];
}

/** Characters of `file_name`. */
const LONGEST_NAME = 256;

function isNamed(uri: string, name: string): boolean {
  return name.length < LONGEST_NAME ? uri.trimEnd() === name : uri.startsWith(name);
}
