/** docs/events.md has every event that is sent: all tests with a world hold what they publish against it; here the kinds. */
import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { documentedTypes, problemsOf } from '../fakes/documented-events.ts';

test('the page has the detail-types of the source, and no other', () => {
  const sources = ['publish.ts', 'publish-refused.ts', 'perform.ts'].map((name) =>
    readFileSync(`shared/engine/${name}`, 'utf8'),
  );
  const sent = sources.flatMap((text) => text.match(/'(?:Run|Event) [A-Z][A-Za-z ]+'/g) ?? []);
  const names = [...new Set(sent.map((name) => name.slice(1, -1)))];
  expect(names.filter((name) => name !== 'Run Changed').sort()).toEqual([...documentedTypes].sort());
  // Whoever else publishes an event of ours must be in the list above.
  const others = readdirSync('shared/engine', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => readFileSync(`shared/engine/${name}`, 'utf8').includes("source: 'baton',"));
  expect(others.sort()).toEqual(['perform.ts', 'publish-refused.ts', 'publish.ts']);
});

test.each([
  ['an unknown type', 'Run Lost', {}, 'Run Lost is not in docs/events.md'],
  [
    'an unknown field',
    'Run Started',
    { stage: 's', runId: 'r', pipeline: 'p', trigger: { kind: 's3', time: '' }, more: 1 },
    'Run Started.more is not in docs/events.md',
  ],
  [
    'a missing field',
    'Run Started',
    { stage: 's', runId: 'r', pipeline: 'p' },
    'Run Started.trigger is missing',
  ],
  [
    'another type',
    'Run Succeeded',
    { stage: 's', runId: 'r', pipeline: 'p', state: 'SUCCEEDED', failures: 'two' },
    'Run Succeeded.failures is no whole number',
  ],
])('%s is found', (_what, type, detail, problem) => {
  expect(problemsOf({ source: 'baton', type, detail })).toEqual([problem]);
});
