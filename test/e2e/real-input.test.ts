/**
 * Real daily snapshots of the OurAirports data set, in date order, into a slowly changing dimension of type 2: the
 * figures are those that an independent count of the files gives.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { root, Stack } from './stack.ts';

const data = process.env['BATON_REFERENCE_DATA'];
const folder = data === undefined ? undefined : join(data, 'ourairports');
const here = folder !== undefined && existsSync(folder);
if (!here)
  process.stdout.write('real input: skipped, BATON_REFERENCE_DATA does not name the reference data\n');

/** current rows, closed versions, all rows */
const SNAPSHOTS: readonly (readonly [string, number, number, number])[] = [
  ['2023-11-02', 29_318, 0, 29_318],
  ['2025-03-14', 30_220, 1_191, 31_411],
  ['2026-02-03', 30_327, 1_265, 31_592],
  ['2026-08-22', 30_464, 1_335, 31_799],
];

describe.skipIf(!here)('airport frequencies', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start({
      pipelines: {
        airport_frequencies: join(root, 'test/fixtures/pipelines/airport_frequencies'),
        setup: join(root, 'test/fixtures/pipelines/setup'),
      },
    });
  });
  afterAll(async () => {
    await stack.stop();
  });

  async function load(date: string, again = ''): Promise<void> {
    const name = `airport-frequencies-${date}.csv.gz`;
    const key = `airport-frequencies/${again}${name}`;
    await stack.put(key, readFileSync(join(folder ?? '', name)));
    const run = await stack.runFor('airport_frequencies', key);
    expect(run.error).toBeUndefined();
    expect(run.state).toBe('SUCCEEDED');
  }

  async function figures(): Promise<number[]> {
    const [row] = await stack.query(
      'SELECT SUM(CASE WHEN is_current THEN 1 ELSE 0 END), SUM(CASE WHEN is_current THEN 0 ELSE 1 END), COUNT(*) FROM airport_frequency_dim',
    );
    return (row ?? []).map(Number);
  }

  it.each(SNAPSHOTS)(
    'real files of %s give %i current, %i closed, %i versions in all, and change nothing when loaded again',
    async (date, ...expected) => {
      await load(date);
      expect(await figures()).toEqual(expected);
      await load(date, 'again/');
      expect(await figures()).toEqual(expected);
    },
  );
});
