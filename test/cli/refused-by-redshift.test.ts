/** One folder with a mistake of each kind that Redshift refuses, and one with their corrected twins: what `baton validate` reports. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runCommand } from '../../cli/command.ts';
import { positionOf } from '../../shared/pipeline/problem.ts';
import type { Mistake } from './refused-by-redshift.ts';
import { DECLARED, MISTAKES } from './refused-by-redshift.ts';

/** Where a problem is expected. */
const MARK = '¦';

async function validate(folder: string): Promise<string> {
  let stdout = '';
  await runCommand(['validate', '--sql', folder], {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: () => undefined },
    env: {},
    signal: new AbortController().signal,
  });
  return stdout;
}

let root: string;
let bad: string[];
let good: string;

function fileOf({ inSetup }: Mistake, i: number): string {
  return inSetup === true ? `setup/${20 + i}_more.sql` : `p${i}/10_step.sql`;
}

function write(folder: string, mistake: Mistake, i: number, sql: string): void {
  const path = join(root, folder, fileOf(mistake, i));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, sql);
  if (mistake.inSetup === true) return;
  const pipeline = join(root, folder, `p${i}`);
  writeFileSync(join(pipeline, 'pipeline.yml'), `on:\n  - s3: { prefix: p${i}/ }\n`);
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'baton-refused-'));
  for (const [i, mistake] of MISTAKES.entries()) {
    write('bad', mistake, i, mistake.bad.replace(MARK, ''));
    write('good', mistake, i, mistake.good);
  }
  for (const folder of ['bad', 'good']) writeFileSync(join(root, folder, 'setup/10_shop.sql'), DECLARED);
  bad = (await validate(join(root, 'bad'))).split('\n');
  good = await validate(join(root, 'good'));
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('baton validate reports what Redshift refuses, with file, line and column', () => {
  it.each(MISTAKES)('$kind', (mistake) => {
    const { bad: sql, says, severity = 'error' } = mistake;
    const { line, column } = positionOf(sql, sql.indexOf(MARK));
    const file = `bad/${fileOf(mistake, MISTAKES.indexOf(mistake))}`;
    const told = bad.filter((one) => one.includes(`${file}:`));
    expect(told).toEqual([expect.stringContaining(says) as unknown]);
    expect(told[0]).toContain(`${file}:${line}:${column}: ${severity}: `);
  });

  it('and nothing of the same statements without the mistake', () => {
    expect(good).toBe('');
  });
});
