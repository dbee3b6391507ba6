/**
 * Results on disk, one line a row in the form the answer needs, so that a large result costs no memory and
 * outlives the process. Each belongs to a statement or a part of a batch.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import type { ResultFormat } from '../protocol/requests.ts';
import type { ResultColumn } from './fields.ts';

/** AWS allows 500 MB after compression; we count 500 MB of text. */
const LARGEST_RESULT = 500 * 1024 * 1024;
/** "Packet for query is too large". */
const LARGEST_ROW = 64 * 1024;
const WRITE_AT = 256 * 1024;

export interface ResultHead {
  readonly columns: readonly ResultColumn[];
  readonly format: ResultFormat;
  readonly rows: number;
}

/** Lines from a place in the file, and where the next begin. */
export interface ResultLines {
  readonly lines: readonly string[];
  readonly next?: number;
}

/** The result is larger than the Data API carries; the statement fails with the message. */
class ResultTooLargeError extends Error {}

export class ResultStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  write(id: string, part: number): ResultWriter {
    return new ResultWriter(this.#path(id, part));
  }

  head(id: string, part: number): ResultHead | undefined {
    const path = `${this.#path(id, part)}.json`;
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ResultHead) : undefined;
  }

  /** Whole lines from byte `offset`, about `bytes` of them, at least one. */
  read(id: string, part: number, offset: number, bytes: number): ResultLines {
    const file = openSync(`${this.#path(id, part)}.rows`, 'r');
    try {
      const buffer = Buffer.alloc(Math.max(bytes, 2 * LARGEST_ROW * 6));
      const size = readSync(file, buffer, 0, buffer.length, offset);
      const read = buffer.subarray(0, size);
      const end = read.lastIndexOf(10);
      if (end < 0) return { lines: [] };
      const lines = read.subarray(0, end).toString('utf8').split('\n');
      const more = size === buffer.length;
      return more ? { lines, next: offset + end + 1 } : { lines };
    } finally {
      closeSync(file);
    }
  }

  remove(id: string): void {
    for (const name of readdirSync(this.#folder)) {
      if (name.startsWith(id)) rmSync(join(this.#folder, name), { force: true });
    }
  }

  /** Removes the results of statements that are not known any more. */
  keepOnly(isKnown: (id: string) => boolean): void {
    for (const name of readdirSync(this.#folder)) {
      if (!isKnown(name.slice(0, 36))) rmSync(join(this.#folder, name), { force: true });
    }
  }

  #path(id: string, part: number): string {
    return join(this.#folder, `${id}-${String(part)}`);
  }
}

export class ResultWriter {
  readonly #path: string;
  readonly #file: number;
  #pending: string[] = [];
  #pendingSize = 0;
  #size = 0;
  #rows = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(`${path}.rows`, 'w');
  }

  /** @param bytes the size of the row's values. Throws ResultTooLargeError. */
  row(line: string, bytes: number): void {
    if (bytes > LARGEST_ROW)
      throw new ResultTooLargeError(`Packet for query is too large (${String(bytes)} > 65536).`);
    this.#rows += 1;
    this.#size += bytes;
    if (this.#size > LARGEST_RESULT) throw new ResultTooLargeError('The result is larger than 500 MB.');
    this.#pending.push(line);
    this.#pendingSize += line.length;
    if (this.#pendingSize > WRITE_AT) this.#flush();
  }

  /** Bytes of the values, and rows. */
  finish(
    columns: readonly ResultColumn[],
    format: ResultFormat,
  ): { readonly size: number; readonly rows: number } {
    this.#flush();
    closeSync(this.#file);
    const head: ResultHead = { columns, format, rows: this.#rows };
    writeFileSync(`${this.#path}.json`, JSON.stringify(head));
    return { size: this.#size, rows: this.#rows };
  }

  discard(): void {
    closeSync(this.#file);
    rmSync(`${this.#path}.rows`, { force: true });
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    writeSync(this.#file, `${this.#pending.join('\n')}\n`);
    this.#pending = [];
    this.#pendingSize = 0;
  }
}
