/** Objects as files, without the server: what another process needs to read them (COPY does). */
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { codeOf } from '../../shared/errors.ts';
import {
  bucketFolder,
  isBucketName,
  isPassingName,
  isPathKey,
  KEY_SUFFIX,
  oddFolder,
  oddName,
} from './folders.ts';

export interface FoundObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Absolute; the object's bytes, as they are now. */
  readonly path: string;
}

/**
 * Every object whose key starts with `prefix`, in S3's order (UTF-8 bytes of the key).
 * A missing bucket has no objects.
 * @param s3Root the directory that holds the buckets, `<BATON_HOME>/s3`
 */
export async function listObjects(s3Root: string, bucket: string, prefix = ''): Promise<FoundObject[]> {
  const found: FoundObject[] = [];
  for (const { key, path } of await listKeys(s3Root, bucket, prefix)) {
    const size = await fileSize(path);
    if (size !== undefined) found.push({ key, size, path });
  }
  return found;
}

/** The object with exactly this key, or undefined. */
export async function findObject(
  s3Root: string,
  bucket: string,
  key: string,
): Promise<FoundObject | undefined> {
  for (const path of await placesOf(s3Root, bucket, key)) {
    const size = await fileSize(path);
    if (size !== undefined) return { key, size, path };
  }
  return undefined;
}

/** Where the object may lie; the first that is a file is it. */
export async function placesOf(s3Root: string, bucket: string, key: string): Promise<readonly string[]> {
  if (!isBucketName(bucket)) return [];
  const odd = join(oddFolder(s3Root, bucket), oddName(key));
  const folder = bucketFolder(s3Root, bucket);
  if (!isPathKey(key) || (await passesLink(folder, key))) return [odd];
  // Not `join`: the path is the key, letter for letter.
  return [`${folder}/${key}`, odd];
}

/**
 * True when a folder on the way from the bucket to the key is a link: it may lead out of the bucket, or round in
 * circles, so nothing below it is an object. The bucket itself may be a link.
 */
async function passesLink(bucket: string, key: string): Promise<boolean> {
  for (let at = key.indexOf('/'); at > 0; at = key.indexOf('/', at + 1)) {
    try {
      if ((await lstat(`${bucket}/${key.slice(0, at)}`)).isSymbolicLink()) return true;
    } catch (error) {
      // Not there: what is below it is not there either.
      if (isAbsence(error)) return false;
      throw error;
    }
  }
  return false;
}

export interface KeyPlace {
  readonly key: string;
  readonly path: string;
}

/** Keys and paths without a look at the files: cheap enough to page through a large bucket. */
export async function listKeys(s3Root: string, bucket: string, prefix: string): Promise<KeyPlace[]> {
  if (!isBucketName(bucket)) return [];
  const places = new Map<string, string>();
  for (const odd of await oddKeys(oddFolder(s3Root, bucket))) {
    if (odd.key.startsWith(prefix)) places.set(odd.key, odd.path);
  }
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const root = bucketFolder(s3Root, bucket);
  if (folder === '' || (isPathKey(folder.slice(0, -1)) && !(await passesLink(root, folder)))) {
    await walk(root, folder, prefix, places);
  }
  return [...places]
    .map(([key, path]) => ({ key, path, bytes: Buffer.from(key) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ key, path }) => ({ key, path }));
}

/** `folder`: `''` or a key's part that ends in `/`. */
async function walk(
  bucket: string,
  folder: string,
  prefix: string,
  places: Map<string, string>,
): Promise<void> {
  const here = `${bucket}/${folder}`;
  const entries = await readdir(here, { withFileTypes: true }).catch(noEntries);
  for (const entry of entries) {
    if (isPassingName(entry.name)) continue;
    const key = folder + entry.name;
    if (entry.isDirectory()) {
      // Below the prefix's own folder only what can still begin with it.
      if (`${key}/`.startsWith(prefix)) await walk(bucket, `${key}/`, prefix, places);
    } else if (key.startsWith(prefix) && (entry.isFile() || (await leadsToFile(here + entry.name, entry)))) {
      places.set(key, here + entry.name);
    }
  }
}

/** A link to a file is an object; a link to a directory is not followed. */
async function leadsToFile(path: string, entry: { isSymbolicLink(): boolean }): Promise<boolean> {
  return entry.isSymbolicLink() && (await fileSize(path)) !== undefined;
}

async function oddKeys(folder: string): Promise<KeyPlace[]> {
  const names = new Set((await readdir(folder, { withFileTypes: true }).catch(noEntries)).map((e) => e.name));
  const found: KeyPlace[] = [];
  for (const name of names) {
    if (name.endsWith(KEY_SUFFIX) || !names.has(name + KEY_SUFFIX)) continue;
    const path = join(folder, name);
    const key = await readFile(path + KEY_SUFFIX, 'utf8').catch(() => undefined);
    if (key !== undefined) found.push({ key, path });
  }
  return found;
}

async function fileSize(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

function noEntries(error: unknown): [] {
  if (isAbsence(error)) return [];
  throw error;
}

/** The path leads nowhere: not there, through a file, or longer than the system allows. */
export function isAbsence(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ELOOP';
}
