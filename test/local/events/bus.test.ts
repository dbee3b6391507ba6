import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  TestEventPatternCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LocalClock } from '../../../local/clock.ts';
import { eventsHandler } from '../../../local/events/api.ts';
import type { BusEvent } from '../../../local/bus-event.ts';
import { EventBus, type BusSettings } from '../../../local/events/bus.ts';
import { DeliveryRefused } from '../../../local/events/deliveries.ts';
import { EventFaults } from '../../../local/events/event-faults.ts';
import { listenLocally } from '../../../local/http.ts';
import type { RuleResource, TargetResource } from '../../../local/template/resources.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:step';
const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead';
const MINUTE = 60_000;

function target(more: Partial<TargetResource> = {}): TargetResource {
  return { id: 't', arn: FUNCTION, retryAttempts: 185, maximumAgeSeconds: 86_400, ...more };
}

function rule(more: Partial<RuleResource> = {}): RuleResource {
  return {
    logicalId: 'Rule',
    name: 'rule',
    arn: 'arn:aws:events:us-east-1:000000000000:rule/rule',
    enabled: true,
    pattern: { source: ['test'] },
    targets: [target()],
    ...more,
  };
}

function event(more: Partial<BusEvent> = {}): BusEvent {
  return {
    version: '0',
    id: 'id',
    'detail-type': 'Tested',
    source: 'test',
    account: '000000000000',
    time: '2026-11-23T10:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: { name: 'n', list: ['a', { b: 1 }] },
    ...more,
  };
}

interface DeadLetter {
  readonly queue: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

describe('the bus', () => {
  let folder: string;
  let clock: LocalClock;
  let faults: EventFaults;
  let delivered: { arn: string; payload: string }[];
  let dead: DeadLetter[];
  let refuse: Error | undefined;
  let bus: EventBus;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-bus-'));
    clock = new LocalClock();
    faults = new EventFaults();
    delivered = [];
    dead = [];
    refuse = undefined;
  });

