import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { unzipSync } from 'fflate';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { zipFolder } from '../../build/zip.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-zip-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function makeFolder(name: string, files: readonly [string, string][], time: Date): string {
  const made = join(folder, name);
  mkdirSync(join(made, 'inner'), { recursive: true });
  for (const [path, content] of files) {
    writeFileSync(join(made, path), content);
    utimesSync(join(made, path), time, time);
  }
  return made;
}

test('a zip of equal content has equal bytes, whatever the time and order of writing', async () => {
  const files: [string, string][] = [
    ['index.mjs', 'export const handler = 1;\n'],
    ['inner/chunk.mjs', 'export {};\n'],
    ['plans.json', '{"plans":[]}'],
  ];
  const first = await zipFolder(makeFolder('first', files, new Date('2026-01-01T00:00:00Z')));
  const second = await zipFolder(makeFolder('second', files.toReversed(), new Date('2031-07-01T00:00:00Z')));
  expect(Buffer.from(second).equals(Buffer.from(first))).toBe(true);
  expect(Object.keys(unzipSync(first))).toEqual(['index.mjs', 'inner/chunk.mjs', 'plans.json']);
});

test('a zip of other content has other bytes', async () => {
  const time = new Date('2026-01-01T00:00:00Z');
  const first = await zipFolder(makeFolder('first', [['index.mjs', 'one']], time));
  const second = await zipFolder(makeFolder('second', [['index.mjs', 'two']], time));
  expect(Buffer.from(second).equals(Buffer.from(first))).toBe(false);
});

test('source maps are not deployed', async () => {
  const files: [string, string][] = [
    ['index.mjs', 'export const handler = 1;\n'],
    ['index.mjs.map', '{}'],
  ];
  expect(Object.keys(unzipSync(await zipFolder(makeFolder('maps', files, new Date()))))).toEqual([
    'index.mjs',
  ]);
});
