/**
 * The tutorial and the recipes of the documents, followed as they stand there: all of them in one local AWS, at the same
 * time. Where what is printed has changed rightly, `BATON_WRITE_PAGES=1` writes it into the pages.
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { consoleOf, filesOf, Reader, writeFiles } from './page.ts';
import { eventually, root, Stack } from './stack.ts';

const recipes = readdirSync(join(root, 'docs', 'cookbook')).map((name) => `docs/cookbook/${name}`);
const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const pages = ['docs/tutorial.md', ...recipes].filter((page) => consoleOf(read(page)).length > 0);
/** Drops events of any upload: alone, and first. */
const FIRST = 'docs/cookbook/backfill.md';

let stack: Stack;
let reader: Reader;
let reloaded = 0;
beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), 'baton-cookbook-'));
  for (const page of pages) writeFiles(home, filesOf(read(page)));
  stack = await Stack.start({ home, state: '.baton' });
  process.chdir(home);
  const reloads = (): number => stack.output.join('').split('  reloaded ').length - 1;
  reader = new Reader({ AWS_ENDPOINT_URL: stack.endpoint, BATON_HOME: join(home, '.baton') }, async () => {
    const before = reloaded;
    await eventually('the changed file', async () => (reloads() > before ? true : undefined));
    reloaded = reloads();
  });
});
afterAll(async () => {
  process.chdir(root);
  await stack.stop();
});

it(`prints what ${FIRST} shows`, async () => {
  const { shown, printed } = await reader.play(FIRST);
  expect(printed).toEqual(shown);
});

it.concurrent.each(pages.filter((page) => page !== FIRST))('prints what %s shows', async (page) => {
  const { shown, printed } = await reader.play(page);
  expect(printed).toEqual(shown);
});
