/** A small map that survives its process: one line of JSON for each change, rewritten when it is opened. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

type Line<V> = { readonly id: string; readonly value?: V };

/** Lines from which on the file is rewritten, when most of them say nothing any more. */
const LONG_FILE = 5000;

export class Journal<V> {
  readonly #file: string;
  readonly #values: Map<string, V>;
  #descriptor: number;
  #lines = 0;

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#file = file;
    this.#values = read(file);
    this.#descriptor = this.#rewrite();
  }

  get size(): number {
    return this.#values.size;
  }

  get(id: string): V | undefined {
    return this.#values.get(id);
  }

  ids(): readonly string[] {
    return [...this.#values.keys()];
  }

  values(): readonly V[] {
    return [...this.#values.values()];
  }

  set(id: string, value: V): void {
    this.#values.set(id, value);
    this.#append({ id, value });
  }

  delete(id: string): void {
    if (this.#values.delete(id)) this.#append({ id });
  }

  /** May be called again. */
  close(): void {
    if (this.#descriptor < 0) return;
    closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  #append(line: Line<V>): void {
    if (this.#descriptor < 0) return;
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
    this.#lines += 1;
    if (this.#lines > LONG_FILE && this.#lines > 4 * this.#values.size) {
      closeSync(this.#descriptor);
      this.#descriptor = this.#rewrite();
    }
  }

  #rewrite(): number {
    const lines = [...this.#values].map(([id, value]) => `${JSON.stringify({ id, value })}\n`);
    writeFileSync(`${this.#file}.new`, lines.join(''));
    renameSync(`${this.#file}.new`, this.#file);
    this.#lines = this.#values.size;
    return openSync(this.#file, 'a');
  }
}

function read<V>(file: string): Map<string, V> {
  const values = new Map<string, V>();
  if (!existsSync(file)) return values;
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    if (text === '') continue;
    let line: Line<V>;
    try {
      line = JSON.parse(text) as Line<V>;
    } catch {
      // The last line of a killed process: its change never happened.
      continue;
    }
    if (line.value === undefined) values.delete(line.id);
    else values.set(line.id, line.value);
  }
  return values;
}
