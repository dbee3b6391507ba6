/**
 * An event source mapping: takes batches from a queue and invokes a function with them, as Lambda does.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
import { LOCAL_REGION } from '../account.ts';
import type { Clock, Timer } from '../clock.ts';
import type { MappingResource } from '../template/resources.ts';
import { md5OfBody, systemAttributes, type ReceivedMessage } from './message.ts';
import type { Queue } from './queue.ts';

/** What came of one invocation. */
export type BatchResult =
  /** The function returned; `payload` is what, as JSON text. */
  | { readonly kind: 'returned'; readonly payload: string }
  /** It threw or timed out: the whole batch comes back after the visibility timeout. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It could not be run (throttled, the Lambda process is starting): tried again while the batch is ours. */
  | { readonly kind: 'not-run'; readonly reason: string };

export interface PollerPorts {
  readonly clock: Clock;
  /** A rejection counts as `not-run`. `payload`: JSON text. */
  invoke(functionName: string, payload: string): Promise<BatchResult>;
  log(line: string): void;
}

/** Lambda begins with five batches at a time where no maximum is set, and grows; here it stays. */
const DEFAULT_CONCURRENCY = 5;
/** Without a window Lambda takes at most ten. */
const MOST_WITHOUT_WINDOW = 10;
/** Bytes of bodies in one invocation: Lambda's 6 MB with room for what surrounds them. */
const LARGEST_BATCH_BYTES = 5 * 1024 * 1024;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;

export class QueuePoller {
  readonly #queue: Queue;
  readonly #mapping: MappingResource;
  readonly #ports: PollerPorts;
  readonly #waits = new Map<Timer, () => void>();
  readonly #idle = new Set<() => void>();
  #forget: (() => void) | undefined;
  #window: Timer | undefined;
  #underWay = 0;
  #pumping = false;
  #stopped = true;

  constructor(queue: Queue, mapping: MappingResource, ports: PollerPorts) {
    this.#queue = queue;
    this.#mapping = mapping;
    this.#ports = ports;
  }

