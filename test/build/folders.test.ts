import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { hold, keepNewest, madeAnew, madeOnce, writeWhole } from '../../build/folders.ts';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'baton-folders-'));
});

afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
});

test('a folder made several times at once is complete, with nothing else left', async () => {
  const folder = join(parent, 'made');
  const makers = Array.from({ length: 5 }, async (_, maker) =>
    madeOnce(folder, async (temporary) => {
      writeFileSync(join(temporary, 'first'), String(maker));
      await Promise.resolve();
      writeFileSync(join(temporary, 'second'), String(maker));
    }),
  );
  await Promise.all(makers);
  expect(readdirSync(parent)).toEqual(['made']);
  expect(readFileSync(join(folder, 'first'), 'utf8')).toBe(readFileSync(join(folder, 'second'), 'utf8'));
});

test('a folder that could not be made does not exist, and the error is thrown', async () => {
  const failing = madeOnce(join(parent, 'made'), async (temporary) => {
    writeFileSync(join(temporary, 'first'), '');
    throw new Error('no room');
  });
  await expect(failing).rejects.toThrow('no room');
  expect(readdirSync(parent)).toEqual([]);
});

test('the newest folders are kept, and those that a running process uses', () => {
  for (const [name, seconds] of [
    ['oldest', 1],
    ['held', 2],
    ['newer', 3],
    ['newest', 4],
  ] as const) {
    mkdirSync(join(parent, name));
    if (name === 'held') hold(join(parent, name));
    utimesSync(join(parent, name), seconds, seconds);
  }
  keepNewest(parent, 2);
  expect(readdirSync(parent).sort()).toEqual(['held', 'newer', 'newest']);
});

test('a folder used by a process that has ended is not kept', () => {
  const folder = join(parent, 'old');
  mkdirSync(folder);
  // Beyond the largest process id of Linux and macOS.
  writeFileSync(join(folder, '.held-by-99999999'), '');
  keepNewest(parent, 0);
  expect(existsSync(folder)).toBe(false);
});

test('a file is replaced atomically and leaves no other file', () => {
  const path = join(parent, 'deep', 'plans.json');
  writeWhole(path, 'old');
  writeWhole(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(join(parent, 'deep'))).toEqual(['plans.json']);
});

test('a folder made anew replaces the earlier one whole, also several at once, but not one that a process holds', async () => {
  const folder = join(parent, 'anew');
  const make = async (maker: number) =>
    madeAnew(folder, async (temporary) => {
      writeFileSync(join(temporary, 'first'), String(maker));
      await Promise.resolve();
      writeFileSync(join(temporary, 'second'), String(maker));
      if (maker === 9) hold(temporary);
    });
  await make(0);
  await Promise.all([1, 2, 3, 4].map(make));
  expect(readFileSync(join(folder, 'first'), 'utf8')).toMatch(/[1-4]/);
  expect(readFileSync(join(folder, 'first'), 'utf8')).toBe(readFileSync(join(folder, 'second'), 'utf8'));
  await make(9);
  await expect(make(5)).rejects.toThrow(`${folder} is in use by process ${process.pid}`);
  expect(readFileSync(join(folder, 'second'), 'utf8')).toBe('9');
  expect(readdirSync(parent)).toEqual(['anew']);
});
