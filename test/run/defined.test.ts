import { expect, it } from 'vitest';

import { defined } from '../../shared/run/defined.ts';

interface Failure {
  readonly kind: 'failure';
  readonly message: string;
  readonly position?: number;
}

const failure = (position: number | undefined): Failure =>
  defined({ kind: 'failure', message: 'no such table', position });

it('omits members that are undefined and keeps every other value in its order', () => {
  const values = defined({ zero: 0, missing: undefined, empty: '', none: null, no: false });

  expect(Object.entries(values)).toEqual([
    ['zero', 0],
    ['empty', ''],
    ['none', null],
    ['no', false],
  ]);
});

it('gives members that may be undefined the type of an optional member', () => {
  expect(Object.keys(failure(undefined))).toEqual(['kind', 'message']);
  expect(failure(3).position).toBe(3);
});

it('leaves an earlier member as it is when spread over it without a value', () => {
  const replacement: { readonly position?: number } = {};

  expect({ ...failure(3), ...defined({ position: replacement.position }) }).toEqual(failure(3));
});

it('refuses a member that may be undefined where a value is required', () => {
  const message = (text: string | undefined): Failure =>
    // @ts-expect-error: the message may be missing.
    defined({ kind: 'failure', message: text });

  expect(message(undefined)).toEqual({ kind: 'failure' });
});
