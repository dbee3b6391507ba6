/** The rows of each file: from the history of its own run, from the warehouse for a batch, and not known rather than 0. */
import { describe, expect, it } from 'vitest';

import type { SqlClient } from '../../cli/aws/sql-client.ts';
import {
  linesOf,
  loadDetailSql,
  readFileRows,
  type Detail,
  type LoadedFile,
  type RowSources,
} from '../../cli/runs/file-rows.ts';
import type { HistoryRow } from '../../cli/runs/run-reader.ts';
import { MemoryRunStore } from '../fakes/memory-run-store.ts';
import { runOf } from '../fakes/run-of.ts';
import { planOf } from '../fakes/world.ts';

const COPY = { parts: ['COPY stage FROM ', { param: 'manifest' }, ' MANIFEST'] };
const PLAN = planOf(
  [
    { name: '10_other.sql', statements: [{ parts: ["COPY fixed FROM 's3://b/k'"] }] },
    { name: '20_load.sql', usesFile: true, statements: [COPY] },
    { name: '30_end.sql' },
  ],
  { warehouse: 'wide' },
);

function row(index: number, more: Partial<HistoryRow> = {}): HistoryRow {
  return {
    index,
    name: PLAN.steps[index]?.name ?? '',
    kind: 'session',
    statementHash: '',
    generation: 1,
    attempt: 1,
    status: 'FINISHED',
    startedAt: `2026-01-01T00:0${index}:00.000Z`,
    endedAt: `2026-01-01T00:0${index}:30.000Z`,
    ...more,
  };
}

async function storeWith(...rows: readonly HistoryRow[]): Promise<MemoryRunStore> {
  const store = new MemoryRunStore();
  await store.create(runOf({ id: 'r', planHash: PLAN.hash }));
  await store.putPlan(PLAN);
  for (const each of rows) await store.putHistory('r', each);
  return store;
}

function file(key: string, more: Partial<LoadedFile['file']> = {}, isShared = true): LoadedFile {
  return { file: { bucket: 'lake', key, etag: `etag-${key}`, ...more }, runId: 'r', isShared };
}

interface Warehouse {
  readonly sql: RowSources['sql'];
  readonly asked: string[];
}

function warehouse(answer: (sql: string) => (string | number | null)[][]): Warehouse {
  const asked: string[] = [];
  return {
    asked,
    sql: (name) =>
      Promise.resolve({
        run: async ([sql = '']: readonly string[]) => {
          asked.push(`${name ?? ''}: ${sql}`);
          return [{ columns: [], rows: answer(sql) }];
        },
      } as unknown as SqlClient),
  };
}

const { signal } = new AbortController();

describe('the rows of the file of a run of its own', () => {
  it('are those of the latest COPY of the file, and no warehouse is asked', async () => {
    const reader = await storeWith(
      row(0, { rows: 99 }),
      row(1, { rows: 3 }),
      row(1, { rows: 4, generation: 2, startedAt: '2026-01-01T00:05:00.000Z' }),
      row(1, { status: 'FAILED', attempt: 2, startedAt: '2026-01-01T00:06:00.000Z' }),
      row(2, { rows: 77, startedAt: '2026-01-01T00:07:00.000Z' }),
    );
    const { sql, asked } = warehouse(() => []);
    const one = file('a', {}, false);
    const { rows, problems } = await readFileRows([one], { reader, sql, signal });
    expect(rows.get(one)).toBe(4);
    expect([problems, asked]).toEqual([[], []]);
  });

  it('are not known before its load, without its run, and where the warehouse reported none', async () => {
    const { sql } = warehouse(() => []);
    const one = file('a', {}, false);
    for (const reader of [
      await storeWith(row(0, { rows: 9 })),
      await storeWith(row(1)),
      new MemoryRunStore(),
    ])
      expect((await readFileRows([one], { reader, sql, signal })).rows.size).toBe(0);
  });
});

