import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { discardData } from '../../../local/supervisor/discard-data.ts';

const home = mkdtempSync(join(tmpdir(), 'baton-discard-'));
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

it('removes all state but the clock, and the objects of every bucket; folders of buckets, logs and PostgreSQL stay', () => {
  const files = [
    'state/clock.json',
    'state/dynamodb/000003.log',
    'state/queues/arrivals/message.json',
    'state/s3/index.jsonl',
    's3/landing/stores/a.csv',
    's3/landing/b.csv',
    's3/made-by-hand/c.csv',
    's3/not-a-bucket.txt',
    'logs/redshift.log',
    'postgres/server.json',
    'local.json',
  ];
  for (const file of files) {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), 'x');
  }
  discardData(home);
  const left = readdirSync(home, { recursive: true, encoding: 'utf8' }).sort();
  expect(left).toEqual([
    'local.json',
    'logs',
    'logs/redshift.log',
    'postgres',
    'postgres/server.json',
    's3',
    's3/landing',
    's3/made-by-hand',
    's3/not-a-bucket.txt',
    'state',
    'state/clock.json',
  ]);
});
