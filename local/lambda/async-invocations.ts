/**
 * Lambda's queue of asynchronous invocations: a failed one is tried again after one and two minutes, a throttled one
 * with growing pauses up to six hours; an event that has failed permanently goes to the function's on-failure destination.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 * Times are the local clock's. Every change is one line of a journal, so a killed supervisor goes on where it was; an
 * invocation that was under way then runs twice, which Lambda's queue may do as well.
 */
import { randomUUID } from 'node:crypto';

import type { Clock, Timer } from '../clock.ts';
import type { AsyncSettings } from '../template/resources.ts';
import { Journal } from '../journal.ts';

export interface AsyncFunction {
  readonly name: string;
  readonly arn: string;
  readonly async: AsyncSettings;
}

/** What one attempt came to. */
export type Attempt =
  | { readonly kind: 'done' }
  /** The function itself failed; `payload` is its error as JSON text. */
  | { readonly kind: 'failed'; readonly payload: string }
  /** It could not be run now: throttled, or the Lambda process is starting. */
  | { readonly kind: 'not-run'; readonly reason: string };

export interface AsyncPorts {
  readonly clock: Clock;
  invoke(functionName: string, requestId: string, payload: string): Promise<Attempt>;
  /** `record`: JSON text. Rejects when the destination does not take it. */
  sendFailure(destinationArn: string, record: string): Promise<void>;
  /** Of what people should see: retries, losses. */
  log(line: string): void;
}

export interface Invocation {
  readonly id: string;
  readonly functionName: string;
  /** JSON text. */
  readonly payload: string;
  /** Ms since the epoch. */
  readonly queuedAt: number;
  /** Attempts in which the function ran and failed. */
  readonly failures: number;
  /** Attempts in which it could not be run. */
  readonly refusals: number;
  /** Not before; ms since the epoch. */
  readonly next: number;
}

const RETRY_AFTER_MS = [60_000, 120_000];
const FIRST_REFUSAL_MS = 1000;
const LONGEST_REFUSAL_MS = 300_000;

export class AsyncInvocations {
  readonly #ports: AsyncPorts;
  readonly #journal: Journal<Invocation>;
  readonly #functions = new Map<string, AsyncFunction>();
  readonly #timers = new Map<string, Timer>();
  /** Attempts, by function. */
  readonly #underWay = new Map<string, Set<Promise<void>>>();
  #stopped = false;

  /** `file`: the journal; made when absent. */
  constructor(file: string, functions: readonly AsyncFunction[], ports: AsyncPorts) {
    this.#ports = ports;
    this.setFunctions(functions);
    this.#journal = new Journal(file);
  }

  setFunctions(functions: readonly AsyncFunction[]): void {
    this.#functions.clear();
    for (const each of functions) this.#functions.set(each.name, each);
  }

  /** Takes up what an earlier process left. */
  start(): void {
    for (const invocation of this.#journal.values()) this.#schedule(invocation);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#journal.close();
  }

  get waiting(): number {
    return this.#journal.size;
  }

  /** Drops what waits for its next attempt; how many. */
  forget(): number {
    const ids = [...this.#timers.keys()];
    for (const id of ids) {
      this.#timers.get(id)?.cancel();
      this.#timers.delete(id);
      this.#journal.delete(id);
    }
    return ids.length;
  }

  /** Attempts that are under way. */
  get underWay(): number {
    let sum = 0;
    for (const attempts of this.#underWay.values()) sum += attempts.size;
    return sum;
  }

  has(functionName: string): boolean {
    return this.#functions.has(functionName);
  }

  /** Queues one invocation and returns its request id; throws when there is no such function. */
  add(functionName: string, payload: string): string {
    if (!this.#functions.has(functionName)) throw new Error(`there is no function ${functionName}`);
    const now = this.#ports.clock.now();
    const invocation: Invocation = {
      id: randomUUID(),
      functionName,
      payload,
      queuedAt: now,
      failures: 0,
      refusals: 0,
      next: now,
    };
    this.#journal.set(invocation.id, invocation);
    this.#begin(invocation);
    return invocation.id;
  }

  /** Resolves when the attempts of a function that are under way now have ended, well or badly. */
  async attemptsEnded(functionName: string): Promise<void> {
    const attempts = this.#underWay.get(functionName);
    if (attempts !== undefined) await Promise.allSettled(attempts);
  }

  #begin(invocation: Invocation): void {
    const attempts = this.#underWay.get(invocation.functionName) ?? new Set();
    this.#underWay.set(invocation.functionName, attempts);
    const attempt = this.#attempt(invocation).finally(() => attempts.delete(attempt));
    attempts.add(attempt);
  }

  #schedule(invocation: Invocation): void {
    if (this.#stopped) return;
    this.#timers.set(
      invocation.id,
      this.#ports.clock.callAt(invocation.next, () => {
        this.#timers.delete(invocation.id);
        this.#begin(invocation);
      }),
    );
  }

