/** `npm run verify -- [PART] [the part's own options]`: without a part all of them, each going on where it was broken off. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

import { tableOf, withFigures } from './figures.ts';
import { guards } from './guards.ts';
import { interleavings } from './interleavings.ts';
import { kills } from './kills.ts';
import { longTests } from './long-tests.ts';
import { mutants } from './mutants.ts';
import { pairs } from './pairs.ts';
import { say } from './parallel.ts';
import { schedules } from './schedules.ts';

interface Part {
  readonly run: (words: readonly string[]) => Promise<0 | 1>;
  /** Its options where none are given. */
  readonly words: readonly string[];
  readonly help: string;
}

const FOLDER = join('.build', 'verify');
const FIGURES = join(FOLDER, 'figures.jsonl');

const stateOf = (part: string): string[] => ['--state', join(FOLDER, `${part}.json`)];

const PARTS: Readonly<Record<string, Part>> = {
  schedules: {
    run: schedules,
    words: ['--from', '1', '--count', '1000000', ...stateOf('schedules')],
    help: '[--from SEED] [--count N] [--state FILE]   random schedules of the simulator',
  },
  pairs: {
    run: pairs,
    words: stateOf('pairs'),
    help: '[--state FILE]   all single crash points, and all pairs',
  },
  interleavings: {
    run: interleavings,
    words: ['--compare', '9,12', ...stateOf('interleavings')],
    help: '[--only 0,1,2] [--compare 9,12] [--state FILE]   small configurations, every state of them',
  },
  guards: {
    run: guards,
    words: stateOf('guards'),
    help: '[--seeds N] [--only WORDS] [--state FILE]   each guard removed must be noticed',
  },
  mutants: {
    run: mutants,
    words: stateOf('mutants'),
    help: '[--only FILE[:LINE]] [--schedules N] [--state FILE]   small changes of the core must be noticed',
  },
  kills: {
    run: kills,
    words: ['--home', join(FOLDER, 'kills')],
    help: '[--count N] [--seed N] [--home DIR]   kill -9 on the real local stack',
  },
  tests: {
    run: longTests,
    words: [],
    help: '   the tests that npm test leaves out',
  },
  batches: {
    run: (words) => kills(['--batches', ...words]),
    words: ['--count', '2000', '--home', join(FOLDER, 'batches')],
    help: '[--count N] [--seed N] [--home DIR]   the same, while files are loaded in batches',
  },
};

const HELP = `npm run verify                    all parts; broken off, the same command goes on where it was
npm run verify -- PART [OPTIONS]  one part
npm run verify -- figures         the latest figures of each part, as a table

${Object.entries(PARTS)
  .map(([name, { help, words }]) => `  ${name} ${help}\n      without options: ${words.join(' ')}`)
  .join('\n')}

Without options a part keeps its state in ${FOLDER}: remove that folder to begin anew (figures of other code are not taken up
anyway). Each part ends with 1 if something does not hold, and prints the command that repeats it. What a part has found is
added to ${FIGURES}, a line of JSON with its command and commit.
`;

async function verify(words: readonly string[]): Promise<number> {
  const [named, ...options] = words;
  if (named === '--help' || named === '-h' || options.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  if (named === 'figures') {
    tellTable();
    return 0;
  }
  if (named !== undefined) {
    const part = PARTS[named];
    if (part === undefined) {
      process.stderr.write(
        `verify: there is no part ${named}; there are ${Object.keys(PARTS).join(', ')} (npm run verify -- --help)\n`,
      );
      return 2;
    }
    return done(named, part, options.length === 0 ? part.words : options);
  }
  let code = 0;
  for (const [name, part] of Object.entries(PARTS)) {
    say(`== ${name}`);
    code = Math.max(code, await done(name, part, part.words));
  }
  tellTable();
  return code;
}

async function done(name: string, part: Part, words: readonly string[]): Promise<0 | 1> {
  mkdirSync(FOLDER, { recursive: true });
  // A part's worker threads are this program again, and read their settings there.
  process.argv.splice(2, Infinity, name, ...words);
  return withFigures(name, words, FIGURES, () => part.run(words));
}

function tellTable(): void {
  for (const line of tableOf(FIGURES, Object.keys(PARTS))) say(line);
}

// The parts' workers are this program too.
if (isMainThread) process.exitCode = await verify(process.argv.slice(2));
