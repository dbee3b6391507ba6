/** Files by the calls S3 needs: received whole or not at all, moved into place at once, hashed as a stream. */
import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { copyFile, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { codeOf } from '../../shared/errors.ts';
import { isAbsence } from './object-files.ts';
import type { FileState } from './object-index.ts';

export interface ReceivedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly md5: string;
}

const READ_BYTES = 256 * 1024;

/** Writes a stream into a new file of `folder`. If the stream fails, the file is removed and the error rethrown. */
export async function receiveFile(
  source: AsyncIterable<Buffer>,
  folder: string,
  watch: (piece: Buffer) => void = () => undefined,
): Promise<ReceivedFile> {
  const path = join(folder, randomUUID());
  const hash = createHash('md5');
  const handle = await open(path, 'wx');
  let size = 0;
  try {
    for await (const piece of source) {
      hash.update(piece);
      watch(piece);
      size += piece.length;
      await writeAll(handle, piece);
    }
    await handle.close();
  } catch (error) {
    await handle.close();
    await rm(path, { force: true });
    throw error;
  }
  return { path, size, md5: hash.digest('hex') };
}

async function writeAll(handle: FileHandle, piece: Buffer): Promise<void> {
  let written = 0;
  while (written < piece.length) {
    written += (await handle.write(piece, written, piece.length - written)).bytesWritten;
  }
}

/** Moves a file to where it belongs, at once; a bucket that lies on another disk gets its copy first. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    // The name is one that is never an object.
    const beside = join(dirname(to), `.${randomUUID()}.part`);
    await copyFile(from, beside);
    await rename(beside, to);
    await rm(from, { force: true });
  }
}

/** Undefined when there is no file: nothing, or something else. */
export async function stateOf(path: string): Promise<FileState | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    return found.isFile() ? toState(found) : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

export async function stateOfHandle(handle: FileHandle): Promise<FileState | undefined> {
  const found = await handle.stat({ bigint: true });
  return found.isFile() ? toState(found) : undefined;
}

function toState(found: BigIntStats): FileState {
  return { size: Number(found.size), mtime: String(found.mtimeNs), inode: String(found.ino) };
}

export function sameState(a: FileState, b: FileState): boolean {
  return a.size === b.size && a.mtime === b.mtime && a.inode === b.inode;
}

/** Ms since the epoch. */
export function modifiedAt(state: FileState): number {
  return Number(BigInt(state.mtime) / 1_000_000n);
}

/** MD5 of what the handle's file holds, hex. Leaves the handle open. */
export async function md5Of(handle: FileHandle): Promise<string> {
  const hash = createHash('md5');
  for await (const piece of readPieces(handle, 0, Number.POSITIVE_INFINITY)) hash.update(piece);
  return hash.digest('hex');
}

/** Bytes `from` to `to` (inclusive) of a file, in pieces that may be kept. Leaves the handle open. */
export async function* readPieces(
  handle: FileHandle,
  from: number,
  to: number,
): AsyncGenerator<Buffer, void> {
  let at = from;
  while (at <= to) {
    const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, to - at + 1));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}
