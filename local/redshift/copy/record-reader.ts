/**
 * Cuts the text of a file into records. Text is held one character a byte (latin1), so lengths are bytes and a
 * chunk may end anywhere; only marks that are ASCII are looked for, which no UTF-8 sequence contains.
 */
import type { CopyFormat } from '../dialect/copy-command.ts';

/** Redshift's own limit of one row of input. */
const LONGEST_RECORD = 4 * 1024 * 1024;

export interface RecordSink {
  /** A line that IGNOREHEADER leaves out. */
  header(text: string): void;
  /**
   * @param quoted which fields were written in quotes; undefined: none
   * @param line of the file, from 1, where the record starts
   */
  record(fields: readonly string[], quoted: readonly boolean[] | undefined, line: number): void;
  /** A record that cannot be cut into fields. */
  malformed(line: number, problem: string): void;
}

interface Cut {
  readonly fields: string[];
  readonly quoted: boolean[];
  /** Just after the record's line end; of a record with a problem a place in the line that ends it. */
  readonly end: number;
  readonly problem?: string;
}

/** Undefined: the record is not complete yet. */
type CutRecord = (text: string, start: number, last: boolean) => Cut | undefined;

interface LineEnd {
  /** Of its first character. */
  readonly at: number;
  /** Just after it. */
  readonly next: number;
}

export class RecordReader {
  readonly #sink: RecordSink;
  readonly #delimiter: string;
  /** Characters whose presence in a line means that it must be cut character by character. */
  readonly #special: readonly string[];
  readonly #cut: CutRecord;
  #rest = '';
  #line = 1;
  #header: number;
  /** The rest of a record that is too long is not read as another one. */
  #dropsLine = false;

  /** @param header lines at the start that are not records */
  constructor(format: CopyFormat, header: number, sink: RecordSink) {
    this.#sink = sink;
    this.#delimiter = format.delimiter;
    this.#header = header;
    if (format.kind === 'csv') {
      this.#special = [format.quote];
      this.#cut = (text, start, last) => cutCsv(text, start, last, format.delimiter, format.quote);
    } else {
      this.#special = [...(format.escape ? ['\\'] : []), ...(format.removeQuotes ? ['"', "'"] : [])];
      this.#cut = (text, start, last) => cutDelimited(text, start, last, format);
    }
  }

  push(chunk: string): void {
    this.#read(this.#rest === '' ? chunk : this.#rest + chunk, false);
    if (this.#rest.length > LONGEST_RECORD) this.#dropRest();
  }

  #dropRest(): void {
    if (!this.#dropsLine) {
      this.#sink.malformed(this.#line, 'The record is longer than 4 MB, or a quote is not closed');
      this.#dropsLine = true;
      if (this.#header > 0) this.#header -= 1;
    }
    // A carriage return at the end may be half of a line end.
    const kept = this.#rest.length - 1;
    this.#line += countLines(this.#rest, 0, kept);
    this.#rest = this.#rest.slice(kept);
  }

  /** A last record without a line end counts. */
  end(): void {
    const rest = this.#rest;
    this.#rest = '';
    if (rest !== '') this.#read(rest, true);
  }

  #read(text: string, last: boolean): void {
    const plain = this.#special.every((mark) => !text.includes(mark));
    const lineEnds = new LineEnds(text, last);
    let at = 0;
    while (at < text.length) {
      const lineEnd = lineEnds.from(at);
      if (this.#header > 0 || this.#dropsLine) {
        if (lineEnd === undefined) break;
        if (this.#dropsLine) this.#dropsLine = false;
        else {
          this.#header -= 1;
          this.#sink.header(text.slice(at, lineEnd.at));
        }
        this.#line += 1;
        at = lineEnd.next;
        continue;
      }
      if (plain || !this.#isSpecial(text, at, lineEnd?.at ?? text.length)) {
        if (lineEnd === undefined) break;
        this.#sink.record(text.slice(at, lineEnd.at).split(this.#delimiter), undefined, this.#line);
        this.#line += 1;
        at = lineEnd.next;
        continue;
      }
      const cut = this.#cut(text, at, last);
      if (cut === undefined) break;
      const { fields, quoted, problem } = cut;
      const end = problem === undefined ? cut.end : lineEnds.from(cut.end)?.next;
      if (end === undefined) break;
      if (problem === undefined) this.#sink.record(fields, quoted, this.#line);
      else this.#sink.malformed(this.#line, problem);
      this.#line += countLines(text, at, end);
      at = end;
    }
    this.#rest = at >= text.length ? '' : text.slice(at);
  }

  /** `indexOf` over the whole rest of a chunk, for every line, would be quadratic. */
  #isSpecial(text: string, start: number, end: number): boolean {
    return this.#special.some((mark) => {
      const code = mark.charCodeAt(0);
      for (let i = start; i < end; i += 1) if (text.charCodeAt(i) === code) return true;
      return false;
    });
  }
}

/**
 * The line ends of a text, asked for from left to right: LF, CR LF, and CR alone. What is found is kept until it is
 * passed, so a text without one of the two is not searched again for every line.
 */
class LineEnds {
  readonly #text: string;
  readonly #last: boolean;
  #lf = -1;
  #cr = -1;

  /** @param last no text follows: its end ends a line */
  constructor(text: string, last: boolean) {
    this.#text = text;
    this.#last = last;
  }

