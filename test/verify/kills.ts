/**
 * Runs on the real local stack while random processes of it are killed with -9, every half to three seconds; afterwards the
 * warehouse is asked by SQL: nothing lost, nothing doubled, every run at its end.
 * `node build/run.js test/verify/kills.ts [--count 500] [--kills 100] [--seed 1]`
 */
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import type { Run } from '../../shared/run/run.ts';
import { isAtRest } from '../../shared/run/run.ts';
import { root, Stack } from '../e2e/stack.ts';
import { Random } from '../sim/random.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '500' },
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});
const count = Number(values.count);
const wanted = Number(values.kills);
const random = new Random(Number(values.seed));

const fixture = (name: string): string => join(root, 'test/fixtures/pipelines', name);
const stack = await Stack.start({ pipelines: { ledger: fixture('ledger'), setup: fixture('setup') } });
const startedAt = Date.now();
const kills: Record<string, number> = { lambda: 0, dynamodb: 0, redshift: 0 };
let over = false;

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      // The process that was asked has just been killed.
      if (attempt >= 60) throw error;
      await wait(250);
    }
  }
}

async function kill(): Promise<void> {
  for (let done = 0; done < wanted && !over;) {
    await wait(500 + random.below(2_500));
    const { processes } = (await stack.admin('GET', 'status')) as {
      processes: { name: string; pid?: number }[];
    };
    const chosen = random.pick(processes);
    if (chosen?.pid === undefined) continue;
    try {
      process.kill(chosen.pid, 'SIGKILL');
      kills[chosen.name] = (kills[chosen.name] ?? 0) + 1;
      done += 1;
    } catch {
      // Gone already; it is being started again.
    }
  }
}

async function drop(): Promise<void> {
  for (let i = 1; i <= count; i += 1)
    await patiently(() => stack.put(`ledger/${i}.csv`, `entry,amount\n${i},${i * 3}\n${i},${i * 5}\n`));
}

async function runsAtRest(): Promise<number> {
  const runs = await stack.runs('ledger');
  return runs.filter((run) => isAtRest(run) && run.owed === undefined).length;
}

async function untilAllRest(): Promise<void> {
  const end = Date.now() + 1_500_000;
  for (let rest = 0; rest < count;) {
    await wait(1_000);
    // A minute of the local clock, and a round of the sweep: it is the only one who knows of what was lost.
    await patiently(() => stack.sweep());
    rest = await patiently(runsAtRest);
    if (Date.now() > end) throw new Error(`stuck: ${rest} of ${count} runs are at rest`);
  }
}

try {
  const killing = kill();
  await drop();
  await killing;
  await untilAllRest();
  over = true;
  await wait(2_000);
  const runs = await patiently(() => stack.runs('ledger'));
  const of = (state: Run['state']): number => runs.filter((run) => run.state === state).length;
  const succeeded = of('SUCCEEDED');
  const lost = await patiently(() => stack.count(`SELECT ${count} - COUNT(DISTINCT entry) FROM ledger`));
  const doubled = await patiently(() =>
    stack.count('SELECT COUNT(*) FROM (SELECT entry FROM ledger GROUP BY entry HAVING COUNT(*) <> 2) d'),
  );
  const totals = await patiently(() =>
    stack.count(
      'SELECT COUNT(*) FROM (SELECT run_id FROM ledger_total GROUP BY run_id HAVING COUNT(*) <> 1) d',
    ),
  );
  const undecided = of('NEEDS_DECISION');
  process.stdout.write(
    `${runs.length} runs of ${count} files, ${Object.entries(kills)
      .map(([name, n]) => `${name} killed ${n}`)
      .join(', ')}: ${succeeded} succeeded, ` +
      `${undecided} need a decision, ${lost} lost, ${doubled + totals} doubled, in ${Math.round((Date.now() - startedAt) / 1000)} s\n`,
  );
  for (const run of runs)
    if (run.state !== 'SUCCEEDED')
      process.stdout.write(`  ${run.id} ${run.state} ${run.error?.message ?? ''}\n`);
  if (succeeded !== count || lost !== 0 || doubled + totals !== 0) process.exitCode = 1;
} finally {
  over = true;
  await stack.stop();
}
