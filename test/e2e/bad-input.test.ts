/** Bad input from every side: one clear message that names the place, nothing half done, the process alive. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventually, Stack } from './stack.ts';
import { fileOf } from '../../shared/run/trigger.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';
const good = (id: number): string => `${HEADER}${id},Store ${id},Lyon,FR,2020-01-01\n`;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

const ON = 'on:\n  - s3: { prefix: x/ }\n';

/** name, files, what the message says, where it points */
const INVALID: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  [
    'an unknown key',
    { 'pipeline.yml': `${ON}onFailur: hold\n`, '10_a.sql': 'SELECT 1' },
    /pipeline\.yml:3:1.*onFailur.*onFailure/,
  ],
  [
    'a missing file',
    { 'pipeline.yml': `${ON}steps:\n  20_b.sql: { timeout: 5m }\n`, '10_a.sql': 'SELECT 1' },
    /pipeline\.yml:4:3.*20_b\.sql/,
  ],
  [
    'a bad duration',
    { 'pipeline.yml': `${ON}timeout: 5 minutes\n`, '10_a.sql': 'SELECT 1' },
    /pipeline\.yml:3:10.*90s|10m/,
  ],
  [
    'a temporary table used before it is made',
    {
      'pipeline.yml': ON,
      '10_a.sql': 'INSERT INTO t SELECT * FROM stage;',
      '20_b.sql': 'CREATE TEMP TABLE stage (a INT);',
    },
    /10_a\.sql:1:29.*stage/,
  ],
  [
    'an unknown :name',
    { 'pipeline.yml': ON, '10_a.sql': 'CREATE TEMP TABLE t AS\nSELECT :regoin AS r;' },
    /10_a\.sql:2:8.*:regoin/,
  ],
  [
    'BEGIN in a step',
    { 'pipeline.yml': ON, '10_a.sql': 'BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;' },
    /10_a\.sql:1:1.*BEGIN/,
  ],
  [
    'TRUNCATE in a commit step',
    { 'pipeline.yml': ON, '10_a.sql': 'DELETE FROM a;\nTRUNCATE b;' },
    /10_a\.sql:2:1.*TRUNCATE/,
  ],
];

describe('an invalid pipeline', () => {
  it.each(INVALID)(
    'with %s is refused with exit code 2, file, line and column',
    async (_name, files, message) => {
      const folder = join(stack.home, 'invalid');
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(join(folder, 'wrong'), { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'wrong', name), text);
      const { code, stdout, stderr } = await stack.baton('validate', '--sql', folder);
      expect(code).toBe(2);
      expect(stdout).toMatch(message);
      expect(stderr).not.toContain('    at ');
    },
  );

  it('is not loaded: the previous plan stays active until a valid one replaces it', async () => {
    const folder = join(stack.sql, 'stores');
    const said = stack.output.length;
    cpSync(join(folder, '30_merge.sql'), join(stack.home, 'kept.sql'));
    writeFileSync(join(folder, '30_merge.sql'), 'BEGIN; MERGE INTO nothing');
    await eventually('the refusal is printed', async () =>
      stack.output.slice(said).join('').includes('30_merge.sql:1:1') ? true : undefined,
    );
    await stack.put('stores/while-broken.csv', good(1));
    expect((await stack.runFor('stores', 'stores/while-broken.csv')).state).toBe('SUCCEEDED');
    cpSync(join(stack.home, 'kept.sql'), join(folder, '30_merge.sql'));
  });
});

