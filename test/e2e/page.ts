/**
 * A page of the documents as a reader follows it: the files it shows are written, the commands of its `console` blocks
 * are run in order, and what they print is compared with what the page shows.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { expect } from 'vitest';

import { runCommand } from '../../cli/command.ts';

export interface Shown {
  readonly command: string;
  /** Absent: the page shows none, so any will do if the command succeeds. */
  readonly output?: string;
}

/**
 * Files that the page shows: blocks whose first line is a comment with a path below `sql/`, and blocks after a line that
 * is a path between back ticks with a colon.
 */
export function filesOf(markdown: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const [, titled, block = ''] of markdown.matchAll(/(?:^`(\S+)`:\n+)?^```\w+\n([^]*?)^```$/gm)) {
    if (titled !== undefined) files.set(titled, block);
    else if (/^(?:#|--) sql\//.test(block)) {
      for (const part of block.split(/^(?=(?:#|--) sql\/)/m)) {
        const [, path = '', text = ''] = /^\S+ (\S+)\n([^]*)$/.exec(part) ?? [];
        files.set(path, text);
      }
    }
  }
  return files;
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** The commands of the page's `console` blocks, in order: lines after `$ `, and the lines that follow each. */
export function consoleOf(markdown: string): Shown[] {
  return [...markdown.matchAll(/^```console\n([^]*?)^```$/gm)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .filter((part) => part !== '')
      .map((part) => {
        const [, command = '', output = ''] = /^(.*)\n([^]*)$/.exec(part) ?? [];
        return output.trim() === '' ? { command } : { command, output };
      }),
  );
}

const RUN_ID = /\b[a-z][a-z0-9_]*-[a-z2-7]{26}\b/g;

/** Ids, times and durations differ each time, and with them the width of columns. */
function comparable(text: string): string[] {
  return text
    .replaceAll(RUN_ID, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b\d+(?:\.\d+)? (?:ms|s|min)\b/g, 'DURATION')
    .split('\n')
    .map((line) => line.trim().replaceAll(/ {2,}/g, '  '))
    .filter((line) => line !== '');
}

async function shell(command: string, cwd: string): Promise<{ code: number; output: string }> {
  const child = spawn('sh', ['-c', command], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((ended) => child.once('close', (code) => ended({ code: code ?? -1, output })));
}

/** Plays pages in the working folder of this process, against one local AWS. */
export class Reader {
  readonly #env: Readonly<Record<string, string>>;

  constructor(environment: Readonly<Record<string, string>>) {
    this.#env = environment;
  }

  /** Types the commands; each has the output that the page shows, and fails only if that shows a failure. */
  async play(page: string, commands: readonly Shown[]): Promise<void> {
    /** Run ids of the page -> those that came here. */
    const ids = new Map<string, string>();
    for (const { command, output } of commands) {
      const typed = command.replaceAll(RUN_ID, (id) => ids.get(id) ?? id).replace(/ +#.*$/, '');
      const got = await this.type(typed);
      const place = `${page}: ${command}`;
      if (output === undefined) {
        expect({ place, ...got }).toMatchObject({ place, code: 0 });
        continue;
      }
      expect({ place, lines: comparable(got.output) }).toEqual({ place, lines: comparable(output) });
      const failed = /^ *(?:FAILED|error:)/m.test(output);
      expect({ place, failed: got.code !== 0 }).toEqual({ place, failed });
      const real = got.output.match(RUN_ID) ?? [];
      for (const [i, id] of (output.match(RUN_ID) ?? []).entries()) ids.set(id, real[i] ?? id);
    }
  }

  /** Runs one command; `baton` within this process, which saves the start of another. */
  async type(command: string): Promise<{ code: number; output: string }> {
    if (!command.startsWith('npx baton ')) return shell(command, process.cwd());
    const words = (command.slice('npx baton '.length).match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) =>
      word.replaceAll(/^["']|["']$/g, ''),
    );
    let output = '';
    const stream = { write: (text: string) => (output += text) };
    const code = await runCommand(words, {
      stdout: stream,
      stderr: stream,
      env: { ...process.env, ...this.#env },
      signal: new AbortController().signal,
    });
    return { code, output };
  }
}
