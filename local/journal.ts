/** A small map that survives its process: one line of JSON for each change, rewritten when it is opened. */
import { JsonLines } from './json-lines.ts';

type Line<V> = { readonly id: string; readonly value?: V };

/** Lines from which on the file is rewritten, when most of them say nothing any more. */
const LONG_FILE = 5000;

export class Journal<V> {
  readonly #file: JsonLines<Line<V>>;
  readonly #values = new Map<string, V>();
  #lines = 0;

  constructor(file: string) {
    this.#file = new JsonLines(file);
    for (const { id, value } of this.#file.read()) {
      if (value === undefined) this.#values.delete(id);
      else this.#values.set(id, value);
    }
    this.#rewrite();
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
    this.#file.close();
  }

  #append(line: Line<V>): void {
    if (!this.#file.isOpen) return;
    this.#file.append(line);
    this.#lines += 1;
    if (this.#lines > LONG_FILE && this.#lines > 4 * this.#values.size) this.#rewrite();
  }

  #rewrite(): void {
    this.#file.replace([...this.#values].map(([id, value]) => ({ id, value })));
    this.#lines = this.#values.size;
  }
}
