/**
 * Runs in a copy of the tree from which a guard was removed: 0 if nothing was noticed, 1 with what was noticed.
 * `guard-check.ts schedules 600`: the crash points and so many schedules; `guard-check.ts interleavings`: the smallest configuration, and
 * the shortest ways of those of batches.
 */
import process from 'node:process';

import { crashRun, scenarios } from '../engine/crash-points-scenarios.ts';
import { crashMoments } from '../fakes/crash.ts';
import { simulate } from '../sim/simulate.ts';
import { smallest } from './interleavings/configuration.ts';
import { batchConfigurations } from './interleavings/batches/configurations.ts';
import { exploreBatches } from './interleavings/batches/explore.ts';
import { explore } from './interleavings/explore.ts';

const LONGEST_LINE = 160;

/** So many schedules come before the crash points: they notice most, and soon. */
const FIRST = 60;

const ALIVE_EVERY_MS = 1_000;

/** Of each configuration of batches, about: the ways are explored from the shortest on. */
const MOST_STATES = 15_000;

let told = performance.now();

Error.stackTraceLimit = 0;
try {
  if (process.argv[2] === 'interleavings') await interleavings();
  else await schedulesAndCrashPoints(Number(process.argv[3] ?? '600'));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`${message.slice(0, LONGEST_LINE).replaceAll('\n', ' ')}\n`);
  process.exitCode = 1;
}

async function schedulesAndCrashPoints(count: number): Promise<void> {
  await schedules(1, Math.min(count, FIRST));
  await crashPoints();
  await schedules(FIRST + 1, count);
}

async function crashPoints(): Promise<void> {
  for (const scenario of scenarios) {
    const calls = await crashRun(scenario, []);
    for (let at = 1; at <= calls.length; at += 1) {
      for (const moment of crashMoments) {
        await crashRun(scenario, [{ at, moment }]);
        tellAlive();
      }
    }
  }
}

async function schedules(from: number, to: number): Promise<void> {
  for (let seed = from; seed <= to; seed += 1) {
    await simulate(seed);
    tellAlive();
  }
}

async function interleavings(): Promise<void> {
  const { violation } = await explore(smallest, { progress: tellAlive });
  if (violation !== undefined) throw new Error(`${smallest.name}: ${violation.rule}`);
  for (const configuration of batchConfigurations) {
    const explored = await exploreBatches(configuration, { progress: tellAlive, most: MOST_STATES });
    if (explored.violation !== undefined)
      throw new Error(`${configuration.name}: ${explored.violation.rule}`);
  }
}

/** Who is silent for long goes round for ever. */
function tellAlive(): void {
  if (performance.now() - told < ALIVE_EVERY_MS) return;
  told = performance.now();
  process.stderr.write('.');
}
