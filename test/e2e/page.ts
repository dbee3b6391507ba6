/**
 * A page of the documents as a reader follows it: the files it shows are written, the commands of its `console` blocks
 * are run in order, and what they print is compared with what the page shows.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { packageRoot as root } from '../../build/project.ts';
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

/** A line of the page that stands for any number of printed lines. */
const OMITTED = '...';

const RUN_ID = /\b[a-z][a-z0-9_]*-[a-z2-7]{26}\b/g;

/** Ids, times and durations differ each time, and with them the width of columns; so does whether something is waited for. */
function comparable(text: string): string[] {
  return text
    .replaceAll(RUN_ID, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/(?:< )?\b\d+(?:\.\d+)? (?:ms|s|min)\b/g, 'DURATION')
    .split('\n')
    .map((line) => line.trim().replaceAll(/ {2,}/g, '  '))
    .filter((line) => line !== '' && !line.startsWith('... '));
}

/** A folder for PATH in which `npx baton` is this project's command. */
function shimFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-npx-'));
  const command = `exec "${process.execPath}" "${join(root, 'bin', 'baton.js')}" "$@"`;
  writeFileSync(join(folder, 'npx'), `#!/bin/sh\nshift\n${command}\n`, { mode: 0o755 });
  return folder;
}

/** What the page shows, with what was printed in place of each line `...`. */
function withOmitted(shown: readonly string[], printed: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [i, line] of shown.entries()) {
    if (line !== OMITTED) {
      lines.push(line);
      continue;
    }
    const next = shown[i + 1];
    const end = next === undefined ? printed.length : printed.indexOf(next, lines.length);
    lines.push(...printed.slice(lines.length, Math.max(end, lines.length)));
  }
  return lines;
}

async function shell(command: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  const child = spawn('sh', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((ended) => child.once('close', (code) => ended({ code: code ?? -1, output })));
}

/** Plays pages in the working folder of this process, against one local AWS. */
export class Reader {
  readonly #env: NodeJS.ProcessEnv;
  readonly #beforeEdit: () => () => Promise<void>;

  /** @param beforeEdit called before a change of a file below `sql/`; what it gives waits until that is in effect */
  constructor(environment: Readonly<Record<string, string>>, beforeEdit: () => () => Promise<void>) {
    const path = `${shimFolder()}${delimiter}${process.env['PATH'] ?? ''}`;
    this.#env = { ...process.env, ...environment, PATH: path };
    this.#beforeEdit = beforeEdit;
  }

  /**
   * Types the page's commands, up to the first that prints something else than the page shows. One whose output the page
   * leaves out must succeed, another fails only if that is shown. With BATON_WRITE_PAGES=1 the page gets what was printed.
   *
   * @param path in the project's folder
   */
  async play(path: string): Promise<{ shown: string[]; printed: string[] }> {
    let page = readFileSync(join(root, path), 'utf8');
    const shown: string[] = [];
    const printed: string[] = [];
    /** Run ids of the page -> those that came here. */
    const ids = new Map<string, string>();
    for (const { command, output } of consoleOf(page)) {
      const typed = command.replaceAll(RUN_ID, (id) => ids.get(id) ?? id).replace(/ +#.*$/, '');
      const lines = comparable(output ?? '');
      const got =
        output !== undefined && /^npx baton (?:query "SELECT|local messages)/i.test(typed)
          ? await this.#typeUntil(typed, lines)
          : await this.type(typed);
      const fails = output !== undefined && /^ *(?:FAILED|error:)/m.test(output);
      const gotLines = comparable(got.output);
      shown.push(`$ ${command}`, ...withOmitted(lines, gotLines));
      printed.push(`$ ${command}`);
      const asExpected = (got.code !== 0) === fails;
      if (output !== undefined || !asExpected) printed.push(...gotLines);
      if (!asExpected) printed.push(`exit code ${got.code}`);
      const old = output?.match(RUN_ID) ?? [];
      for (const [i, id] of (got.output.match(RUN_ID) ?? []).entries()) ids.set(old[i] ?? id, id);
      if (isDeepStrictEqual(printed, shown)) continue;
      if (process.env['BATON_WRITE_PAGES'] !== '1' || output === undefined) return { shown, printed };
      page = page.replace(`$ ${command}\n${output}`, () => `$ ${command}\n${got.output}`);
      shown.splice(0, shown.length, ...printed);
    }
    if (process.env['BATON_WRITE_PAGES'] === '1')
      writeFileSync(
        join(root, path),
        page.replaceAll(RUN_ID, (id) => ids.get(id) ?? id),
      );
    return { shown, printed };
  }

  /** What runs that no command waits for have written is there a little later. */
  async #typeUntil(command: string, lines: readonly string[]): Promise<{ code: number; output: string }> {
    const end = Date.now() + 20_000;
    for (;;) {
      const got = await this.type(command);
      if (Date.now() > end || isDeepStrictEqual(comparable(got.output), lines)) return got;
      await wait(100);
    }
  }

  /** Runs one command; `baton` within this process, which saves the start of another. */
  async type(command: string): Promise<{ code: number; output: string }> {
    if (!/^npx baton [^|&;<>]*$/.test(command)) {
      const edited = / sql\/\S+$/.test(command) ? this.#beforeEdit() : undefined;
      const got = await shell(command, this.#env);
      await edited?.();
      return got;
    }
    const words = (command.slice('npx baton '.length).match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) =>
      word.replaceAll(/^["']|["']$/g, ''),
    );
    let output = '';
    const stream = { write: (text: string) => (output += text) };
    const code = await runCommand(words, {
      stdout: stream,
      stderr: stream,
      env: this.#env,
      signal: new AbortController().signal,
    });
    return { code, output };
  }
}
