/** Tests of pipelines: how their files are found and read, and how rows are compared. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { watchSql } from '../../cli/local/watch-sql.ts';
import { isError } from '../../cli/pipelines.ts';
import { compareRows, type FoundRows } from '../../cli/testing/compare.ts';
import { CsvError, parseCsv } from '../../cli/testing/csv.ts';
import { findTests } from '../../cli/testing/find-tests.ts';
import { insertStatements } from '../../cli/testing/insert.ts';
import { resultLines } from '../../cli/testing/show-result.ts';
import { readTest } from '../../cli/testing/test-file.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';

describe('the CSV of a test', () => {
  it('has NULL for nothing and the empty text for two quotes; commas, quotes and line ends within quotes', () => {
    expect(parseCsv('\uFEFFId,Name,Note\r\n1,,""\r\n\r\n2,"a, ""b""","two\nlines"')).toEqual({
      columns: ['id', 'name', 'note'],
      rows: [
        ['1', null, ''],
        ['2', 'a, "b"', 'two\nlines'],
      ],
    });
  });

  it('keeps blanks and zeros as they stand', () => {
    expect(parseCsv('a,b\n 007 ,1.50').rows).toEqual([[' 007 ', '1.50']]);
  });

  it('with column names alone has no rows', () => {
    expect(parseCsv('a,b\n')).toEqual({ columns: ['a', 'b'], rows: [] });
  });

  it.each([
    ['', 1, 'the first line must have the names of the columns'],
    ['a,\n1,2', 1, 'a column has no name'],
    ['a,A\n1,2', 1, 'column a is there twice'],
    ['a,b\n1,2\n\n1,2,3', 4, 'this line has 3 values, the first line names 2 columns'],
    ['a,b\n"x\ny",1\n2', 4, 'this line has 1 values, the first line names 2 columns'],
    ['a\n"b', 2, 'the quoted value is not closed'],
    ['a\n5" pipe', 2, 'a value that contains a quote must be quoted as a whole'],
    ['a\n"b"c', 2, 'a value that contains a quote must be quoted as a whole'],
  ])('is refused with the line of the mistake: %j', (text, line, message) => {
    const read = (): unknown => parseCsv(text);
    expect(read).toThrow(CsvError);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ line }));
  });
});

describe('rows are compared', () => {
  const difference = (csv: string, types: readonly string[], rows: FoundRows['rows']) =>
    compareRows(parseCsv(csv), { types, rows })?.difference;

  it.each([
    ['int4', '7', 7],
    ['int8', '+9007199254740993', '9007199254740993'],
    ['numeric', '010.5', '10.50'],
    ['numeric', '-0.0', '0.00'],
    ['numeric', '.5', '0.50'],
    ['float8', '1e3', 1000],
    ['float4', '0.1', 0.100_000_001_490_116_12],
    ['bool', 'T', true],
    ['bool', '0', false],
    ['bpchar', 'FR', 'FR   '],
    ['date', '2026-01-01', '2026-01-01'],
    ['timestamp', '2026-01-01', '2026-01-01 00:00:00'],
    ['timestamp', '2026-01-01T10:00:00.50', '2026-01-01 10:00:00.5'],
    ['timestamptz', '2026-01-01T10:00:00Z', '2026-01-01 10:00:00+00'],
    ['varchar', '""', ''],
    ['varchar', '"10.50"', '10.50'],
  ])('by the type of the column: %s %s equals %j', (type, expected, found) => {
    expect(difference(`a,b\n${expected},`, [type, 'varchar'], [[found, null]])).toBeUndefined();
  });

  it.each([
    ['varchar', '7', '07'],
    ['varchar', '10.5', '10.50'],
    ['varchar', 'a', 'a '],
    ['int8', '9007199254740993', '9007199254740992'],
    ['numeric', '10.5', '10.51'],
    ['numeric', '', '0'],
    ['numeric', 'abc', '0'],
    ['numeric', '1 000', '1000'],
    ['float8', '""', 0],
    ['bool', 'x', true],
    ['varchar', '', ''],
    ['timestamp', '2026-01-01 10:00', '2026-01-01 10:00:01'],
    ['timestamptz', '2026-01-01 10:00:00+02', '2026-01-01 10:00:00+00'],
  ])('by the type of the column: %s %j differs from %j', (type, expected, found) => {
    expect(difference(`a,b\n${expected},x`, [type, 'varchar'], [[found, 'x']])?.changed).toHaveLength(1);
  });

  it('in any order, each as often as it is there', () => {
    const rows = [['b'], ['a'], ['a']];
    expect(difference('x\na\nb\na', ['varchar'], rows)).toBeUndefined();
    expect(difference('x\na\nb', ['varchar'], rows)).toEqual({
      missing: [],
      unexpected: [['a']],
      changed: [],
    });
    expect(difference('x\na\na\na\nb', ['varchar'], rows)).toEqual({
      missing: [['a']],
      unexpected: [],
      changed: [],
    });
  });

  it('and a row that agrees in at least half of its cells with a found one is changed, first by its first columns', () => {
    const csv = 'id,name,city\n1,Ada,Rome\n2,Bob,Oslo\n3,Kim,Bonn';
    const found = [
      [2, 'Rob', 'Oslo'],
      [1, 'Ada', 'Pisa'],
      [4, 'Zoe', 'Bern'],
    ];
    expect(difference(csv, ['int4', 'varchar', 'varchar'], found)).toEqual({
      missing: [['3', 'Kim', 'Bonn']],
      unexpected: [['4', 'Zoe', 'Bern']],
      changed: [
        { expected: ['1', 'Ada', 'Rome'], found: ['1', 'Ada', 'Pisa'], differs: [false, false, true] },
        { expected: ['2', 'Bob', 'Oslo'], found: ['2', 'Rob', 'Oslo'], differs: [false, true, false] },
      ],
    });
  });

  it('also when thousands of them differ', () => {
    const many = Array.from({ length: 3000 }, (_, i) => i);
    const csv = `a,b\n${many.map((i) => `${i},x`).join('\n')}`;
    const found = difference(
      csv,
      ['int4', 'varchar'],
      many.map((i) => [i, 'y']),
    );
    expect([found?.missing.length, found?.unexpected.length]).toEqual([3000, 3000]);
  });
});

it('a result shows what differs: NULL and empty text, the first ten rows, control characters as codes', () => {
  const expected = parseCsv('id,name\n1,\n2,""\n3,x');
  const rows = [[1, ''], [2, '\u001B[31m'], ...Array.from({ length: 12 }, (_, i) => [i + 10, 'n'])];
  const comparison = compareRows(expected, { types: ['int4', 'varchar'], rows });
  if (comparison === undefined) throw new Error('they differ');
  const plain = (text: string): string => text;
  const lines = resultLines(
    {
      test: {
        pipeline: 'p',
        name: 'n',
        file: 'p/tests/n.yml',
        setup: [],
        given: [],
        when: [],
        run: { state: 'SUCCEEDED' },
        steps: [],
        tables: [],
        files: [],
        timeoutSeconds: 1,
      },
      ms: 1234,
      runs: [],
      mismatches: [
        {
          kind: 'table',
          table: 'mart.t',
          columns: ['id', 'name'],
          expectedRows: 3,
          foundRows: 14,
          difference: comparison.difference,
          update: { updated: [], types: [], origin: { form: 'csv', path: [] } },
        },
      ],
    },
    { good: plain, bad: plain, quiet: plain },
  );
  expect(lines.join('\n').split('\n')).toEqual([
    `  FAIL p/n${' '.repeat(45)}   1.2 s`,
    '       mart.t: expected 3 rows, found 14; 1 missing, 12 unexpected, 2 changed (expected -> found)',
    '                   id  name',
    '       missing     3   x',
    ...Array.from({ length: 10 }, (_, i) => `       unexpected  ${i + 10}  n`),
    '       changed     1   NULL -> ""',
    String.raw`       changed     2   "" -> \x1b[31m`,
    '       ... and 2 more unexpected',
  ]);
});

it('given rows are inserted as literals that no value can leave', () => {
  const table = { table: 'Mart.order', ...parseCsv(String.raw`a,b${'\n'},it's \ "`.replace('"', '')) };
  expect(insertStatements(table)).toEqual([
    String.raw`INSERT INTO "mart"."order" ("a", "b") VALUES${'\n'}(NULL, 'it''s \\ ')`,
  ]);
  const many = { table: 't', columns: ['a'], rows: Array.from({ length: 1001 }, (_, i) => [String(i)]) };
  expect(insertStatements(many)).toHaveLength(3);
  expect(insertStatements({ ...many, rows: [] })).toEqual([]);
});

it('given rows have defaults where a row does not name a column, and SUPER values where it has a list or an object', () => {
  const rows = [[undefined, { json: `{"a":"it's"}` }]];
  expect(insertStatements({ table: 't', columns: ['a', 'b'], rows })).toEqual([
    `INSERT INTO "t" ("a", "b") VALUES\n(DEFAULT, JSON_PARSE('{"a":"it''s"}'))`,
  ]);
});

describe('a test.yml', () => {
  let sql: string;
  beforeEach(() => {
    sql = mkdtempSync(join(tmpdir(), 'baton-testing-'));
    copySampleSql(sql);
  });
  afterEach(() => {
    rmSync(sql, { recursive: true });
  });

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(sql, path)), { recursive: true });
    writeFileSync(join(sql, path), text);
  }

  /** The lines of the problems, without the file where it is the test itself. */
  function problemsOf(text: string, pipeline = 'stores'): string[] {
    const file = `${pipeline}/tests/bad/test.yml`;
    write(file, text);
    const { test, problems } = readTest(sql, { pipeline, name: 'bad', file }, loadPipelines(sql).plans);
    expect(test === undefined).toBe(problems.length > 0);
    return problems.map(
      (one) => `${one.file === file ? '' : `${one.file}:`}${one.line}:${one.column} ${one.message}`,
    );
  }

  const WHEN = 'when: [{ drop: { key: stores/a.csv, content: x } }]';

  it('is found as a folder or as one file; data beside it is left alone, and no part of the pipeline', () => {
    write('stores/tests/a.yml', '');
    write('stores/tests/b/test.yml', '');
    write('stores/tests/b/10_rows.sql', 'not SQL');
    write('stores/tests/data/x.csv', '');
    write('stores/tests/README.md', '');
    write('stores/tests/c.yaml', '');
    write('stores/tests/d/tests.yml', '');
    write('stores/tests/a/test.yml', '');
    write('stores/tests/it works.yml', '');
    const { places, problems } = findTests(sql, 'stores');
    expect(places.map(({ name, file }) => `${name} ${file}`)).toEqual([
      'a stores/tests/a/test.yml',
      'b stores/tests/b/test.yml',
      'upsert stores/tests/upsert.yml',
    ]);
    expect(problems.map(({ file, message }) => `${file}: ${message}`)).toEqual([
      'stores/tests/a.yml: is the test a, as stores/tests/a/test.yml is: rename one of them',
      'stores/tests/c.yaml: the file of a test must end in .yml, in lower case',
      'stores/tests/d/tests.yml: the file of a test must be named test.yml',
      'stores/tests/it works.yml: the name of a test has letters, digits, _ . and -, at most 100 of them: rename it',
    ]);
    expect(loadPipelines(sql).problems.filter(isError)).toEqual([]);
    expect(loadPipelines(sql).problems).toEqual([]);
  });

  it('is no change of its pipeline for the watcher of the SQL folder', async () => {
    let tell: (paths: readonly string[]) => void;
    const told = new Promise<readonly string[]>((resolve) => {
      tell = resolve;
    });
    const watcher = await watchSql(sql, (changed) => {
      tell(changed);
      return Promise.resolve();
    });
    write('stores/tests/new/test.yml', WHEN);
    write('stores/tests/upsert.yml', WHEN);
    write('stores/pipeline.yml', 'on: []');
    const paths = await told;
    await watcher.close();
    expect(paths).toEqual([join(sql, 'stores/pipeline.yml')]);
  });

  it('has defaults: the run succeeds, within two minutes', () => {
    const file = 'stores/tests/small.yml';
    write(file, WHEN);
    expect(readTest(sql, { pipeline: 'stores', name: 'small', file }, loadPipelines(sql).plans).test).toEqual(
      {
        pipeline: 'stores',
        name: 'small',
        file,
        setup: [],
        given: [],
        when: [{ kind: 'drop', bucket: 'baton-local-landing', key: 'stores/a.csv', bytes: Buffer.from('x') }],
        run: { state: 'SUCCEEDED' },
        steps: [],
        tables: [],
        files: [],
        timeoutSeconds: 120,
      },
    );
  });

  it.each([
    [
      '',
      [
        '1:1 the test must be a list of keys (description, setup, given, when, expect, timeout); it needs when',
      ],
    ],
    [
      `${WHEN}\nexpects: {}`,
      [
        '2:1 unknown key expects in the test (did you mean expect?); known keys: description, setup, given, when, expect, timeout',
      ],
    ],
    [
      'when: []',
      [
        '1:1 nothing in when starts stores; what does: drop a file (prefix, suffix, pipeline): stores/  *.csv  stores; start: { file: KEY }',
      ],
    ],
    [
      'when: [{ drop: { key: stores/a.csv } }]',
      ['1:10 when[0].drop needs exactly one of the keys content and file'],
    ],
    ['when: [{ drop: { key: stores/a.csv, file: a.csv } }]', ['1:37 file stores/tests/bad/a.csv not found']],
    [
      'when: [{ drop: { key: store/a.csv, content: x } }]',
      [
        expect.stringMatching(
          /^1:18 no pipeline starts for store\/a\.csv; keys that do .*stores\/ {2}\*\.csv {2}stores/,
        ),
      ],
    ],
    [
      'when: [{ drop: { key: sales/a.csv, content: x } }]',
      [
        '1:1 nothing in when starts stores; what does: drop a file (prefix, suffix, pipeline): stores/  *.csv  stores; start: { file: KEY }',
      ],
    ],
    [
      `${WHEN}\ngiven:\n  mart.stores: |\n    a,b\n    1\n`,
      ['3:3 line 2 of the rows of mart.stores: this line has 1 values, the first line names 2 columns'],
    ],
    [
      `${WHEN}\ngiven: { mart.stores: }`,
      ['2:10 given.mart.stores needs exactly one of the keys csv, json and file'],
    ],
    [
      `${WHEN}\nexpect: { tables: { my stores: "a" } }`,
      ['2:21 "my stores" in expect.tables must be the name of a table, like mart.stores'],
    ],
    [
      `${WHEN}\nexpect: { run: { state: SUCCEEDED, class: sql } }`,
      ['2:18 a run that SUCCEEDED has neither class nor step: leave them out'],
    ],
    [
      `${WHEN}\nexpect: { run: { step: 10_stag.sql } }`,
      [
        '2:18 stores has no step 10_stag.sql (did you mean 10_stage.sql?); its steps: 10_stage.sql, 20_load.sql, 30_merge.sql',
      ],
    ],
    [
      `${WHEN}\nexpect: { steps: { 20_lod.sql: { rows: 1 } } }`,
      [
        '2:20 stores has no step 20_lod.sql (did you mean 20_load.sql?); its steps: 10_stage.sql, 20_load.sql, 30_merge.sql',
      ],
    ],
    [`${WHEN}\nsetup: "SELECT 1;\\nSELECT 'x"`, ['2:1 line 2 of the statements: unclosed string']],
    [`${WHEN}\nsetup: { file: . }`, ['2:10 file stores/tests/bad not found']],
    [`${WHEN}\nsetup: { file: test.yml/a.sql }`, ['2:10 file stores/tests/bad/test.yml/a.sql not found']],
    [`${WHEN}\nsetup: { file: "a\\0" }`, [expect.stringMatching(/^2:10 file .* not found$/)]],
    [
      `${WHEN}\nsetup: { file: ${'a'.repeat(300)} }`,
      [expect.stringMatching(/^2:10 file .* cannot be read: ENAMETOOLONG/)],
    ],
    [`${WHEN}\nsetup: { file: a.sql }`, ['2:10 file stores/tests/bad/a.sql not found']],
    [
      `${WHEN}\ngiven:\n  t:\n    json:\n      - { a: 1, A: 2 }\n      - 5\n`,
      ['6:9 given.t.json[1] must be an object (lines with keys)'],
    ],
    [
      `${WHEN}\ngiven:\n  t:\n    json:\n      - { a: 1, A: 2 }\n      - {}\n`,
      ['5:17 column a is twice in row 1'],
    ],
    [`${WHEN}\ngiven: { t: { json: [{}] } }`, ['2:10 the rows of t have no column']],
    [
      `${WHEN}\nexpect: { tables: { t: { json: [{ a: 1, b: 2 }, { b: 3 }] } } }`,
      ['2:21 row 2 of t has no a: every row must name the same columns'],
    ],
    [
      `${WHEN}\nexpect:\n  tables:\n    t:\n      csv: a\n      columns: { A: { matches: x }, b: { within: 1 }, c: { within: some }, d: { matches: '(' } }`,
      [
        '6:18 the rows name the column A, which matches describes: leave it out of the rows',
        '6:37 the rows have no column b; their columns: a',
        '6:55 within of c must be a number like 0.01, a part of the expected number like 1%, or for times a duration like 5s; it is some',
        '6:55 the rows have no column c; their columns: a',
        '6:76 matches of d is no regular expression: /(/u: Unterminated group',
      ],
    ],
    [
      `${WHEN}\nexpect: { tables: { t: { csv: a, columns: { a: { within: 1, matches: x } } } } }`,
      [expect.stringContaining('2:61 expect.tables.t.columns.a must have one of the keys within or matches')],
    ],
    [
      `${WHEN}\nexpect:\n  files:\n    out/: { csv: a, content: b }\n    " x": b\n    y/: { content: a, header: true }\n    z/: { csv: a, columns: { b: { matches: c } } }`,
      [
        '5:5 " x" in expect.files must be a key or the beginning of keys, like exports/ or s3://bucket/exports/',
      ],
    ],
    [
      `${WHEN}\nexpect:\n  files:\n    out/: { csv: a, content: b }\n    y/: { content: a, header: true }\n    z/: { csv: a, columns: { b: { matches: c } } }\n    s3://b/c: { file: d.txt }\n    w: { csv: a, delimiter: '||' }`,
      ['8:29 expect.files.w.delimiter must be one character; it is ||'],
    ],
    [
      `${WHEN}\nexpect:\n  files:\n    out/: { csv: a, content: b }\n    y/: { content: a, header: true }\n    z/: { csv: a, columns: { b: { matches: c } } }\n    s3://b/c: { file: d.txt }\n    w: "a\\n1,2"`,
      [
        '4:5 expect.files.out/ needs exactly one of the keys csv, content and file',
        '5:23 header is for rows: write csv, or a file that ends in .csv',
        '6:19 matches describes a column by its name: the files must have a line of names (header: true)',
        '7:17 file stores/tests/bad/d.txt not found',
        '8:5 line 2 of the rows of w: this line has 2 values, the first line names 1 columns',
      ],
    ],
    [`${WHEN}\ntimeout: 2`, [expect.stringContaining('2:1')]],
  ])('with a mistake is refused with its place: %j', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it('with a mistake in a CSV file names that file', () => {
    write('stores/tests/bad/rows.csv', 'a\n1\n1,2\n');
    expect(problemsOf(`${WHEN}\nexpect: { tables: { t: { file: rows.csv } } }`)).toEqual([
      'stores/tests/bad/rows.csv:3:1 this line has 2 values, the first line names 1 columns',
    ]);
  });

  it('has rows as JSON, in test.yml or in files, a list or one object a line', () => {
    write(
      'stores/tests/bad/rows.json',
      '[{"id": 12345678901234567890, "note": null},\n {"id": 1.50, "tags": ["a", 1.0]}]',
    );
    write('stores/tests/bad/rows.jsonl', '{"id": 1}\n\n{"id": 2}\n');
    const file = 'stores/tests/bad/test.yml';
    write(
      file,
      `${WHEN}
setup: |
  -- what is needed
  CREATE TABLE c (id INT);

  INSERT INTO c VALUES (1);
given:
  mart.a: { file: rows.json }
  mart.b: { file: rows.jsonl }
expect:
  tables:
    mart.c:
      json:
        - { id: 1, ok: true, note: null, Tags: [x, { n: 1 }] }
      columns:
        id: { within: 5% }
        At: { matches: '^2026-' }
    mart.d: { json: [] }
  steps: { 20_load.sql: { rows: 0 } }
`,
    );
    const { test, problems } = readTest(
      sql,
      { pipeline: 'stores', name: 'bad', file },
      loadPipelines(sql).plans,
    );
    expect(problems).toEqual([]);
    expect(test?.setup).toEqual([
      { sql: '-- what is needed\nCREATE TABLE c (id INT)', line: 2 },
      { sql: 'INSERT INTO c VALUES (1)', line: 4 },
    ]);
    expect(test?.given).toEqual([
      {
        table: 'mart.a',
        columns: ['id', 'note', 'tags'],
        rows: [
          ['12345678901234567890', null, undefined],
          ['1.50', undefined, { json: '["a",1.0]' }],
        ],
      },
      { table: 'mart.b', columns: ['id'], rows: [['1'], ['2']] },
    ]);
    expect(test?.tables).toEqual([
      {
        table: 'mart.c',
        columns: ['id', 'ok', 'note', 'tags'],
        rows: [['1', 'true', null, '["x",{"n":1}]']],
        within: new Map([['id', { kind: 'percent', most: '5' }]]),
        matches: new Map([['at', /^2026-/u]]),
        origin: { form: 'json', path: ['expect', 'tables', 'mart.c', 'json'] },
      },
      {
        table: 'mart.d',
        columns: [],
        rows: [],
        within: new Map(),
        matches: new Map(),
        origin: { form: 'json', path: ['expect', 'tables', 'mart.d', 'json'] },
      },
    ]);
    expect(test?.steps).toEqual([{ name: '20_load.sql', rows: 0 }]);
  });

  it('with a mistake in a JSON file names its line and column', () => {
    const problemsWith = (name: string, text: string): string[] => {
      write(`stores/tests/bad/${name}`, text);
      return problemsOf(`${WHEN}\ngiven: { t: { file: ${name} } }`);
    };
    expect([
      problemsWith('a.json', '[\n{"a": 1},\n{"a": 1, "A": }]'),
      problemsWith('b.json', '{"a": 1}'),
      problemsWith('c.json', '[{"a": 1}, 2]'),
      problemsWith('d.jsonl', '{"a": 1}\n {"a": 1, "A": 2}\n'),
      problemsWith('e.jsonl', '{"a": 1}\n{"a"'),
    ]).toEqual([
      ["stores/tests/bad/a.json:3:15 Unexpected character '}'"],
      ['stores/tests/bad/b.json:1:1 the file must be a list of objects: [ { ... }, ... ]'],
      ['stores/tests/bad/c.json:1:12 row 2 must be an object: { column: value }'],
      ['stores/tests/bad/d.jsonl:2:16 column a is twice in row 2'],
      ["stores/tests/bad/e.jsonl:2:5 Unexpected end of input, ':' was expected"],
    ]);
  });

  it('may start its pipeline through the one before it, and by the marker of a folder', () => {
    write('totals/pipeline.yml', 'on: [{ pipeline: stores }]');
    write('totals/10_check.sql', 'SELECT 1 WHERE 1 = 2;');
    expect(problemsOf(WHEN, 'totals')).toEqual([]);
    write('days/pipeline.yml', 'on: [{ s3: { prefix: days/, marker: _SUCCESS } }]');
    write('days/10_load.sql', 'COPY mart.stores FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV;');
    const drop = (key: string): string => `{ drop: { key: ${key}, content: x } }`;
    expect(problemsOf(`when: [${drop('days/1/a.csv')}, ${drop('days/1/_SUCCESS')}]`, 'days')).toEqual([]);
    expect(problemsOf(`when: [${drop('days/1/a.csv')}]`, 'days')).toEqual([
      expect.stringContaining('nothing in when starts days; what does: drop a file'),
    ]);
  });
});
