/**
 * Twelve failures, as a person is told of them at night: the card and the message of each are those of docs/failures.md, and
 * the command that the card names fixes or decides it. `BATON_WRITE_PAGES=1` writes what came into the page.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { fileOf } from '../../shared/run/trigger.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { Reader } from './page.ts';
import { eventually, isDone, root, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const PAGE = join(root, 'docs', 'failures.md');

const STAGE = 'CREATE TEMP TABLE stage (id INT, opened DATE);\n';
const LOAD = 'COPY stage\nFROM :manifest\nIAM_ROLE :copy_role\nMANIFEST FORMAT CSV;\n';
const INSERT = 'INSERT INTO night.shops\nSELECT id, opened FROM stage;\n';
const loading = { '10_stage.sql': STAGE, '20_load.sql': LOAD, '30_insert.sql': INSERT };

/** Folder of a pipeline -> its files; `pipeline.yml` has only what differs from a file below the folder's name. */
const PIPELINES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bad_sql: {
    '10_total.sql':
      'INSERT INTO night.totals (day, total)\nSELECT CURRENT_DATE, SUM(amounts)\nFROM night.orders;\n',
  },
  missing_table: { '10_archive.sql': 'INSERT INTO night.archive\nSELECT id, amount FROM night.orders;\n' },
  bad_row: loading,
  failed_check: {
    '10_check_amounts.sql': 'SELECT id, amount\nFROM night.orders\nWHERE amount < 0;\n',
    '20_total.sql': 'INSERT INTO night.totals\nSELECT CURRENT_DATE, SUM(amount) FROM night.orders;\n',
  },
  no_permission: { '10_pay.sql': 'INSERT INTO night.payroll\nSELECT id, amount FROM night.orders;\n' },
  timed_out: {
    'pipeline.yml': 'steps:\n  10_round.sql: { timeout: 60s }\n',
    '10_round.sql': 'UPDATE night.orders SET amount = amount;\n',
  },
  lost_session: {
    '10_new.sql':
      'CREATE TEMP TABLE fresh AS\nSELECT id FROM night.orders\nWHERE id NOT IN (SELECT id FROM night.seen);\n',
    '20_remember.sql': 'INSERT INTO night.seen SELECT id FROM fresh;\n',
    '30_audit.sql': 'INSERT INTO night.audit SELECT id FROM fresh;\n',
  },
  deleted_file: loading,
  conflict: {
    'pipeline.yml': 'retry: { attempts: 3, base: 1s, max: 1s }\n',
    '10_count.sql': 'UPDATE night.counter SET n = n + 1;\n',
  },
  paused_warehouse: {
    'pipeline.yml': 'timeout: 1m\n',
    '10_count.sql': 'INSERT INTO night.seen VALUES (1000);\n',
  },
  poison: { '10_count.sql': 'INSERT INTO night.seen VALUES (2000);\n' },
  changed_table: { ...loading, '10_stage.sql': 'CREATE TEMP TABLE stage (LIKE night.shops);\n' },
  bad_batch: { 'pipeline.yml': 'onBadFile: isolate\n', ...loading },
};

const TRIGGERS: Readonly<Record<string, string>> = {
  bad_batch: 'on:\n  - s3: { prefix: bad_batch/, batch: { files: 10 } }\n',
};

const TABLES = [
  'CREATE SCHEMA night',
  'CREATE TABLE night.orders (id INT, amount INT)',
  'INSERT INTO night.orders VALUES (1, 10), (2, -5), (3, 7)',
  'CREATE TABLE night.totals (day DATE, total INT)',
  'CREATE TABLE night.shops (id INT, opened DATE)',
  'CREATE TABLE night.seen (id INT)',
  'CREATE TABLE night.counter (n INT)',
  'INSERT INTO night.counter VALUES (0)',
];

