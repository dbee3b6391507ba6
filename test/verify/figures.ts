/** What each part has found, kept as a JSON line with its command and commit; and the table of the latest of each. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import process from 'node:process';

interface Figures {
  readonly part: string;
  readonly command: string;
  /** Short hash of HEAD; `+changes` where the tree differed from it. Empty: no git here. */
  readonly commit: string;
  /** ISO 8601. */
  readonly at: string;
  readonly node: string;
  readonly cores: number;
  /** Of this run of the program alone; a part that goes on where it was says its own total. */
  readonly seconds: number;
  readonly holds: boolean;
  /** What the part said. */
  readonly said: readonly string[];
}

/** Does `work` and keeps what it says meanwhile; it is written to standard output all the same. */
export async function withFigures(
  part: string,
  words: readonly string[],
  file: string,
  work: () => Promise<0 | 1>,
): Promise<0 | 1> {
  const commit = commitNow();
  const started = performance.now();
  const write = process.stdout.write.bind(process.stdout);
  let text = '';
  process.stdout.write = (chunk: Uint8Array | string, ...more: never[]): boolean => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return write(chunk, ...more);
  };
  let code: 0 | 1;
  try {
    code = await work();
  } finally {
    process.stdout.write = write;
  }
  const figures: Figures = {
    part,
    command: ['npm run verify --', part, ...words].join(' '),
    commit,
    at: new Date().toISOString(),
    node: process.version,
    cores: availableParallelism(),
    seconds: Math.round((performance.now() - started) / 1000),
    holds: code === 0,
    said: text.split('\n').filter((line) => line !== ''),
  };
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(figures)}\n`);
  return code;
}

/** The latest figures of each part as a table in Markdown. */
export function tableOf(file: string, parts: readonly string[]): string[] {
  const latest = new Map<string, Figures>();
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    if (line === '') continue;
    const figures = JSON.parse(line) as Figures;
    latest.set(figures.part, figures);
  }
  const rows = parts.flatMap((part) => {
    const figures = latest.get(part);
    if (figures === undefined) return [];
    const { command, commit, at, said, holds, node, cores } = figures;
    const done = said.filter((line) => !DETAIL.test(line)).slice(-MOST_LINES);
    const where = `${commit}, ${at.slice(0, 10)}, Node ${node.slice(1).split('.')[0] ?? ''}, ${cores} cores`;
    return [
      `| ${part} | \`${command}\` | ${done.join('<br>').replaceAll('|', '\\|')} | ${holds ? 'holds' : 'DOES NOT HOLD'} | ${where} |`,
    ];
  });
  return ['| part | command | what was done | verdict | of |', '| --- | --- | --- | --- | --- |', ...rows];
}

/** What is indented or in JSON, and the single guards and mutants that hold: the sum of them is told too. */
const DETAIL = /^(?: |\{|noticed |not noticed |explained )/;

const MOST_LINES = 24;

function commitNow(): string {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const hash = git('rev-parse', '--short', 'HEAD');
    return git('status', '--porcelain', '--', 'shared', 'test') === '' ? hash : `${hash}+changes`;
  } catch {
    return '';
  }
}
