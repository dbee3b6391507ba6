/** Reloads the SQL folder while the local AWS runs: a valid change takes effect at once, an invalid one has no effect. */
import { relative, sep } from 'node:path';

import { endingOf } from '../errors.ts';
import type { Output } from '../output.ts';
import { isError, problemLines } from '../pipelines.ts';
import { setupLine, type SetupFile } from '../query/apply-setup.ts';
import { duration } from '../runs/units.ts';
import type { Stack } from './stack.ts';
import { watchSql, type Watcher } from './watch-sql.ts';

/** Prints which files of sql/setup/ could not be applied. @returns how many */
export function sayFailed(files: readonly SetupFile[], out: Output): number {
  const failed = files.filter(({ error }) => error !== undefined);
  for (const file of failed) out.say(`  ${out.style.bad('not applied')}  ${setupLine(file)}`);
  if (failed.length > 0)
    out.say('  the other files of setup/ were applied; fix and save the file to apply it');
  return failed.length;
}

async function reload(stack: Stack, folder: string, paths: readonly string[], out: Output): Promise<void> {
  const startedAt = Date.now();
  const changed = paths.map((path) => relative(folder, path)).sort();
  const inSetup = changed.some((path) => path.split(sep)[0] === 'setup');
  const failed = inSetup ? sayFailed(await stack.applySetup(), out) : 0;
  const reloaded = await stack.reload();
  for (const line of problemLines(reloaded.problems, folder)) out.say(line);
  const bad = [...new Set(reloaded.problems.filter(isError).map((problem) => problem.file.split('/')[0]))];
  if (bad.length > 0)
    out.say(`  ${out.style.bad('not reloaded')}  ${bad.join(', ')}: the previous version stays active`);
  if (reloaded.plansChanged || (inSetup && failed === 0)) {
    const what = changed.length > 3 ? `${changed.length} files` : changed.join(', ');
    out.say(`  ${out.style.good('reloaded')}  ${what}  ${duration(Date.now() - startedAt)}`);
  }
}

/** Watches until closed. An error in a change is printed and does not stop the watcher. */
export async function superviseSql(stack: Stack, folder: string, out: Output): Promise<Watcher> {
  return watchSql(folder, async (paths) => {
    try {
      await reload(stack, folder, paths, out);
    } catch (error) {
      const { message } = endingOf(error, { local: true });
      out.say(`  ${out.style.bad('not reloaded')}  ${message}: the previous version stays active`);
    }
  });
}
