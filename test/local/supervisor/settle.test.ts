import { describe, expect, test } from 'vitest';

import { settle } from '../../../local/supervisor/settle.ts';

/** What is under way, and how many calls have ended, at each look; the last stays. */
function settled(
  looks: readonly (readonly [underWay: number, calls: number, statements?: number])[],
  limitMs = 5000,
) {
  let at = 0;
  const now = (): readonly [number, number, number?] => looks[Math.min(at, looks.length - 1)] ?? [0, 0];
  const clock = { now: () => Date.UTC(2026, 0, 1), nextAt: Date.UTC(2026, 0, 1, 0, 1) };
  return settle(
    {
      underWay: () => now()[0],
      statements: () => Promise.resolve(now()[2] ?? 0),
      waiting: () => 3,
      calls: () => now()[1],
      clock,
    },
    limitMs,
    async () => {
      at += 1;
    },
  ).then((answer) => ({ ...answer, looks: at }));
}

describe('settling', () => {
  test('waits until nothing is under way, and names the next time at which something is due', async () => {
    const quiet = [0, 7] as const;
    expect(await settled([[1, 5], [2, 6], [0, 6, 1], quiet])).toEqual({
      settled: true,
      waiting: 3,
      now: '2026-01-01T00:00:00.000Z',
      nextAt: '2026-01-01T00:01:00.000Z',
      looks: 6,
    });
  });

  test('takes a call that ended meanwhile for work that goes on', async () => {
    const calls = Array.from({ length: 20 }, (_, i) => [0, i] as const);
    expect((await settled(calls)).looks).toBeGreaterThanOrEqual(20);
  });

  test('ends at its limit while something is under way', async () => {
    expect(await settled([[1, 1]], 20)).toMatchObject({ settled: false });
  });
});
