/**
 * A standard SQS queue: messages are received for a time and come back unless they are deleted; after too many
 * receives they go to the dead-letter queue. What is in flight when the process ends is visible again at the next
 * start. Times are the local clock's.
 */
import { randomBytes, randomUUID } from 'node:crypto';

import type { Clock, Timer } from '../clock.ts';
import type { QueueResource } from '../template/resources.ts';
import type { Message, MessageAttributes, ReceivedMessage } from './message.ts';
import { MessageFiles } from './message-files.ts';

export interface QueuePorts {
  readonly clock: Clock;
  /** Keeps a message that was received too often; it is gone here when this returns. */
  giveUp(deadLetterArn: string, message: Message): void;
}

export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

interface InFlight {
  readonly message: Message;
  readonly receiptHandle: string;
  readonly timer: Timer;
}

export class Queue {
  readonly #ports: QueuePorts;
  readonly #files: MessageFiles;
  #resource: QueueResource;
  /** By id, in the order in which they are received. */
  readonly #visible = new Map<string, Message>();
  readonly #inFlight = new Map<string, InFlight>();
  readonly #delayed = new Map<string, Timer>();
  readonly #listeners = new Set<() => void>();

  /** `folder`: one file a message. */
  constructor(folder: string, resource: QueueResource, ports: QueuePorts) {
    this.#resource = resource;
    this.#ports = ports;
    this.#files = new MessageFiles(folder);
    for (const message of this.#files.load()) this.#offer(message);
  }

  get resource(): QueueResource {
    return this.#resource;
  }

  /** Applies a recompiled template. */
  configure(resource: QueueResource): void {
    this.#resource = resource;
  }

  counts(): QueueCounts {
    return { visible: this.#visible.size, inFlight: this.#inFlight.size, delayed: this.#delayed.size };
  }

  /** When the oldest visible message was sent; undefined when there is none. */
  oldestVisible(): number | undefined {
    const [first] = this.#visible.values();
    return first?.sentAt;
  }

  /** Calls back whenever a message becomes visible. Returns the way to stop that. */
  onVisible(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** On disk when this returns. `delaySeconds`: absent: the queue's. */
  send(body: string, attributes: MessageAttributes = {}, delaySeconds?: number): Message {
    const sentAt = this.#ports.clock.now();
    const delay = (delaySeconds ?? this.#resource.delaySeconds) * 1000;
    const message: Message = {
      id: randomUUID(),
      body,
      attributes,
      sentAt,
      availableAt: sentAt + delay,
      receiveCount: 0,
    };
    this.take(message);
    return message;
  }

  /** Takes a message over from another queue. */
  take(message: Message): void {
    this.#files.save(message);
    this.#offer(message);
  }

  /** At most `most` messages, each hidden for `visibilitySeconds` (absent: the queue's). */
  receive(most: number, visibilitySeconds?: number): readonly ReceivedMessage[] {
    const now = this.#ports.clock.now();
    const received: ReceivedMessage[] = [];
    for (const message of firstOf(this.#visible.values(), most, (each) => this.#isLive(each, now))) {
      this.#visible.delete(message.id);
      const taken: Message = {
        ...message,
        receiveCount: message.receiveCount + 1,
        firstReceivedAt: message.firstReceivedAt ?? now,
      };
      this.#files.save(taken);
      const receiptHandle = `${taken.id}#${randomBytes(12).toString('base64url')}`;
      this.#hide(taken, receiptHandle, (visibilitySeconds ?? this.#resource.visibilitySeconds) * 1000);
      received.push({ ...taken, receiptHandle });
    }
    return received;
  }

  /** An old receipt deletes the message too, as long as it exists. False when the handle is none. */
  delete(receiptHandle: string): boolean {
    const id = idOf(receiptHandle);
    if (id === undefined) return false;
    this.#inFlight.get(id)?.timer.cancel();
    this.#inFlight.delete(id);
    this.#visible.delete(id);
    this.#delayed.get(id)?.cancel();
    this.#delayed.delete(id);
    this.#files.remove(id);
    return true;
  }

  /** From now on; 0: visible at once. False when the message is not in flight under this handle. */
  changeVisibility(receiptHandle: string, seconds: number): boolean {
    const id = idOf(receiptHandle) ?? '';
    const flying = this.#inFlight.get(id);
    if (flying?.receiptHandle !== receiptHandle) return false;
    flying.timer.cancel();
    this.#inFlight.delete(id);
    if (seconds === 0) this.#show(flying.message);
    else this.#hide(flying.message, receiptHandle, seconds * 1000);
    return true;
  }

  /** How many messages were removed. */
  purge(): number {
    const ids = [...this.#visible.keys(), ...this.#inFlight.keys(), ...this.#delayed.keys()];
    for (const id of ids) this.delete(`${id}#`);
    return ids.length;
  }

  /** Leaves everything on disk and does nothing any more. */
  stop(): void {
    for (const { timer } of this.#inFlight.values()) timer.cancel();
    for (const timer of this.#delayed.values()) timer.cancel();
    this.#listeners.clear();
  }

  #offer(message: Message): void {
    if (message.availableAt <= this.#ports.clock.now()) {
      this.#show(message);
      return;
    }
    this.#delayed.set(
      message.id,
      this.#ports.clock.callAt(message.availableAt, () => {
        this.#delayed.delete(message.id);
        this.#show(message);
      }),
    );
  }

  #show(message: Message): void {
    const { redrive } = this.#resource;
    if (redrive !== undefined && message.receiveCount >= redrive.maxReceiveCount) {
      this.#ports.giveUp(redrive.deadLetterArn, { ...message, deadLetterSource: this.#resource.arn });
      this.#files.remove(message.id);
      return;
    }
    this.#visible.set(message.id, message);
    for (const listener of this.#listeners) listener();
  }

  #hide(message: Message, receiptHandle: string, ms: number): void {
    const timer = this.#ports.clock.callAt(this.#ports.clock.now() + ms, () => {
      this.#inFlight.delete(message.id);
      this.#show(message);
    });
    this.#inFlight.set(message.id, { message, receiptHandle, timer });
  }

  /** False, and it is gone, when the message is older than the queue keeps messages. */
  #isLive(message: Message, now: number): boolean {
    if (now - message.sentAt <= this.#resource.retentionSeconds * 1000) return true;
    this.#visible.delete(message.id);
    this.#files.remove(message.id);
    return false;
  }
}

function* firstOf<T>(values: Iterable<T>, most: number, fits: (value: T) => boolean): Generator<T, void> {
  let count = 0;
  for (const value of values) {
    if (count >= most) return;
    if (!fits(value)) continue;
    count += 1;
    yield value;
  }
}

function idOf(receiptHandle: string): string | undefined {
  return /^([0-9a-f-]{36})#/.exec(receiptHandle)?.[1];
}
