/** One folder with a mistake of each kind that Redshift refuses, and one with their corrected twins: what `baton validate` reports. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runCommand } from '../../cli/command.ts';
import { positionOf } from '../../shared/pipeline/problem.ts';
import { MISTAKES } from './refused-by-redshift.ts';

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

function write(folder: string, i: number, sql: string): void {
  const pipeline = join(root, folder, `p${i}`);
  mkdirSync(pipeline, { recursive: true });
  writeFileSync(join(pipeline, 'pipeline.yml'), `on:\n  - s3: { prefix: p${i}/ }\n`);
  writeFileSync(join(pipeline, '10_step.sql'), sql);
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'baton-refused-'));
  for (const [i, mistake] of MISTAKES.entries()) {
    write('bad', i, mistake.bad.replace(MARK, ''));
    write('good', i, mistake.good);
  }
  bad = (await validate(join(root, 'bad'))).split('\n');
  good = await validate(join(root, 'good'));
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('baton validate reports what Redshift refuses, with file, line and column', () => {
  it.each(MISTAKES)('$kind', ({ kind, bad: sql, says, severity }) => {
    const i = MISTAKES.findIndex((one) => one.kind === kind);
    const { line, column } = positionOf(sql, sql.indexOf(MARK));
    const file = join(root, 'bad', `p${i}`, '10_step.sql');
    const told = bad.filter((one) => one.includes(`/p${i}/10_step.sql:`));
    expect(told).toEqual([expect.stringContaining(says) as unknown]);
    expect(told[0]).toContain(`${file}:${line}:${column}: ${severity ?? 'error'}: `.slice(root.length));
  });

  it('and nothing of the same statements without the mistake', () => {
    expect(good).toBe('');
  });
});
