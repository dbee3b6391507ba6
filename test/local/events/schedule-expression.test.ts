import { describe, expect, it } from 'vitest';

import { parseSchedule } from '../../../local/events/schedule-expression.ts';

function at(iso: string): number {
  return Date.parse(iso);
}

function ticks(expression: string, after: string, count: number, timeZone?: string): string[] {
  const schedule = parseSchedule(expression, at('2026-01-01T00:00:30Z'), timeZone);
  const found: string[] = [];
  let time: number | undefined = at(after);
  while (found.length < count) {
    time = schedule.next(time);
    if (time === undefined) break;
    found.push(new Date(time).toISOString().replace(':00.000Z', 'Z').replace('.000Z', 'Z'));
  }
  return found;
}

describe('a rate expression', () => {
  it('counts from the creation of the schedule', () => {
    expect(ticks('rate(1 minute)', '2026-01-01T00:00:30Z', 2)).toEqual([
      '2026-01-01T00:01:30Z',
      '2026-01-01T00:02:30Z',
    ]);
    expect(ticks('rate(5 minutes)', '2026-01-01T00:11:00Z', 1)).toEqual(['2026-01-01T00:15:30Z']);
    expect(ticks('rate(2 hours)', '2026-01-01T02:00:30Z', 1)).toEqual(['2026-01-01T04:00:30Z']);
    expect(ticks('rate(1 day)', '2026-01-05T00:00:00Z', 1)).toEqual(['2026-01-05T00:00:30Z']);
  });
});

