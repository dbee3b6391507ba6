/** Brings events, dead letters and failure records to where the template sends them. */
import { DeliveryRefused, type DeadLetterAttributes } from '../events/deliveries.ts';
import type { AsyncInvocations } from '../lambda/async-invocations.ts';
import type { Queue } from '../queues/queue.ts';
import type { QueueSet } from '../queues/queue-set.ts';
import type { Topics } from '../topics/topics.ts';

export class Delivery {
  readonly #queues: QueueSet;
  readonly #topics: Topics;
  readonly #invocations: () => AsyncInvocations;

  constructor(queues: QueueSet, topics: Topics, invocations: () => AsyncInvocations) {
    this.#queues = queues;
    this.#topics = topics;
    this.#invocations = invocations;
  }

  /** For a target of a rule: a queue, a topic, or a function, which is invoked asynchronously. Throws `DeliveryRefused`. */
  deliver(targetArn: string, payload: string): Promise<void> {
    const service = serviceOf(targetArn);
    if (service === 'sqs') this.#queue(targetArn).send(payload);
    else if (service === 'lambda') this.#invoke(targetArn, payload);
    else if (service === 'sns') this.#topics.publish(targetArn, payload);
    else throw new DeliveryRefused('INVALID_PARAMETER', `the local AWS cannot deliver to ${targetArn}`);
    return Promise.resolve();
  }

  /** Resolves when a function has ended what it is working on; a queue has nothing to wait for. */
  async workedOff(targetArn: string): Promise<void> {
    if (serviceOf(targetArn) === 'lambda') await this.#invocations().attemptsEnded(functionOf(targetArn));
  }

  sendDeadLetter(queueArn: string, body: string, attributes: DeadLetterAttributes): Promise<void> {
    const named = Object.entries(attributes).map(
      ([name, value]) => [name, { type: 'String', value }] as const,
    );
    this.#queue(queueArn).send(body, Object.fromEntries(named));
    return Promise.resolve();
  }

  #queue(arn: string): Queue {
    const queue = this.#queues.find(arn);
    if (queue === undefined) throw new DeliveryRefused('NO_RESOURCE', `queue ${arn} does not exist`);
    return queue;
  }

  #invoke(arn: string, payload: string): void {
    try {
      this.#invocations().add(functionOf(arn), payload);
    } catch (error) {
      throw new DeliveryRefused('NO_RESOURCE', (error as Error).message);
    }
  }
}

function functionOf(arn: string): string {
  return arn.split(':')[6] ?? arn;
}

function serviceOf(arn: string): string {
  return arn.split(':')[2] ?? '';
}
