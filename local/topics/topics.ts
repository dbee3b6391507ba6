/**
 * SNS topics without subscribers: what is published is kept in the home folder, one line of JSON a message, and shown by
 * `baton up`. Every topic is taken to exist, as an account may have it.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import type { Clock } from '../clock.ts';
import { JsonLines } from '../json-lines.ts';

export interface TopicMessage {
  readonly messageId: string;
  readonly topicArn: string;
  /** ISO 8601, of the local clock. */
  readonly at: string;
  /** As it was published. */
  readonly message: string;
}

/** The latest that are kept. */
const KEPT = 1_000;

/** SNS's limit of a message, in bytes (SNS API reference: Publish). */
const LARGEST = 262_144;

export class Topics {
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  readonly #file: JsonLines<TopicMessage>;
  #messages: readonly TopicMessage[];

  /** `folder`: `<BATON_HOME>/state/topics`. */
  constructor(folder: string, clock: Clock, log: (line: string) => void) {
    this.#clock = clock;
    this.#log = log;
    this.#file = new JsonLines(join(folder, 'messages.jsonl'));
    this.#messages = this.#file.read();
  }

  /** Oldest first. */
  messages(): readonly TopicMessage[] {
    return this.#messages;
  }

  /** Kept when this returns. @throws Error if the message is too large */
  publish(topicArn: string, message: string): void {
    const bytes = Buffer.byteLength(message);
    if (bytes > LARGEST) throw new Error(`a message of ${bytes} bytes is larger than ${LARGEST}`);
    const at = new Date(this.#clock.now()).toISOString();
    const published = { messageId: randomUUID(), topicArn, at, message };
    this.#messages = [...this.#messages, published].slice(-KEPT);
    if (this.#messages.length < KEPT) this.#file.append(published);
    else this.#file.replace(this.#messages);
    this.#log(`message to ${topicArn.split(':').at(-1) ?? topicArn}:\n${forPeople(message)}`);
  }

  close(): void {
    this.#file.close();
  }
}

/** Lines without their quotes; of a chat notification its title and description. Indented. */
export function forPeople(message: string): string {
  const lines = chatLines(message) ?? message.split('\n').map((line) => line.replace(/^"(.*)"$/, '$1'));
  return lines.map((line) => `  ${line}`).join('\n');
}

function chatLines(message: string): readonly string[] | undefined {
  try {
    const { content } = JSON.parse(message) as { content?: { title?: string; description?: string } };
    if (content === undefined) return undefined;
    return [content.title ?? '', ...(content.description ?? '').split('\n').filter((line) => line !== '```')];
  } catch {
    return undefined;
  }
}
