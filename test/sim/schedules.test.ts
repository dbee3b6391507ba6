import { execFile } from 'node:child_process';
import process from 'node:process';

import { expect, it } from 'vitest';

/** `npm run verify` has a million. */
const SCHEDULES = 2_500;

/** The machine may be busy with other tests. */
const LONGEST_MS = 280_000;

interface Ended {
  readonly code: number | string;
  readonly said: string;
}

function schedules(): Promise<Ended> {
  const words = ['test/verify/schedules.ts', '--from', '1', '--count', String(SCHEDULES)];
  return new Promise((resolve) => {
    execFile(process.execPath, words, (error, said, complaints) => {
      resolve({ code: error?.code ?? 0, said: said + complaints });
    });
  });
}

it.skipIf(process.env['BATON_SEED'] !== undefined)(
  'of 2,500 schedules none loses, duplicates or leaves anything, and every kind of fault is survived',
  async () => {
    const { code, said } = await schedules();
    expect(said).toContain(`schedules ${SCHEDULES}`);
    expect(said).not.toContain('FAILED');
    expect(code).toBe(0);
  },
  LONGEST_MS,
);
