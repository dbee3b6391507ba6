/** Runs in a copy of the tree from which a guard was removed: 0 if nothing was noticed, 1 with what was noticed. */
import process from 'node:process';

import { crashRun, scenarios } from '../engine/crash-points-scenarios.ts';
import { crashMoments } from '../fakes/crash.ts';
import { simulate } from '../sim/simulate.ts';

const LONGEST_LINE = 160;

Error.stackTraceLimit = 0;
try {
  await crashPoints();
  await schedules(Number(process.argv[2] ?? '600'));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`${message.slice(0, LONGEST_LINE).replaceAll('\n', ' ')}\n`);
  process.exitCode = 1;
}

async function crashPoints(): Promise<void> {
  for (const scenario of scenarios) {
    const calls = await crashRun(scenario, []);
    for (let at = 1; at <= calls.length; at += 1)
      for (const moment of crashMoments) await crashRun(scenario, [{ at, moment }]);
  }
}

async function schedules(count: number): Promise<void> {
  for (let seed = 1; seed <= count; seed += 1) await simulate(seed);
}
