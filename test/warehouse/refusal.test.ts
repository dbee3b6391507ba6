import { expect, it } from 'vitest';

import { refusalOf, statementIdOf } from '../../shared/warehouse/refusal.ts';

it('the statement id of an error is read; an error without a value there has none', () => {
  const named = Object.assign(new Error('timed out'), { StatementId: 'statement-1' });
  const unnamed = Object.assign(new Error('timed out'), { StatementId: undefined });
  expect([named, unnamed, new Error('timed out'), 'timed out'].map(statementIdOf)).toEqual([
    'statement-1',
    undefined,
    undefined,
    undefined,
  ]);
});

it('an error without metadata, or of no known kind, leaves the outcome unknown', () => {
  const bare = Object.assign(new Error('reset'), { $metadata: undefined });
  expect([bare, new Error('reset'), 'reset', undefined].map((error) => refusalOf(error).reason)).toEqual(
    Array.from({ length: 4 }, () => 'outcome-unknown'),
  );
});
