/**
 * Real daily snapshots of the OurAirports data set, in date order, into a slowly changing dimension of type 2: the
 * figures are those that an independent count of the files gives.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { gunzipSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { allInLanes } from '../../shared/lanes.ts';
import { eventually, root, Stack } from './stack.ts';

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

async function figuresOf(stack: Stack): Promise<number[]> {
  const [row] = await stack.query(
    'SELECT SUM(CASE WHEN is_current THEN 1 ELSE 0 END), SUM(CASE WHEN is_current THEN 0 ELSE 1 END), COUNT(*) FROM airport_frequency_dim',
  );
  return (row ?? []).map(Number);
}

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

  it.each(SNAPSHOTS)(
    'real files of %s give %i current, %i closed, %i versions in all, and change nothing when loaded again',
    async (date, ...expected) => {
      await load(date);
      expect(await figuresOf(stack)).toEqual(expected);
      await load(date, 'again/');
      expect(await figuresOf(stack)).toEqual(expected);
    },
  );
});

const PIECES = 500;

/** The records of a snapshot in so many files, each with the header. No field of it has a line end (checked below by its rows). */
function piecesOf(snapshot: Buffer): Buffer[] {
  const [header = '', ...records] = gunzipSync(snapshot).toString('utf8').trimEnd().split('\n');
  return Array.from({ length: PIECES }, (_, piece) => {
    const own = records.filter((_record, i) => i % PIECES === piece);
    return gzipSync([header, ...own, ''].join('\n'));
  });
}

describe.skipIf(!here)(`airport frequencies in ${PIECES} files a snapshot`, () => {
  let settings: string;
  let stack: Stack;

  beforeAll(async () => {
    settings = mkdtempSync(join(tmpdir(), 'baton-pieces-'));
    cpSync(join(root, 'test/fixtures/pipelines/airport_frequencies'), settings, { recursive: true });
    const file = join(settings, 'pipeline.yml');
    const batched = readFileSync(file, 'utf8').replace(
      'suffix: .csv.gz',
      `suffix: .csv.gz, batch: { files: ${PIECES}, wait: 15m }`,
    );
    writeFileSync(file, batched);
    stack = await Stack.start({
      pipelines: {
        airport_frequencies: settings,
        setup: join(root, 'test/fixtures/pipelines/setup'),
      },
    });
  });
  afterAll(async () => {
    await stack.stop();
    rmSync(settings, { recursive: true, force: true });
  });

  it.each(SNAPSHOTS)(
    'the files of %s are loaded in one batch, with the same figures: %i current, %i closed, %i in all',
    async (date, ...expected) => {
      const pieces = piecesOf(readFileSync(join(folder ?? '', `airport-frequencies-${date}.csv.gz`)));
      const numbered = pieces.map((body, i) => ({ body, key: `airport-frequencies/${date}/${i}.csv.gz` }));
      await allInLanes(numbered, 16, ({ key, body }) => stack.put(key, body));
      const [, , all] = expected;
      await eventually(
        `${all} rows`,
        async () => ((await figuresOf(stack))[2] === all ? true : undefined),
        120_000,
      );
      const runs = await stack.runs('airport_frequencies', 5 * PIECES);
      const batches = runs.filter(({ trigger }) => trigger.kind === 'batch');
      expect(batches).toHaveLength(SNAPSHOTS.findIndex(([day]) => day === date) + 1);
      const batch = await stack.atRest(batches.at(-1)?.id ?? '');
      expect([batch.state, batch.error, batch.batch?.files]).toEqual(['SUCCEEDED', undefined, PIECES]);
      expect(await figuresOf(stack)).toEqual(expected);
    },
    300_000,
  );
});

/** A test for each snapshot: all files up to it, and the figures that must be there. */
function writeTests(sql: string): void {
  const tests = join(sql, 'airport_frequencies/tests');
  mkdirSync(tests, { recursive: true });
  for (const [i, [date, current, closed, all]] of SNAPSHOTS.entries()) {
    const drops = SNAPSHOTS.slice(0, i + 1).map(
      ([day]) =>
        `  - drop: { key: airport-frequencies/${day}.csv.gz, file: ${join('..', '..', '..', 'data', `airport-frequencies-${day}.csv.gz`)} }`,
    );
    writeFileSync(
      join(tests, `${date}.yml`),
      `setup: |
  CREATE VIEW figures AS SELECT SUM(CASE WHEN is_current THEN 1 ELSE 0 END) AS current_rows,
    SUM(CASE WHEN is_current THEN 0 ELSE 1 END) AS closed_rows, COUNT(*) AS all_rows FROM airport_frequency_dim;
when:
${drops.join('\n')}
expect:
  tables:
    public.figures: |
      current_rows,closed_rows,all_rows
      ${current},${closed},${all}
timeout: 10m
`,
    );
  }
}

async function batonTest(sql: string, ...words: string[]): Promise<{ code: number; stdout: string }> {
  const child = spawn(
    process.execPath,
    [join(root, 'bin/baton.js'), 'test', '--json', '--sql', sql, ...words],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const code = await new Promise<number>((ended) => child.once('close', (exit) => ended(exit ?? -1)));
  return { code, stdout };
}

describe.skipIf(!here)('airport frequencies, tested by their own tests', () => {
  let home: string;
  let sql: string;

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'baton-own-tests-'));
    sql = join(home, 'sql');
    for (const name of ['airport_frequencies', 'setup'])
      cpSync(join(root, 'test/fixtures/pipelines', name), join(sql, name), { recursive: true });
    copySampleSql(sql);
    for (const name of ['product_dimension', 'sales', 'stores']) rmSync(join(sql, name), { recursive: true });
    cpSync(folder ?? '', join(home, 'data'), { recursive: true });
    writeTests(sql);
  });
  afterAll(() => {
    rmSync(home, { recursive: true, force: true });
  });

  it('every snapshot gives the figures that it must', async () => {
    const { code, stdout } = await batonTest(sql);
    expect(JSON.parse(stdout)).toMatchObject({ passed: SNAPSHOTS.length, failed: 0 });
    expect(code).toBe(0);
  }, 600_000);

  it('and the same tables after a fault, whichever of a sample it is', async () => {
    const { code, stdout } = await batonTest(sql, '--crash', '--sample', '6');
    const { counts } = JSON.parse(stdout) as { counts: Record<string, number> };
    expect({ code, ...counts }).toMatchObject({ code: 0, DIFFERENT: 0, asks: 0, 'tests failed': 0 });
    expect(counts['same']).toBeGreaterThan(20);
  }, 3_600_000);
});
