/**
 * The text of a file as UTF-8, one character a byte: its compression, encoding and byte order mark. A file that is not
 * what the COPY says of it is refused: read the wrong way it has no line ends, and would be one long header.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';

import type { CopyCommand } from '../dialect/copy-command.ts';
import { WarehouseError } from '../execute/redshift-error.ts';
import type { SourceFile } from './source-files.ts';

const READ_BYTES = 256 * 1024;
/** How many bytes of a file are inspected to detect its encoding. */
const HEAD_BYTES = 64 * 1024;

/** Stands for a byte that is no UTF-8; a NUL of the file itself cannot be stored either. */
export const INVALID_BYTE = '\0';

/** The file is not of the encoding or the compression that the COPY names. */
export class WrongEncoding extends Error {}

type TextOptions = Pick<CopyCommand, 'encoding' | 'acceptInvChars'>;

/** The bytes of a file, decompressed. `onRead`: told of them as they are stored. */
export async function* fileBytes(
  file: SourceFile,
  compression: CopyCommand['compression'],
  onRead: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  async function* seen(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      onRead(chunk);
      yield chunk;
    }
  }
  const raw: Readable = createReadStream(file.path, { highWaterMark: READ_BYTES });
  const gunzip = compression === 'gzip' ? createGunzip({ chunkSize: READ_BYTES }) : undefined;
  const content = gunzip === undefined ? raw : pipeline(raw, seen, gunzip, () => undefined);
  try {
    yield* gunzip === undefined ? seen(raw) : (content as AsyncIterable<Buffer>);
    // After a zero byte that follows a member, zlib silently ignores the rest of the file.
    if (gunzip !== undefined && gunzip.bytesWritten < (await stat(file.path)).size) {
      throw new WarehouseError(
        `The file ${file.uri} is not a whole gzip file: there are other bytes after byte ${String(gunzip.bytesWritten)}`,
      );
    }
  } catch (error) {
    throw error instanceof WarehouseError ? error : readError(error as NodeJS.ErrnoException, file);
  } finally {
    content.destroy();
  }
}

function readError(error: NodeJS.ErrnoException, { uri }: SourceFile): WarehouseError {
  const { code = '', message } = error;
  if (code.startsWith('Z_') || /incorrect header|unexpected end of file/.test(message)) {
    return new WarehouseError(`The file ${uri} is not a whole gzip file: ${message}`);
  }
  if (code === 'ENOENT') {
    return new WarehouseError(
      `S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey: ${uri}`,
    );
  }
  return new WarehouseError(`The file ${uri} could not be read on this machine: ${message}`);
}

/** Throws WrongEncoding. An invalid character becomes the ACCEPTINVCHARS one, or marks that refuse its row. */
export async function* textOf(
  bytes: AsyncIterable<Buffer>,
  { encoding: declared, acceptInvChars: fill = INVALID_BYTE }: TextOptions,
): AsyncGenerator<string> {
  const { head, chunks } = await open(bytes);
  const { encoding, mark } = encodingOf(head, declared);
  const content = withoutBytes(chunks, mark);
  let carried = Buffer.alloc(0);
  for await (const chunk of encoding === 'utf8' ? content : fromUtf16(content, encoding, fill)) {
    const all = carried.length === 0 ? chunk : Buffer.concat([carried, chunk]);
    const end = wholeCharacters(all);
    carried = Buffer.from(all.subarray(end));
    yield checkedText(all.subarray(0, end), fill);
  }
  if (carried.length > 0) yield checkedText(carried, fill);
}

interface Opened {
  readonly head: Buffer;
  /** All of the file, as it came. */
  readonly chunks: AsyncGenerator<Buffer>;
}

/** Looks at the start of a file and gives all of it. */
async function open(bytes: AsyncIterable<Buffer>): Promise<Opened> {
  const source = bytes[Symbol.asyncIterator]();
  const seen: Buffer[] = [];
  let size = 0;
  let ended = false;
  while (size < HEAD_BYTES && !ended) {
    const next = await source.next();
    if (next.done === true) ended = true;
    else {
      seen.push(next.value);
      size += next.value.length;
    }
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      yield* seen;
      if (!ended) yield* { [Symbol.asyncIterator]: () => source };
    } finally {
      await source.return?.();
    }
  }
  return { head: Buffer.concat(seen), chunks: chunks() };
}

async function* withoutBytes(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(left - chunk.length, 0);
  }
}

