import { describe, expect, it } from 'vitest';

import { isFolderMark, parseObjectCreated } from '../../shared/events/object-created.ts';
import { parseRequest } from '../../shared/events/parse-request.ts';
import { parseQueueBatch } from '../../shared/events/queue-batch.ts';
import { parseWakeUp } from '../../shared/events/statement-ended.ts';

const s3Event = {
  version: '0',
  id: '1',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '111122223333',
  time: '2026-11-24T08:00:00Z',
  region: 'eu-west-1',
  resources: ['arn:aws:s3:::landing'],
  detail: {
    version: '0',
    bucket: { name: 'landing' },
    object: { key: 'a+b %27.csv', size: 5, etag: 'abc', sequencer: '0A' },
    reason: 'PutObject',
  },
};

const ended = {
  'detail-type': 'Redshift Data Statement Status Change',
  source: 'aws.redshift-data',
  time: '2026-11-24T08:00:00Z',
  detail: {
    principal: 'arn:aws:sts::111122223333:assumed-role/baton-role/baton-test-run-step',
    statementName: 'baton:test:orders-abc:1:0:1:1:aaaaaaaaaa;',
    statementId: 's-1',
    state: 'FINISHED',
    rows: 3,
  },
};

/** JSON.parse reads it, JSON.stringify overflows the stack. */
const deeplyNested: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));

describe('an S3 event', () => {
  it('has the key verbatim: EventBridge does not encode it', () => {
    expect(parseObjectCreated(s3Event)).toEqual({
      file: { bucket: 'landing', key: 'a+b %27.csv', size: 5, etag: 'abc', sequencer: '0A' },
      time: '2026-11-24T08:00:00.000Z',
    });
  });

  it('has the name of a replay', () => {
    expect(parseObjectCreated({ ...s3Event, 'replay-name': 'r1' }).replayName).toBe('r1');
  });

  it.each([
    [{ ...s3Event, source: 'aws.s4' }, 'expected "Object Created" from aws.s3'],
    ...['yesterday', '5', '2026-11-24', '2026-13-24T08:00:00Z', '+275761-01-01T00:00:00Z'].map(
      (time): [unknown, string] => [{ ...s3Event, time }, `time must be a UTC timestamp; it is "${time}"`],
    ),
    [
      { ...s3Event, detail: { bucket: { name: 'b' }, object: { size: 1, etag: 'e' } } },
      'detail.object.key is missing (expected a string)',
    ],
    [
      { ...s3Event, detail: { ...s3Event.detail, object: { ...s3Event.detail.object, size: '5' } } },
      'detail.object.size must be a whole number',
    ],
    [
      { ...s3Event, detail: { ...s3Event.detail, object: { ...s3Event.detail.object, sequencer: 'xyz' } } },
      'detail.object.sequencer must be hexadecimal',
    ],
    ['text', 'the event must be an object'],
    [null, 'the event must be an object'],
  ])('that is malformed is refused with the place (%#)', (event, message) => {
    expect(() => parseObjectCreated(event)).toThrow(message);
  });

  it('of a folder created in the console is distinguished from an empty file', () => {
    expect(isFolderMark({ bucket: 'b', key: 'orders/', size: 0, etag: 'e' })).toBe(true);
    expect(isFolderMark({ bucket: 'b', key: 'orders/empty.csv', size: 0, etag: 'e' })).toBe(false);
  });
});

