/** The services of the local AWS, put together: who calls whom, in which order they start and end. */
import { extname, join } from 'node:path';

import { LOCAL_REGION } from '../account.ts';
import type { LocalClock } from '../clock.ts';
import { createTables } from '../dynamodb/create-tables.ts';
import { eventsHandler } from '../events/api.ts';
import { EventBus } from '../events/bus.ts';
import { schedulerHandler } from '../events/scheduler-api.ts';
import type { EventFaults } from '../events/event-faults.ts';
import { BadRequest } from '../bad-request.ts';
import type { CallLog } from '../gateway/call-log.ts';
import type { Service } from '../gateway/exchange.ts';
import type { Services } from '../gateway/gateway.ts';
import { proxyTo } from '../gateway/proxy.ts';
import { isObject } from '../json-object.ts';
import { AsyncInvocations, type Attempt } from '../lambda/async-invocations.ts';
import { queuesHandler } from '../queues/api.ts';
import { QueuePoller } from '../queues/queue-poller.ts';
import { QueueSet } from '../queues/queue-set.ts';
import { Topics, type TopicMessage } from '../topics/topics.ts';
import { LocalS3 } from '../s3/local-s3.ts';
import type { LocalResources } from '../template/resources.ts';
import { Child } from './child.ts';
import { Delivery } from './delivery.ts';
import { functionSettings } from './functions.ts';
import { LambdaClient } from './lambda-client.ts';
import { lambdaService } from './lambda-service.ts';
import type { LocalOptions } from './local-stack.ts';

export interface Surroundings {
  /** `home` absolute. */
  readonly options: LocalOptions;
  readonly endpoint: string;
  readonly clock: LocalClock;
  readonly calls: CallLog;
  readonly eventFaults: EventFaults;
}

/** PostgreSQL needs a moment to end; what takes longer is killed. */
const REDSHIFT_ENDS_WITHIN_MS = 2500;

export class Parts {
  readonly #around: Surroundings;
  #resources: LocalResources;
  readonly #dynamodb: Child;
  readonly #redshift: Child;
  readonly #lambda: Child;
  readonly #lambdaClient: LambdaClient;
  readonly #queues: QueueSet;
  readonly #topics: Topics;
  readonly #invocations: AsyncInvocations;
  readonly #bus: EventBus;
  readonly #s3: LocalS3;
  #pollers: readonly QueuePoller[] = [];

