/** `baton test --crash` as a command: what it prints and how it exits. */
import type { Plan } from '../../../shared/pipeline/plan.ts';
import { defined } from '../../../shared/run/defined.ts';
import { EXIT, usageError, type ExitCode } from '../../exit.ts';
import { countOf, duration } from '../../runs/units.ts';
import type { Context } from '../../verb.ts';
import type { TestCase } from '../test-case.ts';
import { crashAll } from './crash-all.ts';
import { countWords, crashJson, crashLines } from './matrix.ts';

export async function crashCommand(
  { out, json, signal, args }: Context,
  found: { readonly folder: string; readonly plans: readonly Plan[]; readonly tests: readonly TestCase[] },
): Promise<ExitCode> {
  const startedAt = Date.now();
  const seed = args.integer('seed', { min: 0, max: 2 ** 32 - 1 }) ?? 1;
  const only = args.list('case');
  const sample = args.integer('sample', { min: 1, max: 1_000_000 });
  const all = await crashAll({
    sqlFolder: found.folder,
    plans: found.plans,
    tests: found.tests,
    seed,
    only,
    ...defined({ sample }),
    signal,
    progress: out.progress,
    status: out.status,
  });
  const counts = countWords(all);
  const isEmpty = counts.same + counts.asks + counts.DIFFERENT + counts.unmet + counts['tests failed'] === 0;
  if (only.length > 0 && isEmpty)
    throw usageError(`there is no case ${only.join(', ')}`, 'baton test --crash --json lists the cases');
  if (json) out.json({ seed, counts, tests: all.map(crashJson) });
  else for (const one of all) out.data(`${crashLines(one, out.style).join('\n')}\n`);
  const isGood = counts.DIFFERENT === 0 && counts['tests failed'] === 0;
  const total = `${countOf(all.length, 'test')}, ${counts.same} same, ${counts.asks} asks, ${counts.DIFFERENT} DIFFERENT, seed ${seed}, ${duration(Date.now() - startedAt)}`;
  out.say(isGood ? out.style.good(total) : out.style.bad(total));
  return isGood && !signal.aborted ? EXIT.done : EXIT.failed;
}
