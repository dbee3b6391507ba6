/** The topics of the local AWS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { forPeople, Topics } from '../../local/topics/topics.ts';
import { LocalClock } from '../../local/clock.ts';

const ARN = 'arn:aws:sns:us-east-1:000000000000:alarms';

let folder: string;
let logged: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-topics-'));
  logged = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function open(): Topics {
  return new Topics(folder, new LocalClock(), (line) => logged.push(line));
}

test('a message is kept over a restart, and shown', () => {
  const topics = open();
  topics.publish(ARN, '"a line"\n"and another"');
  topics.close();
  expect(open().messages()).toMatchObject([{ topicArn: ARN, message: '"a line"\n"and another"' }]);
  expect(logged).toEqual(['message to alarms:\n  a line\n  and another']);
});

test('only the latest thousand are kept', () => {
  const topics = open();
  for (let i = 0; i < 1_002; i += 1) topics.publish(ARN, `"${i}"`);
  topics.close();
  const kept = open().messages();
  expect([kept.length, kept[0]?.message, kept.at(-1)?.message]).toEqual([1_000, '"2"', '"1001"']);
});

test('a message of more than 256 KB is refused, as SNS does', () => {
  expect(() => {
    open().publish(ARN, 'x'.repeat(262_145));
  }).toThrow('larger than 262144');
});

test('of a notification its title and description are shown', () => {
  const notification = { content: { title: 'it failed', description: '```\nfile a\nerror b\n```' } };
  expect(forPeople(JSON.stringify(notification))).toBe('  it failed\n  file a\n  error b');
});
