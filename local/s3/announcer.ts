/** Hands the changes of objects to the event bus, in order; a change is done when the bus has accepted it. */
import { defined } from '../../shared/run/defined.ts';
import { LOCAL_ACCOUNT } from '../account.ts';
import { eventHead, type BusEvent } from '../bus-event.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Change, ObjectIndex } from './object-index.ts';

/** Resolves when the event is accepted and will not be lost any more. */
export type EventSink = (event: BusEvent) => Promise<void>;

const RETRY_MS = 1000;

export class Announcer {
  readonly #index: ObjectIndex;
  readonly #sink: EventSink;
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  #retry: Timer | undefined;
  #busy = false;
  #again = false;
  #stopped = false;

  constructor(index: ObjectIndex, sink: EventSink, clock: Clock, log: (line: string) => void) {
    this.#index = index;
    this.#sink = sink;
    this.#clock = clock;
    this.#log = log;
  }

  /** Announces what is pending; returns at once. */
  wake(): void {
    this.#again = true;
    if (!this.#busy) void this.#announceAll();
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
  }

  async #announceAll(): Promise<void> {
    this.#busy = true;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      for (const change of this.#index.pending()) {
        if (!(await this.#announce(change))) break;
      }
    }
    this.#busy = false;
  }

  async #announce(change: Change): Promise<boolean> {
    if (this.#stopped) return false;
    try {
      await this.#sink(toEvent(change));
    } catch (error) {
      this.#log(
        `s3: the event of ${change.bucket}/${change.key} was rejected (${String(error)}); it will be retried`,
      );
      this.#retry?.cancel();
      this.#retry = this.#clock.callAt(this.#clock.now() + RETRY_MS, () => {
        this.wake();
      });
      return false;
    }
    this.#index.announced(change);
    return true;
  }
}

/** Keys verbatim. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
function toEvent(change: Change): BusEvent {
  const created = change.kind === 'created';
  return {
    ...eventHead(change.eventId, 'aws.s3', created ? 'Object Created' : 'Object Deleted', change.at, [
      `arn:aws:s3:::${change.bucket}`,
    ]),
    detail: {
      version: '0',
      bucket: { name: change.bucket },
      object: {
        key: change.key,
        ...(created && { size: change.size, etag: change.etag }),
        sequencer: change.sequencer,
      },
      'request-id': change.requestId,
      requester: LOCAL_ACCOUNT,
      ...defined({ 'source-ip-address': change.sourceIp }),
      reason: change.reason,
      ...(!created && { 'deletion-type': 'Permanently Deleted' }),
    },
  };
}
