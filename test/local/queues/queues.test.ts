import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LocalClock } from '../../../local/clock.ts';
import { listenLocally } from '../../../local/http.ts';
import { queuesHandler } from '../../../local/queues/api.ts';
import { md5OfAttributes, textAttributes } from '../../../local/queues/message.ts';
import { QueuePoller, type BatchResult } from '../../../local/queues/queue-poller.ts';
import { QueueSet } from '../../../local/queues/queue-set.ts';
import type { Queue } from '../../../local/queues/queue.ts';
import type { MappingResource, QueueResource } from '../../../local/template/resources.ts';

const ARN = 'arn:aws:sqs:us-east-1:000000000000:';
const SECOND = 1000;

function resource(name: string, more: Partial<QueueResource> = {}): QueueResource {
  return {
    logicalId: name,
    name,
    arn: ARN + name,
    url: `http://127.0.0.1:4566/000000000000/${name}`,
    visibilitySeconds: 30,
    delaySeconds: 0,
    retentionSeconds: 345_600,
    ...more,
  };
}

const RESOURCES = [
  resource('arrivals', { redrive: { deadLetterArn: `${ARN}dead`, maxReceiveCount: 3 } }),
  resource('dead'),
];

describe('local queues', () => {
  let folder: string;
  let clock: LocalClock;
  let queues: QueueSet;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-queues-'));
    clock = new LocalClock();
    open();
  });

  afterEach(async () => {
    queues.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function open(resources: readonly QueueResource[] = RESOURCES): void {
    queues = new QueueSet(folder, resources, clock, () => undefined);
  }

  function reopen(resources: readonly QueueResource[] = RESOURCES): void {
    queues.stop();
    open(resources);
  }

  function queue(name = 'arrivals'): Queue {
    const found = queues.find(name);
    if (found === undefined) throw new Error(`no queue ${name}`);
    return found;
  }

  describe('a queue', () => {
    it('hides received messages until the visibility timeout, and counts receives', () => {
      queue().send('one');
      const [first] = queue().receive(10);
      expect(first).toMatchObject({ body: 'one', receiveCount: 1 });
      expect(queue().receive(10)).toEqual([]);
      expect(queue().counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
      clock.advance(29 * SECOND);
      expect(queue().receive(10)).toEqual([]);
      clock.advance(SECOND);
      const [again] = queue().receive(10);
      expect(again).toMatchObject({
        id: first?.id,
        receiveCount: 2,
        firstReceivedAt: first?.firstReceivedAt,
      });
      expect(again?.receiptHandle).not.toBe(first?.receiptHandle);
    });

    it('deletes messages, even with an old receipt', () => {
      queue().send('one');
      const [first] = queue().receive(1);
      clock.advance(30 * SECOND);
      queue().receive(1);
      expect(queue().delete(first?.receiptHandle ?? '')).toBe(true);
      clock.advance(60 * SECOND);
      expect(queue().receive(1)).toEqual([]);
      expect(queue().delete('nonsense')).toBe(false);
    });

    it('changes the visibility of messages in flight', () => {
      queue().send('one');
      const [message] = queue().receive(1);
      const handle = message?.receiptHandle ?? '';
      expect(queue().changeVisibility(handle, 100)).toBe(true);
      clock.advance(99 * SECOND);
      expect(queue().receive(1)).toEqual([]);
      clock.advance(SECOND);
      const [again] = queue().receive(1);
      expect(queue().changeVisibility(handle, 0)).toBe(false);
      expect(queue().changeVisibility(again?.receiptHandle ?? '', 0)).toBe(true);
      expect(queue().receive(1)).toHaveLength(1);
    });

    it('delays messages', () => {
      queue().send('later', {}, 60);
      expect(queue().receive(1)).toEqual([]);
      expect(queue().counts().delayed).toBe(1);
      reopen();
      expect(queue().receive(1)).toEqual([]);
      clock.advance(60 * SECOND);
      expect(queue().receive(1)).toHaveLength(1);
    });

    it('moves a message to the dead-letter queue after too many receives', () => {
      const { id } = queue().send('poison', textAttributes({ from: 'test' }));
      for (let turn = 0; turn < 3; turn += 1) {
        expect(queue().receive(1)).toHaveLength(1);
        clock.advance(30 * SECOND);
      }
      expect(queue().receive(1)).toEqual([]);
      expect(queue().counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
      expect(queue('dead').receive(1)).toMatchObject([
        {
          id,
          body: 'poison',
          attributes: { from: { value: 'test' } },
          deadLetterSource: `${ARN}arrivals`,
          receiveCount: 1,
        },
      ]);
    });

    it('deletes messages after their retention period', () => {
      queue().send('old');
      clock.advance(345_601 * SECOND);
      expect(queue().receive(1)).toEqual([]);
      expect(queue().counts().visible).toBe(0);
    });

    it('has all messages after a kill: sent, in flight, and their receive counts', async () => {
      for (const body of ['one', 'two', 'three']) {
        queue().send(body);
        clock.advance(1);
      }
      const [first] = queue().receive(1);
      await writeFile(join(folder, 'arrivals', 'half.json.new'), '{"id":');
      await writeFile(join(folder, 'arrivals', 'broken.json'), '{"id":');
      reopen();
      expect(
        queue()
          .receive(10)
          .map(({ body, receiveCount }) => [body, receiveCount]),
      ).toEqual([
        ['one', 2],
        ['two', 1],
        ['three', 1],
      ]);
      expect(queue().delete(first?.receiptHandle ?? '')).toBe(true);
      reopen();
      expect(
        queue()
          .receive(10)
          .map(({ body }) => body),
      ).toEqual(['two', 'three']);
      expect((await readdir(join(folder, 'arrivals'))).filter((name) => name.startsWith('broken'))).toEqual([
        'broken.json.unreadable',
      ]);
    });

    it('is found by name, ARN and URL, and keeps its messages while no template names it', () => {
      expect(queues.find(`${ARN}dead`)).toBe(queue('dead'));
      expect(queues.find('http://127.0.0.1:9/000000000000/dead')).toBe(queue('dead'));
      queue('dead').send('kept');
      queues.configure([RESOURCES[0] ?? resource('arrivals')]);
      expect(queues.find('dead')).toBeUndefined();
      queues.configure(RESOURCES);
      expect(queue('dead').receive(1)).toMatchObject([{ body: 'kept' }]);
    });
  });

  describe('an event source mapping', () => {
    interface Record {
      readonly messageId: string;
      readonly receiptHandle: string;
      readonly body: string;
    }
    let batches: Record[][];
    let payloads: string[];
    let answer: (records: readonly Record[]) => BatchResult | Promise<BatchResult>;
    let poller: QueuePoller;

    beforeEach(() => {
      batches = [];
      payloads = [];
      answer = () => ({ kind: 'returned', payload: 'null' });
    });

    afterEach(() => {
      poller.stop();
    });

    function poll(more: Partial<MappingResource> = {}): void {
      poller = new QueuePoller(
        queue(),
        {
          logicalId: 'Mapping',
          queueArn: `${ARN}arrivals`,
          functionName: 'start-run',
          batchSize: 10,
          batchWindowSeconds: 0,
          enabled: true,
          reportBatchItemFailures: true,
          ...more,
        },
        {
          clock,
          invoke: async (_, payload) => {
            const { Records } = JSON.parse(payload) as { Records: Record[] };
            payloads.push(payload);
            batches.push(Records);
            return answer(Records);
          },
          log: () => undefined,
        },
      );
      poller.start();
    }

    function bodies(): string[][] {
      return batches.map((batch) => batch.map(({ body }) => body));
    }

    it('invokes the function with batches, and deletes processed messages', async () => {
      const { id, sentAt } = queue().send('hello', textAttributes({ RULE_ARN: 'r' }));
      poll();
      await poller.settled();
      expect(JSON.parse(payloads[0] ?? '')).toEqual({
        Records: [
          {
            messageId: id,
            receiptHandle: batches[0]?.[0]?.receiptHandle,
            body: 'hello',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: String(sentAt),
              SenderId: expect.any(String) as string,
              ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) as string,
            },
            messageAttributes: {
              RULE_ARN: { stringValue: 'r', stringListValues: [], binaryListValues: [], dataType: 'String' },
            },
            md5OfBody: createHash('md5').update('hello').digest('hex'),
            eventSource: 'aws:sqs',
            eventSourceARN: `${ARN}arrivals`,
            awsRegion: 'us-east-1',
          },
        ],
      });
      expect(queue().counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
      expect(await readdir(join(folder, 'arrivals'))).toEqual([]);
    });

    it('collects available messages, at most one batch', async () => {
      for (let index = 0; index < 25; index += 1) queue().send(String(index));
      poll();
      await poller.settled();
      expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
      expect(bodies().flat()).toEqual(Array.from({ length: 25 }, (_, index) => String(index)));
    });

    it('waits a batching window, unless the batch is full', async () => {
      poll({ batchSize: 3, batchWindowSeconds: 20 });
      queue().send('a');
      queue().send('b');
      await poller.settled();
      expect(batches).toEqual([]);
      queue().send('c');
      await poller.settled();
      expect(bodies()).toEqual([['a', 'b', 'c']]);
      queue().send('d');
      await poller.settled();
      clock.advance(20 * SECOND);
      await poller.settled();
      expect(bodies()).toEqual([['a', 'b', 'c'], ['d']]);
    });

    it('returns only the messages that the function reports as failed', async () => {
      queue().send('good');
      queue().send('bad');
      answer = (records) => ({
        kind: 'returned',
        payload: JSON.stringify({
          batchItemFailures: records
            .filter(({ body }) => body === 'bad')
            .map(({ messageId }) => ({ itemIdentifier: messageId })),
        }),
      });
      poll();
      await poller.settled();
      expect(queue().counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
      clock.advance(30 * SECOND);
      await poller.settled();
      expect(bodies()).toEqual([['good', 'bad'], ['bad']]);
      clock.advance(30 * SECOND);
      await poller.settled();
      clock.advance(30 * SECOND);
      await poller.settled();
      expect(batches).toHaveLength(3);
      expect(queue('dead').counts().visible).toBe(1);
    });

    it.each<readonly [string, BatchResult]>([
      [
        'an unknown message',
        { kind: 'returned', payload: '{"batchItemFailures":[{"itemIdentifier":"none"}]}' },
      ],
      ['an empty name', { kind: 'returned', payload: '{"batchItemFailures":[{"itemIdentifier":""}]}' }],
      ['no list', { kind: 'returned', payload: '{"batchItemFailures":"x"}' }],
      ['no JSON', { kind: 'returned', payload: '{' }],
      ['a failure', { kind: 'failed', message: 'it threw' }],
    ])('brings back the whole batch after %s', async (_, result) => {
      queue().send('a');
      queue().send('b');
      answer = () => result;
      poll();
      await poller.settled();
      expect(queue().counts().inFlight).toBe(2);
    });

    it.each(['', 'null', '{}', '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])(
      'treats the result %j as success',
      async (payload) => {
        queue().send('a');
        answer = () => ({ kind: 'returned', payload });
        poll();
        await poller.settled();
        expect(queue().counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
      },
    );

    it('retries a batch that could not be run without receiving it again', async () => {
      queue().send('a');
      answer = () =>
        batches.length < 3 ? { kind: 'not-run', reason: 'throttled' } : { kind: 'returned', payload: 'null' };
      poll();
      await vi.waitFor(() => {
        expect(batches).toHaveLength(1);
      });
      clock.advance(500);
      await vi.waitFor(() => {
        expect(batches).toHaveLength(2);
      });
      clock.advance(1000);
      await poller.settled();
      expect(batches).toHaveLength(3);
      expect(payloads[2]).toBe(payloads[0]);
      expect(queue().counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    });

    it('runs no more batches at once than allowed', async () => {
      let underWay = 0;
      let most = 0;
      answer = async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        return { kind: 'returned', payload: 'null' };
      };
      for (let index = 0; index < 200; index += 1) queue().send(String(index));
      poll({ batchSize: 1, maximumConcurrency: 2 });
      await poller.settled();
      expect(batches).toHaveLength(200);
      expect(most).toBe(2);
    });

    it('does nothing if it is disabled or stopped', async () => {
      poll({ enabled: false });
      queue().send('a');
      await poller.settled();
      expect(batches).toEqual([]);
      poll();
      poller.stop();
      await poller.settled();
      expect(batches).toEqual([]);
      expect(queue().counts().visible).toBe(1);
    });

    it('returns the messages of a killed function', async () => {
      queue().send('a');
      let finish: (result: BatchResult) => void = () => undefined;
      answer = () =>
        new Promise((resolve) => {
          finish = resolve;
        });
      poll();
      await vi.waitFor(() => {
        expect(batches).toHaveLength(1);
      });
      poller.stop();
      reopen();
      finish({ kind: 'returned', payload: 'null' });
      answer = () => ({ kind: 'returned', payload: 'null' });
      poll();
      await poller.settled();
      expect(bodies()).toEqual([['a'], ['a']]);
    });
  });

  describe('over HTTP', () => {
    let server: Server;
    let endpoint: string;
    const QueueUrl = 'http://127.0.0.1:4566/000000000000/arrivals';

    beforeEach(async () => {
      const handle = queuesHandler(queues, clock);
      server = createServer((request, response) => void handle(request, response));
      endpoint = `http://127.0.0.1:${String(await listenLocally(server))}`;
    });

    afterEach(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });

    interface Answer {
      readonly status: number;
      readonly queryError: string | null;
      readonly body: { readonly [name: string]: unknown };
    }

    async function call(operation: string, input: object): Promise<Answer> {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
        body: JSON.stringify(input),
      });
      return {
        status: response.status,
        queryError: response.headers.get('x-amzn-query-error'),
        body: (await response.json()) as Answer['body'],
      };
    }

    it('sends, receives and deletes, with the digests that clients check', async () => {
      const MessageAttributes = { kind: { DataType: 'String', StringValue: 'test' } };
      const sent = await call('SendMessage', { QueueUrl, MessageBody: 'hello', MessageAttributes });
      const digest = md5OfAttributes({ kind: { type: 'String', value: 'test' } });
      expect(sent.body).toEqual({
        MessageId: expect.any(String) as string,
        MD5OfMessageBody: createHash('md5').update('hello').digest('hex'),
        MD5OfMessageAttributes: digest,
      });
      const received = await call('ReceiveMessage', {
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        MessageAttributeNames: ['All'],
      });
      const [message] = received.body['Messages'] as readonly { readonly ReceiptHandle: string }[];
      expect(message).toMatchObject({
        MessageId: sent.body['MessageId'],
        Body: 'hello',
        MD5OfBody: sent.body['MD5OfMessageBody'],
        Attributes: { ApproximateReceiveCount: '1' },
        MessageAttributes,
        MD5OfMessageAttributes: digest,
      });
      expect((await call('DeleteMessage', { QueueUrl, ReceiptHandle: message?.ReceiptHandle })).body).toEqual(
        {},
      );
      expect(queue().counts().inFlight).toBe(0);
    });

    it('digests attributes as AWS does', () => {
      // Of the SQS Developer Guide's algorithm, worked out by hand for one String attribute.
      const bytes = Buffer.concat([
        Buffer.from([0, 0, 0, 1]),
        Buffer.from('a'),
        Buffer.from([0, 0, 0, 6]),
        Buffer.from('String'),
        Buffer.from([1, 0, 0, 0, 1]),
        Buffer.from('b'),
      ]);
      expect(md5OfAttributes(textAttributes({ a: 'b' }))).toBe(createHash('md5').update(bytes).digest('hex'));
      expect(md5OfAttributes({})).toBeUndefined();
    });

    it('waits for a message as long as requested', async () => {
      const waiting = call('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
      await vi.waitFor(async () => {
        await call('SendMessage', { QueueUrl, MessageBody: 'come' });
        expect(queue().counts().inFlight).toBeGreaterThan(0);
      });
      expect((await waiting).body['Messages']).toHaveLength(1);
      queue().purge();
      const vain = call('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
      let ended = false;
      void vain.finally(() => {
        ended = true;
      });
      await vi.waitFor(() => {
        clock.advance(20 * SECOND);
        expect(ended).toBe(true);
      });
      expect((await vain).body).toEqual({});
    });

    it('sends and deletes batches', async () => {
      const sent = await call('SendMessageBatch', {
        QueueUrl,
        Entries: [
          { Id: 'a', MessageBody: '1' },
          { Id: 'b', MessageBody: '2', DelaySeconds: 10 },
        ],
      });
      expect(sent.body['Successful']).toMatchObject([{ Id: 'a' }, { Id: 'b' }]);
      expect(queue().counts()).toEqual({ visible: 1, inFlight: 0, delayed: 1 });
      const [message] = queue().receive(1);
      const deleted = await call('DeleteMessageBatch', {
        QueueUrl,
        Entries: [
          { Id: 'x', ReceiptHandle: message?.receiptHandle },
          { Id: 'y', ReceiptHandle: 'nonsense' },
        ],
      });
      expect(deleted.body).toMatchObject({
        Successful: [{ Id: 'x' }],
        Failed: [{ Id: 'y', Code: 'ReceiptHandleIsInvalid' }],
      });
    });

    it('returns the attributes of its queues', async () => {
      expect((await call('ListQueues', {})).body['QueueUrls']).toHaveLength(2);
      expect((await call('ListQueues', { QueueNamePrefix: 'arr' })).body).toEqual({ QueueUrls: [QueueUrl] });
      expect((await call('GetQueueUrl', { QueueName: 'arrivals' })).body).toEqual({ QueueUrl });
      queue().send('x');
      const { body } = await call('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
      expect(body['Attributes']).toMatchObject({
        ApproximateNumberOfMessages: '1',
        QueueArn: `${ARN}arrivals`,
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${ARN}dead`, maxReceiveCount: 3 }),
      });
      await call('PurgeQueue', { QueueUrl });
      expect(queue().counts().visible).toBe(0);
    });

    it.each([
      ['SendMessage', { QueueUrl: 'http://x/0/none', MessageBody: 'x' }, 'QueueDoesNotExist'],
      ['GetQueueUrl', { QueueName: 'none' }, 'QueueDoesNotExist'],
      ['SendMessage', { QueueUrl, MessageBody: '' }, 'MissingParameter'],
      ['SendMessage', { QueueUrl, MessageBody: 'x'.repeat(1_048_577) }, 'InvalidParameterValue'],
      ['SendMessage', { QueueUrl, MessageBody: 'x', DelaySeconds: 901 }, 'InvalidParameterValue'],
      ['ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 11 }, 'InvalidParameterValue'],
      ['DeleteMessage', { QueueUrl, ReceiptHandle: 'x' }, 'ReceiptHandleIsInvalid'],
      [
        'ChangeMessageVisibility',
        { QueueUrl, ReceiptHandle: 'x', VisibilityTimeout: 1 },
        'MessageNotInflight',
      ],
      ['SendMessageBatch', { QueueUrl, Entries: [] }, 'EmptyBatchRequest'],
      ['CreateQueue', { QueueName: 'x' }, 'UnsupportedOperation'],
    ])('%s that is wrong is refused: case %#', async (operation, input, code) => {
      const answer = await call(operation, input);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({
        __type: `com.amazonaws.sqs#${code}`,
        message: expect.any(String) as string,
      });
      expect(answer.queryError).toMatch(/;Sender$/);
    });
  });
});
