/**
 * `node build/run.js test/verify/guards.ts [--seeds 600] [--only WORDS]`: every guard of the protocol is removed in a
 * copy of the tree, and the crash points and schedules must notice it. What they do not notice is shown to the tests.
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

/** A run that goes round for ever was noticed too. */
const LONGEST_MS = 180_000;

const COPIED = ['shared', 'test', 'build', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

const UNIT_TESTS = ['test/engine/drive.test.ts', 'test/engine/rebuild.test.ts'];

/** The untouched tree must hold, or a verdict means nothing. */
const NOTHING: Guard = { name: 'nothing removed', edits: [] };

type Verdict =
  | { readonly noticed: 'by the schedules and crash points' | 'by the tests'; readonly how: string }
  | { readonly noticed: 'not'; readonly how: string };

/** 0 if every guard was noticed, but for those that another one backs and those out of reach. */
export async function guards(words: readonly string[]): Promise<0 | 1> {
  const { values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { seeds: { type: 'string', default: '600' }, only: { type: 'string', default: '' } },
  });
  const { seeds, only } = values;
  const base = join(process.cwd(), 'node_modules');
  if (!existsSync(base)) throw new Error(`${process.cwd()} is not the root of the project`);
  const untouched = await verdictOn(NOTHING, seeds);
  if (untouched.noticed !== 'not') {
    say(`FAILED with no guard removed: ${untouched.how}`);
    return 1;
  }
  const left = list.filter((guard) => guard.name.includes(only));
  const verdicts = new Map<Guard, Verdict>();
  const lane = async (): Promise<void> => {
    for (let guard = left.shift(); guard !== undefined; guard = left.shift()) {
      const verdict = await verdictOn(guard, seeds);
      verdicts.set(guard, verdict);
      say(lineOf(guard, verdict));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  const unnoticed = [...verdicts].filter(([, { noticed }]) => noticed === 'not').map(([guard]) => guard);
  const missed = unnoticed.filter(({ backedBy, outOfReach }) => (backedBy ?? outOfReach) === undefined);
  const byTests = [...verdicts.values()].filter(({ noticed }) => noticed === 'by the tests').length;
  say(
    `guards removed: ${verdicts.size}; noticed by ${seeds} schedules and all crash points: ` +
      `${verdicts.size - byTests - unnoticed.length}, by the tests only: ${byTests}, not noticed: ${unnoticed.length} ` +
      `(backed by another guard: ${unnoticed.filter(({ backedBy }) => backedBy !== undefined).length}, ` +
      `out of reach: ${unnoticed.filter(({ outOfReach }) => outOfReach !== undefined).length}, missed: ${missed.length})`,
  );
  return missed.length > 0 ? 1 : 0;
}

function lineOf(guard: Guard, { noticed, how }: Verdict): string {
  if (noticed !== 'not') return `noticed      ${guard.name}\n               ${noticed}: ${how}`;
  if (guard.backedBy !== undefined)
    return `not noticed  ${guard.name}\n               backed by ${guard.backedBy}`;
  if (guard.outOfReach !== undefined)
    return `not noticed  ${guard.name}\n               out of reach: ${guard.outOfReach}`;
  return `NOT NOTICED  ${guard.name}`;
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
    const checked = await run(copy, ['build/run.js', 'test/verify/guard-check.ts', seeds]);
    if (checked.failed) return { noticed: 'by the schedules and crash points', how: checked.said };
    const tested = await run(copy, ['node_modules/vitest/vitest.mjs', 'run', ...UNIT_TESTS]);
    if (!tested.failed) return { noticed: 'not', how: '' };
    return { noticed: 'by the tests', how: /^ *× (.*)$/m.exec(tested.said)?.[1] ?? 'a test fails' };
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
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ failed: code !== 0, said: code === null ? 'it never ended' : said.trim() });
    });
  });
}

if (isMainThread && isProgram('guards')) process.exitCode = await guards(process.argv.slice(2));
