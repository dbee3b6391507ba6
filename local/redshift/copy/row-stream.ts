/** The files of a COPY as one stream of rows for PostgreSQL's COPY, a chunk in memory at a time. */
import type { CopyCommand } from '../dialect/copy-command.ts';
import type { Column } from './columns.ts';
import { converterFor } from './converters.ts';
import type { Converter } from './converters.ts';
import { FieldProblem, LOAD_ERROR } from './field-problem.ts';
import { fileBytes, INVALID_BYTE, textOf, WrongEncoding } from './file-text.ts';
import { Scan } from './load-detail.ts';
import type { ScannedFile } from './load-detail.ts';
import type { LoadError } from './load-errors.ts';
import { RecordReader } from './record-reader.ts';
import type { SourceFile } from './source-files.ts';

/** Nothing is loaded: there are more bad rows than MAXERROR allows, or a file does not match the COPY. */
export class LoadStopped extends Error {}

export interface RowStreamOptions {
  readonly copy: CopyCommand;
  readonly files: readonly SourceFile[];
  readonly columns: readonly Column[];
  /** The bytes of a file, decompressed; `onRead` is told of them as they are stored. */
  readonly read?: (file: SourceFile, onRead: (chunk: Buffer) => void) => AsyncIterable<Buffer>;
}

/**
 * Control characters (of UTF-8 also U+0080 to U+009F), the line ends of other machines, bytes that are no text. A file
 * of these that has neither LF nor CR would be one long header: compressed in a way not known here, or encrypted.
 */
// oxlint-disable-next-line no-control-regex
const NO_TEXT = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]/;

interface Place {
  readonly file: string;
  readonly line: number;
}

export class RowStream {
  readonly #options: RowStreamOptions;
  readonly #converters: readonly Converter[];
  /** What FILLRECORD puts in the place of a missing field. */
  readonly #fillers: readonly string[];
  readonly #mostErrors: number;
  readonly errors: LoadError[] = [];
  /** Files that were read to their end. */
  readonly scanned: ScannedFile[] = [];
  /** Rows sent. */
  #sent = 0;
  #file = '';
  #out: string[] = [];
  /** Of the file: its header has characters that no line of text has; it has more than a header. */
  #noText = false;
  #anyRecord = false;
  /** Set by `placeOf`: look for this row. */
  #wanted: number | undefined;
  #wantedPlace: Place | undefined;