  afterEach(async () => {
    bus.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function startBus(rules: readonly RuleResource[], more: Partial<BusSettings> = {}): EventBus {
    bus = new EventBus(
      { file: join(folder, 'deliveries.jsonl'), rules, ...more },
      {
        clock,
        faults,
        deliver: (arn, payload) => {
          if (refuse !== undefined) return Promise.reject(refuse);
          delivered.push({ arn, payload });
          return Promise.resolve();
        },
        sendDeadLetter: (queue, body, attributes) => {
          dead.push({ queue, body, attributes });
          return Promise.resolve();
        },
        log: () => undefined,
        random: () => 1,
      },
    );
    bus.start();
    return bus;
  }

  it('delivers to every target of every enabled rule that matches, after publishing', async () => {
    startBus([
      rule({ targets: [target({ arn: 'a' }), target({ arn: 'b' })] }),
      rule({ name: 'second', targets: [target({ arn: 'c' })] }),
      rule({ name: 'off', enabled: false, targets: [target({ arn: 'd' })] }),
      rule({ name: 'other', pattern: { source: ['other'] }, targets: [target({ arn: 'e' })] }),
    ]);
    await bus.publish(event());
    expect(delivered).toEqual([]);
    expect(bus.waiting).toBe(3);
    await bus.settled();
    expect(delivered.map(({ arn }) => arn).sort()).toEqual(['a', 'b', 'c']);
    expect(JSON.parse(delivered[0]?.payload ?? '')).toEqual(event());
    expect(bus.waiting).toBe(0);
  });

  it.each([
    ['a constant', { input: '{"x":1}' }, { x: 1 }],
    ['a part', { inputPath: '$.detail.list[1].b' }, 1],
    ['no part', { inputPath: '$.detail.none' }, null],
    [
      'a filled template',
      {
        inputTransformer: {
          paths: { name: '$.detail.name', list: '$.detail.list', none: '$.detail.none' },
          template:
            '{"name": <name>, "text": "of <name> and \\"<list>\\"", "list": <list>, "gone": "<none>", "rule": "<aws.events.rule-name>"}',
        },
      },
      { name: 'n', text: 'of n and "[a,{b:1}]"', list: ['a', { b: 1 }], gone: '', rule: 'rule' },
    ],
    [
      'a filled text',
      { inputTransformer: { paths: { name: '$.detail.name' }, template: '"It is <name>"' } },
      'It is n',
    ],
  ])('gives the target %s', async (_, input, expected) => {
    startBus([rule({ targets: [target(input)] })]);
    await bus.publish(event());
    await bus.settled();
    expect(JSON.parse(delivered[0]?.payload ?? '')).toEqual(expected);
  });

  it('inserts values into lines of text as they are, and delivers the lines with their quotes', async () => {
    const inputTransformer = {
      paths: { name: '$.detail.name', none: '$.detail.none' },
      template: '"It is <name>"\n"and <none>."',
    };
    startBus([rule({ targets: [target({ inputTransformer })] })]);
    await bus.publish({ ...event(), detail: { name: 'a "b"\nc' } });
    await bus.settled();
    expect(delivered[0]?.payload).toBe('"It is a "b"\nc"\n"and ."');
  });

  it('cannot deliver JSON that an inserted value broke: a dead letter says so', async () => {
    const inputTransformer = { paths: { name: '$.detail.name' }, template: '{"text": "It is <name>"}' };
    startBus([rule({ targets: [target({ inputTransformer, deadLetterArn: DEAD })] })]);
    await bus.publish({ ...event(), detail: { name: 'a "b"' } });
    await bus.settled();
    expect(delivered).toEqual([]);
    expect(dead).toMatchObject([{ attributes: { ERROR_CODE: 'INVALID_JSON' } }]);
  });

  it('retries with growing pauses until the target accepts the event', async () => {
    startBus([rule()]);
    refuse = new Error('busy');
    await bus.publish(event());
    await bus.settled();
    clock.advance(900);
    await bus.settled();
    expect(bus.waiting).toBe(1);
    clock.advance(200);
    await bus.settled();
    refuse = undefined;
    clock.advance(2100);
    await bus.settled();
    expect(delivered).toHaveLength(1);
    expect(bus.waiting).toBe(0);
  });

  it('sends an event to the dead-letter queue with the reason after its last attempt or maximum age', async () => {
    startBus([
      rule({ targets: [target({ deadLetterArn: DEAD, retryAttempts: 2, input: '{"x":1}' })] }),
      rule({ name: 'old', targets: [target({ arn: 'old', deadLetterArn: DEAD, maximumAgeSeconds: 60 })] }),
      rule({ name: 'lost', targets: [target({ arn: 'lost', retryAttempts: 0 })] }),
    ]);
    refuse = new Error('busy');
    await bus.publish(event());
    for (let turn = 0; turn < 10; turn += 1) {
      await bus.settled();
      clock.advance(20_000);
    }
    await bus.settled();
    expect(bus.waiting).toBe(0);
    expect(dead).toHaveLength(2);
    const byTarget = new Map(dead.map((letter) => [letter.attributes['TARGET_ARN'], letter]));
    expect(byTarget.get(FUNCTION)).toEqual({
      queue: DEAD,
      body: JSON.stringify(event()),
      attributes: {
        RULE_ARN: 'arn:aws:events:us-east-1:000000000000:rule/rule',
        TARGET_ARN: FUNCTION,
        ERROR_CODE: 'ERROR_FROM_TARGET',
        ERROR_MESSAGE: 'busy',
        EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
        RETRY_ATTEMPTS: '2',
      },
    });
    expect(byTarget.get('old')?.attributes['EXHAUSTED_RETRY_CONDITION']).toBe('MaximumEventAgeInSeconds');
  });

  it('does not retry a missing target', async () => {
    startBus([rule({ targets: [target({ deadLetterArn: DEAD })] })]);
    refuse = new DeliveryRefused('NO_RESOURCE', 'there is no function step');
    await bus.publish(event());
    await bus.settled();
    expect(dead[0]?.attributes).toMatchObject({ ERROR_CODE: 'NO_RESOURCE', RETRY_ATTEMPTS: '0' });
    expect(bus.waiting).toBe(0);
  });

  it('delivers accepted events after a kill', async () => {
    startBus([rule({ targets: [target(), target({ id: 'u', arn: 'other' })] })]);
    void bus.publish(event());
    // Killed here, before the event loop comes to the deliveries.
    const left = readFileSync(join(folder, 'deliveries.jsonl'), 'utf8');
    expect(left.trim().split('\n')).toHaveLength(2);
    bus.stop();
    startBus([]);
    await bus.settled();
    expect(delivered.map(({ arn }) => arn).sort()).toEqual([FUNCTION, 'other']);
    bus.stop();
    startBus([]);
    await bus.settled();
    expect(delivered).toHaveLength(2);
  });

  it('does not accept an event that it cannot store', async () => {
    startBus([rule()]);
    bus.stop();
    await expect(bus.publish(event())).rejects.toThrow('the event bus has stopped');
  });

  it('drops, delays and repeats events on request, for a number of times', async () => {
    startBus([rule()]);
    faults.set({ match: { source: 'test', detailType: 'Tested' }, effect: { kind: 'drop' }, count: 1 });
    await bus.publish(event());
    await bus.settled();
    expect(delivered).toHaveLength(0);
    expect(faults.list()).toEqual([]);

    const id = faults.set({ match: { target: 'step' }, effect: { kind: 'duplicate', copies: 4 } });
    await bus.publish(event());
    await bus.settled();
    expect(delivered).toHaveLength(5);
    expect(faults.list()).toMatchObject([{ id, touched: 1 }]);
    faults.clear(id);

    faults.set({
      match: { pattern: '{"detail":{"name":["n"]}}', rule: 'rule' },
      effect: { kind: 'delay', ms: 5 * MINUTE },
    });
    faults.set({ match: { source: 'someone else' }, effect: { kind: 'drop' } });
    await bus.publish(event());
    await bus.settled();
    expect(delivered).toHaveLength(5);
    clock.advance(5 * MINUTE);
    await bus.settled();
    expect(delivered).toHaveLength(6);
    faults.clear();
    expect(faults.list()).toEqual([]);
  });

  it('takes the delays of a list in turn', async () => {
    startBus([rule()]);
    faults.set({ effect: { kind: 'delay', ms: [MINUTE, 2 * MINUTE] } });
    for (let n = 0; n < 3; n += 1) await bus.publish(event());
    clock.advance(MINUTE);
    await bus.settled();
    expect(delivered).toHaveLength(2);
    clock.advance(MINUTE);
    await bus.settled();
    expect(delivered).toHaveLength(3);
  });

  it('waits the set delay before each delivery', async () => {
    startBus([rule()], { deliveryDelayMs: 10_000 });
    await bus.publish(event());
    await bus.settled();
    expect(delivered).toHaveLength(0);
    clock.advance(10_000);
    await bus.settled();
    expect(delivered).toHaveLength(1);
  });

  it('refuses a rule whose pattern is not valid by its name', () => {
    startBus([]);
    expect(() => {
      bus.setRules([rule({ name: 'wrong', pattern: { source: 'x' } })]);
    }).toThrow('rule wrong: Event pattern is not valid. Reason: "source" must be an object or an array');
    expect(bus.rules()).toEqual([]);
  });

  describe('with schedules', () => {
    const { pattern: _, ...scheduled } = rule({ name: 'sweep', schedule: 'rate(1 minute)' });

    function times(): string[] {
      return delivered.map(({ payload }) => (JSON.parse(payload) as BusEvent).time);
    }

    it('fires every due time that the clock was advanced over, in order, one after another', async () => {
      startBus([scheduled]);
      clock.advance(120 * MINUTE);
      await vi.waitFor(() => {
        expect(delivered).toHaveLength(120);
      });
      expect(times()).toEqual(times().sort());
      expect(new Set(times()).size).toBe(120);
      expect(JSON.parse(delivered[0]?.payload ?? '')).toEqual({
        version: '0',
        id: expect.any(String) as string,
        'detail-type': 'Scheduled Event',
        source: 'aws.events',
        account: '000000000000',
        time: times()[0],
        region: 'us-east-1',
        resources: [scheduled.arn],
        detail: {},
      });
    });

    it('waits until the target accepted one missed due time before the next', async () => {
      let underWay = 0;
      let most = 0;
      startBus([scheduled]);
      bus.stop();
      bus = new EventBus(
        { file: join(folder, 'deliveries.jsonl'), rules: [scheduled] },
        {
          clock,
          faults,
          deliver: async (arn, payload) => {
            underWay += 1;
            most = Math.max(most, underWay);
            await new Promise((resolve) => setImmediate(resolve));
            underWay -= 1;
            delivered.push({ arn, payload });
          },
          sendDeadLetter: () => Promise.resolve(),
          log: () => undefined,
        },
      );
      bus.start();
      clock.advance(10 * MINUTE);
      await vi.waitFor(() => {
        expect(delivered).toHaveLength(10);
      });
      expect(most).toBe(1);
    });

    it('fires only the latest missed due time if so configured', async () => {
      startBus([scheduled], { missedTicks: 'latest' });
      const start = clock.now();
      clock.advance(120 * MINUTE);
      await vi.waitFor(() => {
        expect(delivered).toHaveLength(1);
      });
      clock.advance(MINUTE);
      await vi.waitFor(() => {
        expect(delivered).toHaveLength(2);
      });
      expect(Date.parse(times()[0] ?? '')).toBeGreaterThan(start + 119 * MINUTE);
    });

    it('finds the latest missed due time at once, also after a hundred years', async () => {
      startBus([scheduled], { missedTicks: 'latest' });
      const start = clock.now();
      clock.advance(100 * 365 * 24 * 60 * MINUTE);
      await vi.waitFor(() => {
        expect(delivered).toHaveLength(1);
      });
      expect(Date.parse(times()[0] ?? '') - start).toBeGreaterThan(100 * 365 * 24 * 60 * MINUTE - 2 * MINUTE);
    });

    it('goes on from the time to which the clock was set back', async () => {
      startBus([scheduled]);
      clock.advance(-1000 * MINUTE);
      bus.clockWentBack();
      clock.advance(MINUTE);
      await vi.waitFor(() => {
        expect(delivered).toHaveLength(1);
      });
      expect(Date.parse(times()[0] ?? '')).toBeLessThan(Date.now() - 990 * MINUTE);
    });

    it('fires different schedules in the order of their times', async () => {
      startBus([
        scheduled,
        { ...scheduled, name: 'hourly', schedule: 'rate(1 hour)', targets: [target({ arn: 'hourly' })] },
      ]);
      clock.advance(61 * MINUTE);
      await vi.waitFor(() => {
        expect(delivered).toHaveLength(62);
      });
      const at = delivered.findIndex(({ arn }) => arn === 'hourly');
      expect(at).toBeGreaterThanOrEqual(59);
      expect(at).toBeLessThanOrEqual(60);
    });

    it('runs schedules of EventBridge Scheduler, except disabled ones', async () => {
      const schedule = {
        logicalId: 'S',
        name: 'daily',
        arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/daily',
        group: 'default',
        roleArn: 'arn:aws:iam::000000000000:role/schedules',
        expression: 'rate(1 day)',
        timeZone: 'Europe/Berlin',
        enabled: true,
        target: target({ input: '{"job":"daily"}' }),
      };
      startBus([{ ...scheduled, enabled: false }], {
        schedules: [schedule, { ...schedule, name: 'off', enabled: false }],
      });
      clock.advance(24 * 60 * MINUTE);
      // A rate falls due at once, and a day later.
      await vi.waitFor(() => {
        expect(delivered).toHaveLength(2);
      });
      expect(delivered[0]?.payload).toBe('{"job":"daily"}');
    });

    it('keeps the next due time of a schedule that a new template does not change', async () => {
      startBus([scheduled]);
      clock.advance(50_000);
      bus.setRules([scheduled]);
      clock.advance(10_000);
      await vi.waitFor(() => {
        expect(delivered).toHaveLength(1);
      });
    });
  });

  describe('over HTTP', () => {
    let server: Server;
    let client: EventBridgeClient;

    beforeEach(async () => {
      startBus([
        rule({
          pattern: { source: ['test'], detail: { n: [1] } },
          targets: [target({ deadLetterArn: DEAD })],
        }),
        rule({ name: 'sweep', schedule: 'rate(1 minute)', pattern: { source: ['none'] } }),
      ]);
      const handle = eventsHandler(bus);
      server = createServer((request, response) => void handle(request, response));
      client = new EventBridgeClient({
        endpoint: `http://127.0.0.1:${String(await listenLocally(server))}`,
        region: 'us-east-1',
        credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
        maxAttempts: 1,
      });
    });

    afterEach(async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });

    const entry: PutEventsRequestEntry = { Source: 'test', DetailType: 'T', Detail: '{"n":1}' };

    it('puts events, with their time, resources and numbers as written', async () => {
      const answer = await client.send(
        new PutEventsCommand({
          Entries: [
            { ...entry, Time: new Date('2026-01-02T03:04:05Z'), Resources: ['arn:r'] },
            { ...entry, Detail: '{"n": 1.0}' },
          ],
        }),
      );
      expect(answer.FailedEntryCount).toBe(0);
      await bus.settled();
      expect(delivered).toHaveLength(1);
      expect(JSON.parse(delivered[0]?.payload ?? '')).toEqual({
        version: '0',
        id: answer.Entries?.[0]?.EventId,
        'detail-type': 'T',
        source: 'test',
        account: '000000000000',
        time: '2026-01-02T03:04:05Z',
        region: 'us-east-1',
        resources: ['arn:r'],
        detail: { n: 1 },
      });
    });

    it('refuses entries one by one', async () => {
      const answer = await client.send(
        new PutEventsCommand({
          Entries: [
            entry,
            { ...entry, Source: undefined },
            { ...entry, DetailType: '' },
            { ...entry, Detail: undefined },
            { ...entry, Detail: '[1]' },
            { ...entry, Detail: '{' },
            { ...entry, Source: 'aws.s3' },
            { ...entry, EventBusName: 'mine' },
          ],
        }),
      );
      expect(answer.FailedEntryCount).toBe(7);
      expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
        undefined,
        'InvalidArgument',
        'InvalidArgument',
        'InvalidArgument',
        'MalformedDetail',
        'MalformedDetail',
        'NotAuthorizedForSource',
        'InvalidArgument',
      ]);
      expect(answer.Entries?.[1]?.ErrorMessage).toBe(
        'Parameter Source is not valid. Reason: Source is a required argument.',
      );
      await bus.settled();
      expect(delivered).toHaveLength(1);
    });

    it('refuses more than ten entries and more than 1 MB', async () => {
      const many = new PutEventsCommand({ Entries: Array.from({ length: 11 }, () => entry) });
      await expect(client.send(many)).rejects.toThrow('Member must have length less than or equal to 10');
      await expect(client.send(new PutEventsCommand({ Entries: [] }))).rejects.toThrow(
        'greater than or equal to 1',
      );
      const large = { ...entry, Detail: JSON.stringify({ n: 1, x: 'x'.repeat(600_000) }) };
      await expect(client.send(new PutEventsCommand({ Entries: [large, large] }))).rejects.toThrow(
        'Total size of the entries in the request is over the limit.',
      );
      await client.send(new PutEventsCommand({ Entries: [large] }));
      await bus.settled();
      expect(delivered).toHaveLength(1);
    });

    it('tests a pattern', async () => {
      const test = (EventPattern: string, given: object = event()): Promise<boolean | undefined> =>
        client
          .send(new TestEventPatternCommand({ EventPattern, Event: JSON.stringify(given) }))
          .then(({ Result }) => Result);
      expect(await test('{"source":["test"]}')).toBe(true);
      expect(await test('{"source":["x"]}')).toBe(false);
      await expect(test('{"source":"x"}')).rejects.toMatchObject({ name: 'InvalidEventPatternException' });
      await expect(test('{"source":["x"]}', { source: 'x' })).rejects.toThrow(
        'mandatory fields are missing: id, account, time, region, resources, detail-type',
      );
    });

    it('shows the rules and their targets', async () => {
      const { Rules } = await client.send(new ListRulesCommand({ NamePrefix: 'r' }));
      expect(Rules).toEqual([
        {
          Name: 'rule',
          Arn: 'arn:aws:events:us-east-1:000000000000:rule/rule',
          EventBusName: 'default',
          State: 'ENABLED',
          EventPattern: '{"source":["test"],"detail":{"n":[1]}}',
        },
      ]);
      const described = await client.send(new DescribeRuleCommand({ Name: 'sweep' }));
      expect(described.ScheduleExpression).toBe('rate(1 minute)');
      const { Targets } = await client.send(new ListTargetsByRuleCommand({ Rule: 'rule' }));
      expect(Targets).toMatchObject([{ Id: 't', Arn: FUNCTION, DeadLetterConfig: { Arn: DEAD } }]);
      await expect(client.send(new DescribeRuleCommand({ Name: 'none' }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    });

    it('reports unknown names', async () => {
      await expect(client.send(new PutRuleCommand({ Name: 'x', EventPattern: '{}' }))).rejects.toThrow(
        'the local EventBridge has no PutRule: rules and targets come from serverless.yml',
      );
    });
  });
});
