/** The queues of the template, by name, ARN and URL. */
import { join } from 'node:path';

import type { Clock } from '../clock.ts';
import type { QueueResource } from '../template/resources.ts';
import type { Message } from './message.ts';
import { Queue } from './queue.ts';

export class QueueSet {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  #queues = new Map<string, Queue>();

  /** `folder`: `<BATON_HOME>/state/queues`; one folder a queue in it. */
  constructor(
    folder: string,
    resources: readonly QueueResource[],
    clock: Clock,
    log: (line: string) => void,
  ) {
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
    this.configure(resources);
  }

  /** Queues that are no longer named keep their messages on disk. */
  configure(resources: readonly QueueResource[]): void {
    const before = this.#queues;
    // Dead-letter queues first of all: a message may have to go there as soon as its own queue is read.
    const deadLetters = new Set(resources.map(({ redrive }) => redrive?.deadLetterArn));
    const ordered = [...resources].sort(
      (a, b) => Number(deadLetters.has(b.arn)) - Number(deadLetters.has(a.arn)),
    );
    this.#queues = new Map();
    for (const resource of ordered) {
      const known = before.get(resource.name);
      known?.configure(resource);
      this.#queues.set(resource.name, known ?? this.#open(resource));
    }
    for (const [name, queue] of before) if (!this.#queues.has(name)) queue.stop();
  }

  all(): readonly Queue[] {
    return [...this.#queues.values()];
  }

  /** By name, ARN or URL: the last part is the name. */
  find(nameOrArnOrUrl: string): Queue | undefined {
    return this.#queues.get(nameOrArnOrUrl.split(/[:/]/).at(-1) ?? '');
  }

  stop(): void {
    for (const queue of this.#queues.values()) queue.stop();
  }

  #open(resource: QueueResource): Queue {
    return new Queue(join(this.#folder, resource.name), resource, {
      clock: this.#clock,
      giveUp: (deadLetterArn, message) => {
        this.#giveUp(resource, deadLetterArn, message);
      },
    });
  }

  #giveUp(from: QueueResource, deadLetterArn: string, message: Message): void {
    const to = this.find(deadLetterArn);
    this.#log(
      `queues: a message of ${from.name} exceeded its limit of ${String(message.receiveCount)} receives; ${to === undefined ? 'it is dropped' : `it is sent to ${to.resource.name}`}`,
    );
    to?.take({ ...message, receiveCount: 0, availableAt: 0 });
  }
}