const MARKS = {
  utf8: Buffer.from([0xef, 0xbb, 0xbf]),
  utf16le: Buffer.from([0xff, 0xfe]),
  utf16be: Buffer.from([0xfe, 0xff]),
} as const;
type Encoding = keyof typeof MARKS;
const ENCODINGS = ['utf8', 'utf16le', 'utf16be'] as const;

const COMPRESSED: readonly (readonly [name: string, start: Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b])],
  ['Zstandard', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['bzip2', Buffer.from('BZh91AY&SY', 'latin1')],
  ['bzip2', Buffer.from('BZh61AY&SY', 'latin1')],
  ['LZOP', Buffer.from([0x89, 0x4c, 0x5a, 0x4f, 0x00])],
  ['ZIP', Buffer.from([0x50, 0x4b, 0x03, 0x04])],
];

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.subarray(0, start.length).equals(start);
}

/** The encoding detected at the start of the file. Throws WrongEncoding if it differs from the COPY's. */
function encodingOf(head: Buffer, declared: CopyCommand['encoding']): { encoding: Encoding; mark: number } {
  const compressed = COMPRESSED.find(([, start]) => startsWith(head, start));
  if (compressed !== undefined) {
    throw new WrongEncoding(`The file is compressed (${compressed[0]}), but the COPY does not specify that`);
  }
  const marked = ENCODINGS.find((encoding) => startsWith(head, MARKS[encoding]));
  const wrong = (why: string): WrongEncoding =>
    new WrongEncoding(`The encoding of the file is not ${declared.toUpperCase()}: ${why}`);
  const checkLineEnds = (encoding: Encoding): void => {
    const other = encoding === 'utf8' ? undefined : readsBetterAs(head, encoding);
    if (other !== undefined) throw wrong(`it has line ends only when read as ${other}`);
  };
  if (declared === 'utf16') {
    if (head.length === 0) return { encoding: 'utf16le', mark: 0 };
    if (marked === undefined || marked === 'utf8') {
      throw wrong('it has no UTF-16 byte order mark (without one, specify UTF16LE or UTF16BE)');
    }
    checkLineEnds(marked);
    return { encoding: marked, mark: 2 };
  }
  if (marked !== undefined && marked !== declared) {
    throw wrong(`it has the byte order mark of ${marked.toUpperCase()}`);
  }
  checkLineEnds(declared);
  return { encoding: declared, mark: marked === undefined ? 0 : MARKS[marked].length };
}

/** Another encoding than the given one of UTF-16, in which alone the file has line ends, whatever its mark says. */
function readsBetterAs(head: Buffer, declared: 'utf16le' | 'utf16be'): string | undefined {
  const [le, be] = [lineEndsOfUtf16(head, 0), lineEndsOfUtf16(head, 1)];
  const [own, swapped] = declared === 'utf16le' ? [le, be] : [be, le];
  if (own) return undefined;
  if (swapped) return declared === 'utf16le' ? 'UTF16BE' : 'UTF16LE';
  if (head.includes(0) || !/[\n\r]/.test(head.toString('latin1'))) return undefined;
  return isUtf8(head) ? 'UTF8' : 'single bytes';
}

/** @param low where in its two bytes the lower one is */
function lineEndsOfUtf16(head: Buffer, low: 0 | 1): boolean {
  for (let i = 0; i + 1 < head.length; i += 2) {
    const [mark, zero] = [head[i + low], head[i + 1 - low]];
    if (zero === 0 && (mark === 10 || mark === 13)) return true;
  }
  return false;
}

async function* fromUtf16(
  bytes: AsyncIterable<Buffer>,
  encoding: 'utf16le' | 'utf16be',
  fill: string,
): AsyncGenerator<Buffer> {
  const decoder = new StringDecoder('utf16le');
  const utf8 = (text: string): Buffer => Buffer.from(text.replaceAll(/\p{Surrogate}/gu, fill));
  let odd = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const all = Buffer.concat([odd, chunk]);
    const units = all.subarray(0, all.length - (all.length % 2));
    odd = all.subarray(units.length);
    yield utf8(decoder.write(encoding === 'utf16be' ? units.swap16() : units));
  }
  yield utf8(decoder.end() + (odd.length > 0 ? fill : ''));
}

function checkedText(bytes: Buffer, fill: string): string {
  return isUtf8(bytes) ? bytes.toString('latin1') : repairUtf8(bytes, fill.charCodeAt(0));
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

function repairUtf8(bytes: Buffer, fill: number): string {
  const out = Buffer.from(bytes);
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
