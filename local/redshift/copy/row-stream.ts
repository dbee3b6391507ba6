/** The files of a COPY as one stream of rows for PostgreSQL's COPY, a chunk in memory at a time. */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

import type { CopyCommand } from '../dialect/copy-command.ts';
import { WarehouseError } from '../execute/redshift-error.ts';
import type { Column } from './columns.ts';
import { converterFor, NULL } from './converters.ts';
import type { Converter } from './converters.ts';
import { FieldProblem, LOAD_ERROR } from './field-problem.ts';
import type { LoadError } from './load-errors.ts';
import { RecordReader } from './record-reader.ts';
import type { RecordSink } from './record-reader.ts';
import type { SourceFile } from './source-files.ts';

const READ_BYTES = 256 * 1024;

/** More rows are bad than MAXERROR allows. */
export class TooManyErrors extends Error {}

export interface RowStreamOptions {
  readonly copy: CopyCommand;
  readonly files: readonly SourceFile[];
  readonly columns: readonly Column[];
  /** Rows, counted as they are sent from 1, that the server has refused before. */
  readonly refused: ReadonlyMap<number, string>;
}

interface Place {
  readonly file: string;
  readonly line: number;
}

export class RowStream {
  readonly #options: RowStreamOptions;
  readonly #converters: readonly Converter[];
  readonly #mostErrors: number;
  readonly #marks: number | undefined;
  readonly errors: LoadError[] = [];
  /** Rows accepted here, those that the server refused before included. */
  #accepted = 0;
  #file = '';
  #out: string[] = [];
  /** Set by `placeOf`: look for this row. */
  #wanted: number | undefined;
  #wantedPlace: Place | undefined;

  constructor(options: RowStreamOptions) {
    this.#options = options;
    const { copy, columns } = options;
    this.#converters = columns.map((column) => converterFor(column, copy));
    this.#mostErrors = copy.ignoreAllErrors ? Number.POSITIVE_INFINITY : Math.max(copy.maxError, 1);
    this.#marks = copy.acceptInvChars?.charCodeAt(0);
  }

  /** Rows in COPY's text format. Throws TooManyErrors. */
  async *rows(): AsyncGenerator<Buffer> {
    for (const file of this.#options.files) {
      this.#file = file.uri;
      const reader = this.#reader();
      for await (const chunk of this.#text(file)) {
        reader.push(chunk);
        const out = this.#take();
        if (out !== undefined) yield out;
      }
      reader.end();
      const out = this.#take();
      if (out !== undefined) yield out;
    }
  }

