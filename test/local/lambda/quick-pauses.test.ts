import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { passPauses, QUICK_PAUSES } from '../../../local/lambda/quick-pauses.ts';

test('pauses pass at once where the environment says so, and the variable is gone', async () => {
  passPauses();
  const before = pause;
  process.env[QUICK_PAUSES] = '1';
  passPauses();
  expect([process.env[QUICK_PAUSES], pause === before]).toEqual([undefined, false]);
  const startedAt = performance.now();
  expect(await pause(60_000, 'over')).toBe('over');
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});
