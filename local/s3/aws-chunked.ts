/**
 * The `aws-chunked` body: chunks with a hexadecimal size (and perhaps a signature, which any credentials pass), then
 * trailers such as `x-amz-checksum-crc32`. SDKs send every stream like this.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
import { ServiceError } from '../service-error.ts';

const LONGEST_LINE = 16 * 1024;

/** The data inside; `trailers` is filled (names in lower case) by the time the last piece has been taken. */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer, void> {
  const reader = new LineReader(source);
  for (;;) {
    const header = await reader.line();
    if (header === undefined) throw incomplete();
    const size = /^([0-9a-fA-F]{1,8})(?:;.*)?$/.exec(header)?.[1];
    if (size === undefined)
      throw new ServiceError('InvalidRequest', 'the aws-chunked body has a malformed chunk header');
    let left = Number.parseInt(size, 16);
    if (left === 0) break;
    while (left > 0) {
      const piece = await reader.piece(left);
      if (piece === undefined) throw incomplete();
      left -= piece.length;
      yield piece;
    }
    if ((await reader.line()) !== '')
      throw new ServiceError('InvalidRequest', 'an aws-chunked chunk is longer than its header specifies');
  }
  for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

function incomplete(): ServiceError {
  return new ServiceError(
    'IncompleteBody',
    'The request body terminated unexpectedly: it ends before its last chunk',
  );
}

class LineReader {
  readonly #source: AsyncIterator<Buffer, undefined>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  }

  /** Without its line end; undefined at the end of the source. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end >= 0) {
        const line = this.#rest.subarray(0, end).toString('latin1');
        this.#rest = this.#rest.subarray(end + 1);
        return line.endsWith('\r') ? line.slice(0, -1) : line;
      }
      if (this.#rest.length > LONGEST_LINE) {
        throw new ServiceError('InvalidRequest', 'the aws-chunked body has a malformed chunk header');
      }
      const more = await this.#next();
      if (more === undefined) return undefined;
      this.#rest = Buffer.concat([this.#rest, more]);
    }
  }

  /** At most `most` bytes, at least one; undefined at the end of the source. */
  async piece(most: number): Promise<Buffer | undefined> {
    if (this.#rest.length === 0) this.#rest = (await this.#next()) ?? this.#rest;
    if (this.#rest.length === 0) return undefined;
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      if (next.value.length > 0) return next.value;
    }
  }
}
