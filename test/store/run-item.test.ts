import { expect, test } from 'vitest';

import { runItem } from '../../shared/store/run-item.ts';
import { changed, runOf } from '../fakes/run-of.ts';

const ended = runOf({ state: 'SUCCEEDED', endedAt: '2026-11-24T00:00:00.000Z' });
const day = Date.parse('2026-11-24T00:00:00.000Z') / 1000;

test('an ended run expires after the number of days set for the stage, 400 by default', () => {
  expect(runItem(ended)['expiresAt']).toBe(day + 400 * 86_400);
  expect(runItem(ended, 90)['expiresAt']).toBe(day + 90 * 86_400);
});

test('runs that stopped, and those that ended in another way than SUCCEEDED, are in the index of them; no others', () => {
  for (const state of ['FAILED', 'NEEDS_DECISION', 'CANCELLED', 'SUPERSEDED'] as const)
    expect(runItem(changed(ended, { state }))['notSucceeded']).toBe(`${state} orders`);
  for (const state of ['QUEUED', 'RUNNING', 'WAITING', 'SUCCEEDED', 'ABSORBED'] as const)
    expect(runItem(changed(ended, { state, into: 'b', absorbedAt: ended.createdAt }))).not.toHaveProperty(
      'notSucceeded',
    );
});

test('a run that has not ended, or that has pending actions, never expires', () => {
  for (const state of ['RUNNING', 'FAILED', 'NEEDS_DECISION'] as const)
    expect(runItem(changed(ended, { state }))).not.toHaveProperty('expiresAt');
  expect(runItem(changed(ended, { pendingActions: ['history'] }))).not.toHaveProperty('expiresAt');
});
