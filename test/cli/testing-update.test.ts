/** `baton test --update`: what was found is written where it was expected, and nothing else changes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import type { FoundRows } from '../../cli/testing/compare.ts';
import { filesMismatch, stepMismatches, tableMismatch } from '../../cli/testing/check-data.ts';
import type { FoundFile } from '../../cli/testing/file-rows.ts';
import type { Mismatch } from '../../cli/testing/mismatch.ts';
import type { TestCase } from '../../cli/testing/test-case.ts';
import { readTest } from '../../cli/testing/test-file.ts';
import type { TestStage } from '../../cli/testing/test-stage.ts';
import { updateTest, type Updated } from '../../cli/testing/update.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Run } from '../../shared/run/run.ts';

let sql: string;
beforeEach(() => {
  sql = mkdtempSync(join(tmpdir(), 'baton-testing-'));
  copySampleSql(sql);
});
afterEach(() => {
  rmSync(sql, { recursive: true });
});

const FILE = 'stores/tests/one/test.yml';
const WHEN = 'when: [{ drop: { key: stores/a.csv, content: x } }]\n';

function write(path: string, text: string): void {
  mkdirSync(dirname(join(sql, path)), { recursive: true });
  writeFileSync(join(sql, path), text);
}

const textOf = (path: string): string => readFileSync(join(sql, path), 'utf8');

function testOf(text: string): TestCase {
  write(FILE, text);
  const { test, problems } = readTest(
    sql,
    { pipeline: 'stores', name: 'one', file: FILE },
    loadPipelines(sql).plans,
  );
  if (test === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return test;
}

interface There {
  readonly types?: readonly string[];
  readonly columns?: readonly string[];
  readonly rows?: FoundRows['rows'];
  readonly files?: readonly FoundFile[];
  /** Of the step 20_load.sql. */
  readonly loaded?: number;
}

async function mismatchesOf(test: TestCase, there: There): Promise<readonly Mismatch[]> {
  const stage = {
    read: (_table: string, columns: readonly string[]) =>
      Promise.resolve({
        types: there.types ?? [],
        rows: there.rows ?? [],
        columns: columns.length === 0 ? (there.columns ?? []) : columns,
      }),
    files: () => Promise.resolve(there.files ?? []),
    history: () =>
      Promise.resolve([
        { name: '20_load.sql', status: 'FINISHED', generation: 1, attempt: 1, rows: there.loaded },
      ]),
  } as unknown as TestStage;
  const lists = [
    await stepMismatches(stage, { id: 'r' } as Run, test),
    ...(await Promise.all(test.tables.map((table) => tableMismatch(stage, table)))),
    ...(await Promise.all(test.files.map((files) => filesMismatch(stage, files)))),
  ];
  return lists.flat();
}

/** Updates the test, and sees that what is there is expected then. */
async function updated(text: string, there: There): Promise<Updated | undefined> {
  const test = testOf(text);
  const mismatches = await mismatchesOf(test, there);
  const result = updateTest(sql, { test, ms: 0, runs: [], mismatches });
  const left = await mismatchesOf(testOf(textOf(FILE)), there);
  expect(left).toHaveLength(result?.refused === undefined ? 0 : mismatches.length);
  return result;
}

const TABLE = { types: ['int4', 'varchar', 'numeric'], columns: ['id', 'name', 'amount'] };

it('rows of CSV in lines: those that are right, comments and everything else stay as they are', async () => {
  const result = await updated(
    `# a comment
${WHEN}expect: # what must be
  tables:
    mart.stores: | # the stores
      id,Name,amount
      1,"Ada",010.0

      2,Bob,20
      3,Kim,30
    # and no more
  run:   SUCCEEDED
timeout:   3m # long
`,
    {
      ...TABLE,
      rows: [
        [1, 'Ada', '10.00'],
        [2, 'Bob, "the" one', '20.00'],
        [4, null, '0.50'],
      ],
    },
  );
  expect(result).toEqual({ files: [FILE] });
  expect(textOf(FILE)).toBe(`# a comment
${WHEN}expect: # what must be
  tables:
    mart.stores: | # the stores
      id,Name,amount
      1,"Ada",010.0
      2,"Bob, ""the"" one",20
      4,,0.50
    # and no more
  run:   SUCCEEDED
timeout:   3m # long
`);
});