let stack: Stack;
let reader: Reader;
let admin: Client;
let folder: string;
let page = readFileSync(PAGE, 'utf8');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-failures-'));
  for (const [name, files] of Object.entries(PIPELINES)) {
    const on = TRIGGERS[name] ?? `on:\n  - s3: { prefix: ${name}/ }\n`;
    const all = { ...files, 'pipeline.yml': on + (files['pipeline.yml'] ?? '') };
    for (const [file, text] of Object.entries(all)) {
      const path = join(folder, name, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
  const pipelines = Object.fromEntries(Object.keys(PIPELINES).map((name) => [name, join(folder, name)]));
  stack = await Stack.start({ pipelines });
  for (const sql of TABLES) await stack.query(sql);
  const { data, password } = JSON.parse(
    readFileSync(join(stack.home, 'state', 'postgres', 'server.json'), 'utf8'),
  ) as { data: string; password: string };
  const port = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[3]);
  admin = new Client({ host: '127.0.0.1', port, user: 'baton', password, database: 'dev' });
  await admin.connect();
  const environment = {
    AWS_ENDPOINT_URL: stack.endpoint,
    BATON_HOME: join(stack.home, 'state'),
    BATON_SQL: stack.sql,
    USER: 'anna',
  };
  reader = new Reader(environment, () => () => Promise.resolve());
});
afterAll(async () => {
  await admin.end();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
  if (process.env['BATON_WRITE_PAGES'] === '1') writeFileSync(PAGE, page);
});

/** The run of the pipeline's file, stopped with its message sent. */
async function stopped(pipeline: string, key = `${pipeline}/1.csv`): Promise<StoredRun> {
  return eventually(
    `${key} stopped`,
    async () => {
      const found = (await stack.runs(pipeline)).find((run) => fileOf(run.trigger)?.key === key);
      if (found?.card !== undefined && isDone(found)) return found;
      if (found?.state === 'WAITING' || found?.state === 'RUNNING' || found?.batch !== undefined)
        await stack.sweep();
      return undefined;
    },
    60_000,
  );
}

async function drop(pipeline: string, body = '1,2020-01-01\n'): Promise<StoredRun> {
  await stack.put(`${pipeline}/1.csv`, body);
  return stopped(pipeline);
}

/** The latest message whose text contains this. */
async function messageAbout(text: string): Promise<string> {
  const found = await eventually(`a message about ${text}`, async () => {
    const { messages } = (await stack.admin('GET', 'messages')) as { messages: { message: string }[] };
    return messages.findLast(({ message }) => message.includes(text))?.message;
  });
  return found;
}

const ID = /\b[a-z][a-z0-9_]*-[a-z2-7]{26}\b/g;

function comparable(text: string): string {
  return text
    .replaceAll(ID, 'ID')
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/cycle are: \d+/g, 'cycle are: N')
    .trim();
}

/** The page's section has this card and this message, and nothing else in blocks. */
function expectShown(heading: string, card: string, message: string): void {
  const section = new RegExp(`^## ${heading}\\n[^]*?(?=^## |(?![^]))`, 'm').exec(page)?.[0] ?? '';
  const blocks = [...section.matchAll(/^```text\n([^]*?)^```$/gm)].map(([, block = '']) => block);
  if (process.env['BATON_WRITE_PAGES'] === '1') {
    const written = [card, message].reduce(
      (text, block, i) =>
        text.replace(`\`\`\`text\n${blocks[i] ?? ''}\`\`\``, () => `\`\`\`text\n${block}\n\`\`\``),
      section,
    );
    page = page.replace(section, () => written);
    return;
  }
  expect(blocks.map(comparable)).toEqual([comparable(card), comparable(message)]);
}

/** Types the first command that the card gives below `next`. */
async function typeNext(card: string): Promise<void> {
  const [command = ''] = /npx baton (?:resume|cancel|resolve|start) [^\n]*/.exec(
    card.slice(card.search(/^ {2}next /m)),
  ) ?? [''];
  const { code, output } = await reader.type(command.trim());
  expect({ command, code, output }).toMatchObject({ code: expect.any(Number) });
  expect(output).not.toMatch(/^error:/m);
}

async function endOf(id: string): Promise<string> {
  const run = await eventually(
    `the end of ${id}`,
    async () => {
      const now = await stack.run(id);
      if (now !== undefined && isDone(now) && now.state !== 'NEEDS_DECISION') return now;
      await stack.sweep();
      return undefined;
    },
    60_000,
  );
  return run.state;
}

