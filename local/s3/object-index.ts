/**
 * What is known of every object, and which changes have not been announced yet. One file of JSON lines, each a whole
 * change (the object's new state together with the event it owes), so a killed process finds either both or neither.
 */
import { randomBytes, randomUUID } from 'node:crypto';

import type { Clock } from '../clock.ts';
import { JsonLines } from '../json-lines.ts';

/** The state of a file by which a change is noticed. */
export interface FileState {
  /** Bytes. */
  readonly size: number;
  /** Nanoseconds since the epoch, as text: more than a number holds. */
  readonly mtime: string;
  readonly inode: string;
}

export interface StoredObject extends FileState {
  readonly bucket: string;
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  /** Headers of the upload that a download returns: content type, metadata, checksum. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type ChangeReason = 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload' | 'DeleteObject';

/** A change that has to be announced. */
export interface Change {
  readonly kind: 'created' | 'deleted';
  readonly eventId: string;
  /** Upper-case hexadecimal of fixed length: the greater is the later, over restarts too. */
  readonly sequencer: string;
  readonly bucket: string;
  readonly key: string;
  /** `created` only. */
  readonly size?: number;
  readonly etag?: string;
  readonly reason: ChangeReason;
  readonly requestId: string;
  /** Of changes that came by a request. */
  readonly sourceIp?: string;
  /** Ms since the epoch. */
  readonly at: number;
}

/** Whence a change came. */
export interface Origin {
  readonly reason: ChangeReason;
  /** Absent: made, as for a file copied in by hand. */
  readonly requestId?: string;
  readonly sourceIp?: string;
}

type Line =
  | { readonly put: StoredObject; readonly change?: Change }
  | { readonly gone: readonly [bucket: string, key: string]; readonly change?: Change }
  /** A change whose object has changed again, in a rewritten file. */
  | { readonly change: Change }
  | { readonly announced: string }
  | { readonly sequencer: string };

/** Number of obsolete lines after which the file is rewritten. */
const SLACK_LINES = 20_000;
const SEQUENCER_DIGITS = 18;

export class ObjectIndex {
  readonly #file: JsonLines<Line>;
  readonly #clock: Clock;
  readonly #announces: (bucket: string) => boolean;
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  readonly #pending = new Map<string, Change>();
  #lastSequencer = 0n;
  #lines = 0;

  /** `announces`: false for a bucket that sends no events. */
  constructor(file: string, clock: Clock, announces: (bucket: string) => boolean) {
    this.#file = new JsonLines(file);
    this.#clock = clock;
    this.#announces = announces;
    for (const line of this.#file.read()) this.#apply(line);
    this.#rewrite();
  }

  get(bucket: string, key: string): StoredObject | undefined {
    return this.#buckets.get(bucket)?.get(key);
  }

  keys(bucket: string): readonly string[] {
    return [...(this.#buckets.get(bucket)?.keys() ?? [])];
  }

  buckets(): readonly string[] {
    return [...this.#buckets.keys()];
  }

  /** Keeps a new object and the event it owes; returns once both are on file. */
  created(object: StoredObject, origin: Origin): void {
    const change = this.#changeOf('created', object, origin, { size: object.size, etag: object.etag });
    this.#take({ put: object, ...change });
  }

  deleted(bucket: string, key: string, origin: Origin): void {
    const change = this.#changeOf('deleted', { bucket, key }, origin, {});
    this.#take({ gone: [bucket, key], ...change });
  }

  /** The same object in another file (a restored folder): nothing to announce. */
  adopted(object: StoredObject): void {
    this.#take({ put: object });
  }

  /** In the order of their sequencers. */
  pending(): readonly Change[] {
    return [...this.#pending.values()];
  }

  announced(change: Change): void {
    this.#take({ announced: change.sequencer });
  }

  close(): void {
    this.#file.close();
  }

  #changeOf(
    kind: Change['kind'],
    { bucket, key }: { readonly bucket: string; readonly key: string },
    origin: Origin,
    more: { readonly size?: number; readonly etag?: string },
  ): { readonly change?: Change } {
    if (!this.#announces(bucket)) return {};
    const at = this.#clock.now();
    return {
      change: {
        kind,
        eventId: randomUUID(),
        sequencer: this.#nextSequencer(at),
        bucket,
        key,
        ...more,
        at,
        ...origin,
        requestId: origin.requestId ?? makeRequestId(),
      },
    };
  }

  /** Grows with time even when the file was lost, and by one where time stood still or went back. */
  #nextSequencer(now: number): string {
    const byTime = BigInt(Math.floor(now)) << 16n;
    this.#lastSequencer = byTime > this.#lastSequencer ? byTime : this.#lastSequencer + 1n;
    return shown(this.#lastSequencer);
  }

  #take(line: Line): void {
    // After the end a late watcher or upload has nothing to say any more; the next start finds what it saw.
    if (!this.#file.isOpen) return;
    this.#file.append(line);
    this.#apply(line);
    this.#lines += 1;
    if (this.#lines > this.#liveLines() * 2 + SLACK_LINES) this.#rewrite();
  }

  #apply(line: Line): void {
    if ('put' in line) {
      const { bucket, key } = line.put;
      const objects = this.#buckets.get(bucket) ?? new Map<string, StoredObject>();
      this.#buckets.set(bucket, objects.set(key, line.put));
    } else if ('gone' in line) {
      this.#buckets.get(line.gone[0])?.delete(line.gone[1]);
    } else if ('announced' in line) {
      this.#pending.delete(line.announced);
    } else if ('sequencer' in line) {
      this.#remember(line.sequencer);
    }
    if ('change' in line && line.change !== undefined) {
      this.#pending.set(line.change.sequencer, line.change);
      this.#remember(line.change.sequencer);
    }
  }

  #remember(sequencer: string): void {
    const value = BigInt(`0x${sequencer}`);
    if (value > this.#lastSequencer) this.#lastSequencer = value;
  }

  #liveLines(): number {
    let count = this.#pending.size + 1;
    for (const objects of this.#buckets.values()) count += objects.size;
    return count;
  }

  /** Rewrites the file without obsolete lines. */
  #rewrite(): void {
    const lines: Line[] = [{ sequencer: shown(this.#lastSequencer) }];
    for (const objects of this.#buckets.values()) for (const put of objects.values()) lines.push({ put });
    for (const change of this.#pending.values()) lines.push({ change });
    this.#file.replace(lines);
    this.#lines = lines.length;
  }
}

function shown(sequencer: bigint): string {
  return sequencer.toString(16).toUpperCase().padStart(SEQUENCER_DIGITS, '0');
}

export function makeRequestId(): string {
  return randomBytes(8).toString('hex').toUpperCase();
}