  constructor(options: RowStreamOptions) {
    this.#options = options;
    const { copy, columns } = options;
    this.#converters = columns.map((column) => converterFor(column, copy));
    this.#fillers = columns.map(({ type }) =>
      type === 'varchar' || type === 'text' ? '' : Buffer.from(copy.nullAs).toString('latin1'),
    );
    this.#mostErrors = copy.ignoreAllErrors ? Number.POSITIVE_INFINITY : Math.max(copy.maxError, 1);
  }

  /** Rows in COPY's text format: each file is read once. Throws LoadStopped. */
  async *rows(): AsyncGenerator<Buffer> {
    const { copy, files, read = (file, onRead) => fileBytes(file, copy.compression, onRead) } = this.#options;
    for (const file of files) {
      this.#file = file.uri;
      this.#noText = false;
      this.#anyRecord = false;
      const scan = new Scan();
      const reader = this.#reader(scan);
      try {
        for await (const text of textOf(read(file, scan.add), copy)) {
          reader.push(text);
          const out = this.#take();
          if (out !== undefined) yield out;
        }
      } catch (error) {
        if (error instanceof WrongEncoding) this.#stop(0, LOAD_ERROR.encoding, error.message);
        throw error;
      }
      reader.end();
      if (this.#noText && !this.#anyRecord) {
        this.#stop(1, LOAD_ERROR.encoding, 'The whole file was read as the header, and it is not text');
      }
      this.scanned.push(scan.of(file.uri));
      const out = this.#take();
      if (out !== undefined) yield out;
    }
  }

  /** Where the nth row sent (from 1) comes from: reads the files once more. */
  async placeOf(row: number): Promise<Place> {
    const again = new RowStream(this.#options);
    again.#wanted = row;
    for await (const _ of again.rows()) if (again.#wantedPlace !== undefined) break;
    return again.#wantedPlace ?? { file: this.#file, line: 0 };
  }

  #take(): Buffer | undefined {
    if (this.#out.length === 0) return undefined;
    const out = Buffer.from(this.#out.join(''), 'latin1');
    this.#out = [];
    return out;
  }

  #reader(scan: Scan): RecordReader {
    const { copy } = this.#options;
    return new RecordReader(copy.format, copy.ignoreHeader, {
      header: (text) => {
        this.#noText ||= NO_TEXT.test(text.replaceAll(copy.format.delimiter, ''));
      },
      record: (fields, quoted, line) => {
        this.#anyRecord = true;
        scan.lines += 1;
        this.#record(fields, quoted, line);
      },
      malformed: (line, problem) => {
        this.#anyRecord = true;
        scan.lines += 1;
        this.#refuse(line, new FieldProblem(LOAD_ERROR.line, problem), 0);
      },
    });
  }

  #record(fields: readonly string[], quoted: readonly boolean[] | undefined, line: number): void {
    const { copy, columns } = this.#options;
    const blank = fields.length === 1 && fields[0] === '' && quoted?.[0] !== true;
    if (blank && copy.ignoreBlankLines) return;
    const count = columns.length;
    // A delimiter at the end of the line of delimited text is no further column.
    const trailing = copy.format.kind === 'delimited' && fields.length === count + 1 && fields[count] === '';
    if (fields.length > count && !trailing) {
      this.#refuse(
        line,
        countProblem(LOAD_ERROR.extraColumns, 'Extra column(s) found', count, fields),
        count,
      );
      return;
    }
    if (fields.length < count && !copy.fillRecord) {
      const problem = countProblem(LOAD_ERROR.delimiterNotFound, 'Delimiter not found', count, fields);
      this.#refuse(line, problem, fields.length);
      return;
    }
    let row = '';
    for (let i = 0; i < count; i += 1) {
      const value = fields[i] ?? this.#fillers[i] ?? '';
      const out = this.#converters[i]?.(value, quoted?.[i] ?? false) ?? '';
      if (out instanceof FieldProblem) {
        this.#refuse(line, out, i, columns[i]);
        return;
      }
      row += i === 0 ? out : `\t${out}`;
    }
    if (row.includes(INVALID_BYTE)) {
      const message = 'String contains invalid or unsupported UTF8 codepoints';
      this.#refuse(line, new FieldProblem(LOAD_ERROR.utf8, message), 0);
      return;
    }
    this.#sent += 1;
    if (this.#sent === this.#wanted) this.#wantedPlace = { file: this.#file, line };
    this.#out.push(row, '\n');
  }

  #refuse(line: number, { code, message }: FieldProblem, position: number, column?: Column): void {
    this.errors.push({
      file: this.#file,
      line,
      position,
      code,
      message,
      ...(column === undefined ? {} : { column: errorColumn(column) }),
    });
    if (this.errors.length >= this.#mostErrors) throw new LoadStopped(message);
  }

  /** Whatever MAXERROR allows: rows that were not read cannot be counted. */
  #stop(line: number, code: number, message: string): never {
    this.errors.push({ file: this.#file, line, position: 0, code, message });
    throw new LoadStopped(message);
  }
}

function countProblem(code: number, what: string, count: number, fields: readonly string[]): FieldProblem {
  return new FieldProblem(code, `${what}: ${String(count)} columns expected, ${String(fields.length)} found`);
}

/** As SYS_LOAD_ERROR_DETAIL shows a column. */
export function errorColumn({ name, type, length }: Column): NonNullable<LoadError['column']> {
  return { name, type, length: length ?? 0 };
}
