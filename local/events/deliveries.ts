/**
 * Deliveries that are not done yet: one entry a matched target, kept in a journal until the target took it or it was
 * given up, so a killed process delivers them when it starts again (perhaps twice: EventBridge is at-least-once).
 * Retries as EventBridge's: exponential with jitter, up to a number of attempts and an age, then the dead-letter
 * queue. All times are the local clock's.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 */
import { randomUUID } from 'node:crypto';

import { messageOf } from '../../shared/errors.ts';
import { defined } from '../../shared/run/defined.ts';
import type { Clock, Timer } from '../clock.ts';
import { Journal } from '../journal.ts';

export interface Delivery {
  readonly id: string;
  readonly ruleArn: string;
  readonly targetArn: string;
  /** The event, JSON text: what the dead-letter queue gets. */
  readonly event: string;
  /** What the target gets, JSON text, where that is something else. */
  readonly input?: string;
  /** It is not the JSON that its template says: the target cannot get it. */
  readonly broken?: true;
  readonly deadLetterArn?: string;
  /** After the first attempt. */
  readonly retryAttempts: number;
  readonly maximumAgeSeconds: number;
  /** Ms since the epoch. */
  readonly acceptedAt: number;
  /** Attempts made. */
  readonly attempts: number;
  /** Not before; ms since the epoch. */
  readonly next: number;
}

export type NewDelivery = Omit<Delivery, 'id' | 'acceptedAt' | 'attempts' | 'next'>;

/** The string attributes of a dead letter. */
export type DeadLetterAttributes = Readonly<Record<string, string>>;

export interface DeliveryPorts {
  readonly clock: Clock;
  /** Resolves when the target has taken it. Rejects with `DeliveryRefused` when trying again is of no use. */
  deliver(targetArn: string, payload: string): Promise<void>;
  sendDeadLetter(queueArn: string, body: string, attributes: DeadLetterAttributes): Promise<void>;
  /** What people should see: retries, losses. */
  log(line: string): void;
  /** 0 to 1; for the jitter. */
  random(): number;
}

/** The target does not exist or does not take it: EventBridge makes no further attempt. */
export class DeliveryRefused extends Error {
  override readonly name = 'DeliveryRefused';
  /** `NO_RESOURCE`, `NO_PERMISSIONS`, `INVALID_PARAMETER`, … */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 600_000;

export class Deliveries {
  readonly #ports: DeliveryPorts;
  readonly #journal: Journal<Delivery>;
  readonly #timers = new Map<string, Timer>();
  readonly #idle = new Set<() => void>();
  #underWay = 0;
  #stopped = false;

  /** `file`: the journal; made when absent. */
  constructor(file: string, ports: DeliveryPorts) {
    this.#ports = ports;
    this.#journal = new Journal(file);
  }

  /** Takes up what an earlier process left. */
  start(): void {
    for (const delivery of this.#journal.values()) void this.#schedule(delivery);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#journal.close();
    this.#tellIdle();
  }

  /** Deliveries not done, those that wait for a retry included. */
  get waiting(): number {
    return this.#journal.size;
  }

  /** Drops what waits for a retry or a delay; how many. */
  forget(): number {
    const ids = [...this.#timers.keys()];
    for (const id of ids) {
      this.#timers.get(id)?.cancel();
      this.#timers.delete(id);
      this.#journal.delete(id);
    }
    return ids.length;
  }

  /** Attempts that are under way or due now. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Resolves when no attempt is under way or due now; what waits for a later time stays. */
  async settled(): Promise<void> {
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => this.#idle.add(resolve));
  }

  /** Kept when this returns (or it throws); the promise resolves when the first attempt is over, and never rejects. */
  add(delivery: NewDelivery, delayMs: number): Promise<void> {
    if (this.#stopped) throw new Error('the event bus has stopped');
    const now = this.#ports.clock.now();
    const kept: Delivery = {
      ...delivery,
      id: randomUUID(),
      acceptedAt: now,
      attempts: 0,
      next: now + delayMs,
    };
    this.#journal.set(kept.id, kept);
    return this.#schedule(kept);
  }

  #schedule(delivery: Delivery): Promise<void> {
    return new Promise((resolve) => {
      const attempt = (): void => {
        this.#timers.delete(delivery.id);
        void this.#run(delivery).finally(resolve);
      };
      if (delivery.next > this.#ports.clock.now()) {
        this.#timers.set(delivery.id, this.#ports.clock.callAt(delivery.next, attempt));
      } else {
        // Never within the call that published the event.
        this.#underWay += 1;
        setImmediate(() => {
          this.#underWay -= 1;
          attempt();
        });
      }
    });
  }

  async #run(delivery: Delivery): Promise<void> {
    if (this.#stopped) return;
    this.#underWay += 1;
    try {
      await this.#attempt(delivery);
    } catch (error) {
      this.#ports.log(`events: delivery to ${delivery.targetArn} failed unexpectedly: ${String(error)}`);
    }
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#tellIdle();
  }

  #tellIdle(): void {
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { clock } = this.#ports;
    try {
      if (delivery.broken === true)
        throw new DeliveryRefused('INVALID_JSON', 'the filled input template is not valid JSON');
      await this.#ports.deliver(delivery.targetArn, delivery.input ?? delivery.event);
      if (!this.#stopped) this.#journal.delete(delivery.id);
      return;
    } catch (error) {
      if (this.#stopped) return;
      const attempts = delivery.attempts + 1;
      const tried = { ...delivery, attempts };
      const message = messageOf(error);
      if (error instanceof DeliveryRefused) {
        await this.#giveUp(tried, error.code, message);
        return;
      }
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
      const next = clock.now() + pause * (0.5 + this.#ports.random() / 2);
      if (attempts > delivery.retryAttempts) {
        await this.#giveUp(tried, 'ERROR_FROM_TARGET', message, 'MaximumRetryAttempts');
      } else if (next > delivery.acceptedAt + delivery.maximumAgeSeconds * 1000) {
        await this.#giveUp(tried, 'ERROR_FROM_TARGET', message, 'MaximumEventAgeInSeconds');
      } else {
        this.#ports.log(`events: ${delivery.targetArn} rejected an event (${message}); it will be retried`);
        const later = { ...tried, next };
        this.#journal.set(later.id, later);
        void this.#schedule(later);
      }
    }
  }

  async #giveUp(delivery: Delivery, code: string, message: string, exhausted?: string): Promise<void> {
    const queue = delivery.deadLetterArn;
    this.#ports.log(
      `events: ${delivery.targetArn} rejected an event (${code}: ${message}); ${queue === undefined ? 'it is dropped' : `it is sent to ${queue}`}`,
    );
    if (queue !== undefined) {
      const attributes = {
        RULE_ARN: delivery.ruleArn,
        TARGET_ARN: delivery.targetArn,
        ERROR_CODE: code,
        ERROR_MESSAGE: message,
        ...defined({ EXHAUSTED_RETRY_CONDITION: exhausted }),
        RETRY_ATTEMPTS: String(Math.max(delivery.attempts - 1, 0)),
      };
      try {
        await this.#ports.sendDeadLetter(queue, delivery.event, attributes);
      } catch (error) {
        this.#ports.log(`events: ${queue} rejected the dead letter: ${String(error)}`);
      }
    }
    if (!this.#stopped) this.#journal.delete(delivery.id);
  }
}
