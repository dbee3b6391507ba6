/**
 * `node test/verify/pairs.ts [--state FILE]`: the driver is killed twice in a run, at all pairs of calls,
 * each before, after or twice; in a run of a batch before a call, with its events delivered. `--scenario 0 --points before:12,after:30` repeats one.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import { crashRun, scenarios } from '../engine/crash-points-scenarios.ts';
import type { CrashMoment, CrashPoint } from '../fakes/crash.ts';
import { crashMoments } from '../fakes/crash.ts';
import type { ChunkResult, Failure } from './parallel.ts';
import { inParallel, isProgram, say, serve, tellFailures } from './parallel.ts';

/** A chunk: a first point, and all second points behind it. */
interface First {
  readonly scenario: number;
  readonly point: CrashPoint;
}

async function firstPoints(): Promise<First[]> {
  const all: First[] = [];
  for (const [scenario, description] of scenarios.entries()) {
    const calls = await crashRun(description, []);
    for (let at = 1; at <= calls.length; at += 1)
      all.push(...description.pairsOf.map((moment) => ({ scenario, point: { at, moment } })));
  }
  return all;
}

/** 0 if every pair held. */
export async function pairs(words: readonly string[]): Promise<0 | 1> {
  const { values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { state: { type: 'string' }, scenario: { type: 'string' }, points: { type: 'string' } },
  });
  if (values.points !== undefined) return one(Number(values.scenario ?? '0'), parsePoints(values.points));
  const { counts, failures, seconds } = await inParallel({
    part: 'pairs',
    job: 'pairs',
    chunks: (await firstPoints()).length,
    stateFile: values.state,
  });
  say(
    `crash points: ${counts['singles'] ?? 0} single points and ${counts['pairs'] ?? 0} pairs, ${seconds.toFixed(0)} s`,
  );
  for (const { name } of scenarios) say(`  ${name.padEnd(38)} ${counts[name] ?? 0} pairs`);
  return tellFailures(failures);
}

async function one(scenario: number, points: readonly CrashPoint[]): Promise<0 | 1> {
  const description = scenarios[scenario];
  if (description === undefined) throw new Error(`--scenario is 0 to ${scenarios.length - 1}`);
  const failures = await tried(scenario, points);
  if (failures.length === 0) say('it holds');
  return tellFailures(failures);
}

async function tried(scenario: number, points: readonly CrashPoint[]): Promise<Failure[]> {
  const description = scenarios[scenario];
  if (description === undefined) throw new Error(`there is no scenario ${scenario}`);
  try {
    await crashRun(description, points);
    return [];
  } catch (error) {
    const words = points.map(({ at, moment }) => `${moment}:${at}`).join();
    return [
      {
        message: error instanceof Error ? error.message : String(error),
        repeat: `npm run verify -- pairs --scenario ${scenario} --points ${words}`,
      },
    ];
  }
}

function parsePoints(text: string): CrashPoint[] {
  return text.split(',').map((word) => {
    const [moment, at] = word.split(':');
    if (!(crashMoments as readonly (string | undefined)[]).includes(moment) || !(Number(at) > 0))
      throw new Error(`--points is like before:12,after:30; got ${word}`);
    return { moment: moment as CrashMoment, at: Number(at) };
  });
}

let all: First[] | undefined;

async function chunkOf(chunk: number): Promise<ChunkResult> {
  all ??= await firstPoints();
  const first = all[chunk];
  const description = scenarios[first?.scenario ?? -1];
  if (first === undefined || description === undefined) throw new Error(`there is no chunk ${chunk}`);
  const single = await tried(first.scenario, [first.point]);
  if (single.length > 0) return { counts: { singles: 1 }, failures: single };
  // The second point is a call of the run as it goes on after the first.
  const calls = await crashRun(description, [first.point]);
  const failures: Failure[] = [];
  let count = 0;
  for (let at = first.point.at + 1; at <= calls.length; at += 1) {
    for (const moment of description.pairsOf) {
      failures.push(...(await tried(first.scenario, [first.point, { at, moment }])));
      count += 1;
    }
  }
  return { counts: { singles: 1, pairs: count, [description.name]: count }, failures };
}

serve('pairs', chunkOf);
if (isMainThread && isProgram('pairs')) process.exitCode = await pairs(process.argv.slice(2));
