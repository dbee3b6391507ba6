/** `node test/verify/schedules.ts --from 1 --count 20000 [--state FILE]`: many schedules of the simulator. */
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { parseArgs } from 'node:util';

import type { Tally } from '../sim/fault-kinds.ts';
import { LEAST, manySchedules, seldomSurvived, tableOf } from '../sim/many.ts';
import type { ChunkResult } from './parallel.ts';
import { inParallel, isProgram, say, serve, tellFailures } from './parallel.ts';

const CHUNK = 50;

/** From so many schedules on every kind of fault must have occurred, and been survived, once in so many, up to `LEAST` times. */
const ENOUGH = 2_500;
const ONCE_IN = 400;

interface Settings {
  readonly from: number;
  readonly count: number;
  readonly stateFile: string | undefined;
}

function settingsOf(words: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      from: { type: 'string', default: '1' },
      count: { type: 'string', default: '20000' },
      state: { type: 'string' },
    },
  });
  const from = Number(values.from);
  const count = Number(values.count);
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || count < 1)
    throw new Error(`--from and --count are whole numbers; got ${values.from} and ${values.count}`);
  return { from, count, stateFile: values.state };
}

/** 0 if every schedule held and, where there were enough of them, every kind of fault fired often enough and was survived. */
export async function schedules(words: readonly string[]): Promise<0 | 1> {
  const { from, count, stateFile } = settingsOf(words);
  const { counts, failures, seconds } = await inParallel({
    part: 'schedules',
    job: `schedules ${from} +${count}`,
    chunks: Math.ceil(count / CHUNK),
    stateFile,
  });
  const run = counts['schedules'] ?? 0;
  say(
    `schedules ${run}, seeds ${from} to ${from + count - 1}, ${seconds.toFixed(0)} s, ${(run / seconds).toFixed(0)} a second`,
  );
  const survived = withoutPrefix(counts, SURVIVED);
  say(tableOf(withoutPrefix(counts, FIRED), survived));
  const failed = tellFailures(failures);
  const least = Math.min(LEAST, Math.floor(run / ONCE_IN));
  const seldom = run >= ENOUGH ? seldomSurvived(survived, least) : [];
  if (seldom.length > 0) say(`FAILED: survived fewer than ${least} times: ${seldom.join(', ')}`);
  return seldom.length > 0 ? 1 : failed;
}

const FIRED = 'fired ';
const SURVIVED = 'survived ';

function withoutPrefix(counts: Readonly<Record<string, number>>, prefix: string): Tally {
  return Object.fromEntries(
    Object.entries(counts).flatMap(([name, times]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), times]] : [],
    ),
  );
}

async function chunkOf(chunk: number): Promise<ChunkResult> {
  const { from, count } = settingsOf(process.argv.slice(2));
  const first = from + chunk * CHUNK;
  const behind = Math.min(first + CHUNK, from + count);
  const { fired, survived, failures } = await manySchedules(first, behind);
  const named = (prefix: string, tally: Tally): [string, number][] =>
    Object.entries(tally).map(([kind, times]) => [prefix + kind, times]);
  return {
    counts: {
      schedules: behind - first,
      ...Object.fromEntries([...named(FIRED, fired), ...named(SURVIVED, survived)]),
    },
    failures,
  };
}

serve('schedules', chunkOf);
if (isMainThread && isProgram('schedules')) process.exitCode = await schedules(process.argv.slice(2));
