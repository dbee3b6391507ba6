/**
 * The default event bus: matches events against the rules of the template and hands them to the targets, and fires
 * the schedules. What it has accepted is on disk until every target took it; archives keep it for replays.
 */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';

import { defined } from '../../shared/run/defined.ts';
import { eventHead, eventTime, type BusEvent } from '../bus-event.ts';
import type { Clock } from '../clock.ts';
import type {
  ArchiveResource,
  RuleResource,
  ScheduleResource,
  TargetResource,
} from '../template/resources.ts';
import { Archives } from './archive.ts';
import { Deliveries, type DeadLetterAttributes } from './deliveries.ts';
import type { EventFaults } from './event-faults.ts';
import { inputOf, isBroken, scheduledInput } from './input.ts';
import { EventFields, Pattern } from '../../shared/pipeline/event-pattern/pattern.ts';
import { Replays } from './replay.ts';
import { ScheduleMemory } from './schedule-memory.ts';
import { Scheduler, type MissedTicks, type ScheduledWork } from './scheduler.ts';

export interface BusPorts {
  readonly clock: Clock;
  readonly faults: EventFaults;
  /**
   * `payload`: JSON text. Resolves when the target has taken it (for a function: when its asynchronous invocation is
   * queued). Rejects with `DeliveryRefused` when trying again is of no use.
   */
  deliver(targetArn: string, payload: string): Promise<void>;
  /**
   * Resolves when a target has ended what it is working on. The ticks of Scheduler wait for it: a day that passes in no
   * time must not overtake the one before. Absent: they do not wait.
   */
  workedOff?(targetArn: string): Promise<void>;
  sendDeadLetter(queueArn: string, body: string, attributes: DeadLetterAttributes): Promise<void>;
  log(line: string): void;
  /** 0 to 1, for the jitter of retries; absent: Math.random. */
  random?(): number;
}

export interface BusSettings {
  /**
   * File of the deliveries that are not done: `<BATON_HOME>/state/bus/deliveries.jsonl`. Archives, replays and the
   * places of schedules are kept beside it.
   */
  readonly file: string;
  readonly rules: readonly RuleResource[];
  readonly schedules?: readonly ScheduleResource[];
  /** Absent: those that are there stay. */
  readonly archives?: readonly ArchiveResource[];
  /** Between an event and its first delivery, on the local clock; absent: 0. */
  readonly deliveryDelayMs?: number;
  /** Of rules with a schedule; absent: each. Those of EventBridge Scheduler fire each. */
  readonly missedTicks?: MissedTicks;
}

interface ActiveRule {
  readonly rule: RuleResource;
  readonly pattern: Pattern | undefined;
}

export class EventBus {
  readonly archives: Archives;
  readonly replays: Replays;
  readonly #ports: BusPorts;
  readonly #deliveries: Deliveries;
  readonly #scheduler: Scheduler;
  readonly #scheduleMemory: ScheduleMemory;
  readonly #missedTicks: MissedTicks;
  readonly #delayMs: number;
  readonly #matched = new Map<string, number>();
  #rules: readonly ActiveRule[] = [];
  #schedules: readonly ScheduleResource[];
  #started = false;