describe('the rows of the files of a batch', () => {
  it('are read by one statement in the warehouse of the pipeline, and joined by name and ETag', async () => {
    const reader = await storeWith(row(1, { rows: 12 }), row(2));
    const { sql, asked } = warehouse(() => [
      ['s3://lake/in/a', 'etag-in/a', 5],
      ['s3://lake/in/b', 'another upload', 6],
      ['s3://lake/in/c', null, 0],
    ]);
    const files = [file('in/a'), file('in/b'), file('in/c'), file('in/d')];
    const { rows, problems } = await readFileRows(files, { reader, sql, signal });
    expect(files.map((each) => rows.get(each))).toEqual([5, undefined, 0, undefined]);
    expect(problems).toEqual([]);
    expect(asked).toEqual([expect.stringContaining('wide: SELECT')]);
    expect(asked[0]).toContain(
      "start_time >= '2026-01-01 00:00:00.000' AND start_time <= '2026-01-01 00:02:30.000' AND LEFT(file_name, 13) = 's3://lake/in/'",
    );
  });

  it('are not known, with the reason, where the view is empty or may not be read', async () => {
    const reader = await storeWith(row(1));
    const empty = await readFileRows([file('a')], { reader, sql: warehouse(() => []).sql, signal });
    expect(empty.rows.size).toBe(0);
    expect(empty.problems).toEqual([expect.stringMatching(/files of r are not known: .*7 days/)]);
    const denied = warehouse(() => {
      throw new Error('permission denied for relation sys_load_detail');
    });
    const two = [file('a'), file('b')];
    const { problems } = await readFileRows(two, { reader, sql: denied.sql, signal });
    expect(problems).toEqual([
      'the rows of the files of r are not known: permission denied for relation sys_load_detail',
    ]);
  });

  it('are read without the ETag from a warehouse that lacks the column', async () => {
    const reader = await storeWith(row(1));
    const { sql, asked } = warehouse((text) => {
      if (text.includes('file_etag'))
        throw new Error('ERROR: column "file_etag" does not exist in sys_load_detail');
      return [['s3://lake/a', null, 5]];
    });
    const one = file('a');
    expect((await readFileRows([one], { reader, sql, signal })).rows.get(one)).toBe(5);
    expect(asked).toHaveLength(2);
  });
});

describe('a detail belongs to a file', () => {
  const details = (...of: readonly Partial<Detail>[]): Detail[] =>
    of.map(({ name = 's3://lake/a', etag = '', lines = 1 }) => ({ name, etag, lines }));

  it('by its whole name: not by the start of one', () => {
    expect(linesOf(file('a'), [], details({ name: 's3://lake/a.csv' }))).toBeUndefined();
    expect(linesOf(file('a.csv'), [], details({ name: 's3://lake/a' }))).toBeUndefined();
    expect(linesOf(file('a'), [], details({ lines: 3 }, { lines: 2 }))).toBe(3);
  });

  it('with blanks at the end of its key, which the view does not tell from its padding', () => {
    expect(linesOf(file('a  '), [], details({ lines: 3 }))).toBe(3);
  });

  it('with a name that was cut, if no other file of the batch is cut to the same, or by its ETag', () => {
    const long = 'ü'.repeat(200);
    const [one, two] = [file(`${long}1`), file(`${long}2`)];
    const name = `s3://lake/${'ü'.repeat(123)}`;
    expect(linesOf(one, [one], details({ name, lines: 3 }))).toBe(3);
    expect(linesOf(one, [one, two], details({ name, lines: 3 }))).toBeUndefined();
    const tagged = details(
      { name, etag: `etag-${long}2`, lines: 2 },
      { name, etag: `etag-${long}1`, lines: 1 },
    );
    expect([one, two].map((each) => linesOf(each, [one, two], tagged))).toEqual([1, 2]);
  });
});

it('the query quotes what keys contain, and leaves out what no literal can hold', () => {
  const loads = [{ row: row(1), ofFile: true, rows: 1 }];
  expect(loadDetailSql([file(String.raw`it's\a`)], loads)).toContain(
    String.raw`LEFT(file_name, 16) = 's3://lake/it''s\\a'`,
  );
  expect(loadDetailSql([file('a\u0007b'), file('a\u0007c')], loads)).toContain(
    "LEFT(file_name, 11) = 's3://lake/a'",
  );
  expect(loadDetailSql([file('𝄞1'), file('𝄞2')], loads)).toContain("LEFT(file_name, 11) = 's3://lake/𝄞'");
  expect(loadDetailSql([file('a'), { ...file('a'), file: { bucket: 'other', key: 'a' } }], loads)).toContain(
    "LEFT(file_name, 5) = 's3://'",
  );
});
