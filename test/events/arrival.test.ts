import { describe, expect, it } from 'vitest';

import { readArrival, readStartRunEvent } from '../../shared/engine/arrivals.ts';
import { parseRunSucceeded } from '../../shared/events/run-succeeded.ts';
import { parseScheduleDue } from '../../shared/events/schedule-due.ts';

const due = {
  source: 'baton.schedule',
  stage: 'test',
  pipeline: 'nightly',
  trigger: 'cron(0 6 * * ? *)',
  scheduledTime: '2026-11-24T06:00:00Z',
};
const succeeded = {
  version: '0',
  id: '1',
  'detail-type': 'Run Succeeded',
  source: 'baton',
  time: '2026-11-24T06:00:10Z',
  detail: { stage: 'test', runId: 'nightly-abc', pipeline: 'nightly', state: 'SUCCEEDED' },
};

describe('the input of start-run', () => {
  it('is a batch of messages, parsed one by one later', () => {
    const Records = [{ messageId: 'm1', body: 'anything' }];
    expect(readStartRunEvent({ Records }, 'test')).toEqual({
      kind: 'batch',
      messages: [{ id: 'm1', body: 'anything', receives: 1 }],
    });
  });

  it('is a due schedule, with the time it was due and not when it arrived', () => {
    expect(readStartRunEvent(due, 'test')).toMatchObject({ kind: 'arrival' });
    expect(parseScheduleDue(due, 'test')).toEqual({
      pipeline: 'nightly',
      expression: 'cron(0 6 * * ? *)',
      time: '2026-11-24T06:00:00.000Z',
    });
  });

  it.each([
    [null, 'the event must be an object'],
    [{}, 'expected a batch of the arrivals queue (Records) or a due schedule'],
    [succeeded, 'got {"version":"0","id":"1","detail-type":"Run Succeeded"'],
    [{ Records: {} }, 'Records must be a list of SQS messages'],
    [{ ...due, stage: 'prod' }, 'expected a schedule of stage test; got one of stage prod'],
    [{ ...due, stage: undefined }, 'stage is missing (expected a string)'],
    [{ ...due, pipeline: 7 }, 'pipeline must be a string; it is 7'],
    [{ ...due, trigger: '' }, 'trigger must be a string'],
    // Scheduler leaves a keyword that it does not know as it is.
    [
      { ...due, scheduledTime: '<aws.scheduler.scheduled-time>' },
      'scheduledTime must be a UTC timestamp; it is "<aws.scheduler.scheduled-time>"',
    ],
    [{ ...due, scheduledTime: '2026-11-24T06:00:00+01:00' }, 'scheduledTime must be a UTC timestamp'],
    [{ ...due, scheduledTime: '2026-13-24T06:00:00Z' }, 'scheduledTime must be a UTC timestamp'],
  ])('is refused: %j', (event, reason) => {
    expect(() => readStartRunEvent(event, 'test')).toThrow(reason);
  });
});

describe('a message of the arrivals queue', () => {
  const read = (message: unknown): unknown => readArrival(JSON.stringify(message), 'test');

  it('is a succeeded run, of which only the id is used', () => {
    expect(read(succeeded)).toBeTypeOf('function');
    expect(parseRunSucceeded(succeeded, 'test')).toBe('nightly-abc');
  });

  it('is a file or a schedule', () => {
    const detail = { bucket: { name: 'landing' }, object: { key: 'a.csv', size: 5, etag: 'e' } };
    const created = {
      'detail-type': 'Object Created',
      source: 'aws.s3',
      time: '2026-11-24T08:00:00Z',
      detail,
    };
    for (const message of [created, due]) expect(read(message)).toBeTypeOf('function');
  });

  it.each([
    [{ ...succeeded, 'detail-type': 'Run Failed' }, '"Run Succeeded" of stage test; got "Run Failed"'],
    [{ ...succeeded, detail: { ...succeeded.detail, stage: 'prod' } }, 'of stage prod'],
    [{ ...succeeded, detail: { stage: 'test' } }, 'detail.runId is missing'],
    [{ source: 'other', 'detail-type': 'x' }, 'expected "Object Created" from aws.s3'],
  ])('is refused: %j', (message, reason) => {
    expect(() => read(message)).toThrow(reason);
  });

  it('must be JSON', () => {
    expect(() => readArrival('{', 'test')).toThrow('the message is not JSON');
  });
});