  /** Where the nth row sent (from 1) comes from: reads the files once more. */
  async placeOf(row: number): Promise<Place> {
    const again = new RowStream(this.#options);
    again.#wanted = row;
    try {
      for await (const _ of again.rows()) if (again.#wantedPlace !== undefined) break;
    } catch (error) {
      if (!(error instanceof TooManyErrors)) throw error;
    }
    return again.#wantedPlace ?? { file: this.#file, line: 0 };
  }

  #take(): Buffer | undefined {
    if (this.#out.length === 0) return undefined;
    const out = Buffer.from(this.#out.join(''), 'latin1');
    this.#out = [];
    return out;
  }

  #reader(): RecordReader {
    const { copy } = this.#options;
    const sink: RecordSink = {
      record: (fields, quoted, line) => {
        this.#record(fields, quoted, line);
      },
      malformed: (line, problem) => {
        this.#refuse({ file: this.#file, line, position: 0, code: LOAD_ERROR.line, message: problem });
      },
    };
    return new RecordReader(copy.format, copy.ignoreHeader, sink);
  }

  #record(fields: readonly string[], quoted: readonly boolean[] | undefined, line: number): void {
    const { copy, columns, refused } = this.#options;
    const blank = fields.length === 1 && fields[0]?.trim() === '';
    if (blank && copy.ignoreBlankLines) return;
    const count = columns.length;
    // A delimiter at the end of the line of delimited text is no further column.
    const trailing = copy.format.kind === 'delimited' && fields.length === count + 1 && fields[count] === '';
    if (fields.length > count && !trailing) {
      this.#refuse({
        file: this.#file,
        line,
        position: count,
        code: LOAD_ERROR.extraColumns,
        message: 'Extra column(s) found',
      });
      return;
    }
    if (fields.length < count && !copy.fillRecord) {
      this.#refuse({
        file: this.#file,
        line,
        position: fields.length,
        code: LOAD_ERROR.delimiterNotFound,
        message: 'Delimiter not found',
      });
      return;
    }
    let row = '';
    for (let i = 0; i < count; i += 1) {
      const value = fields[i];
      const converter = this.#converters[i];
      const out = value === undefined ? NULL : (converter?.(value, quoted?.[i] ?? false) ?? NULL);
      if (out instanceof FieldProblem) {
        this.#refuseField(i, line, out);
        return;
      }
      row += i === 0 ? out : `\t${out}`;
    }
    if (row.includes(INVALID_BYTE)) {
      this.#refuse({
        file: this.#file,
        line,
        position: 0,
        code: LOAD_ERROR.utf8,
        message: 'String contains invalid or unsupported UTF8 codepoints',
      });
      return;
    }
    this.#accepted += 1;
    if (this.#accepted === this.#wanted) this.#wantedPlace = { file: this.#file, line };
    const reason = refused.get(this.#accepted);
    if (reason === undefined) this.#out.push(row, '\n');
    else this.#refuse({ file: this.#file, line, position: 0, code: LOAD_ERROR.line, message: reason });
  }

  #refuseField(index: number, line: number, { code, message }: FieldProblem): void {
    const column = this.#options.columns[index];
    this.#refuse({
      file: this.#file,
      line,
      position: index,
      code,
      message,
      ...(column === undefined
        ? {}
        : { column: { name: column.name, type: column.type, length: column.length ?? 0 } }),
    });
  }

  #refuse(error: LoadError): void {
    this.errors.push(error);
    if (this.errors.length >= this.#mostErrors) throw new TooManyErrors(error.message);
  }

  /** The file's text, one character a byte; checked to be UTF-8. */
  async *#text(file: SourceFile): AsyncGenerator<string> {
    const { copy } = this.#options;
    let carried = Buffer.alloc(0);
    let first = true;
    for await (const bytes of this.#bytes(file)) {
      const all = carried.length === 0 ? bytes : Buffer.concat([carried, bytes]);
      const end = wholeCharacters(all);
      carried = Buffer.from(all.subarray(end));
      let chunk = all.subarray(0, end);
      if (first && chunk.length > 0) {
        first = false;
        if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) chunk = chunk.subarray(3);
      }
      yield this.#checked(chunk);
    }
    if (carried.length > 0) yield this.#checked(carried);
    if (copy.format.kind === 'csv' && first && carried.length === 0) yield '';
  }

  #checked(chunk: Buffer): string {
    if (!isUtf8(chunk)) return repairUtf8(chunk, this.#marks);
    return chunk.toString('latin1');
  }

  async *#bytes(file: SourceFile): AsyncGenerator<Buffer> {
    const { compression, encoding } = this.#options.copy;
    const raw: Readable = createReadStream(file.path, { highWaterMark: READ_BYTES });
    const content =
      compression === 'gzip' ? pipeline(raw, createGunzip({ chunkSize: READ_BYTES }), () => undefined) : raw;
    const decoder =
      encoding === 'utf8' ? undefined : new TextDecoder(encoding === 'utf16be' ? 'utf-16be' : 'utf-16le');
    try {
      for await (const chunk of content as AsyncIterable<Buffer>) {
        yield decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }));
      }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (code.startsWith('Z_') || /incorrect header|unexpected end of file/.test(String(error))) {
        throw new WarehouseError(
          `The file ${file.uri} is not a whole gzip file: ${(error as Error).message}`,
        );
      }
      if (code === 'ENOENT') {
        throw new WarehouseError(
          `S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey: ${file.uri}`,
        );
      }
      throw error;
    } finally {
      content.destroy();
    }
  }
}

/** How much of the bytes ends with a whole UTF-8 character. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return size > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

/** Stands for a byte that is no UTF-8; a NUL of the file itself cannot be stored either. */
const INVALID_BYTE = '\0';

/** Every byte of an invalid sequence becomes the ACCEPTINVCHARS character, or a mark that refuses its row. */
function repairUtf8(bytes: Buffer, replacement: number | undefined): string {
  const out = Buffer.from(bytes);
  const fill = replacement ?? 0;
  for (let at = 0; at < bytes.length;) {
    const size = sequenceSize(bytes, at);
    if (size === 0) {
      out[at] = fill;
      at += 1;
    } else at += size;
  }
  return out.toString('latin1');
}

/** Bytes of the UTF-8 character at `at`; 0 if there is none. */
function sequenceSize(bytes: Buffer, at: number): number {
  const byte = bytes[at] ?? 0;
  if (byte < 0x80) return 1;
  const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0;
  if (size === 0 || at + size > bytes.length) return 0;
  return isUtf8(bytes.subarray(at, at + size)) ? size : 0;
}