  /** @throws InvalidEventPatternError with the rule's name */
  constructor(settings: BusSettings, ports: BusPorts) {
    this.#ports = ports;
    this.#delayMs = settings.deliveryDelayMs ?? 0;
    this.#missedTicks = settings.missedTicks ?? 'each';
    this.#schedules = settings.schedules ?? [];
    this.#rules = settings.rules.map(activate);
    this.#deliveries = new Deliveries(settings.file, {
      clock: ports.clock,
      deliver: (arn, payload) => ports.deliver(arn, payload),
      sendDeadLetter: (arn, body, attributes) => ports.sendDeadLetter(arn, body, attributes),
      log: (line) => {
        ports.log(line);
      },
      random: () => ports.random?.() ?? Math.random(),
    });
    const folder = dirname(settings.file);
    this.#scheduleMemory = new ScheduleMemory(join(folder, 'schedules.jsonl'));
    this.#scheduler = new Scheduler(ports.clock, this.#scheduleMemory, (line) => {
      ports.log(line);
    });
    this.archives = new Archives(folder, ports.clock);
    if (settings.archives !== undefined) this.archives.setTemplate(settings.archives);
    this.replays = new Replays(join(folder, 'replays.jsonl'), {
      clock: ports.clock,
      archives: this.archives,
      deliver: (text, name, ruleArns) => {
        this.#replay(text, name, ruleArns);
      },
      log: (line) => {
        ports.log(line);
      },
    });
  }

  get clock(): Clock {
    return this.#ports.clock;
  }

  rules(): readonly RuleResource[] {
    return this.#rules.map(({ rule }) => rule);
  }

  /** Those of EventBridge Scheduler, in the order of the template. */
  schedules(): readonly ScheduleResource[] {
    return this.#schedules;
  }

  /** Rule or schedule -> how often it had something for a target, since this process started. */
  get matched(): ReadonlyMap<string, number> {
    return this.#matched;
  }

  /** When each schedule, of rules too, falls due next, by name. Ms since the epoch. */
  nextTimes(): ReadonlyMap<string, number> {
    return this.#scheduler.nextTimes();
  }

  /** Takes up deliveries, replays and schedules where an earlier process left them. */
  start(): void {
    this.#started = true;
    this.#deliveries.start();
    this.replays.start();
    this.#scheduler.set(this.#works());
  }

  clockWentBack(): void {
    this.#scheduler.clockWentBack();
  }

  stop(): void {
    this.#started = false;
    this.#scheduler.stop();
    this.#scheduleMemory.close();
    this.replays.stop();
    this.#deliveries.stop();
    this.archives.close();
  }

  /** Applies a recompiled template. @throws InvalidEventPatternError; then nothing has changed */
  setRules(
    rules: readonly RuleResource[],
    schedules: readonly ScheduleResource[] = [],
    archives?: readonly ArchiveResource[],
  ): void {
    const active = rules.map(activate);
    if (archives !== undefined) this.archives.setTemplate(archives);
    this.#rules = active;
    this.#schedules = schedules;
    if (this.#started) this.#scheduler.set(this.#works());
  }

  /** Deliveries that are not done, those that wait for a retry or a delay included. */
  get waiting(): number {
    return this.#deliveries.waiting;
  }

  /** Drops the deliveries that wait for a retry or a delay, and what archives keep; how many deliveries. */
  forget(): number {
    this.archives.empty();
    return this.#deliveries.forget();
  }

  /** Deliveries that are under way or due now. */
  get underWay(): number {
    return this.#deliveries.underWay;
  }

  /** Resolves when no delivery is under way or due now. */
  settled(): Promise<void> {
    return this.#deliveries.settled();
  }

  /** Accepted, and on disk, when this resolves; delivered later. Rejects when it could not be kept. */
  async publish(event: BusEvent): Promise<void> {
    this.publishText(event, JSON.stringify(event));
  }

  /** As `publish`, within the call; `text` is the event as it was written, numbers and all. */
  publishText(event: Pick<BusEvent, 'source' | 'detail-type'>, text: string): void {
    const fields = new EventFields(text);
    this.archives.keep(fields, text);
    this.#toTargets(event, text, fields, () => true);
  }

  /** Again, under the name of the replay. It is not archived: on AWS the archive's own rule leaves it out. */
  #replay(archived: string, replayName: string, ruleArns: readonly string[] | undefined): void {
    const head = JSON.stringify({ 'replay-name': replayName }).slice(0, -1);
    // The rest stays as it was written: numbers are compared by their text.
    const text = `${head},${archived.slice(archived.indexOf('{') + 1)}`;
    const event = JSON.parse(archived) as BusEvent;
    this.#toTargets(event, text, new EventFields(text), ({ arn }) => ruleArns?.includes(arn) !== false);
  }

  #toTargets(
    event: Pick<BusEvent, 'source' | 'detail-type'>,
    text: string,
    fields: EventFields,
    chosen: (rule: RuleResource) => boolean,
  ): void {
    for (const { rule, pattern } of this.#rules) {
      if (rule.enabled && chosen(rule) && pattern?.matches(fields) === true) {
        for (const target of rule.targets) void this.#send(rule, target, event, text, fields);
      }
    }
  }

  /** On disk when this returns; the promise resolves when the first attempts are over, and never rejects. */
  #send(
    rule: Pick<RuleResource, 'name' | 'arn'>,
    target: TargetResource,
    event: Pick<BusEvent, 'source' | 'detail-type'>,
    text: string,
    fields: EventFields,
  ): Promise<void> {
    this.#matched.set(rule.name, (this.#matched.get(rule.name) ?? 0) + 1);
    const fate = this.#ports.faults.judge({
      source: event.source,
      detailType: event['detail-type'],
      fields,
      ruleName: rule.name,
      targetArn: target.arn,
    });
    if (fate.dropped) {
      this.#ports.log(`events: dropped on request: "${event['detail-type']}" for ${target.arn}`);
      return Promise.resolve();
    }
    const input = inputOf(target, rule, text);
    const delivery = {
      ruleArn: rule.arn,
      targetArn: target.arn,
      event: text,
      ...(input !== text && { input }),
      ...(isBroken(target, input) && { broken: true as const }),
      ...defined({ deadLetterArn: target.deadLetterArn }),
      retryAttempts: target.retryAttempts,
      maximumAgeSeconds: target.maximumAgeSeconds,
    };
    const attempts: Promise<void>[] = [];
    for (let copy = 0; copy <= fate.copies; copy += 1) {
      attempts.push(this.#deliveries.add(delivery, this.#delayMs + fate.delayMs));
    }
    // A delayed delivery must not hold up the schedule it came from.
    return fate.delayMs > 0 ? Promise.resolve() : Promise.all(attempts).then(() => undefined);
  }

  #works(): readonly ScheduledWork[] {
    const ofRules = this.#rules.flatMap(({ rule }) => {
      const { schedule } = rule;
      if (schedule === undefined || !rule.enabled) return [];
      const fire = (at: number): Promise<void> =>
        this.#tick(rule, rule.targets, scheduledEvent('aws.events', rule.arn, at));
      return [{ name: rule.name, expression: schedule, missed: this.#missedTicks, fire }];
    });
    const ofScheduler = this.#schedules.flatMap((schedule) => {
      if (!schedule.enabled) return [];
      const { name, expression, timeZone, target } = schedule;
      const fire = (at: number): Promise<void> => this.#fire(schedule, at);
      const rememberedSeconds = target.maximumAgeSeconds;
      const ready = async (): Promise<void> => this.#ports.workedOff?.(target.arn);
      return [{ name, expression, timeZone, missed: 'each' as const, rememberedSeconds, ready, fire }];
    });
    return [...ofRules, ...ofScheduler];
  }

  async #tick(rule: RuleResource, targets: readonly TargetResource[], event: BusEvent): Promise<void> {
    const text = JSON.stringify(event);
    const fields = new EventFields(text);
    await Promise.all(targets.map((target) => this.#send(rule, target, event, text, fields)));
  }

  /** Faults see the event that Scheduler sends by itself; the target, and its dead letters, what the template says. */
  async #fire(schedule: ScheduleResource, at: number): Promise<void> {
    const event = scheduledEvent('aws.scheduler', schedule.arn, at);
    const text = JSON.stringify(event);
    const { input, ...target } = schedule.target;
    const payload = input === undefined ? text : scheduledInput(input, schedule.arn, eventTime(at));
    await this.#send(schedule, target, event, payload, new EventFields(text));
  }
}

function activate(rule: RuleResource): ActiveRule {
  if (rule.pattern === undefined) return { rule, pattern: undefined };
  try {
    return { rule, pattern: new Pattern(JSON.stringify(rule.pattern)) };
  } catch (error) {
    if (error instanceof Error) error.message = `rule ${rule.name}: ${error.message}`;
    throw error;
  }
}

function scheduledEvent(source: string, resource: string, at: number): BusEvent {
  return { ...eventHead(randomUUID(), source, 'Scheduled Event', at, [resource]), detail: {} };
}
