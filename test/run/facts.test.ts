import { expect, it } from 'vitest';

import { facts } from './facts.ts';

it.each(facts)('$name', ({ check }) => expect(check).not.toThrow());

it('every fact has a name of its own', () => {
  expect(new Set(facts.map(({ name }) => name)).size).toBe(facts.length);
});
