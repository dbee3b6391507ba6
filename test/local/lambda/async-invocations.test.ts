import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { LocalClock } from '../../../local/clock.ts';
import {
  AsyncInvocations,
  type AsyncFunction,
  type Attempt,
} from '../../../local/lambda/async-invocations.ts';

const dead = 'arn:aws:sqs:us-east-1:000000000000:dead';

const step: AsyncFunction = {
  name: 'step',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:step',
  async: { retryAttempts: 2, maximumAgeSeconds: 900, onFailure: dead },
};

const failure: Attempt = { kind: 'failed', payload: '{"errorType":"Error","errorMessage":"boom"}' };

describe('asynchronous invocations', () => {
  let folder: string;
  let clock: LocalClock;
  let calls: { readonly id: string; readonly payload: string; readonly at: number }[];
  let records: { readonly destination: string; readonly record: Record<string, unknown> }[];
  let answers: Attempt[];
  let queue: AsyncInvocations;
  let begin: number;
  /** What an attempt waits for before it answers. */
  let held: Promise<void>;

  function open(): AsyncInvocations {
    return new AsyncInvocations(join(folder, 'async.jsonl'), [step], {
      clock,
      invoke: async (_name, id, payload) => {
        calls.push({ id, payload, at: Math.round((clock.now() - begin) / 1000) });
        await held;
        return answers.shift() ?? { kind: 'done' };
      },
      sendFailure: async (destination, record) => {
        records.push({ destination, record: JSON.parse(record) as Record<string, unknown> });
      },
      log: () => undefined,
    });
  }

  /** Lets what was just called finish. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }

  async function advance(seconds: number): Promise<void> {
    clock.advance(seconds * 1000);
    await settle();
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-async-'));
    clock = new LocalClock();
    begin = clock.now();
    calls = [];
    records = [];
    answers = [];
    held = Promise.resolve();
    queue = open();
  });
  afterEach(() => {
    queue.stop();
    rmSync(folder, { recursive: true });
  });

  test('a wait for the attempts of a function ends with the last one, even a failed one', async () => {
    let release = (): void => undefined;
    held = new Promise((done) => {
      release = done;
    });
    answers = [failure];
    queue.add('step', '{"a":1}');
    queue.add('step', '{"a":2}');
    let ended = false;
    const waiting = queue.attemptsEnded('step').then(() => (ended = true));
    await queue.attemptsEnded('another');
    await settle();
    expect([calls.length, ended]).toEqual([2, false]);
    release();
    await waiting;
    // The failed one is tried again in a minute; that is not waited for.
    expect([calls.length, queue.waiting]).toEqual([2, 1]);
    await queue.attemptsEnded('step');
  });

  test('one that succeeds runs once', async () => {
    queue.add('step', '{"a":1}');
    await settle();
    expect(calls).toMatchObject([{ payload: '{"a":1}', at: 0 }]);
    expect(queue.waiting).toBe(0);
  });

  test('one that fails is tried again after one minute and after two, with its own request id', async () => {
    answers = [failure, failure];
    const id = queue.add('step', '{}');
    await settle();
    await advance(59);
    expect(calls).toHaveLength(1);
    await advance(1);
    await advance(119);
    expect(calls).toHaveLength(2);
    await advance(1);
    expect(calls.map(({ at }) => at)).toEqual([0, 60, 180]);
    expect(new Set(calls.map((call) => call.id))).toEqual(new Set([id]));
    expect(queue.waiting).toBe(0);
    expect(records).toEqual([]);
  });

  test('one that fails for good leaves a record at its destination', async () => {
    answers = [failure, failure, failure];
    const id = queue.add('step', '{"runId":"r"}');
    await settle();
    await advance(60);
    await advance(120);
    expect(records).toMatchObject([
      {
        destination: dead,
        record: {
          version: '1.0',
          requestContext: {
            requestId: id,
            functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:step:$LATEST',
            condition: 'RetriesExhausted',
            approximateInvokeCount: 3,
          },
          requestPayload: { runId: 'r' },
          responseContext: { statusCode: 200, functionError: 'Unhandled' },
          responsePayload: { errorMessage: 'boom' },
        },
      },
    ]);
    expect(queue.waiting).toBe(0);
  });

  test('one that cannot be run is retried with growing pauses until its maximum age', async () => {
    answers = Array.from({ length: 20 }, (): Attempt => ({ kind: 'not-run', reason: 'throttled' }));
    queue.add('step', '{}');
    await settle();
    for (let second = 0; second < 900; second += 1) await advance(1);
    expect(calls.map(({ at }) => at)).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811]);
    expect(records).toMatchObject([{ record: { requestContext: { condition: 'EventAgeExceeded' } } }]);
  });

  test('continue after a kill, even after a partial line', async () => {
    answers = [failure];
    queue.add('step', '{"kept":true}');
    queue.add('step', '{"finished":true}');
    await settle();
    queue.stop();
    appendFileSync(join(folder, 'async.jsonl'), '{"id":"half');
    calls = [];
    queue = open();
    queue.start();
    await advance(60);
    expect(calls.map(({ payload }) => payload)).toEqual(['{"kept":true}']);
  });

  test('an unknown function is refused', () => {
    expect(() => queue.add('nobody', '{}')).toThrow('there is no function nobody');
  });
});
