/** An event that starts nothing: people are told of it, with what they can do. */
import { expect, test } from 'vitest';

import { publishRefused } from '../../shared/engine/publish-refused.ts';
import { planOf, World } from '../fakes/world.ts';

async function published(body: string): Promise<Record<string, unknown>> {
  const world = new World();
  const engine = world.engine([planOf([{}])]);
  await publishRefused({ id: 'message-1', body, receives: 1 }, new Error('detail is missing'), engine);
  const [{ type, detail } = { type: '', detail: {} }] = world.published;
  expect(type).toBe('Event Refused');
  return detail;
}

const about = (key: string): string =>
  JSON.stringify({ detail: { bucket: { name: 'landing' }, object: { key } } });

test.each([
  [
    'of a file of a pipeline',
    about('orders/1.csv'),
    'npx baton start orders --file s3://landing/orders/1.csv',
  ],
  ['whose key has spaces', about("orders/it's 1.csv"), `--file s3://landing/'orders/it'\\''s 1.csv'`],
  ['of a file of no pipeline', about('other/1.csv'), 'nothing: no pipeline loads this file'],
  ['of no file', '{"detail":{}}', 'correct what sends it'],
  ['that is no JSON', 'hello', 'correct what sends it'],
])('an event %s', async (_name, body, next) => {
  const detail = await published(body);
  expect(detail['message']).toMatchObject({ next: expect.stringContaining(next.replaceAll('\\', '/')) });
  expect(detail['card']).toContain(next);
  expect(detail['notification']).toMatchObject({ metadata: { threadId: 'message-1' } });
});

test('a body of any length gives a short message', async () => {
  expect(JSON.stringify(await published('x'.repeat(1_000_000))).length).toBeLessThan(10_000);
});