describe('a cron expression', () => {
  const table: readonly (readonly [string, string, readonly string[]])[] = [
    ['cron(0 10 * * ? *)', '2026-02-01T10:00:00Z', ['2026-02-02T10:00Z']],
    ['cron(15 12 * * ? *)', '2026-02-01T00:00:00Z', ['2026-02-01T12:15Z', '2026-02-02T12:15Z']],
    ['cron(0 18 ? * MON-FRI *)', '2026-02-06T18:00:00Z', ['2026-02-09T18:00Z']],
    ['cron(0 8 1 * ? *)', '2026-02-01T08:00:00Z', ['2026-03-01T08:00Z']],
    ['cron(0/15 * * * ? *)', '2026-02-01T23:46:00Z', ['2026-02-02T00:00Z', '2026-02-02T00:15Z']],
    ['cron(0/10 * ? * MON-FRI *)', '2026-02-06T23:50:00Z', ['2026-02-09T00:00Z']],
    ['cron(0/5 8-17 ? * MON-FRI *)', '2026-02-06T17:55:00Z', ['2026-02-09T08:00Z']],
    ['cron(0/30 20-2 ? * MON-FRI *)', '2026-02-06T02:30:00Z', ['2026-02-06T20:00Z']],
    ['cron(0 0 L * ? *)', '2026-02-01T00:00:00Z', ['2026-02-28T00:00Z', '2026-03-31T00:00Z']],
    ['cron(0 0 L-3 * ? *)', '2026-02-01T00:00:00Z', ['2026-02-25T00:00Z']],
    ['cron(0 0 29 2 ? *)', '2026-01-01T00:00:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['cron(0 9 3W * ? *)', '2026-05-01T00:00:00Z', ['2026-05-04T09:00Z', '2026-06-03T09:00Z']],
    ['cron(0 9 1W * ? *)', '2026-08-01T00:00:00Z', ['2026-08-03T09:00Z']],
    ['cron(0 9 LW * ? *)', '2026-05-01T00:00:00Z', ['2026-05-29T09:00Z']],
    ['cron(0 9 ? * L *)', '2026-05-01T00:00:00Z', ['2026-05-02T09:00Z']],
    ['cron(0 9 ? * 5L *)', '2026-05-01T00:00:00Z', ['2026-05-28T09:00Z']],
    ['cron(0 9 ? * 3#2 *)', '2026-05-01T00:00:00Z', ['2026-05-12T09:00Z']],
    ['cron(0 9 ? JAN,JUL SUN 2026-2027)', '2027-07-20T00:00:00Z', ['2027-07-25T09:00Z']],
    ['cron(0 9 ? JAN,JUL SUN 2026-2027)', '2027-07-26T00:00:00Z', []],
    [
      'cron(1,31 5/6 * 1/6 ? 2030)',
      '2026-01-01T00:00:00Z',
      ['2030-01-01T05:01Z', '2030-01-01T05:31Z', '2030-01-01T11:01Z'],
    ],
    ['cron(0 0 ? * fri-mon *)', '2026-05-04T00:00:00Z', ['2026-05-08T00:00Z']],
  ];
  it.each(table)('is due next: %s after %s', (expression, after, expected) => {
    expect(ticks(expression, after, Math.max(expected.length, 1))).toEqual(expected);
  });

  it('follows the local time of its time zone', () => {
    expect(ticks('cron(30 9 * * ? *)', '2026-03-28T00:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-28T08:30Z',
      '2026-03-29T07:30Z',
    ]);
    // 02:30 does not exist on the day the clocks go forward, and comes once on the day they go back.
    expect(ticks('cron(30 2 * * ? *)', '2026-03-28T02:00:00Z', 1, 'Europe/Berlin')).toEqual([
      '2026-03-30T00:30Z',
    ]);
    expect(ticks('cron(30 2 * * ? *)', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ]);
    expect(ticks('cron(0 0 1 * ? *)', '2026-01-15T00:00:00Z', 1, 'Pacific/Auckland')).toEqual([
      '2026-01-31T11:00Z',
    ]);
  });
});

describe('an at expression', () => {
  it('is due once', () => {
    expect(ticks('at(2026-05-01T12:00:00)', '2026-01-01T00:00:00Z', 3)).toEqual(['2026-05-01T12:00Z']);
    expect(ticks('at(2026-05-01T12:00:00)', '2026-06-01T00:00:00Z', 3)).toEqual([]);
    expect(ticks('at(2026-05-01T12:00:00)', '2026-01-01T00:00:00Z', 1, 'America/New_York')).toEqual([
      '2026-05-01T16:00Z',
    ]);
  });
});

describe('an invalid schedule expression', () => {
  it.each([
    ['every minute', 'it must be rate(...), cron(...) or at(...)'],
    ['rate(0 minutes)', 'a rate must be a whole number'],
    ['rate(1 minutes)', 'write rate(1 minute)'],
    ['rate(5 minute)', 'write rate(5 minutes)'],
    ['rate(5 seconds)', 'a rate must be a whole number'],
    ['cron(0 10 * * ?)', 'cron has six fields (minutes'],
    ['cron(0 10 * * * *)', 'exactly one of day-of-month and day-of-week'],
    ['cron(0 10 ? * ? *)', 'exactly one of day-of-month and day-of-week'],
    ['cron(60 10 * * ? *)', '"60" is not valid in the minutes field (0 to 59)'],
    ['cron(0 24 * * ? *)', '"24" is not valid in the hours field'],
    ['cron(0 0 * FOO ? *)', '"FOO" is not valid in the month field'],
    ['cron(0/0 0 * * ? *)', 'a step must be at least 1'],
    ['cron(*-5 0 * * ? *)', '"*-5" is not valid in the minutes field'],
    ['at(tomorrow)', 'at needs yyyy-mm-ddThh:mm:ss'],
  ])('%s is refused', (expression, reason) => {
    expect(() => parseSchedule(expression, 0)).toThrow(
      `Parameter ScheduleExpression is not valid: "${expression}"`,
    );
    expect(() => parseSchedule(expression, 0)).toThrow(reason);
  });

  it('is refused with the name of an unknown time zone', () => {
    expect(() => parseSchedule('cron(0 10 * * ? *)', 0, 'Mars/Base')).toThrow(
      'unknown time zone "Mars/Base"',
    );
  });
});