  /** Undefined: it is in the text that follows. */
  from(start: number): LineEnd | undefined {
    this.#lf = this.#next('\n', this.#lf, start);
    this.#cr = this.#next('\r', this.#cr, start);
    const at = Math.min(this.#lf, this.#cr);
    // The other half of the line end may be in the next chunk.
    const whole = at < this.#text.length && (this.#lf === at || at + 1 < this.#text.length);
    if (!whole && !this.#last) return undefined;
    return { at, next: afterLineEnd(this.#text, at) };
  }

  #next(mark: string, known: number, start: number): number {
    if (known >= start) return known;
    const found = this.#text.indexOf(mark, start);
    return found < 0 ? this.#text.length : found;
  }
}

function countLines(text: string, start: number, end: number): number {
  let lines = 0;
  for (let i = start; i < end; i += 1) {
    const c = text[i];
    if (c === '\n' || (c === '\r' && text[i + 1] !== '\n')) lines += 1;
  }
  return lines;
}

/** One CSV record: a quote inside a quoted field is doubled; blanks around the quotes are no part of it. */
function cutCsv(
  text: string,
  start: number,
  last: boolean,
  delimiter: string,
  quote: string,
): Cut | undefined {
  const fields: string[] = [];
  const quoted: boolean[] = [];
  let at = start;
  for (;;) {
    const open = afterBlanks(text, at, delimiter);
    if (text[open] === quote) {
      const field = quotedField(text, open, quote);
      if (field === undefined) {
        if (!last) return undefined;
        return {
          fields,
          quoted,
          end: text.length,
          problem: 'Invalid quote formatting for CSV. The quote is not closed',
        };
      }
      at = afterBlanks(text, field.end, delimiter);
      const after = text[at];
      if (after === undefined && !last) return undefined;
      if (after !== undefined && after !== delimiter && after !== '\n' && after !== '\r') {
        const problem = `Invalid quote formatting for CSV. Unexpected character '${after}' after a closing quote`;
        return { fields, quoted, end: at, problem };
      }
      fields.push(field.value);
      quoted.push(true);
    } else {
      const end = fieldEnd(text, at, delimiter);
      if (end === text.length && !last) return undefined;
      const value = text.slice(at, end);
      if (value.includes(quote)) {
        const problem = 'Invalid quote formatting for CSV. Unexpected quote in a field without quotes';
        return { fields, quoted, end, problem };
      }
      fields.push(value);
      quoted.push(false);
      at = end;
    }
    if (text[at] === delimiter) {
      at += 1;
      if (at === text.length && !last) return undefined;
      continue;
    }
    // The other half of the line end is in the next chunk.
    if (text[at] === '\r' && at + 1 === text.length && !last) return undefined;
    return { fields, quoted, end: afterLineEnd(text, at) };
  }
}

function afterBlanks(text: string, start: number, delimiter: string): number {
  let at = start;
  while ((text[at] === ' ' || text[at] === '\t') && text[at] !== delimiter) at += 1;
  return at;
}

function quotedField(
  text: string,
  start: number,
  quote: string,
): { readonly value: string; readonly end: number } | undefined {
  let value = '';
  let from = start + 1;
  for (;;) {
    const close = text.indexOf(quote, from);
    if (close < 0) return undefined;
    if (text[close + 1] !== quote) return { value: value + text.slice(from, close), end: close + 1 };
    value += text.slice(from, close + 1);
    from = close + 2;
  }
}

function fieldEnd(text: string, start: number, delimiter: string): number {
  for (let i = start; i < text.length; i += 1) {
    const c = text[i];
    if (c === delimiter || c === '\n' || c === '\r') return i;
  }
  return text.length;
}

function afterLineEnd(text: string, at: number): number {
  if (text[at] === '\r') return text[at + 1] === '\n' ? at + 2 : at + 1;
  return at + 1;
}

/** One record of delimited text: ESCAPE takes the next character as it is, REMOVEQUOTES drops a pair around a field. */
function cutDelimited(
  text: string,
  start: number,
  last: boolean,
  { delimiter, escape, removeQuotes }: Extract<CopyFormat, { kind: 'delimited' }>,
): Cut | undefined {
  const fields: string[] = [];
  const quoted: boolean[] = [];
  let value = '';
  let raw = '';
  let open: string | undefined;
  let wasQuoted = false;
  const finish = (): void => {
    // NULL is written \N, which ESCAPE must not make an N of.
    fields.push(raw === String.raw`\N` ? raw : value);
    quoted.push(wasQuoted);
    value = '';
    raw = '';
    wasQuoted = false;
  };
  for (let i = start; i < text.length; i += 1) {
    const c = text.charAt(i);
    if (escape && c === '\\') {
      if (i + 1 === text.length) {
        if (!last) return undefined;
        return { fields, quoted, end: i, problem: 'The file ends with an escape character' };
      }
      value += text.charAt(i + 1);
      raw += c + text.charAt(i + 1);
      i += 1;
    } else if (open !== undefined) {
      if (c === open) open = undefined;
      else if (c === '\n' || c === '\r') {
        return { fields, quoted, end: i, problem: 'Delimited value missing end quote' };
      } else value += c;
      raw += c;
    } else if (removeQuotes && raw === '' && (c === '"' || c === "'")) {
      open = c;
      wasQuoted = true;
      raw += c;
    } else if (c === delimiter) {
      finish();
    } else if (c === '\n' || c === '\r') {
      if (c === '\r' && i + 1 === text.length && !last) return undefined;
      finish();
      return { fields, quoted, end: afterLineEnd(text, i) };
    } else {
      value += c;
      raw += c;
    }
  }
  if (!last) return undefined;
  if (open !== undefined)
    return { fields, quoted, end: text.length, problem: 'Delimited value missing end quote' };
  finish();
  return { fields, quoted, end: text.length };
}
