/**
 * Multipart uploads: each a directory with its parts, until it is completed or aborted. They survive a restart.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ServiceError } from '../service-error.ts';
import { readPieces, receiveFile, type ReceivedFile } from './files.ts';
import { isAbsence } from './object-files.ts';

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PartReference {
  readonly number: number;
  /** With or without quotes. */
  readonly etag: string;
}

interface Part {
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
}

const SMALLEST_PART = 5 * 1024 * 1024;
const MOST_PARTS = 10_000;

export class Uploads {
  readonly #folder: string;
  readonly #temporary: string;

  constructor(folder: string, temporary: string) {
    this.#folder = folder;
    this.#temporary = temporary;
  }

  /** Returns the upload's id. */
  async create(upload: Upload): Promise<string> {
    const id = randomUUID();
    await mkdir(join(this.#folder, id), { recursive: true });
    await writeFile(this.#path(id, 'upload.json'), JSON.stringify(upload));
    return id;
  }

  /** @throws ServiceError NoSuchUpload */
  async find(id: string, bucket: string, key: string): Promise<Upload> {
    const upload = /^[0-9a-f-]{36}$/.test(id)
      ? await readJson<Upload>(this.#path(id, 'upload.json'))
      : undefined;
    if (upload?.bucket === bucket && upload.key === key) return upload;
    throw new ServiceError('NoSuchUpload', 'The specified multipart upload does not exist.', 404);
  }

  /** Keeps one part, over one of the same number. */
  async putPart(id: string, number: number, file: ReceivedFile): Promise<void> {
    if (!Number.isInteger(number) || number < 1 || number > MOST_PARTS) {
      throw new ServiceError(
        'InvalidArgument',
        'Part number must be an integer between 1 and 10000, inclusive',
      );
    }
    const part: Part = { etag: file.md5, size: file.size };
    await rename(file.path, this.#path(id, `${String(number)}.part`));
    await writeFile(this.#path(id, `${String(number)}.json`), JSON.stringify(part));
  }

  /** All parts in one file, and the etag such an object has: MD5 of the parts' MD5s, and their number. */
  async assemble(
    id: string,
    references: readonly PartReference[],
  ): Promise<{ readonly file: ReceivedFile; readonly etag: string }> {
    await this.#checkParts(id, references);
    const whole = createHash('md5');
    for (const { etag } of references) whole.update(Buffer.from(etag.replaceAll('"', ''), 'hex'));
    const paths = references.map(({ number }) => this.#path(id, `${String(number)}.part`));
    const file = await receiveFile(readAll(paths), this.#temporary);
    return { file, etag: `${whole.digest('hex')}-${String(references.length)}` };
  }

  async remove(id: string): Promise<void> {
    await rm(join(this.#folder, id), { recursive: true, force: true });
  }

  async #checkParts(id: string, references: readonly PartReference[]): Promise<void> {
    if (references.length === 0) {
      throw new ServiceError('MalformedXML', 'You must specify at least one part');
    }
    for (const [index, { number }] of references.entries()) {
      if (index > 0 && number <= (references[index - 1]?.number ?? 0)) {
        throw new ServiceError('InvalidPartOrder', 'The list of parts was not in ascending order.');
      }
    }
    for (const [index, { number, etag }] of references.entries()) {
      const part = await readJson<Part>(this.#path(id, `${String(number)}.json`));
      if (part?.etag !== etag.replaceAll('"', '')) {
        throw new ServiceError(
          'InvalidPart',
          `Part ${String(number)} was not uploaded, or its entity tag is another.`,
        );
      }
      if (part.size < SMALLEST_PART && index < references.length - 1) {
        throw new ServiceError(
          'EntityTooSmall',
          `Your proposed upload is smaller than the minimum allowed size: part ${String(number)} has ${String(part.size)} bytes, ${String(SMALLEST_PART)} are needed in all but the last.`,
        );
      }
    }
  }

  #path(id: string, name: string): string {
    return join(this.#folder, id, name);
  }
}

async function* readAll(paths: readonly string[]): AsyncGenerator<Buffer, void> {
  for (const path of paths) {
    const handle = await open(path, 'r');
    try {
      yield* readPieces(handle, 0, Number.POSITIVE_INFINITY);
    } finally {
      await handle.close();
    }
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
