/**
 * A file of JSON lines that survives a killed process. A line is written with one system call, so a change is on file
 * when `append` returns; a line that was cut off is no change, and is ignored.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export class JsonLines<L> {
  readonly #path: string;
  #descriptor = -1;

  /** Created when absent. Removes what a killed process left of its last line, so that the next line starts anew. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    const last = existsSync(path) ? readFileSync(path).at(-1) : undefined;
    if (last === undefined || last === 0x0a) this.#descriptor = openSync(path, 'a');
    else this.replace(this.read());
  }

  get isOpen(): boolean {
    return this.#descriptor >= 0;
  }

  read(): readonly L[] {
    return readFileSync(this.#path, 'utf8')
      .split('\n')
      .flatMap(parseLine<L>);
  }

  append(line: L): void {
    writeSync(this.#descriptor, textOf(line));
  }

  /** Replaces all lines: a process killed meanwhile leaves either the old ones or these. */
  replace(lines: readonly L[]): void {
    this.close();
    writeFileSync(`${this.#path}.new`, lines.map(textOf).join(''));
    renameSync(`${this.#path}.new`, this.#path);
    this.#descriptor = openSync(this.#path, 'a');
  }

  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  /** May be called again. */
  close(): void {
    if (this.isOpen) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}

function textOf(line: unknown): string {
  return `${JSON.stringify(line)}\n`;
}

function parseLine<L>(text: string): L[] {
  if (text === '') return [];
  try {
    return [JSON.parse(text) as L];
  } catch {
    return [];
  }
}