  start(): void {
    if (!this.#mapping.enabled || !this.#stopped) return;
    this.#stopped = false;
    this.#forget = this.#queue.onVisible(() => {
      this.#wake();
    });
    this.#wake();
  }

  /** Batches under way end, but nothing comes of them: their messages are visible again at the next start. */
  stop(): void {
    this.#stopped = true;
    this.#forget?.();
    this.#window?.cancel();
    for (const [timer, resume] of this.#waits) {
      timer.cancel();
      resume();
    }
    this.#waits.clear();
  }

  /** Messages of the queue, in flight or delayed ones too. */
  get waiting(): number {
    const { visible, inFlight, delayed } = this.#queue.counts();
    return visible + inFlight + delayed;
  }

  /** Batches that are under way or due now; one that only waits to be tried again is not. */
  get underWay(): number {
    return this.#underWay - this.#waits.size + (this.#pumping ? 1 : 0);
  }

  /** Resolves when no batch is under way and none is due now. */
  async settled(): Promise<void> {
    if (this.#underWay === 0 && !this.#pumping) return;
    await new Promise<void>((resolve) => this.#idle.add(resolve));
  }

  /** Not within the call that sent the message: what is sent together is taken together. */
  #wake(): void {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { maximumConcurrency = DEFAULT_CONCURRENCY } = this.#mapping;
    while (!this.#stopped && this.#underWay < maximumConcurrency && this.#isBatchDue()) {
      const batch = this.#takeBatch();
      if (batch.length === 0) break;
      this.#underWay += 1;
      void this.#process(batch)
        .catch((error: unknown) => {
          this.#ports.log(
            `queues: a batch of ${this.#queue.resource.name} failed unexpectedly: ${String(error)}`,
          );
        })
        .finally(() => {
          this.#underWay -= 1;
          this.#wake();
          this.#tellIdle();
        });
    }
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#underWay > 0 || this.#pumping) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }

  #isBatchDue(): boolean {
    const { batchSize, batchWindowSeconds } = this.#mapping;
    const { visible } = this.#queue.counts();
    if (visible === 0) return false;
    if (batchWindowSeconds === 0 || visible >= batchSize) return true;
    const due = (this.#queue.oldestVisible() ?? 0) + batchWindowSeconds * 1000;
    if (due <= this.#ports.clock.now()) return true;
    this.#window?.cancel();
    this.#window = this.#ports.clock.callAt(due, () => {
      this.#wake();
    });
    return false;
  }

  #takeBatch(): readonly ReceivedMessage[] {
    const { batchSize, batchWindowSeconds } = this.#mapping;
    const most = batchWindowSeconds === 0 ? Math.min(batchSize, MOST_WITHOUT_WINDOW) : batchSize;
    const batch: ReceivedMessage[] = [];
    let bytes = 0;
    while (batch.length < most && bytes < LARGEST_BATCH_BYTES) {
      const [message] = this.#queue.receive(1);
      if (message === undefined) break;
      batch.push(message);
      bytes += Buffer.byteLength(message.body);
    }
    return batch;
  }

  async #process(batch: readonly ReceivedMessage[]): Promise<void> {
    const { functionName } = this.#mapping;
    const result = await this.#invoke(batch);
    // After the end the messages stay as they are: the next start brings them back.
    if (this.#stopped) return;
    if (result.kind !== 'returned') {
      const reason = result.kind === 'failed' ? result.message : result.reason;
      this.#ports.log(
        `queues: ${functionName} failed for ${String(batch.length)} message(s) of ${this.#queue.resource.name}: ${reason}`,
      );
      return;
    }
    const failed = this.#failedIds(batch, result.payload);
    if (failed.size > 0) {
      this.#ports.log(
        `queues: ${functionName} reported ${String(failed.size)} of ${String(batch.length)} message(s) of ${this.#queue.resource.name} as failed`,
      );
    }
    for (const message of batch) if (!failed.has(message.id)) this.#queue.delete(message.receiptHandle);
  }

  /** Tries again while the function cannot be run and the messages are still hidden. */
  async #invoke(batch: readonly ReceivedMessage[]): Promise<BatchResult> {
    const { clock } = this.#ports;
    const payload = JSON.stringify({ Records: batch.map((message) => this.#recordOf(message)) });
    const until = clock.now() + (this.#queue.resource.visibilitySeconds * 1000) / 2;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const result = await this.#ports
        .invoke(this.#mapping.functionName, payload)
        .catch((error: unknown): BatchResult => ({ kind: 'not-run', reason: String(error) }));
      if (result.kind !== 'not-run' || this.#stopped || clock.now() + pause > until) return result;
      await this.#wait(pause);
      if (this.#stopped) return result;
    }
  }

  async #wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#ports.clock.callAt(this.#ports.clock.now() + ms, () => {
        this.#waits.delete(timer);
        resolve();
      });
      this.#waits.set(timer, resolve);
    });
  }

  /** As Lambda hands it over: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
  #recordOf(message: ReceivedMessage): unknown {
    return {
      messageId: message.id,
      receiptHandle: message.receiptHandle,
      body: message.body,
      attributes: systemAttributes(message),
      messageAttributes: Object.fromEntries(
        Object.entries(message.attributes).map(([name, { type, value }]) => [
          name,
          {
            ...(type.startsWith('Binary') ? { binaryValue: value } : { stringValue: value }),
            stringListValues: [],
            binaryListValues: [],
            dataType: type,
          },
        ]),
      ),
      md5OfBody: md5OfBody(message.body),
      eventSource: 'aws:sqs',
      eventSourceARN: this.#queue.resource.arn,
      awsRegion: LOCAL_REGION,
    };
  }

  /**
   * Which messages come back. A report that cannot be read, or names no message of the batch, fails all of them.
   * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
   */
  #failedIds(batch: readonly ReceivedMessage[], payload: string): ReadonlySet<string> {
    if (!this.#mapping.reportBatchItemFailures) return new Set();
    const ids = new Set(batch.map(({ id }) => id));
    const reported = reportedFailures(payload);
    return reported?.every((id) => ids.has(id)) === true ? new Set(reported) : ids;
  }
}

/** Undefined when the report makes no sense. */
function reportedFailures(payload: string): readonly string[] | undefined {
  if (payload === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (value === null || (typeof value === 'object' && !('batchItemFailures' in value))) return [];
  if (typeof value !== 'object' || !('batchItemFailures' in value)) return undefined;
  const failures = value.batchItemFailures;
  if (failures === null) return [];
  if (!Array.isArray(failures)) return undefined;
  const ids: string[] = [];
  for (const failure of failures as readonly unknown[]) {
    const id =
      typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure
        ? failure.itemIdentifier
        : '';
    if (typeof id !== 'string' || id === '') return undefined;
    ids.push(id);
  }
  return ids;
}
