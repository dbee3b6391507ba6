/** `node test/verify/long-tests.ts`: the tests that `npm test` leaves out, with the rest of their files. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { packageRoot as root } from '../../build/project.ts';
import { isProgram } from './parallel.ts';

function longFiles(): readonly string[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .filter((name) => readFileSync(join(root, name), 'utf8').includes("/long.ts'"))
    .sort();
}

/** 0 if all of them passed. Vitest says which did not, and how to repeat it. */
export function longTests(): Promise<0 | 1> {
  const words = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...longFiles()];
  const env = { ...process.env, BATON_LONG_TESTS: '1' };
  const { status } = spawnSync(process.execPath, words, { cwd: root, env, stdio: 'inherit' });
  return Promise.resolve(status === 0 ? 0 : 1);
}

if (isProgram('long-tests')) process.exitCode = await longTests();