describe('a completion event', () => {
  it('has the run id and the start of the token', () => {
    expect(parseWakeUp(ended, 'test', 'baton-role')).toEqual({
      runId: 'orders-abc',
      event: {
        kind: 'StatementEnded',
        tokenStart: 'aaaaaaaaaa',
        statementId: 's-1',
        status: 'FINISHED',
        at: '2026-11-24T08:00:00.000Z',
        rows: 3,
        trusted: true,
      },
    });
  });

  it('of another role is not trusted', () => {
    const foreign = {
      ...ended,
      detail: { ...ended.detail, principal: 'arn:aws:sts::1:assumed-role/other/x' },
    };
    expect(parseWakeUp(foreign, 'test', 'baton-role')).toMatchObject({ event: { trusted: false } });
  });

  it('needs neither rows nor principal', () => {
    const { rows: _, principal: __, ...detail } = ended.detail;
    const wakeUp = parseWakeUp({ ...ended, detail }, 'test', 'baton-role');
    expect(wakeUp).toMatchObject({ event: { trusted: true } });
    expect('event' in wakeUp && wakeUp.event).not.toHaveProperty('rows');
  });

  it.each([
    [{ ...ended, 'replay-name': 'r' }],
    [{ ...ended, detail: { ...ended.detail, statementName: 'somebody else' } }],
    [{ ...ended, detail: { ...ended.detail, statementName: undefined } }],
    [{ ...ended, detail: { ...ended.detail, statementName: 'baton:prod:orders-abc:1:0:1:1:aaaaaaaaaa;' } }],
    [{ ...ended, detail: { ...ended.detail, state: 'STARTED' } }],
  ])('that concerns no run of the stage is ignored (%#)', (event) => {
    expect(parseWakeUp(event, 'test', 'baton-role')).toHaveProperty('ignored');
  });

  it.each([
    [{ ...ended, source: 'aws.ec2' }, 'unexpected event'],
    [{ ...ended, time: 'soon' }, 'time must be a UTC timestamp; it is "soon"'],
    [{ ...ended, time: undefined }, 'time is missing (expected a string)'],
    [{ ...ended, time: '2026-02-30T25:00:00Z' }, 'time must be a UTC timestamp'],
    [
      { ...ended, detail: { ...ended.detail, statementId: 7 } },
      'detail.statementId must be a string; it is 7',
    ],
    [{ ...ended, detail: { ...ended.detail, statementId: deeplyNested } }, 'call stack'],
    [{ source: 'baton.request', 'detail-type': 'Run Woken', detail: {} }, 'detail.runId is missing'],
    ['text', 'the event must be an object'],
  ])('that is malformed is ignored with the reason, not delivered again (%#)', (event, reason) => {
    expect(parseWakeUp(event, 'test', 'r')).toEqual({ ignored: expect.stringContaining(reason) });
  });
});

