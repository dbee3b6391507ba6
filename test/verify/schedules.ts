/** `node build/run.js test/verify/schedules.ts --from 1 --count 20000 [--state FILE]`: many schedules of the simulator. */
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { parseArgs } from 'node:util';

import { addTally, noTally, simulate } from '../sim/simulate.ts';
import type { ChunkResult, Failure } from './parallel.ts';
import { inParallel, isProgram, say, serve, tellFailures } from './parallel.ts';

const CHUNK = 50;

/** A fault that fired more seldom shows nothing. */
const LEAST = 100;

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

/** 0 if every schedule held and, where there were enough of them, every fault fired often enough. */
export async function schedules(words: readonly string[]): Promise<0 | 1> {
  const { from, count, stateFile } = settingsOf(words);
  const { counts, failures, seconds } = await inParallel({
    part: 'schedules',
    job: `schedules ${from} +${count}`,
    chunks: Math.ceil(count / CHUNK),
    stateFile,
  });
  const { schedules: run = 0, ...faults } = counts;
  say(
    `schedules ${run}, seeds ${from} to ${from + count - 1}, ${seconds.toFixed(0)} s, ${(run / seconds).toFixed(0)} a second`,
  );
  for (const [kind, times] of Object.entries(faults)) say(`  ${kind.padEnd(18)} ${times}`);
  const seldom = Object.entries(faults).filter(([, times]) => times < LEAST);
  if (run >= 20_000 && seldom.length > 0) {
    say(`FAILED: fired fewer than ${LEAST} times: ${seldom.map(([kind]) => kind).join(', ')}`);
    return 1;
  }
  return tellFailures(failures);
}

async function chunkOf(chunk: number): Promise<ChunkResult> {
  const { from, count } = settingsOf(process.argv.slice(2));
  const total = noTally();
  const failures: Failure[] = [];
  const first = from + chunk * CHUNK;
  const behind = Math.min(first + CHUNK, from + count);
  for (let seed = first; seed < behind; seed += 1) {
    try {
      addTally(total, await simulate(seed));
    } catch (error) {
      failures.push({
        message: error instanceof Error ? error.message : String(error),
        repeat: `BATON_SEED=${seed} npx vitest run test/sim`,
      });
    }
  }
  return { counts: { schedules: behind - first, ...total }, failures };
}

serve('schedules', chunkOf);
if (isMainThread && isProgram('schedules')) process.exitCode = await schedules(process.argv.slice(2));
