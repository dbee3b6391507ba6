/**
 * S3 on this machine. Buckets are directories; a file copied into one and a PutObject are the same thing, and both
 * raise one "Object Created" event.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { codeOf, messageOf } from '../../shared/errors.ts';
import type { Clock } from '../clock.ts';
import type { Handler } from '../http.ts';
import { asServiceError, ServiceError } from '../service-error.ts';
import { Announcer, type EventSink } from './announcer.ts';
import { BucketWatch, type WatchSettings } from './bucket-watch.ts';
import { bucketFolder, stateFolder } from './folders.ts';
import { makeRequestId, ObjectIndex } from './object-index.ts';
import { ObjectStore } from './object-store.ts';
import { operationOf } from './operations.ts';
import { readRequest } from './request.ts';
import { sendXmlError } from './s3-error.ts';
import { Uploads } from './uploads.ts';

export interface LocalS3Settings {
  /** The directory that holds the buckets, `<BATON_HOME>/s3`; what else S3 keeps lies in `<BATON_HOME>/state/s3`. */
  readonly root: string;
  /** Made when they are not there. Other buckets may be made by hand or with CreateBucket; they send events too. */
  readonly buckets: readonly { readonly name: string; readonly eventBridge: boolean }[];
  readonly clock: Clock;
  /** Resolves when the event is accepted and will not be lost any more. */
  readonly sink: EventSink;
  readonly log: (line: string) => void;
  readonly watch?: Partial<WatchSettings>;
}

const WATCH: WatchSettings = { settleMs: 120, lookEveryMs: 30 };

export class LocalS3 {
  readonly #settings: LocalS3Settings;
  /** Buckets whose switch for EventBridge is off. */
  readonly #quiet: Set<string>;
  readonly #index: ObjectIndex;
  readonly #store: ObjectStore;
  readonly #uploads: Uploads;
  readonly #announcer: Announcer;
  readonly #watch: BucketWatch;

  constructor(settings: LocalS3Settings) {
    this.#settings = settings;
    const { root, clock, sink, log } = settings;
    const state = stateFolder(root);
    this.#quiet = new Set(settings.buckets.filter((each) => !each.eventBridge).map(({ name }) => name));
    this.#index = new ObjectIndex(join(state, 'index.jsonl'), clock, (bucket) => !this.#quiet.has(bucket));
    this.#store = new ObjectStore(root, this.#index, clock);
    this.#uploads = new Uploads(join(state, 'uploads'), this.#store.temporary);
    this.#announcer = new Announcer(this.#index, sink, clock, log);
    this.#watch = new BucketWatch(
      this.#store,
      this.#index,
      { ...WATCH, ...settings.watch },
      () => {
        this.#announcer.wake();
      },
      log,
    );
  }

  /** Makes the buckets, announces what an earlier process could not, and begins to watch. */
  async start(): Promise<void> {
    await this.#store.prepare();
    for (const { name } of this.#settings.buckets) {
      await mkdir(bucketFolder(this.#settings.root, name), { recursive: true });
    }
    this.#announcer.wake();
    await this.#watch.start();
  }

  async stop(): Promise<void> {
    await this.#watch.stop();
    this.#announcer.stop();
    this.#index.close();
  }

  readonly handle: Handler = async (message, response) => {
    let id = makeRequestId();
    let resource = message.url ?? '/';
    response.setHeader('x-amz-request-id', id);
    response.setHeader('date', new Date(this.#settings.clock.now()).toUTCString());
    try {
      const request = readRequest(message);
      id = request.id;
      response.setHeader('x-amz-request-id', id);
      resource = `/${request.bucket}${request.key === '' ? '' : `/${request.key}`}`;
      await operationOf(request)(
        {
          store: this.#store,
          uploads: this.#uploads,
          events: {
            isOn: (bucket) => !this.#quiet.has(bucket),
            turn: (bucket, on) => {
              if (on) this.#quiet.delete(bucket);
              else this.#quiet.add(bucket);
            },
          },
          announce: () => {
            this.#announcer.wake();
          },
        },
        request,
        response,
      );
    } catch (error) {
      // What is left of the body must be read, or the client never gets to the answer.
      message.resume();
      const isExpected = error instanceof ServiceError || codeOf(error) === 'ECONNRESET';
      if (!isExpected && !response.headersSent) this.#settings.log(`s3: ${resource}: ${messageOf(error)}`);
      sendXmlError(response, asServiceError(error, 'InternalError'), { Resource: resource, RequestId: id });
    }
  };
}
