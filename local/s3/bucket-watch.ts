/**
 * Notices files that come, change or go in the bucket directories without a request: a copied file is an upload. The
 * watcher only says where to look; what happened is told by comparing file and index, so nothing is announced twice,
 * and a scan finds what happened while nobody watched.
 */
import { lstatSync, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { relative, sep } from 'node:path';

import { watch, type FSWatcher } from 'chokidar';

import { messageOf } from '../../shared/errors.ts';
import { stateOf, modifiedAt, sameState } from './files.ts';
import { isBucketName, isPassingName } from './folders.ts';
import { placesOf, type KeyPlace } from './object-files.ts';
import type { FileState, ObjectIndex } from './object-index.ts';
import type { ObjectStore } from './object-store.ts';

export interface WatchSettings {
  /** How long a file must stay the same before it counts as whole, in ms. */
  readonly settleMs: number;
  /** How often a file that is being written is looked at, in ms. */
  readonly lookEveryMs: number;
}

interface Restless {
  readonly bucket: string;
  readonly key: string;
  state: FileState | undefined;
  /** Real time since when `state` has stayed the same, ms. */
  since: number;
}

/** A file whose last write is older is complete. */
const OLD_ENOUGH_MS = 2000;
/** An empty file is an object, but more often the beginning of one: it waits so many times longer. */
const EMPTY_FACTOR = 5;
const RESCAN_MS = 2000;
const LOOKS_AT_ONCE = 64;

export class BucketWatch {
  readonly #store: ObjectStore;
  readonly #index: ObjectIndex;
  readonly #settings: WatchSettings;
  readonly #onChange: () => void;
  readonly #log: (line: string) => void;
  readonly #restless = new Map<string, Restless>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #rescan: NodeJS.Timeout | undefined;
  #looking = false;
  #stopped = false;

  constructor(
    store: ObjectStore,
    index: ObjectIndex,
    settings: WatchSettings,
    /** Called when the index has taken something in. */
    onChange: () => void,
    log: (line: string) => void,
  ) {
    this.#store = store;
    this.#index = index;
    this.#settings = settings;
    this.#onChange = onChange;
    this.#log = log;
  }

  /** Resolves when the directories are watched and what happened before has been seen. */
  async start(): Promise<void> {
    const watcher = watch(this.#store.root, {
      ignoreInitial: true,
      ignorePermissionErrors: true,
      ignored: (path, stats) =>
        path !== this.#store.root &&
        (isPassingName(path.slice(path.lastIndexOf(sep) + 1)) || this.#isLinkedFolder(path, stats)),
    });
    this.#watcher = watcher;
    watcher.on('all', (event, path) => {
      if (event === 'unlinkDir') this.#lookBelow(path);
      else if (event === 'add' || event === 'change' || event === 'unlink') this.#noticed(path);
    });
    watcher.on('error', (error) => {
      this.#log(
        `s3: the buckets cannot be watched (${String(error)}); they are scanned every two seconds instead`,
      );
      this.#rescan ??= setInterval(() => void this.scan(), RESCAN_MS);
    });
    await new Promise<void>((resolve) => {
      watcher.once('ready', resolve);
      watcher.once('error', () => {
        resolve();
      });
    });
    await this.scan();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#rescan);
    await this.#watcher?.close();
  }

  /** Compares every file with the index. */
  async scan(): Promise<void> {
    const names = (await readdir(this.#store.root)).filter(isBucketName);
    for (const bucket of new Set([...names, ...this.#index.buckets()])) {
      const places = await this.#store.keys(bucket, '');
      await this.#compare(bucket, places);
      const there = new Set(places.map(({ key }) => key));
      for (const key of this.#index.keys(bucket)) if (!there.has(key)) this.#look(bucket, key);
    }
  }

  async #compare(bucket: string, places: readonly KeyPlace[]): Promise<void> {
    for (let at = 0; at < places.length && !this.#stopped; at += LOOKS_AT_ONCE) {
      await Promise.all(
        places.slice(at, at + LOOKS_AT_ONCE).map(async (place) => {
          if (!(await this.#store.isKnown(bucket, place))) this.#look(bucket, place.key);
        }),
      );
    }
  }

  #noticed(path: string): void {
    const [bucket, ...segments] = relative(this.#store.root, path).split(sep);
    if (bucket !== undefined && isBucketName(bucket) && segments.length > 0)
      this.#look(bucket, segments.join('/'));
  }

  /** Below a bucket; its files are no objects, and it may lead anywhere. */
  #isLinkedFolder(path: string, stats: Stats | undefined): boolean {
    if (stats?.isDirectory() !== true || !relative(this.#store.root, path).includes(sep)) return false;
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  }

  #lookBelow(path: string): void {
    const [bucket = '', ...segments] = relative(this.#store.root, path).split(sep);
    const prefix = segments.map((segment) => `${segment}/`).join('');
    for (const key of this.#index.keys(bucket)) if (key.startsWith(prefix)) this.#look(bucket, key);
  }

  #look(bucket: string, key: string): void {
    const name = `${bucket}/${key}`;
    if (this.#stopped || this.#restless.has(name)) return;
    this.#restless.set(name, { bucket, key, state: undefined, since: Date.now() });
    this.#timer ??= setTimeout(() => void this.#lookAtAll(), this.#settings.lookEveryMs);
  }

  async #lookAtAll(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const all = [...this.#restless.values()];
    for (let at = 0; at < all.length && !this.#stopped; at += LOOKS_AT_ONCE) {
      await Promise.all(all.slice(at, at + LOOKS_AT_ONCE).map((each) => this.#lookAt(each)));
    }
    this.#looking = false;
    this.#timer = undefined;
    if (this.#stopped || this.#restless.size === 0) return;
    this.#timer = setTimeout(() => void this.#lookAtAll(), this.#settings.lookEveryMs);
  }

  async #lookAt(file: Restless): Promise<void> {
    const { bucket, key } = file;
    try {
      const state = await this.#stateOf(bucket, key);
      const now = Date.now();
      const moved =
        state === undefined || file.state === undefined
          ? state !== file.state
          : !sameState(state, file.state);
      if (moved) {
        file.state = state;
        file.since = now;
      }
      const old = state !== undefined && now - modifiedAt(state) > OLD_ENOUGH_MS;
      const settleMs = this.#settings.settleMs * (state?.size === 0 ? EMPTY_FACTOR : 1);
      if (!old && now - file.since < settleMs) return;
      this.#restless.delete(`${bucket}/${key}`);
      const outcome = await this.#store.reconcile(bucket, key);
      if (outcome === 'unsettled') this.#look(bucket, key);
      if (outcome === 'announced') this.#onChange();
    } catch (error) {
      this.#restless.delete(`${bucket}/${key}`);
      this.#log(`s3: ${bucket}/${key} cannot be read: ${messageOf(error)}`);
    }
  }

  async #stateOf(bucket: string, key: string): Promise<FileState | undefined> {
    for (const path of await placesOf(this.#store.root, bucket, key)) {
      const state = await stateOf(path);
      if (state !== undefined) return state;
    }
    return undefined;
  }
}
