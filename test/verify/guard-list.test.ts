import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { guards } from './guard-list.ts';

it('every guard removes what is in the sources, exactly once', () => {
  const edits = guards.flatMap((guard) => guard.edits.map((edit) => ({ guard: guard.name, ...edit })));
  const missed = edits.filter(({ file, find }) => readFileSync(file, 'utf8').split(find).length !== 2);
  expect(missed).toEqual([]);
});

it('every guard has a name of its own', () => {
  expect(new Set(guards.map(({ name }) => name)).size).toBe(guards.length);
});