describe('a dropped file', () => {
  it('with an invalid value fails its run with file, line, column and reason, and loads no row', async () => {
    await stack.put('stores/bad.csv', `${good(2)}3,Kaputt,Jena,DE,not-a-date\n`);
    const run = await stack.runFor('stores', 'stores/bad.csv');
    expect(run).toMatchObject({ state: 'FAILED', error: { class: 'data', step: '20_load.sql' } });
    expect(run.error?.message).toContain('stores/bad.csv line 3, column opened_on');
    expect(await stack.count('SELECT COUNT(*) FROM mart.stores WHERE store_id IN (2, 3)')).toBe(0);
    const given = await stack.baton('cancel', run.id, '--reason', 'bad file');
    expect(given.code).toBe(0);
    expect((await stack.atRest(run.id)).state).toBe('CANCELLED');
  });

  it('with a missing column fails its run with the line and the expected number of columns', async () => {
    await stack.put('stores/short.csv', `${good(2)}3,Kurz,Jena\n`);
    const run = await stack.runFor('stores', 'stores/short.csv');
    expect(run.error?.message).toContain(
      'stores/short.csv line 3: Delimiter not found: 5 columns expected, 3 found',
    );
    expect(run.error?.message).not.toContain('column  ()');
    await stack.baton('cancel', run.id, '--reason', 'bad file');
    await stack.atRest(run.id);
  });

  it('waits for a failed run, and starts when that is cancelled', async () => {
    await stack.put('stores/broken.csv', `${HEADER}not-a-number,X,Y,DE,2020-01-01\n`);
    const broken = await stack.runFor('stores', 'stores/broken.csv');
    await stack.put('stores/behind.csv', good(4));
    const behind = await eventually('the run behind', async () =>
      (await stack.runs('stores')).find((run) => fileOf(run.trigger)?.key === 'stores/behind.csv'),
    );
    expect((await stack.run(behind.id))?.state).toBe('QUEUED');
    await stack.baton('cancel', broken.id);
    expect((await stack.atRest(behind.id)).state).toBe('SUCCEEDED');
  });

  it('that is overwritten while its run waits fails that run with the reason; the newer upload is loaded', async () => {
    await stack.put('stores/in-the-way.csv', `${HEADER}not-a-number,X,Y,DE,2020-01-01\n`);
    const inTheWay = await stack.runFor('stores', 'stores/in-the-way.csv');
    await stack.put('stores/overwritten.csv', good(20));
    const first = await eventually('the first run', async () =>
      (await stack.runs('stores')).find((run) => fileOf(run.trigger)?.key === 'stores/overwritten.csv'),
    );
    await stack.put('stores/overwritten.csv', `${HEADER}20,Newer,Lyon,FR,2020-01-01\n`);
    await stack.baton('cancel', inTheWay.id);
    const failed = await stack.atRest(first.id);
    expect(failed).toMatchObject({ state: 'FAILED', error: { class: 'input', step: '20_load.sql' } });
    expect(failed.error?.message).toContain('stores/overwritten.csv was overwritten before it was loaded');
    const newer = await stack.runFor('stores', 'stores/overwritten.csv', [first.id]);
    expect(newer.state).toBe('SUCCEEDED');
    expect(await stack.query('SELECT name FROM mart.stores WHERE store_id = 20')).toEqual([['Newer']]);
  });

  it('that no pipeline matches is reported with the known prefixes', async () => {
    const path = join(stack.home, 'lonely.csv');
    writeFileSync(path, 'a\n1\n');
    const { code, stderr } = await stack.baton('drop', path, '--to', 'nowhere/');
    expect(code).toBe(2);
    expect(stderr).toContain('stores/');
  });
});

describe('a malformed event', () => {
  it('in the queue starts nothing and ends in the dead-letter queue unchanged', async () => {
    const sqs = new SQSClient({
      endpoint: stack.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    });
    const url = (name: string): string => `${stack.endpoint}/000000000000/${name}`;
    const body = '{"detail-type":"Object Created","source":"aws.s3","detail":{}}';
    await sqs.send(new SendMessageCommand({ QueueUrl: url('baton-local-arrivals'), MessageBody: body }));
    const { GetQueueAttributesCommand, ReceiveMessageCommand } = await import('@aws-sdk/client-sqs');
    await eventually(
      'the message among the dead letters',
      async () => {
        await stack.advance(120_000);
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({
            QueueUrl: url('baton-local-dead-letters'),
            AttributeNames: ['ApproximateNumberOfMessages'],
          }),
        );
        return Number(Attributes?.['ApproximateNumberOfMessages']) > 0 ? true : undefined;
      },
      50_000,
    );
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url('baton-local-dead-letters') }),
    );
    expect(Messages?.[0]?.Body).toBe(body);
    sqs.destroy();
    await stack.put('stores/after-all.csv', good(9));
    expect((await stack.runFor('stores', 'stores/after-all.csv')).state).toBe('SUCCEEDED');
  });
});
