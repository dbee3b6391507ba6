import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { expect, test } from 'vitest';

import { ensureFunctionBundles } from '../../build/bundle-functions.ts';
import { packageRoot as root } from '../../build/project.ts';
import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { literalsIn } from './literals.ts';

function problemsBelow(folder: string, fits: RegExp): readonly string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && fits.test(entry.name),
  );
  expect(files.length).toBeGreaterThan(0);
  return files.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return literalsIn(readFileSync(path, 'utf8')).map((found) => `${relative(root, path)}: ${found}`);
  });
}

test('serverless.yml and what it includes have no account, no key and no password', () => {
  expect(literalsIn(readFileSync(join(root, 'serverless.yml'), 'utf8'))).toEqual([]);
  expect(problemsBelow(join(root, 'build'), /\.(?:cjs|ts|yml)$/)).toEqual([]);
});

test('the sample pipelines have no account, no key and no password', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-samples-'));
  try {
    copySampleSql(folder);
    expect(problemsBelow(folder, /\.(?:sql|yml|json)$/)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the source and the bundles of the functions have no account, no key and no password', async () => {
  for (const folder of ['functions', 'shared', 'samples']) {
    expect(problemsBelow(join(root, folder), /\.(?:ts|csv)$/)).toEqual([]);
  }
  const { folder } = await ensureFunctionBundles();
  expect(problemsBelow(folder, /\.mjs$/)).toEqual([]);
});
