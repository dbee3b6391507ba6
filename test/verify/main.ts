/** `npm run verify -- [schedules|pairs|guards] [the part's own options]`: without a part all of them. */
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

import { guards } from './guards.ts';
import { pairs } from './pairs.ts';
import { say } from './parallel.ts';
import { schedules } from './schedules.ts';

const PARTS: Readonly<Record<string, (words: readonly string[]) => Promise<0 | 1>>> = {
  schedules,
  pairs,
  guards,
};

async function verify(words: readonly string[]): Promise<number> {
  const [named, ...options] = words;
  if (named === undefined) {
    let code = 0;
    for (const [name, part] of Object.entries(PARTS)) {
      say(`== ${name}`);
      code = Math.max(code, await part([]));
    }
    return code;
  }
  const part = PARTS[named];
  if (part === undefined) {
    process.stderr.write(`verify: there is no part ${named}; there are ${Object.keys(PARTS).join(', ')}\n`);
    return 2;
  }
  return part(options);
}

// The parts' workers are this program too.
if (isMainThread) process.exitCode = await verify(process.argv.slice(2));
