/**
 * Pipelines that nobody thought of: five or six steps drawn by a number, in any order that makes sense. What is lost with a
 * session and what is committed lie in between each other in ways that pipelines made by hand do not have.
 */
import type { Step } from '../../shared/pipeline/plan.ts';
import { call, check, commit, derive, load, stage } from './sample-steps.ts';
import { Random } from './random.ts';

/** The steps behind the load. */
const LEAST = 3;
const MOST = 4;

const CALLS: readonly Partial<Step>[] = [
  { idempotent: true },
  { verify: { parts: ['VERIFY refresh ', { param: 'run_id' }] } },
  {},
];

export function drawnSteps(number: number): readonly Partial<Step>[] {
  const random = new Random(number + 1);
  const steps: Partial<Step>[] = [stage, load];
  const tables = ['stage'];
  const written: string[] = [];
  const count = random.between(LEAST, MOST);
  // Most of them shall be such that nobody need ever be asked.
  const isSafe = random.chance(0.75);
  let calls = 0;
  for (let i = 0; i < count; i += 1) {
    const name = (word: string): string => `${30 + i * 10}_${word}.sql`;
    const from = random.pick(tables) ?? 'stage';
    const isLast = i === count - 1;
    const kind = random.index([3, 2, isLast ? 6 : 3, calls === 0 ? 1 : 0]);
    if (kind === 0) {
      const table = `made${i}`;
      const reads = isSafe || random.chance(0.5) ? [] : written.slice(-1);
      steps.push(derive(name('derive'), table, from, reads));
      tables.push(table);
    } else if (kind === 1) steps.push(check(name('check'), from));
    else if (kind === 2) {
      steps.push(commit(name('commit'), `dim${i}`, from));
      written.push(`dim${i}`);
    } else {
      steps.push(call({ name: name('call'), ...(isSafe ? CALLS[0] : random.pick(CALLS)) }));
      calls += 1;
    }
  }
  return steps;
}
