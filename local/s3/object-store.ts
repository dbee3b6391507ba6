/**
 * Objects: files in bucket directories, with what the index knows of them. All changes of one key go one after
 * another; readers see a whole object or none, since a file is put in place by one rename.
 */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, stat, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { codeOf } from '../../shared/errors.ts';
import { defined } from '../../shared/run/defined.ts';
import type { Clock } from '../clock.ts';
import { ServiceError } from '../service-error.ts';
import {
  md5Of,
  modifiedAt,
  moveFile,
  sameState,
  stateOf,
  stateOfHandle,
  type ReceivedFile,
} from './files.ts';
import { bucketFolder, isBucketName, KEY_SUFFIX, oddFolder, stateFolder } from './folders.ts';
import { KeyLock } from './key-lock.ts';
import { isAbsence, listKeys, placesOf, type KeyPlace } from './object-files.ts';
import type { FileState, ObjectIndex, Origin, StoredObject } from './object-index.ts';
import { noSuchBucket, noSuchKey, preconditionFailed } from './s3-error.ts';

export interface ObjectInfo extends StoredObject {
  /** Ms since the epoch. */
  readonly modified: number;
}

/** An object held open: its bytes stay the same even when it is replaced meanwhile. */
export interface OpenObject {
  readonly info: ObjectInfo;
  readonly handle: FileHandle;
}

/** Conditions of a write. */
export interface WriteConditions {
  /** `*`: there must be no such object. */
  readonly ifNoneMatch?: string;
  /** The present etag. */
  readonly ifMatch?: string;
}

export interface Placing {
  readonly etag: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly conditions?: WriteConditions;
  readonly origin: Origin;
}

/** What `reconcile` found: `unsettled` when the file changed while it was read. */
export type Reconciled = 'same' | 'announced' | 'unsettled';

/** A file whose last change is younger may change again without its time showing it. */
const CLOCK_GRAIN_MS = 20;
/** How far a copied file's time may lie from its original's. */
const COPIED_TIME_MS = 2;
const MOST_REMEMBERED = 10_000;

/** The name leads through a file, to a directory, or is not one this file system has. */
const CANNOT_BE_THERE = new Set([
  'EEXIST',
  'ENOTDIR',
  'EISDIR',
  'ENOTEMPTY',
  'ENAMETOOLONG',
  'EILSEQ',
  'EINVAL',
]);

export class ObjectStore {
  readonly root: string;
  /** Folder for files on their way in. */
  readonly temporary: string;
  readonly #index: ObjectIndex;
  readonly #clock: Clock;
  readonly #lock = new KeyLock();
  /** Etags of files that the index does not know, or not as they are now. */
  readonly #hashed = new Map<string, FileState & { readonly etag: string }>();

  constructor(root: string, index: ObjectIndex, clock: Clock) {
    this.#clock = clock;
    this.root = resolve(root);
    this.temporary = join(stateFolder(root), 'temporary');
    this.#index = index;
  }

  /** Makes the folders; what an earlier process was receiving is thrown away. */
  async prepare(): Promise<void> {
    await mkdir(this.root, { recursive: true });
    await rm(this.temporary, { recursive: true, force: true });
    await mkdir(this.temporary, { recursive: true });
  }

