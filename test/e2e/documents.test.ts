/**
 * The documents, followed as they stand: the commands of the README, the tutorial and the recipes, in one local AWS. Where
 * what a command prints has changed rightly, `BATON_WRITE_PAGES=1` writes it into the page.
 */
import { mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { consoleOf, filesOf, Reader, writeFiles } from './page.ts';
import { eventually, root, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const readme = read('README.md');
const recipes = readdirSync(join(root, 'docs', 'cookbook')).map((name) => `docs/cookbook/${name}`);
const pages = ['docs/tutorial.md', ...recipes].filter((page) => consoleOf(read(page)).length > 0);
/** Drops events of any upload: alone, and first. */
const FIRST = 'docs/cookbook/backfill.md';

/** The first block of code below a heading, its lines without their comments. */
function blockBelow(heading: string): string[] {
  const [, block = ''] = /```\w*\n([^]*?)```/.exec(readme.slice(readme.indexOf(`## ${heading}`))) ?? [];
  return block
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''));
}

let stack: Stack;
let reader: Reader;

/** Before a change of a file below `sql/`; what it gives waits until the local AWS has taken it. */
function awaitReload(): () => Promise<void> {
  const reloads = (): number => stack.output.join('').split('  reloaded ').length;
  const before = reloads();
  return async () => {
    await eventually('the changed file', async () => (reloads() > before ? true : undefined));
  };
}

beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), 'baton-documents-'));
  for (const page of pages) writeFiles(home, filesOf(read(page)));
  for (const name of readdirSync(join(root, 'samples')))
    symlinkSync(join(root, 'samples', name), join(home, 'samples', name));
  stack = await Stack.start({ home, state: '.baton' });
  process.chdir(home);
  const environment = { AWS_ENDPOINT_URL: stack.endpoint, BATON_HOME: join(home, '.baton') };
  reader = new Reader(environment, awaitReload);
});
afterAll(async () => {
  process.chdir(root);
  await stack.stop();
});

it('the pipelines of the pages are valid, and the local warehouse runs all of their statements', async () => {
  const { code, output } = await reader.type('npx baton validate');
  // The tutorial has a mistake, which it resumes from.
  const mistake = 'sql/bookings/40_publish.sql:5:42: warning: column amount is not in mart.bookings\n';
  expect({ code, output: output.replace(mistake, '') }).toEqual({
    code: 0,
    output: expect.stringMatching(/^valid: [a-z_, ]+\n$/),
  });
  expect(output).toContain(mistake);
});

it('README.md shows what its commands print', async () => {
  expect(consoleOf(readme)).toHaveLength(4);
  const { shown, printed } = await reader.play('README.md');
  expect(printed).toEqual(shown);
  const rows = 'SELECT product_id, name, price FROM mart.product_dimension WHERE is_current ORDER BY 1';
  expect(await stack.query(rows)).toEqual([
    ['1', 'Kettle', '29.90'],
    ['2', 'Lamp', '49.00'],
    ['3', 'Rug', '120.00'],
  ]);
});

it('the commands of the README create a pipeline, check it and show it', async () => {
  const lines = blockBelow('Write a pipeline');
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) expect({ line, ...(await reader.type(line)) }).toMatchObject({ line, code: 0 });
  expect((await reader.type('npx baton validate orders')).output).toBe('valid: orders\n');
});

it('the commands of the README load, show, resume, cancel and replay runs', async () => {
  const [start, ...lines] = blockBelow('Run it locally');
  expect(start).toBe('npm start');
  /** Its file stays as bad as it was, so the run that is resumed fails again; nobody is there to be asked. */
  const endings: [string, number][] = [
    ['bad-stores.csv', 1],
    ['resume --all', 2],
    ['resume ID', 1],
  ];
  let failed = '';
  let said = '';
  for (const line of lines) {
    // There is no run whose outcome is unknown.
    if (line.includes(' resolve ')) continue;
    const { code, output } = await reader.type(line.replace(' ID', ` ${failed}`));
    const expected = endings.find(([words]) => line.includes(words))?.[1] ?? 0;
    expect({ line, code, output: code === expected ? '' : output }).toEqual({
      line,
      code: expected,
      output: '',
    });
    if (line.includes('bad-stores')) {
      [failed = ''] = output.match(/\bstores-[a-z2-7]{26}\b/) ?? [];
      said = output;
    }
    if (line.startsWith('cp '))
      await eventually('the copied file', async () => ((await storeIds()).includes('4') ? true : undefined));
  }
  expect(said).toContain('opened_on');
  expect(await storeIds()).toEqual(['1', '2', '3', '4']);
  expect(await stack.query('SELECT name FROM mart.stores WHERE store_id = 2')).toEqual([['Market Hall']]);
  expect((await stack.run(failed))?.state).toBe('CANCELLED');
});

async function storeIds(): Promise<(string | null)[]> {
  return (await stack.query('SELECT store_id FROM mart.stores ORDER BY 1')).map(([id = '']) => id);
}

it(`${FIRST} shows what its commands print`, async () => {
  const { shown, printed } = await reader.play(FIRST);
  expect(printed).toEqual(shown);
});

/** In `npm test`; each is followed by `verify`. */
const SOME = new Set([
  'docs/cookbook/backfill.md',
  'docs/cookbook/merge.md',
  'docs/cookbook/several-files.md',
]);

it.concurrent.each(pages.filter((page) => page !== FIRST && (isLong || SOME.has(page))))(
  '%s shows what its commands print',
  async (page) => {
    const { shown, printed } = await reader.play(page);
    expect(printed).toEqual(shown);
  },
  // Five pages share the machine.
  120_000,
);