it('rows of CSV in quotes, below csv, with a tolerance and a pattern', async () => {
  await updated(
    `${WHEN}expect: { tables: { t: { csv: "id,amount\\n1,1.0\\n2,2.0", columns: { amount: { within: 0.1 }, at: { matches: ^2 } } } } }\n`,
    {
      types: ['int4', 'numeric', 'timestamp'],
      rows: [
        [1, '1.05', '2026-01-01'],
        [3, '2.00', '2026-01-01'],
      ],
    },
  );
  expect(textOf(FILE)).toBe(
    `${WHEN}expect: { tables: { t: { csv: "id,amount\\n1,1.0\\n3,2.0\\n", columns: { amount: { within: 0.1 }, at: { matches: ^2 } } } } }\n`,
  );
});

it('rows of CSV in a file, with its line ends', async () => {
  write('stores/tests/one/rows.csv', '\uFEFFid,name,amount\r\n1,Ada,1\r\n');
  const result = await updated(`${WHEN}expect: { tables: { t: { file: rows.csv } } }\n`, {
    ...TABLE,
    rows: [
      [1, 'Ada', '1.00'],
      [2, '', '2.00'],
    ],
  });
  expect(result).toEqual({ files: ['stores/tests/one/rows.csv'] });
  expect(textOf('stores/tests/one/rows.csv')).toBe('\uFEFFid,name,amount\r\n1,Ada,1\r\n2,"",2.00\r\n');
});

it('rows of JSON in lines: only what differs changes', async () => {
  await updated(
    `${WHEN}expect:
  tables:
    t:
      json:
        - { id: 1, name: Ada, amount: '1.00', ok: true, tags: { a: [1] } } # first
        # gone
        - { id: 2, name: Bob, amount: 2, ok: false, tags: null }
        - id: 3 # third
          name: "Kim"
          amount: 3.5
          ok: true
          tags: []
timeout: 1m
`,
    {
      types: ['int4', 'varchar', 'numeric', 'bool', 'super'],
      rows: [
        [1, 'Ada', '1.00', true, '{"a":[1]}'],
        [3, 'Kim: K', '3.50', false, '[]'],
        [4, 'yes', '4.10', true, '{"b":"x"}'],
        [5, 'no one', '5.00', null, '1'],
      ],
    },
  );
  expect(textOf(FILE)).toBe(`${WHEN}expect:
  tables:
    t:
      json:
        - { id: 1, name: Ada, amount: '1.00', ok: true, tags: { a: [1] } } # first
        # gone
        - id: 3 # third
          name: "Kim: K"
          amount: 3.5
          ok: false
          tags: []
        - { id: 4, name: yes, amount: "4.10", ok: true, tags: {"b":"x"} }
        - { id: 5, name: no one, amount: "5.00", ok: null, tags: 1 }
timeout: 1m
`);
});

it('rows of JSON in brackets, and a list that was empty or becomes empty', async () => {
  const table = { types: ['int4', 'varchar'], columns: ['id', 'name'] };
  const two = [
    [1, 'a'],
    [2, '2'],
  ];
  const list = async (json: string, rows: FoundRows['rows']): Promise<string> => {
    await updated(`${WHEN}expect:\n  tables:\n    t:\n      json: ${json}\ntimeout: 1m\n`, {
      ...table,
      rows,
    });
    return /json:([^]*)timeout/.exec(textOf(FILE))?.[1] ?? '';
  };
  expect(await list('[{ id: 1, name: b }, {id: 2, name: c}]', two)).toBe(
    ' [{ id: 1, name: a }, {id: 2, name: "2"}]\n',
  );
  expect(await list('[]', two)).toBe(' [{ id: 1, name: a }, { id: 2, name: "2" }]\n');
  expect(await list('[]', [...two, [3, 'c'], [4, 'd']])).toBe(
    ` [
          { id: 1, name: a },
          { id: 2, name: "2" },
          { id: 3, name: c },
          { id: 4, name: d }
          ]
`,
  );
  expect(await list('[ { id: 1, name: a } ]', [])).toBe(' []\n');
  expect(await list('\n        - { id: 1, name: a }', [])).toBe(' \n        []\n');
});