  /** Starts the processes; throws, with none started, when the template and the bundles do not fit together. */
  constructor(resources: LocalResources, around: Surroundings) {
    this.#around = around;
    this.#resources = resources;
    const { options, clock, calls } = around;
    const { home, log } = options;
    const state = (...path: readonly string[]): string => join(home, 'state', ...path);
    // Asked for its error only.
    this.#functions();

    this.#queues = new QueueSet(state('queues'), resources.queues, clock, log);
    this.#lambdaClient = new LambdaClient(() => this.#lambda.port(), calls, clock);
    this.#topics = new Topics(state('topics'), clock, log);
    const delivery = new Delivery(this.#queues, this.#topics, () => this.#invocations);
    this.#invocations = new AsyncInvocations(state('lambda', 'async.jsonl'), resources.functions, {
      clock,
      invoke: (name, requestId, payload) => this.#invokeQueued(name, requestId, payload),
      sendFailure: (arn, record) => delivery.deliver(arn, record),
      log,
    });
    this.#bus = new EventBus(
      {
        file: state('bus', 'deliveries.jsonl'),
        rules: resources.rules,
        schedules: resources.schedules,
        archives: resources.archives,
        // Two hours in one step are one sweep late, not 120 at once.
        missedTicks: 'latest',
      },
      {
        clock,
        faults: around.eventFaults,
        deliver: (arn, payload) => delivery.deliver(arn, payload),
        workedOff: (arn) => delivery.workedOff(arn),
        sendDeadLetter: (arn, body, attributes) => delivery.sendDeadLetter(arn, body, attributes),
        log,
      },
    );
    this.#s3 = new LocalS3({
      root: join(home, 's3'),
      buckets: resources.buckets.filter(({ deploymentOnly }) => !deploymentOnly),
      clock,
      sink: (event) => this.#bus.publish(event),
      log,
    });

    this.#dynamodb = this.#child('dynamodb', {
      prepare: (port) => createTables(`http://127.0.0.1:${String(port)}`, this.#resources.tables),
    });
    this.#lambda = this.#child('lambda', { prepare: (port) => this.#configureFunctions(port) });
    this.#redshift = this.#child('redshift', {
      endWithinMs: REDSHIFT_ENDS_WITHIN_MS,
      onMessage: (message) => {
        if (message.kind !== 'event') return;
        // A completion event is best effort, also on AWS: without it the sweep finds the ended statement.
        this.#bus.publish(message.event).catch((error: unknown) => {
          log(`events: a completion event was lost: ${String(error)}`);
        });
      },
    });
  }

  /** Resolves when every service can be used; rejects with the words of the first that cannot. */
  async start(): Promise<void> {
    await Promise.all([this.#s3.start(), ...this.#children().map((child) => child.port())]);
    this.#invocations.start();
    this.#startPollers();
    this.#bus.start();
  }

  services(): Services {
    const { clock } = this.#around;
    const events = eventsHandler(this.#bus);
    const sqs = queuesHandler(this.#queues, clock);
    const inProcess =
      (handler: typeof events): Service =>
      ({ request, response }) =>
        handler(request, response);
    return {
      dynamodb: proxyTo('DynamoDB', () => this.#dynamodb.port()),
      'redshift-data': proxyTo('Redshift', () => this.#redshift.port()),
      lambda: lambdaService(
        proxyTo('Lambda', () => this.#lambda.port()),
        this.#invocations,
        () => this.#resources,
      ),
      events: inProcess(events),
      scheduler: inProcess(schedulerHandler(this.#bus)),
      sqs: inProcess(sqs),
      s3: inProcess(this.#s3.handle),
    };
  }

  /** Loads each function once, so that the first event need not wait for it. */
  async warmUp(): Promise<void> {
    await post(await this.#lambda.port(), '/_local/warm-up', {});
  }

  /** New code, and whatever of the template may change while it runs. */
  async reload(resources: LocalResources): Promise<void> {
    const before = this.#resources;
    this.#resources = resources;
    try {
      this.#functions();
      this.#bus.setRules(resources.rules, resources.schedules, resources.archives);
    } catch (error) {
      this.#resources = before;
      throw error;
    }
    this.#queues.configure(resources.queues);
    this.#invocations.setFunctions(resources.functions);
    await createTables(`http://127.0.0.1:${String(await this.#dynamodb.port())}`, resources.tables);
    await this.#configureFunctions(await this.#lambda.port());
    for (const poller of this.#pollers) poller.stop();
    this.#startPollers();
    await this.warmUp();
  }

  async moveClock(offsetMs: number): Promise<void> {
    await Promise.all(this.#children().map((child) => child.moveClock(offsetMs)));
  }

  /** What recurs would else wait for the time at which the clock stood. */
  clockWentBack(): void {
    this.#bus.clockWentBack();
  }

  /** The messages of every topic, oldest first. */
  messages(): readonly TopicMessage[] {
    return this.#topics.messages();
  }

  async killSession(sessionId: string): Promise<unknown> {
    return post(await this.#redshift.port(), '/_local/kill-session', { sessionId });
  }

  async setSwitches(switches: object): Promise<unknown> {
    return post(await this.#redshift.port(), '/_local/switches', switches);
  }

  /** How many delayed events, retries, and messages of queues with a function wait for a later time. */
  waiting(): number {
    const messages = this.#pollers.reduce((sum, poller) => sum + poller.waiting, 0);
    return this.#bus.waiting + this.#invocations.waiting + messages;
  }

  /** Drops what waits for a later time: delayed events, retries, messages of queues, events in archives. */
  forget(): { readonly dropped: number } {
    const messages = this.#queues.all().map((queue) => queue.purge());
    const dropped = this.#bus.forget() + this.#invocations.forget() + messages.reduce((a, b) => a + b, 0);
    return { dropped };
  }

  /** Ends the instances of a function that are at work, as if their machine was gone. */
  async killFunction(name: string): Promise<void> {
    await post(await this.#lambda.port(), '/_local/kill', { name });
  }

  /** What is being done now: deliveries, invocations, batches of queues. What waits for a later time is not. */
  underWay(): number {
    const batches = this.#pollers.reduce((sum, poller) => sum + poller.underWay, 0);
    return batches + this.#bus.underWay + this.#invocations.underWay;
  }

  /** All rows of all tables of the warehouse. */
  async tables(): Promise<unknown> {
    return post(await this.#redshift.port(), '/_local/tables', {});
  }

  /** Statements of the warehouse that have not ended. */
  async statements(): Promise<number> {
    return ((await post(await this.#redshift.port(), '/_local/active', {})) as { active: number }).active;
  }

  /** Drops all that the sessions of the warehouse made. */
  async emptyWarehouse(): Promise<unknown> {
    return post(await this.#redshift.port(), '/_local/empty', {});
  }

  status(): object {
    return {
      processes: this.#children().map((child) => child.status()),
      matched: Object.fromEntries(this.#bus.matched),
      schedules: Object.fromEntries(
        [...this.#bus.nextTimes()].map(([name, next]) => [name, new Date(next).toISOString()]),
      ),
      waiting: {
        deliveries: this.#bus.waiting,
        invocations: this.#invocations.waiting,
        messages: Object.fromEntries(
          this.#queues.all().map((queue) => [queue.resource.name, queue.counts()]),
        ),
      },
    };
  }

  /** What makes events ends before what keeps them. */
  async stop(): Promise<void> {
    for (const poller of this.#pollers) poller.stop();
    await Promise.all([this.#s3.stop(), ...this.#children().map((child) => child.stop())]);
    this.#bus.stop();
    this.#invocations.stop();
    this.#lambdaClient.close();
    this.#queues.stop();
    this.#topics.close();
  }

  #children(): readonly Child[] {
    return [this.#dynamodb, this.#redshift, this.#lambda];
  }

  #child(
    name: 'dynamodb' | 'redshift' | 'lambda',
    more: Partial<ConstructorParameters<typeof Child>[0]>,
  ): Child {
    const { options, clock } = this.#around;
    const { home, log } = options;
    return new Child({
      name,
      program: join(import.meta.dirname, '..', name, `process${extname(import.meta.filename)}`),
      logFile: join(home, 'logs', `${name}.log`),
      environment: () => ({
        BATON_HOME: home,
        BATON_CLOCK_OFFSET_MS: String(clock.offsetMs),
      }),
      log,
      ...more,
    });
  }

  #functions(): ReturnType<typeof functionSettings> {
    const { options, endpoint } = this.#around;
    return functionSettings(this.#resources.functions, {
      functionsFolder: options.functionsFolder,
      endpoint,
      region: LOCAL_REGION,
      quickPauses: options.quickPauses === true,
    });
  }

  async #configureFunctions(port: number): Promise<void> {
    await post(port, '/_local/functions', { functions: this.#functions() });
  }

  async #invokeQueued(name: string, requestId: string, payload: string): Promise<Attempt> {
    const answer = await this.#lambdaClient.invoke(name, payload, 'asynchronous', requestId);
    return answer.kind === 'returned' ? { kind: 'done' } : answer;
  }

  #startPollers(): void {
    const { clock, options } = this.#around;
    this.#pollers = this.#resources.mappings.map((mapping) => {
      const queue = this.#queues.find(mapping.queueArn);
      if (queue === undefined) throw new Error(`${mapping.logicalId}: there is no queue ${mapping.queueArn}`);
      const poller = new QueuePoller(queue, mapping, {
        clock,
        invoke: (name, payload) => this.#lambdaClient.invoke(name, payload, queue.resource.name),
        log: options.log,
      });
      poller.start();
      return poller;
    });
  }
}

/** A request to a child's own door; rejects with its words. */
async function post(port: number, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.ok) return text === '' ? {} : (JSON.parse(text) as unknown);
  const message = messageIn(text);
  throw response.status < 500 ? new BadRequest(message) : new Error(message);
}

/** The service's sentence in an error's body; the body itself when there is none. */
function messageIn(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const message = isObject(value) ? (value['message'] ?? value['Message']) : undefined;
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}
