import { expect, test } from 'vitest';

import type { Run } from '../../shared/run/run.ts';
import { runItem } from '../../shared/store/run-item.ts';

const ended = {
  id: 'stores-a',
  pipeline: 'stores',
  state: 'SUCCEEDED',
  endedAt: '2026-11-24T00:00:00.000Z',
} as unknown as Run;
const day = Date.parse('2026-11-24T00:00:00.000Z') / 1000;

test('an ended run is forgotten after the days that the stage says, 400 where it says nothing', () => {
  expect(runItem(ended)['expiresAt']).toBe(day + 400 * 86_400);
  expect(runItem(ended, 90)['expiresAt']).toBe(day + 90 * 86_400);
});

test('a run that has not ended, or owes something, is not forgotten', () => {
  const { endedAt: _endedAt, ...open } = ended;
  expect(runItem({ ...open, state: 'FAILED' })).not.toHaveProperty('expiresAt');
  expect(runItem({ ...ended, owed: ['history'] } as unknown as Run)).not.toHaveProperty('expiresAt');
});
