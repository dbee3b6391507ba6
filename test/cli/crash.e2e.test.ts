/** `baton test --crash` as it is typed, over pipelines with one mistake each, and over the same pipelines repaired. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';

import { expect, it } from 'vitest';

import { root } from '../e2e/stack.ts';
import { isLong } from '../long.ts';

interface Found {
  readonly counts: Readonly<Record<string, number>>;
  readonly tests: readonly {
    readonly pipeline: string;
    readonly cases: readonly {
      readonly case: string;
      readonly word: string;
      readonly what: string | null;
      readonly reasons: readonly string[];
    }[];
  }[];
}

async function crashed(folder: string, ...cases: string[]): Promise<{ code: number; found: Found }> {
  const words = ['test', '--crash', '--json', '--sql', join(root, 'test/fixtures/crash', folder)];
  const child = spawn(
    process.execPath,
    [join(root, 'bin/baton.js'), ...words, ...cases.flatMap((id) => ['--case', id])],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const code = await new Promise<number>((ended) => child.once('close', (exit) => ended(exit ?? -1)));
  return { code, found: JSON.parse(stdout) as Found };
}

const CASES = ['1/*/session-ends-during', '1/file-beside', 'own/1/killed/2*'];

it.runIf(isLong)(
  'finds the mistake of each pipeline, with its reason',
  async () => {
    const { code, found } = await crashed('bad', ...CASES);
    expect(code).toBe(1);
    const worst = found.tests.map(({ pipeline, cases }) => {
      const trouble = cases.filter(({ word }) => word === 'asks' || word === 'DIFFERENT');
      const words = trouble.map((one) => `${one.word} ${one.case}`).join(', ');
      return [pipeline, words, trouble[0]?.reasons[0] ?? ''];
    });
    expect(worst).toEqual([
      [
        'commits',
        'DIFFERENT 1/10_call.sql/session-ends-during',
        expect.stringMatching(
          /^10_call\.sql is declared idempotent: true, but .* a procedure that commits inside/,
        ),
      ],
      [
        'opaque',
        'asks 1/10_call.sql/session-ends-during',
        expect.stringMatching(/^10_call\.sql is not analyzed/),
      ],
      [
        'outside',
        'DIFFERENT 1/file-beside',
        expect.stringMatching(/^10_load\.sql reads 's3:.*', which is not exactly the run's own file/),
      ],
      [
        'seen',
        'asks 1/40_count.sql/session-ends-during',
        expect.stringMatching(/^20_fresh\.sql reads crash\.seen, which 30_seen\.sql has changed since/),
      ],
      [
        'stamps',
        'DIFFERENT 1/30_add.sql/session-ends-during',
        expect.stringMatching(/^20_stamp\.sql may give different rows when it is re-run: GETDATE\(\)/),
      ],
    ]);
  },
  600_000,
);

it.runIf(isLong)(
  'the same pipelines repaired are the same after each of these faults',
  async () => {
    const { code, found } = await crashed('good', ...CASES);
    const cases = found.tests.flatMap((test) => test.cases);
    expect(cases.filter(({ word }) => word !== 'same' && word !== 'unmet')).toEqual([]);
    expect(code).toBe(0);
    expect(found.counts['same']).toBeGreaterThan(15);
  },
  600_000,
);
