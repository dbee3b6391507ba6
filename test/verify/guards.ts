/**
 * `node test/verify/guards.ts [--seeds 600] [--only WORDS] [--state FILE] [--lanes N]`: every guard of the protocol is
 * removed in a copy of the tree, and the crash points and schedules must notice it. What they do not notice is shown to
 * the smallest configurations, then to the tests of the engine, the
 * facts of the core, and the contract suite of the stores.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { parseArgs } from 'node:util';

import type { Guard } from './guard-list.ts';
import { guards as list } from './guard-list.ts';
import { isProgram, say } from './parallel.ts';
import { codeHash, keep, restored } from './state-file.ts';

/** A run that goes round for ever was noticed too: it is silent for so long. */
const LONGEST_SILENCE_MS = 90_000;

const COPIED = [
  'shared',
  'local',
  'cli',
  'build',
  'docs',
  'test',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];

const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1'];

/** Who is asked, one after the other, until somebody notices. */
const JUDGES = [
  {
    by: 'by the schedules and crash points',
    words: (seeds: string) => ['test/verify/guard-check.ts', 'schedules', seeds],
  },
  {
    by: 'by the smallest configurations',
    words: () => ['test/verify/guard-check.ts', 'interleavings'],
  },
  {
    by: 'by the tests of the engine',
    words: () => [...VITEST, 'test/engine', '--exclude', '**/crash-points.test.ts'],
  },
  { by: 'by the facts of the core', words: () => [...VITEST, 'test/run'] },
  {
    by: 'by the contract suite of the stores',
    words: () => [...VITEST, 'test/store/memory-run-store.test.ts', 'test/store/dynamodb-run-store.test.ts'],
  },
] as const;

/** The untouched tree must hold, or a verdict means nothing. */
const NOTHING: Guard = { name: 'nothing removed', edits: [] };

interface Verdict {
  /** Undefined: nobody noticed. */
  readonly noticed: (typeof JUDGES)[number]['by'] | undefined;
  readonly how: string;
}

interface State {
  /** Of the sources and tests that were judged. */
  readonly code: string;
  readonly verdicts: Record<string, Verdict>;
}

/** 0 if every guard was noticed, but for those that another one backs and those out of reach. */
export async function guards(words: readonly string[]): Promise<0 | 1> {
  const { values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      seeds: { type: 'string', default: '600' },
      only: { type: 'string', default: '' },
      state: { type: 'string' },
      lanes: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const { seeds, only, state: file } = values;
  const base = join(process.cwd(), 'node_modules');
  if (!existsSync(base)) throw new Error(`${process.cwd()} is not the root of the project`);
  const state = restored<State>(file, { code: `${codeHash(COPIED)} ${seeds}`, verdicts: {} }, say);
  const chosen = [NOTHING, ...list.filter(({ name }) => name.includes(only))];
  const left = chosen.filter(({ name }) => state.verdicts[name] === undefined);
  if (left.length < chosen.length) say(`${chosen.length - left.length} were done before`);
  const lane = async (): Promise<void> => {
    for (let guard = left.shift(); guard !== undefined; guard = left.shift()) {
      const verdict = await verdictOn(guard, seeds);
      state.verdicts[guard.name] = verdict;
      keep(file, state);
      say(lineOf(guard, verdict));
    }
  };
  // Alone and first: if the untouched tree does not hold, no verdict means anything.
  if (left[0] === NOTHING) {
    const rest = left.splice(1);
    await lane();
    if (state.verdicts[NOTHING.name]?.noticed === undefined) left.push(...rest);
  }
  await Promise.all(Array.from({ length: Number(values.lanes) }, lane));
  return tell(chosen, state.verdicts, seeds);
}

function tell(chosen: readonly Guard[], verdicts: State['verdicts'], seeds: string): 0 | 1 {
  const untouched = verdicts[NOTHING.name];
  if (untouched?.noticed !== undefined) {
    say(`FAILED with no guard removed, ${untouched.noticed}: ${untouched.how}`);
    return 1;
  }
  const removed = chosen.filter((guard) => guard !== NOTHING);
  const unnoticed = removed.filter(({ name }) => verdicts[name]?.noticed === undefined);
  const missed = unnoticed.filter(({ backedBy, outOfReach }) => (backedBy ?? outOfReach) === undefined);
  const noticed = JUDGES.map(
    ({ by }) => `${removed.filter(({ name }) => verdicts[name]?.noticed === by).length} ${by}`,
  );
  say(
    `guards removed: ${removed.length}, with ${seeds} schedules and all crash points; noticed ${noticed.join(', ')}; ` +
      `not noticed ${unnoticed.length} (backed by another guard ` +
      `${unnoticed.filter(({ backedBy }) => backedBy !== undefined).length}, out of reach ` +
      `${unnoticed.filter(({ outOfReach }) => outOfReach !== undefined).length}, missed ${missed.length})`,
  );
  for (const guard of missed) say(`MISSED ${guard.name}`);
  return missed.length > 0 ? 1 : 0;
}

function lineOf({ name, backedBy, outOfReach }: Guard, { noticed, how }: Verdict): string {
  const why =
    backedBy === undefined
      ? outOfReach === undefined
        ? ''
        : `\n               out of reach of the schedules: ${outOfReach}`
      : `\n               backed by ${backedBy}`;
  if (noticed !== undefined) return `noticed      ${name}\n               ${noticed}: ${how}${why}`;
  return `not noticed  ${name}${why}`;
}

async function verdictOn(guard: Guard, seeds: string): Promise<Verdict> {
  const copy = mkdtempSync(join(tmpdir(), 'baton-guard-'));
  try {
    for (const name of COPIED) cpSync(join(process.cwd(), name), join(copy, name), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'), 'dir');
    for (const { file, find, replace } of guard.edits) {
      const path = join(copy, file);
      const text = readFileSync(path, 'utf8');
      if (text.split(find).length !== 2)
        throw new Error(`guard "${guard.name}": this is not once in ${file}; adapt guard-list.ts:\n${find}`);
      writeFileSync(
        path,
        text.replace(find, () => replace),
      );
    }
    for (const { by, words } of JUDGES) {
      const { failed, said } = await run(copy, words(seeds));
      if (failed) {
        const how = /^ *(?:×|FAIL .* >) (.*)$/m.exec(said)?.[1] ?? said.split('\n')[0];
        return { noticed: by, how: how ?? '' };
      }
    }
    return { noticed: undefined, how: '' };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function run(folder: string, words: string[]): Promise<{ failed: boolean; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let silence: NodeJS.Timeout | undefined;
    const listen = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => child.kill('SIGKILL'), LONGEST_SILENCE_MS);
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      listen();
    });
    // Signs of life, and the errors of what does not even start.
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (text.replaceAll('.', '') !== '') said += text;
      listen();
    });
    listen();
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(silence);
      resolve({ failed: code !== 0, said: code === null ? 'it never ended' : said.trim() });
    });
  });
}

if (isMainThread && isProgram('guards')) process.exitCode = await guards(process.argv.slice(2));
