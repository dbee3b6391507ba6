/**
 * `node build/run.js test/verify/interleavings.ts [--state FILE]`: small configurations, each explored until no state is
 * left. `--only 3,5` takes some of them; `--configuration 3 --path 0,3,1` shows one way in words.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import { configurations } from './interleavings/configuration.ts';
import { explore, walk } from './interleavings/explore.ts';
import type { ChunkResult } from './parallel.ts';
import { inParallel, isProgram, say, serve, tellFailures } from './parallel.ts';

const TELL_EVERY_MS = 20_000;

/** 0 if every state of every configuration holds. */
export async function interleavings(words: readonly string[]): Promise<0 | 1> {
  const { only, configuration, path, state } = settingsOf(words);
  if (path !== undefined) return show(configuration, path);
  const { counts, failures } = await inParallel({
    part: 'interleavings',
    job: `interleavings ${only.map((index) => configurations[index]?.name).join('; ')}`,
    chunks: only.length,
    stateFile: state,
  });
  for (const index of only) {
    const of = (what: string): number => counts[`${index} ${what}`] ?? 0;
    if (of('states') === 0) continue;
    say(
      `${of('states')} states, ${of('transitions')} transitions, ${of('depth')} deep, ${of('ends')} ends, ` +
        `${of('seconds')} s, ${of('complete') === 1 ? 'complete' : 'NOT COMPLETE'}: ${configurations[index]?.name}`,
    );
  }
  return tellFailures(failures);
}

function settingsOf(words: readonly string[]): {
  only: number[];
  configuration: number;
  path: string | undefined;
  state: string | undefined;
} {
  const { values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      state: { type: 'string' },
      only: { type: 'string' },
      configuration: { type: 'string', default: '0' },
      path: { type: 'string' },
    },
  });
  const all = [...configurations.keys()];
  const only = values.only === undefined ? all : values.only.split(',').map(Number);
  const configuration = Number(values.configuration);
  if (![...only, configuration].every((index) => all.includes(index)))
    throw new Error(`configurations are numbered 0 to ${configurations.length - 1}`);
  return { only, configuration, path: values.path, state: values.state };
}

async function show(index: number, path: string): Promise<0> {
  const configuration = configurations[index];
  if (configuration === undefined) throw new Error(`there is no configuration ${index}`);
  const { labels, state, next } = await walk(configuration, path === '' ? [] : path.split(',').map(Number));
  for (const [i, label] of labels.entries()) say(`${String(i + 1).padStart(4)} ${label}`);
  say(JSON.stringify(state, undefined, 2));
  say('from here:');
  for (const [i, label] of next.entries()) say(`${String(i).padStart(4)}: ${label}`);
  return 0;
}

async function chunkOf(chunk: number): Promise<ChunkResult> {
  const index = settingsOf(process.argv.slice(2)).only[chunk];
  const configuration = configurations[index ?? -1];
  if (index === undefined || configuration === undefined) throw new Error(`there is no chunk ${chunk}`);
  const started = performance.now();
  let told = started;
  const { states, transitions, depth, ends, complete, violation } = await explore(configuration, {
    progress: (seen, waiting, level) => {
      if (performance.now() - told < TELL_EVERY_MS) return;
      told = performance.now();
      process.stderr.write(`  ${index}: ${seen} states, ${waiting} waiting, ${level} deep\n`);
    },
  });
  const seconds = Math.round((performance.now() - started) / 1000);
  const counts = { states, transitions, depth, ends, seconds, complete: complete ? 1 : 0 };
  return {
    counts: Object.fromEntries(Object.entries(counts).map(([what, count]) => [`${index} ${what}`, count])),
    failures:
      violation === undefined
        ? []
        : [
            {
              message: `${configuration.name}: ${violation.rule}`,
              repeat: `node build/run.js test/verify/interleavings.ts --configuration ${index} --path ${violation.path.join()}`,
            },
          ],
  };
}

serve('interleavings', chunkOf);
if (isMainThread && isProgram('interleavings')) process.exitCode = await interleavings(process.argv.slice(2));