  async buckets(): Promise<readonly { readonly name: string; readonly created: number }[]> {
    const found: { name: string; created: number }[] = [];
    for (const name of await readdir(this.root)) {
      if (!isBucketName(name)) continue;
      const state = await stat(join(this.root, name)).catch(() => undefined);
      if (state?.isDirectory() === true) found.push({ name, created: state.birthtimeMs });
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws ServiceError NoSuchBucket */
  async needBucket(bucket: string): Promise<void> {
    if (isBucketName(bucket)) {
      const state = await stat(bucketFolder(this.root, bucket)).catch(() => undefined);
      if (state?.isDirectory() === true) return;
    }
    throw noSuchBucket(bucket);
  }

  async createBucket(bucket: string): Promise<void> {
    if (!isBucketName(bucket)) {
      throw new ServiceError('InvalidBucketName', `The specified bucket is not valid: ${bucket}`);
    }
    await mkdir(bucketFolder(this.root, bucket), { recursive: true });
  }

  /** In S3's order. */
  keys(bucket: string, prefix: string): Promise<readonly KeyPlace[]> {
    return listKeys(this.root, bucket, prefix);
  }

  /** Undefined when there is no such object. */
  async info(bucket: string, key: string): Promise<ObjectInfo | undefined> {
    const found = await this.open(bucket, key);
    await found?.handle.close();
    return found?.info;
  }

  /** The caller closes the handle. */
  async open(bucket: string, key: string): Promise<OpenObject | undefined> {
    for (const path of await placesOf(this.root, bucket, key)) {
      const handle = await openFile(path);
      if (handle === undefined) continue;
      try {
        const state = await stateOfHandle(handle);
        if (state !== undefined)
          return { handle, info: await this.#describe(bucket, key, path, state, handle) };
      } catch (error) {
        await handle.close();
        throw error;
      }
      await handle.close();
    }
    return undefined;
  }

  /** Puts a received file in the object's place. @throws ServiceError when a condition does not hold */
  place(bucket: string, key: string, file: ReceivedFile, placing: Placing): Promise<ObjectInfo> {
    return this.#lock.run(`${bucket}/${key}`, async () => {
      await this.needBucket(bucket);
      await this.#check(bucket, key, placing.conditions);
      // LastModified is on the clock of the events: what is newer than a marker depends on it.
      const now = new Date(this.#clock.now());
      await utimes(file.path, now, now);
      const path = await this.#moveIn(bucket, key, file.path);
      const state = await stateOf(path);
      if (state === undefined) throw new ServiceError('InternalError', `${path} is gone`, 500);
      const object: StoredObject = {
        bucket,
        key,
        ...state,
        etag: placing.etag,
        ...defined({ headers: placing.headers }),
      };
      this.#index.created(object, placing.origin);
      return { ...object, modified: modifiedAt(state) };
    });
  }

  /** True when there was such an object. */
  remove(bucket: string, key: string, origin: Origin): Promise<boolean> {
    return this.#lock.run(`${bucket}/${key}`, async () => {
      let there = false;
      for (const path of await placesOf(this.root, bucket, key)) {
        if ((await stateOf(path)) === undefined) continue;
        await rm(path);
        there = true;
      }
      if (there || this.#index.get(bucket, key) !== undefined) this.#index.deleted(bucket, key, origin);
      return there;
    });
  }

  /** Takes into the index what happened to a file without us. */
  reconcile(bucket: string, key: string): Promise<Reconciled> {
    return this.#lock.run(`${bucket}/${key}`, async () => {
      const known = this.#index.get(bucket, key);
      const found = await this.open(bucket, key);
      if (found === undefined) {
        if (known === undefined) return 'same';
        this.#index.deleted(bucket, key, { reason: 'DeleteObject' });
        return 'announced';
      }
      try {
        if (known !== undefined && sameState(known, found.info)) return 'same';
        const after = await stateOfHandle(found.handle);
        if (after === undefined || !sameState(after, found.info)) return 'unsettled';
      } finally {
        await found.handle.close();
      }
      const { modified: _, ...object } = found.info;
      if (known !== undefined && isSameContent(known, object)) {
        this.#index.adopted({ ...known, inode: object.inode, mtime: object.mtime });
        return 'same';
      }
      this.#index.created(object, { reason: 'PutObject' });
      return 'announced';
    });
  }

  /** True if the index matches the file, so there is nothing to reconcile. */
  async isKnown(bucket: string, { key, path }: KeyPlace): Promise<boolean> {
    const known = this.#index.get(bucket, key);
    const state = await stateOf(path);
    return known !== undefined && state !== undefined && sameState(known, state);
  }

  async #describe(
    bucket: string,
    key: string,
    path: string,
    state: FileState,
    handle: FileHandle,
  ): Promise<ObjectInfo> {
    const modified = modifiedAt(state);
    const known = this.#index.get(bucket, key);
    if (known !== undefined && sameState(known, state)) return { ...known, modified };
    const remembered = this.#hashed.get(path);
    if (remembered !== undefined && sameState(remembered, state)) {
      return { bucket, key, ...state, etag: remembered.etag, modified };
    }
    const etag = await md5Of(handle);
    this.#hashed.delete(path);
    if (Date.now() - modified > CLOCK_GRAIN_MS) {
      this.#hashed.set(path, { ...state, etag });
      const [oldest] = this.#hashed.keys();
      if (this.#hashed.size > MOST_REMEMBERED && oldest !== undefined) this.#hashed.delete(oldest);
    }
    return { bucket, key, ...state, etag, modified };
  }

  async #check(bucket: string, key: string, conditions: WriteConditions = {}): Promise<void> {
    const { ifMatch, ifNoneMatch } = conditions;
    if (ifMatch === undefined && ifNoneMatch === undefined) return;
    const present = await this.info(bucket, key);
    if (ifNoneMatch !== undefined && present !== undefined && matchesEtag(ifNoneMatch, present.etag)) {
      throw preconditionFailed('If-None-Match');
    }
    if (ifMatch === undefined) return;
    if (present === undefined) throw noSuchKey();
    if (!matchesEtag(ifMatch, present.etag)) throw preconditionFailed('If-Match');
  }

  /** Where its key leads, or beside the tree when that cannot be. */
  async #moveIn(bucket: string, key: string, from: string): Promise<string> {
    const odd = join(oddFolder(this.root, bucket));
    for (const path of await placesOf(this.root, bucket, key)) {
      const beside = dirname(path) === odd;
      try {
        await mkdir(dirname(path), { recursive: true });
        if (beside) await writeFile(path + KEY_SUFFIX, key);
        await moveFile(from, path);
      } catch (error) {
        if (!beside && CANNOT_BE_THERE.has(codeOf(error) ?? '')) continue;
        throw error;
      }
      if (!beside) await this.#clearOdd(bucket, key, path);
      return path;
    }
    throw new ServiceError('InternalError', `there is no place for ${key}`, 500);
  }

  /** A key that could not be a path once and can now must not be in both places. */
  async #clearOdd(bucket: string, key: string, except: string): Promise<void> {
    for (const path of await placesOf(this.root, bucket, key)) {
      if (path !== except) await rm(path, { force: true });
    }
  }
}

/** `*`, or a list of etags with or without quotes. */
export function matchesEtag(condition: string, etag: string): boolean {
  return condition
    .split(',')
    .map((each) => each.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((each) => each === '*' || each === etag);
}

/**
 * A restored or copied folder gives its files new inodes, and times that are only exact to the millisecond or so.
 * A multipart etag cannot be computed from the file.
 */
function isSameContent(known: StoredObject, now: StoredObject): boolean {
  if (known.size !== now.size || Math.abs(modifiedAt(known) - modifiedAt(now)) > COPIED_TIME_MS) return false;
  return known.etag === now.etag || known.etag.includes('-');
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    // Not waiting: a named pipe would keep us for ever.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