async function expectFixed(heading: string, run: StoredRun, fix: () => Promise<unknown>, ends: string) {
  const card = run.card?.text ?? '';
  expectShown(heading, card, await messageAbout(run.id));
  await fix();
  await typeNext(card);
  expect(await endOf(run.id)).toBe(ends);
  expect(await messageAbout(`${run.pipeline} ${ends}`)).toContain(run.id);
}

it('bad SQL', async () => {
  const run = await drop('bad_sql');
  const fix = async (): Promise<void> => {
    const reloads = (): number => stack.output.join('').split('reloaded').length;
    const before = reloads();
    const path = join(stack.sql, 'bad_sql', '10_total.sql');
    writeFileSync(path, readFileSync(path, 'utf8').replace('amounts', 'amount'));
    await eventually('the changed file', async () => (reloads() > before ? true : undefined));
  };
  await expectFixed('Bad SQL', run, fix, 'SUCCEEDED');
});

it.runIf(isLong)('a missing table', async () => {
  const run = await drop('missing_table');
  const create = (): Promise<unknown> => stack.query('CREATE TABLE night.archive (id INT, amount INT)');
  await expectFixed('A missing table', run, create, 'SUCCEEDED');
});

it('a row that does not fit', async () => {
  const run = await drop('bad_row', '1,2020-01-01\n2,yesterday\n');
  await stack.put('bad_row/2.csv', '3,2020-01-01\n');
  await expectFixed('A row that does not fit', run, () => Promise.resolve(), 'CANCELLED');
  expect((await stack.runFor('bad_row', 'bad_row/2.csv')).state).toBe('SUCCEEDED');
});

it.runIf(isLong)('a failed check', async () => {
  const run = await drop('failed_check');
  const correct = (): Promise<unknown> => stack.query('UPDATE night.orders SET amount = 5 WHERE amount < 0');
  await expectFixed('A failed check', run, correct, 'SUCCEEDED');
});

it.runIf(isLong)('a missing permission', async () => {
  await admin.query('CREATE TABLE night.payroll (id INT, amount INT)');
  const run = await drop('no_permission');
  const grant = (): Promise<unknown> => admin.query('GRANT INSERT ON night.payroll TO PUBLIC');
  await expectFixed('A missing permission', run, grant, 'SUCCEEDED');
});

it.runIf(isLong)('a timeout', async () => {
  await admin.query('BEGIN; LOCK TABLE night.orders');
  const run = await drop('timed_out');
  await expectFixed('A timeout', run, () => admin.query('ROLLBACK'), 'SUCCEEDED');
});

it.runIf(isLong)('a lost session that cannot be rebuilt', async () => {
  const first = await drop('lost_session');
  await stack.query('CREATE TABLE night.audit (id INT)');
  await stack.admin('POST', 'kill-session', { sessionId: first.sessionId });
  await typeNext(first.card?.text ?? '');
  const run = await eventually(
    'the decision',
    async () => {
      const now = await stack.run(first.id);
      if (now?.state === 'NEEDS_DECISION' && isDone(now)) return now;
      await stack.sweep();
      return undefined;
    },
    60_000,
  );
  const byHand = (): Promise<unknown> => stack.query('INSERT INTO night.audit SELECT id FROM night.seen');
  await expectFixed('A lost session', run, byHand, 'SUCCEEDED');
});

it.runIf(isLong)('a deleted file', async () => {
  await reader.type('npx baton pause deleted_file');
  await stack.put('deleted_file/1.csv', '1,2020-01-01\n');
  await eventually('the run', async () => (await stack.runs('deleted_file'))[0]);
  await stack.s3.send(new DeleteObjectCommand({ Bucket: stack.landing, Key: 'deleted_file/1.csv' }));
  await reader.type('npx baton unpause deleted_file');
  const run = await stopped('deleted_file');
  await expectFixed('A deleted file', run, () => Promise.resolve(), 'CANCELLED');
});