  async #attempt(invocation: Invocation): Promise<void> {
    const settings = this.#functions.get(invocation.functionName);
    if (settings === undefined) {
      this.#ports.log(`lambda: ${invocation.functionName} no longer exists; its queued event is dropped`);
      this.#journal.delete(invocation.id);
      return;
    }
    const attempt = await this.#ports
      .invoke(invocation.functionName, invocation.id, invocation.payload)
      .catch((error: unknown): Attempt => ({ kind: 'not-run', reason: String(error) }));
    if (this.#stopped) return;
    const now = this.#ports.clock.now();
    if (attempt.kind === 'done') {
      this.#journal.delete(invocation.id);
      return;
    }
    if (attempt.kind === 'failed') {
      const failures = invocation.failures + 1;
      if (failures > settings.async.retryAttempts) {
        await this.#giveUp(settings, { ...invocation, failures }, 'RetriesExhausted', attempt.payload);
        return;
      }
      const pause = RETRY_AFTER_MS[failures - 1] ?? 120_000;
      this.#ports.log(`lambda: ${invocation.functionName} failed; next attempt in ${String(pause / 1000)} s`);
      this.#again({ ...invocation, failures, next: now + pause });
      return;
    }
    const refusals = invocation.refusals + 1;
    const next = now + Math.min(FIRST_REFUSAL_MS * 2 ** (refusals - 1), LONGEST_REFUSAL_MS);
    if (next - invocation.queuedAt > settings.async.maximumAgeSeconds * 1000) {
      await this.#giveUp(settings, invocation, 'EventAgeExceeded', undefined);
      return;
    }
    this.#again({ ...invocation, refusals, next });
  }

  #again(invocation: Invocation): void {
    this.#journal.set(invocation.id, invocation);
    this.#schedule(invocation);
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
  async #giveUp(
    settings: AsyncFunction,
    invocation: Invocation,
    condition: 'RetriesExhausted' | 'EventAgeExceeded',
    errorPayload: string | undefined,
  ): Promise<void> {
    const destination = settings.async.onFailure;
    this.#ports.log(
      `lambda: ${settings.name} has no retries left for an event (${condition}); ${destination === undefined ? 'it is dropped' : `it is sent to ${destination}`}`,
    );
    if (destination !== undefined) {
      const record = {
        version: '1.0',
        timestamp: new Date(this.#ports.clock.now()).toISOString(),
        requestContext: {
          requestId: invocation.id,
          functionArn: `${settings.arn}:$LATEST`,
          condition,
          approximateInvokeCount: invocation.failures,
        },
        requestPayload: JSON.parse(invocation.payload) as unknown,
        ...(errorPayload !== undefined && {
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          responsePayload: JSON.parse(errorPayload) as unknown,
        }),
      };
      try {
        await this.#ports.sendFailure(destination, JSON.stringify(record));
      } catch (error) {
        this.#ports.log(`lambda: ${destination} rejected the failure record: ${String(error)}`);
      }
    }
    this.#journal.delete(invocation.id);
  }
}
