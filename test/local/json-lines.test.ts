import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { JsonLines } from '../../local/json-lines.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-json-lines-'));
  path = join(folder, 'state', 'log.jsonl');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function open(): JsonLines<{ readonly n: number }> {
  return new JsonLines(path);
}

it('finds every appended line after a restart, in order', () => {
  const first = open();
  first.append({ n: 1 });
  first.append({ n: 2 });
  first.close();

  const second = open();
  second.append({ n: 3 });

  expect(second.read()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  second.close();
});

it('ignores a line that a killed process wrote in part, and keeps the line after it', () => {
  const first = open();
  first.append({ n: 1 });
  first.close();
  appendFileSync(path, '{"n":');

  const second = open();
  second.append({ n: 2 });

  expect(readFileSync(path, 'utf8')).toBe('{"n":1}\n{"n":2}\n');
  second.close();
});

it('appends to the new lines after all lines were replaced', () => {
  const file = open();
  file.append({ n: 1 });
  file.replace([{ n: 10 }]);
  file.append({ n: 11 });

  expect(file.read()).toEqual([{ n: 10 }, { n: 11 }]);
  file.close();
});

it('is closed once, however often close is called', () => {
  const file = open();
  file.close();
  file.close();

  expect(file.isOpen).toBe(false);
});
