/** When a schedule falls due, held against the plainest reading: look at the clock on the wall, every minute. */
import { describe, expect, it } from 'vitest';

import { readSchedule } from '../../shared/pipeline/schedule/expression.ts';
import { LocalTime } from '../../shared/pipeline/schedule/local-time.ts';

const MINUTE = 60_000;

function dueBetween(expression: string, from: string, to: string, timeZone: string): string[] {
  const schedule = readSchedule(expression, 0, timeZone);
  const times: string[] = [];
  let at = schedule.next(Date.parse(from) - 1);
  while (at !== undefined && at < Date.parse(to)) {
    times.push(new Date(at).toISOString());
    at = schedule.next(at);
  }
  return times;
}

/** The first minute at which the clocks of the zone show each of the times of day. */
function seenBetween(times: readonly string[], from: string, to: string, timeZone: string): string[] {
  const zone = new LocalTime(timeZone);
  const shown = new Set<number>();
  const found: string[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += MINUTE) {
    const wall = zone.toWall(at);
    if (!shown.has(wall) && times.includes(new Date(wall).toISOString().slice(11, 16)))
      found.push(new Date(at).toISOString());
    shown.add(wall);
  }
  return found;
}

describe('a schedule on days of a clock change', () => {
  it.each([
    ['Europe/Berlin', '2026-03-27', '2026-03-31'],
    ['Europe/Berlin', '2026-10-23', '2026-10-27'],
    ['America/Los_Angeles', '2026-03-06', '2026-03-10'],
    ['America/Los_Angeles', '2026-10-30', '2026-11-03'],
    ['Pacific/Auckland', '2026-04-03', '2026-04-07'],
    ['Pacific/Auckland', '2026-09-25', '2026-09-29'],
    ['Pacific/Chatham', '2026-04-03', '2026-04-07'],
    // By half an hour.
    ['Australia/Lord_Howe', '2026-04-03', '2026-04-07'],
    ['Australia/Lord_Howe', '2026-10-02', '2026-10-06'],
    // At midnight.
    ['Africa/Cairo', '2026-04-22', '2026-04-26'],
    ['Africa/Cairo', '2026-10-28', '2026-11-01'],
    ['Pacific/Kiritimati', '2026-06-01', '2026-06-03'],
    ['Etc/GMT+12', '2026-06-01', '2026-06-03'],
  ])('in %s from %s to %s is due when its local time is reached first', (timeZone, fromDay, toDay) => {
    const [from, to] = [`${fromDay}T00:00:00Z`, `${toDay}T00:00:00Z`];
    const quarters = ['00', '15', '30', '45'].flatMap((minute) => [
      `01:${minute}`,
      `02:${minute}`,
      `03:${minute}`,
    ]);
    expect(dueBetween('cron(0/15 1-3 * * ? *)', from, to, timeZone)).toEqual(
      seenBetween(quarters, from, to, timeZone),
    );
    expect(dueBetween('cron(0 0 * * ? *)', from, to, timeZone)).toEqual(
      seenBetween(['00:00'], from, to, timeZone),
    );
  });
});

it('a rate is due when it is created, and then after each elapsed period', () => {
  const start = Date.parse('2026-10-24T22:00:05Z');
  const schedule = readSchedule('rate(1 day)', start, 'Europe/Berlin');
  expect([schedule.next(start - 1), schedule.next(start), schedule.next(start + 86_400_000)]).toEqual([
    start,
    start + 86_400_000,
    start + 2 * 86_400_000,
  ]);
});
