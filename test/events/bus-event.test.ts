import { describe, expect, it } from 'vitest';

import { EVENT_SOURCE, parseBusEvent } from '../../shared/events/bus-event.ts';
import type { JsonObject } from '../../shared/events/read.ts';

const event = (more = ''): string =>
  `{"version":"0","id":"e-1","detail-type":"Order Placed","source":"shop.orders","account":"1","time":"2026-11-24T06:00:00Z","region":"r","resources":[],"detail":{"n":1}${more}}`;
const envelope = (of: string, stage = 'dev'): string =>
  `{"source":"${EVENT_SOURCE}","stage":"${stage}","pipeline":"shop","event":${of}}`;
const parse = (body: string) => parseBusEvent(JSON.parse(body) as JsonObject, 'dev', body);

describe('an event in the envelope of its rule', () => {
  it('is parsed with its pipeline, its id and its own time', () => {
    expect(parse(envelope(event()))).toEqual({
      pipeline: 'shop',
      id: 'e-1',
      source: 'shop.orders',
      detailType: 'Order Placed',
      time: '2026-11-24T06:00:00.000Z',
      json: event(),
      isOwn: false,
    });
  });

  it('has the same JSON when it is replayed, and has the name of the replay', () => {
    expect(parse(envelope(event(',"replay-name":"again"')))).toMatchObject({
      json: event(),
      replayName: 'again',
    });
  });

  it('keeps numbers as written, and has no whitespace or control characters in the literal', () => {
    const odd =
      '{"big":12345678901234567890,\n\t"money":1.10,"e":1e400,"c":"a\u0085\u007f\\n","__proto__":{"a":1}}';
    expect(parse(envelope(event().replace('{"n":1}', odd))).json).toContain(
      '"detail":{"big":12345678901234567890,"money":1.10,"e":1e400,"c":"a\\u0085\\u007f\\n","__proto__":{"a":1}}',
    );
  });

  it.each([
    [envelope(event(), 'prod'), 'expected an event for stage dev; got one for stage prod'],
    [envelope('7'), 'event must be an object'],
    [envelope(event().replace('"id":"e-1",', '')), 'id is missing (expected a string)'],
    [envelope(event().replace('06:00:00Z', '06:00:00+01:00')), 'time must be a UTC timestamp'],
    [
      envelope(event().replace('1}', `"${'é'.repeat(8_000)}"}`)),
      'an event that starts a run may have 16000 bytes; this one has 16168: put large data into a file in S3 and start the pipeline with the file (on: - s3)',
    ],
  ])('is refused with a reason (case %#)', (body, reason) => {
    expect(() => parse(body)).toThrow(reason);
  });
});