describe('a request', () => {
  it('is the same by invocation and by event', () => {
    const body = { requestId: 'q', runId: 'r', actor: 'me' };
    const byEvent = parseRequest({
      source: 'baton.request',
      'detail-type': 'Resume Requested',
      detail: body,
    });
    expect(byEvent).toEqual({ verb: 'resume', ...body });
    expect(parseRequest({ verb: 'resume', ...body })).toEqual(byEvent);
  });

  it('to pause or unpause a pipeline names it, and by event is the same', () => {
    const body = { requestId: 'q', pipeline: 'orders', actor: 'me', reason: 'schema change' };
    for (const [verb, type] of [
      ['pause', 'Pause Requested'],
      ['unpause', 'Unpause Requested'],
    ] as const) {
      const event = { source: 'baton.request', 'detail-type': type, detail: body };
      expect(parseRequest({ verb, ...body })).toEqual({ verb, ...body });
      expect(parseRequest(event)).toEqual({ verb, ...body });
    }
    expect(() => parseRequest({ verb: 'pause', requestId: 'q' })).toThrow('pipeline is missing');
  });

  it('that is replayed is refused: operator commands are never replayed', () => {
    const event = {
      source: 'baton.request',
      'detail-type': 'Resume Requested',
      'replay-name': 'r',
      detail: { requestId: 'q', runId: 'r' },
    };
    expect(() => parseRequest(event)).toThrow('replayed');
  });

  it.each([
    [
      { verb: 'drop', requestId: 'q' },
      'verb must be start, resume, cancel, resolve, pause, unpause, check, probe, backfill, start-due or query',
    ],
    [{ verb: 'resume', requestId: 'q' }, 'runId is missing'],
    [{ verb: 'start', requestId: 'q', pipeline: 'p', parameters: { a: 1 } }, 'parameters.a must be a string'],
    [{ source: 'someone', 'detail-type': 'Resume Requested', detail: {} }, 'is not a request'],
    [
      { verb: 'resume', requestId: 'q'.repeat(257), runId: 'r' },
      'requestId must have at most 256 bytes of UTF-8; it has 257',
    ],
    [
      { verb: 'cancel', requestId: 'q', runId: 'r', actor: 'é'.repeat(129) },
      'actor must have at most 256 bytes',
    ],
    [
      { verb: 'cancel', requestId: 'q', runId: 'r', reason: 'é'.repeat(501) },
      'reason must have at most 1000 bytes of UTF-8; it has 1002',
    ],
    [
      { verb: 'start', requestId: 'q', pipeline: 'p', parameters: { a: 'x'.repeat(4_096) } },
      'names and values of parameters may have 4096 bytes in total; they have 4097: put large values into',
    ],
    [
      { verb: 'start', requestId: 'q', pipeline: 'p', parameters: { a: '\uD83D' } },
      'parameters.a must be valid Unicode',
    ],
    [{ verb: 'start', requestId: 'q', pipeline: 'p', file: `s3://b/${'k'.repeat(1_200)}` }, 'file must have'],
    [{ verb: 'resume', requestId: 'q', runId: 'r\uDE00' }, 'runId must be valid Unicode'],
    [{ source: 'baton.request', 'detail-type': 'constructor', detail: {} }, 'is not a request'],
    [{ verb: 'probe', requestId: 'q', part: 'all' }, 'part must be hand-over, busy, failures, sessions'],
  ])('that is invalid is refused with the place (%#)', (request, message) => {
    expect(() => parseRequest(request)).toThrow(message);
  });
});

describe('the size limits of requests and events', () => {
  it('accept a value of exactly the limit', () => {
    const request = {
      verb: 'start' as const,
      requestId: 'q'.repeat(256),
      actor: 'é'.repeat(128),
      reason: 'r'.repeat(1_000),
      pipeline: 'p',
      parameters: { a: 'x'.repeat(4_095) },
    };
    expect(parseRequest(request)).toEqual(request);
    const object = { ...s3Event.detail.object, key: 'é'.repeat(512) };
    expect(parseObjectCreated({ ...s3Event, detail: { ...s3Event.detail, object } }).file.key).toBe(
      object.key,
    );
  });

  it('refuse an S3 event with values that S3 never sends', () => {
    const withObject = (object: object) => ({
      ...s3Event,
      detail: { ...s3Event.detail, object: { ...s3Event.detail.object, ...object } },
    });
    expect(() => parseObjectCreated(withObject({ key: 'k'.repeat(1_025) }))).toThrow(
      'detail.object.key must have at most 1024 bytes of UTF-8; it has 1025',
    );
    expect(() => parseObjectCreated(withObject({ key: 'a\uD800.csv' }))).toThrow('an unpaired surrogate');
    expect(() => parseObjectCreated(withObject({ etag: 'e'.repeat(257) }))).toThrow('detail.object.etag');
    expect(() => parseObjectCreated({ ...s3Event, 'replay-name': 'r'.repeat(257) })).toThrow('replay-name');
  });
});

describe('a batch of the queue', () => {
  it('has an id and a body for each message', () => {
    expect(parseQueueBatch({ Records: [{ messageId: 'm', body: '{}' }] })).toEqual([
      { id: 'm', body: '{}', receives: 1 },
    ]);
  });

  it('says how often a message was received', () => {
    const attributes = { ApproximateReceiveCount: '3' };
    expect(parseQueueBatch({ Records: [{ messageId: 'm', body: '{}', attributes }] })).toMatchObject([
      { receives: 3 },
    ]);
  });

  it('without records is refused', () => {
    expect(() => parseQueueBatch({})).toThrow('Records is missing (expected a list of SQS messages)');
  });
});
