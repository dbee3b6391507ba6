/** Takes changes below the SQL folder while the local AWS runs: a good one at once; a bad one changes nothing. */
import { relative, sep } from 'node:path';

import { endingOf } from '../errors.ts';
import type { Output } from '../output.ts';
import { isError, problemLines } from '../pipelines.ts';
import { setupLine, type SetupFile } from '../query/apply-setup.ts';
import { duration } from '../runs/units.ts';
import type { Stack } from './stack.ts';
import { watchSql, type Watcher } from './watch-sql.ts';

/** Says which files of sql/setup/ were not applied, and how many they are. */
export function sayFailed(files: readonly SetupFile[], out: Output): number {
  const failed = files.filter(({ error }) => error !== undefined);
  for (const file of failed) out.say(`  ${out.style.bad('not applied')}  ${setupLine(file)}`);
  if (failed.length > 0)
    out.say('  the other files of setup/ are applied; a changed file is applied at once');
  return failed.length;
}

async function take(stack: Stack, folder: string, paths: readonly string[], out: Output): Promise<void> {
  const startedAt = Date.now();
  const changed = paths.map((path) => relative(folder, path)).sort();
  const inSetup = changed.some((path) => path.split(sep)[0] === 'setup');
  const failed = inSetup ? sayFailed(await stack.applySetup(), out) : 0;
  const taken = await stack.reload();
  for (const line of problemLines(taken.problems, folder)) out.say(line);
  const bad = [...new Set(taken.problems.filter(isError).map((problem) => problem.file.split('/')[0]))];
  if (bad.length > 0) out.say(`  ${out.style.bad('not taken')}  ${bad.join(', ')}: what ran before goes on`);
  if (taken.plansChanged || (inSetup && failed === 0)) {
    const what = changed.length > 3 ? `${changed.length} files` : changed.join(', ');
    out.say(`  ${out.style.good('taken')}  ${what}  ${duration(Date.now() - startedAt)}`);
  }
}

/** Watches until closed; an error of a change is told, and the watch goes on. */
export async function superviseSql(stack: Stack, folder: string, out: Output): Promise<Watcher> {
  return watchSql(folder, async (paths) => {
    try {
      await take(stack, folder, paths, out);
    } catch (error) {
      const { message } = endingOf(error, { local: true });
      out.say(`  ${out.style.bad('not taken')}  ${message}`);
    }
  });
}
