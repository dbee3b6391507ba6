/** Many files at once into a pipeline with slots for several: all slots are used, and no driver is woken for nothing. */
import { describe, expect, it } from 'vitest';

import { stormOf, SWEEP_MS } from '../fakes/storm.ts';

/** Of a lone run. */
async function lone(eventMs: number): Promise<number> {
  return (await stormOf({ files: 1, concurrency: 1, eventMs })).ms;
}

describe('a pipeline that receives many files at once', () => {
  it.each([
    { name: '48 files, 8 at once', files: 48, concurrency: 8, eventMs: 700 },
    { name: '64 files, 8 at once', files: 64, concurrency: 8, eventMs: 700 },
    { name: '64 files, 20 at once', files: 64, concurrency: 20, eventMs: 700 },
    { name: '48 files, 8 at once, events at once', files: 48, concurrency: 8, eventMs: 0 },
    {
      name: '48 files, 8 at once, an index 3 s behind',
      files: 48,
      concurrency: 8,
      eventMs: 700,
      lagMs: 3_000,
    },
  ])('uses all its slots until the end and wastes no wake-up: $name', async (conditions) => {
    const ideal = (await lone(conditions.eventMs)) * Math.ceil(conditions.files / conditions.concurrency);
    const { ms, wakes, inVain, most, busy } = await stormOf(conditions);
    expect(most).toBe(conditions.concurrency);
    expect(ms / ideal).toBeLessThan(1.05);
    expect(busy / conditions.concurrency).toBeGreaterThan(0.95);
    // The first ones, and a few that two ends chose at once: else the driver of a run that ends begins the next one.
    expect(wakes).toBeGreaterThanOrEqual(conditions.concurrency);
    expect(wakes).toBeLessThan(conditions.concurrency * 2);
    expect(inVain).toBe(0);
  });

  it('uses all its slots again after the table was throttled', async () => {
    const conditions = { files: 64, concurrency: 20, eventMs: 700, throttledMs: 30_000 };
    const ideal = (await lone(700)) * Math.ceil(conditions.files / conditions.concurrency);
    const { ms, most } = await stormOf(conditions);
    expect(most).toBe(20);
    // The throttled half minute, and a sweep or two for what it lost.
    expect(ms).toBeLessThan(ideal * 1.3 + 30_000 + 2 * SWEEP_MS);
  });

  it('gets its slots filled by the sweep if no wake-up arrives', async () => {
    const conditions = { files: 24, concurrency: 8, eventMs: 700, wakesLost: true };
    const { ms, most } = await stormOf(conditions);
    expect(most).toBe(8);
    // A sweep for each eight.
    expect(ms).toBeLessThan(3 * SWEEP_MS + (await lone(700)));
  });
});