it.runIf(isLong)('a conflict until the attempts ran out', async () => {
  await admin.query(`CREATE FUNCTION night.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END $$`);
  await admin.query(
    'CREATE TRIGGER refused BEFORE UPDATE ON night.counter FOR EACH ROW EXECUTE FUNCTION night.refuse()',
  );
  const run = await drop('conflict');
  await expectFixed(
    'A conflict',
    run,
    () => admin.query('DROP TRIGGER refused ON night.counter'),
    'SUCCEEDED',
  );
});

it.runIf(isLong)('a paused warehouse', async () => {
  await stack.admin('POST', 'faults', {
    target: 'call',
    service: 'redshift-data',
    times: null,
    status: 400,
    errorType: 'ValidationException',
    message: 'The cluster is paused',
  });
  const run = await drop('paused_warehouse');
  await expectFixed('A paused warehouse', run, () => stack.admin('DELETE', 'faults'), 'SUCCEEDED');
});

it.runIf(isLong)('an event that cannot be understood', async () => {
  await stack.admin('POST', 'faults', {
    target: 'event',
    match: { source: 'aws.s3' },
    effect: { kind: 'drop' },
    count: 1,
  });
  await stack.put('poison/1.csv', 'x\n');
  const sqs = new SQSClient({
    endpoint: stack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  const object = { key: 'poison/1.csv' };
  const body = { source: 'aws.s3', detail: { bucket: { name: stack.landing }, object } };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: `${stack.endpoint}/000000000000/baton-local-arrivals`,
      MessageBody: JSON.stringify(body),
    }),
  );
  sqs.destroy();
  const message = await messageAbout('an event started nothing');
  const log = readFileSync(join(stack.home, 'state', 'logs', 'baton-local-start-run.log'), 'utf8');
  const line = log.split('\n').find((each) => each.includes('failure card')) ?? '';
  const { card } = JSON.parse(line.slice(line.indexOf('{'))) as { card: string };
  expectShown('An event that cannot be understood', card, message);
  await typeNext(card);
  const [run] = await stack.runs('poison');
  expect(await endOf(run?.id ?? '')).toBe('SUCCEEDED');
});

it('a bad file in a batch', async () => {
  await reader.type('npx baton pause bad_batch');
  for (const key of ['1', '12', '13'])
    await stack.put(`bad_batch/${key}.csv`, key === '1' ? 'one,2020-01-01\n' : `${key},2020-01-01\n`);
  await eventually('all files wait', async () =>
    (await stack.runs('bad_batch')).length === 3 ? true : undefined,
  );
  await reader.type('npx baton unpause bad_batch');
  const run = await stopped('bad_batch');
  await expectFixed('A bad file in a batch', run, () => Promise.resolve(), 'CANCELLED');
  await eventually('the rows of the other files', async () =>
    (await stack.count('SELECT COUNT(*) FROM night.shops WHERE id IN (12, 13)')) === 2 ? true : undefined,
  );
});

it.runIf(isLong)(
  'a stage made LIKE a table that is altered needs resume --from its step, as the card says',
  async () => {
    const run = await drop('changed_table', '20,2020-01-01,Lyon\n');
    await stack.query('ALTER TABLE night.shops ADD COLUMN city VARCHAR(20)');
    const insert = join(stack.sql, 'changed_table', '30_insert.sql');
    const reloads = (): number => stack.output.join('').split('reloaded').length;
    const before = reloads();
    writeFileSync(insert, 'INSERT INTO night.shops\nSELECT id, opened, city FROM stage;\n');
    await eventually('the changed file', async () => (reloads() > before ? true : undefined));
    // The table in its session still has two columns.
    await reader.type(`npx baton resume ${run.id}`);
    const again = await eventually('the second failure', async () => {
      const now = await stack.run(run.id);
      return now?.failures === 2 && isDone(now) ? now : undefined;
    });
    expect(again.error?.class).toBe('data');
    const [command = ''] = /npx baton resume \S+ --from 10_stage.sql/.exec(again.card?.text ?? '') ?? [];
    await reader.type(command);
    expect(await endOf(run.id)).toBe('SUCCEEDED');
    expect(await stack.query('SELECT city FROM night.shops WHERE id = 20')).toEqual([['Lyon']]);
  },
);
