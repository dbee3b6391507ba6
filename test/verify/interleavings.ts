/**
 * `node test/verify/interleavings.ts [--state FILE]`: small configurations, each explored until no state is
 * left. `--only 3,5` takes some of them (`--only=` none); `--compare 9,12` explores these once more, with the drivers that can
 * have no effect any more, and compares what is reached; `--configuration 3 --path 0,3,1` shows one way in words.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import { batchConfigurations } from './interleavings/batches/configurations.ts';
import { exploreBatches, walkBatches } from './interleavings/batches/explore.ts';
import { compared } from './interleavings/compared.ts';
import { configurations } from './interleavings/configuration.ts';
import { explore, walk } from './interleavings/explore.ts';
import type { ChunkResult } from './parallel.ts';
import { inParallel, isProgram, say, serve, tellFailures } from './parallel.ts';

const TELL_EVERY_MS = 20_000;

/** 0 if every state of every configuration holds. */
export async function interleavings(words: readonly string[]): Promise<0 | 1> {
  const { only, compare, configuration, path, state } = settingsOf(words);
  if (path !== undefined) return show(configuration, path);
  const { counts, failures } = await inParallel({
    part: 'interleavings',
    job: `interleavings ${only.map(nameOf).join('; ')} compared ${compare.map(nameOf).join('; ')}`,
    chunks: only.length + compare.length,
    stateFile: state,
  });
  for (const index of only) {
    const of = (what: string): number => counts[`${index} ${what}`] ?? 0;
    if (of('states') === 0) continue;
    say(
      `${of('states')} states, ${of('transitions')} transitions, ${of('depth')} deep, ${of('ends')} ends, ` +
        `${of('seconds')} s, ${of('complete') === 1 ? 'complete' : 'NOT COMPLETE'}: ${nameOf(index)}`,
    );
  }
  for (const index of compare) {
    const of = (what: string): number => counts[`${index} compared ${what}`] ?? 0;
    if (of('states') === 0) continue;
    say(
      `${of('states')} states with drivers that have no effect any more, ${of('seconds')} s, the same ${of('same')} without a ` +
        `driver: ${nameOf(index)}`,
    );
  }
  return tellFailures(failures);
}

/** Those of batches come after those of one run. */
const ALL = [...configurations, ...batchConfigurations];

function nameOf(index: number): string {
  return ALL[index]?.name ?? '';
}

function settingsOf(words: readonly string[]): {
  only: number[];
  compare: number[];
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
      compare: { type: 'string' },
      configuration: { type: 'string', default: '0' },
      path: { type: 'string' },
    },
  });
  const all = [...ALL.keys()];
  const only = listOf(values.only) ?? all;
  const compare = listOf(values.compare) ?? [];
  const configuration = Number(values.configuration);
  if (![...only, ...compare, configuration].every((index) => all.includes(index)))
    throw new Error(`configurations are numbered 0 to ${ALL.length - 1}`);
  if (compare.some((index) => index >= configurations.length))
    throw new Error('--compare is for configurations of one run');
  return { only, compare, configuration, path: values.path, state: values.state };
}

function listOf(words: string | undefined): number[] | undefined {
  return words === undefined
    ? undefined
    : words
        .split(',')
        .filter((word) => word !== '')
        .map(Number);
}

async function show(index: number, path: string): Promise<0> {
  const moves = path === '' ? [] : path.split(',').map(Number);
  const configuration = configurations[index];
  const ofBatches = batchConfigurations[index - configurations.length];
  if (ofBatches !== undefined) {
    const { labels, state, next } = await walkBatches(ofBatches, moves);
    return tell(labels, [...state.store.runs.values()], next);
  }
  if (configuration === undefined) throw new Error(`there is no configuration ${index}`);
  const { labels, state, next } = await walk(configuration, moves);
  return tell(labels, state, next);
}

function tell(labels: readonly string[], state: unknown, next: readonly string[]): 0 {
  for (const [i, label] of labels.entries()) say(`${String(i + 1).padStart(4)} ${label}`);
  say(JSON.stringify(state, undefined, 2));
  say('from here:');
  for (const [i, label] of next.entries()) say(`${String(i).padStart(4)}: ${label}`);
  return 0;
}

async function chunkOf(chunk: number): Promise<ChunkResult> {
  const { only, compare } = settingsOf(process.argv.slice(2));
  const isCompared = chunk >= only.length;
  const index = isCompared ? compare[chunk - only.length] : only[chunk];
  if (index === undefined) throw new Error(`there is no chunk ${chunk}`);
  const started = performance.now();
  const seconds = (): number => Math.round((performance.now() - started) / 1000);
  let told = started;
  const progress = (seen: number, waiting: number, level: number): void => {
    if (performance.now() - told < TELL_EVERY_MS) return;
    told = performance.now();
    process.stderr.write(`  ${index}: ${seen} states, ${waiting} waiting, ${level} deep\n`);
  };
  const configuration = configurations[index];
  if (isCompared && configuration !== undefined) {
    const { states, same, failure } = await compared(configuration, progress);
    return {
      counts: prefixed(`${index} compared`, { states, same, seconds: seconds() }),
      failures:
        failure === undefined
          ? []
          : [
              {
                message: `${configuration.name}: ${failure}`,
                repeat: `npm run verify -- interleavings --only= --compare ${index}`,
              },
            ],
    };
  }
  const ofBatches = batchConfigurations[index - configurations.length];
  const explored =
    configuration === undefined
      ? ofBatches && (await exploreBatches(ofBatches, { progress, most: ofBatches.most }))
      : await explore(configuration, { progress });
  if (explored === undefined) throw new Error(`there is no configuration ${index}`);
  const { states, transitions, depth, ends, complete, violation } = explored;
  return {
    counts: prefixed(String(index), {
      states,
      transitions,
      depth,
      ends,
      seconds: seconds(),
      complete: complete ? 1 : 0,
    }),
    failures:
      violation === undefined
        ? []
        : [
            {
              message: `${nameOf(index)}: ${violation.rule}`,
              repeat: `npm run verify -- interleavings --configuration ${index} --path ${violation.path.join()}`,
            },
          ],
  };
}

function prefixed(prefix: string, counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([what, count]) => [`${prefix} ${what}`, count]));
}

serve('interleavings', chunkOf);
if (isMainThread && isProgram('interleavings')) process.exitCode = await interleavings(process.argv.slice(2));
