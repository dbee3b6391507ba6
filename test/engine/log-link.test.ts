/** The link to a run's log lines. */
import { expect, test } from 'vitest';

import { QUERIES } from '../../build/serverless/log-queries.cjs';
import { logLink } from '../../shared/engine/log-link.ts';
import { runOf } from '../fakes/run-of.ts';

const run = runOf({ id: 'orders-abc', state: 'FAILED', endedAt: '2026-11-24T08:10:00.000Z' });

/** As the console reads it: `$` and `*` stand for `%`. */
function read(link: string): string {
  const [, fragment = ''] = link.split('#');
  return decodeURIComponent(decodeURIComponent(fragment.replaceAll('$', '%')).replaceAll('*', '%'));
}

test('asks the logs of all functions for the run, from its start to its end', () => {
  const link = logLink(run, 'dev', 'eu-central-1') ?? '';
  expect(link).toMatch(
    /^https:\/\/eu-central-1\.console\.aws\.amazon\.com\/cloudwatch\/home\?region=eu-central-1#logsV2:logs-insights/,
  );
  expect(link).not.toMatch(/[\s"<>\\]/);
  const asked = read(link);
  expect(asked).toContain('filter run = "orders-abc"');
  expect(asked).toContain("~start~'2026-11-24T07:59:00.000Z~");
  expect(asked).toContain("(end~'2026-11-24T08:11:00.000Z~");
  for (const name of ['start-run', 'run-step', 'sweep', 'operate'])
    expect(asked).toContain(`~'/aws/lambda/baton-dev-${name}`);
});

test('shows only members that the saved query of one run shows, too', () => {
  const [, shown = ''] = /fields ([^|]+?)\s*\|/.exec(read(logLink(run, 'dev', 'eu-central-1') ?? '')) ?? [];
  const [saved] = QUERIES['one run'];
  expect(shown).toContain('error.message');
  expect(shown.split(', ').filter((name) => !saved?.includes(name))).toEqual([]);
});

test.each([
  ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/'],
  ['us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com/'],
])('in %s it leads to the console of its partition', (region, start) => {
  expect(logLink(run, 'dev', region)?.startsWith(start)).toBe(true);
});

test('there is none on a machine without a console', () => {
  expect(logLink(run, 'local', undefined)).toBeUndefined();
});