it('rows of JSON in files', async () => {
  write(
    'stores/tests/one/a.json',
    '[\n  {"id": 1, "name": "a", "amount": 1.50},\n  {"id": 2, "name": "b", "amount": 2}\n]\n',
  );
  write(
    'stores/tests/one/b.jsonl',
    '{"id": 1, "name": "a", "amount": 1.50}\n\n{"id": 2, "name": "b", "amount": 2}\n',
  );
  const rows = [
    [1, 'a', '1.50'],
    [2, 'c"', '2.10'],
    [3, null, '3.00'],
  ];
  await updated(`${WHEN}expect: { tables: { t: { file: a.json }, u: { file: b.jsonl } } }\n`, {
    ...TABLE,
    rows,
  });
  expect(textOf('stores/tests/one/a.json')).toBe(`[
  {"id": 1, "name": "a", "amount": 1.50},
  {"id": 2, "name": "c\\"", "amount": 2.10},
  {"id": 3, "name": null, "amount": 3.00}
]
`);
  expect(textOf('stores/tests/one/b.jsonl')).toBe(`{"id": 1, "name": "a", "amount": 1.50}
{"id": 2, "name": "c\\"", "amount": 2.10}
{"id": 3, "name": null, "amount": 3.00}
`);
});

it('rows of steps, and the rows and the text of unloaded files', async () => {
  write('stores/tests/one/out.txt', 'old\n');
  await updated(
    `${WHEN}expect:
  steps: { 20_load.sql: { rows: 3 } } # loaded
  files:
    out/rows: "a,b\\n1,2"
    out/: { content: "x" }
    out/a: { file: out.txt }
    out/b:
      content: |-
        first
        second
`,
    { loaded: 12, files: [{ key: 'out/b', bytes: Buffer.from('1,"x ""y"""\n') }] },
  );
  expect(textOf(FILE)).toBe(`${WHEN}expect:
  steps: { 20_load.sql: { rows: 12 } } # loaded
  files:
    out/rows: "a,b\\n1,\\"x \\"\\"y\\"\\"\\"\\n"
    out/: { content: "1,\\"x \\"\\"y\\"\\"\\"\\n" }
    out/a: { file: out.txt }
    out/b:
      content: |
        1,"x ""y"""
`);
  expect(textOf('stores/tests/one/out.txt')).toBe('1,"x ""y"""\n');
});

it('a text that lines of YAML cannot have is written in quotes', async () => {
  await updated(`${WHEN}expect:\n  files:\n    out/:\n      content: |\n        x\ntimeout: 1m\n`, {
    files: [{ key: 'out/b', bytes: Buffer.from('  a\r\nb') }],
  });
  expect(textOf(FILE)).toContain(String.raw`content: "  a\r\nb"` + '\ntimeout');
});

it('nothing is written for a test that also failed for another reason, and nothing where rows cannot be written', async () => {
  const text = `${WHEN}expect: { tables: { t: "id,name,amount" } }\n`;
  const there = { ...TABLE, rows: [[1, 'a', '1']] };
  const test = testOf(text);
  const mismatches = await mismatchesOf(test, there);
  const error: Mismatch = { kind: 'error', text: 'no such file' };
  expect(updateTest(sql, { test, ms: 0, runs: [], mismatches: [...mismatches, error] })).toBeUndefined();
  expect(updateTest(sql, { test, ms: 0, runs: [], mismatches: [] })).toBeUndefined();
  expect(textOf(FILE)).toBe(text);

  const nulls = { types: ['varchar'], rows: [[null]] };
  const refused = expect.stringContaining(`${FILE} has another form`);
  expect(await updated(`${WHEN}expect: { tables: { t: "name" } }\n`, nulls)).toEqual({ files: [], refused });
  const alias = `${WHEN}expect: { tables: { t: &rows "id,name,amount", u: *rows } }\n`;
  expect(await updated(alias, there)).toEqual({ files: [], refused });
  expect(textOf(FILE)).toBe(alias);

  write('stores/tests/one/rows.csv', 'id,name,amount\n');
  const changed = testOf(`${WHEN}expect: { tables: { t: { file: rows.csv } } }\n`);
  const found = await mismatchesOf(changed, there);
  write('stores/tests/one/rows.csv', 'id,name,amount\n1,2,3\n');
  expect(updateTest(sql, { test: changed, ms: 0, runs: [], mismatches: found })?.refused).toContain(
    'stores/tests/one/rows.csv has another form than when the test began',
  );
});
