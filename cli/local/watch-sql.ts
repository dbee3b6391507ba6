/** Tells of changes below the SQL folder, one call for a burst of them, never two at once. */
import { basename, extname, relative, sep } from 'node:path';

import { watch } from 'chokidar';

import { TESTS_FOLDER } from '../../shared/pipeline/pipeline-files.ts';

/** An editor writes a file in several moves: they count as one change. */
const SETTLE_MS = 150;

const WATCHED = new Set(['.sql', '.yml', '.yaml', '']);

export interface Watcher {
  close(): Promise<void>;
}

/** Beside a file while it is edited. */
function isOfEditor(path: string): boolean {
  return /^(\.|4913$)|~$/.test(basename(path));
}

/**
 * Calls `onChange` with the paths that changed since the last call; the next call waits until its promise is
 * settled. It must not reject. `withTests`: also of the tests of pipelines, whatever their files are called.
 */
export async function watchSql(
  folder: string,
  onChange: (paths: readonly string[]) => Promise<void>,
  { withTests = false }: { readonly withTests?: boolean } = {},
): Promise<Watcher> {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  const afterThat = async (before: Promise<void>): Promise<void> => {
    await before;
    const paths = [...changed];
    changed.clear();
    if (paths.length > 0) await onChange(paths);
  };
  const work = (): void => {
    working = afterThat(working);
  };
  const isOfTest = (path: string): boolean => relative(folder, path).split(sep)[1] === TESTS_FOLDER;
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path) => (isOfTest(path) ? !withTests || isOfEditor(path) : !WATCHED.has(extname(path))),
  });
  watcher.on('all', (_event, path) => {
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(work, SETTLE_MS);
  });
  await new Promise<void>((resolve) => {
    watcher.once('ready', resolve);
  });
  return {
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
      await working;
    },
  };
}
