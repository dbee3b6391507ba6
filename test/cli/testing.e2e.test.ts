/** `baton test` as it is typed, once, over the pipelines that Baton comes with, the tutorial's, and some with mistakes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { filesOf, writeFiles } from '../e2e/page.ts';
import { root } from '../e2e/stack.ts';
import { isLong } from '../long.ts';

interface Result {
  readonly pipeline: string;
  readonly name: string;
  readonly passed: boolean;
  readonly runs: readonly string[];
  readonly mismatches: readonly Readonly<Record<string, unknown>>[];
}

const CSV = 'day,n\\n';

const drop = (key: string, content: string): string => `  - drop: { key: ${key}, content: "${content}" }\n`;

const FILES: Readonly<Record<string, string>> = {
  'setup/90_visits.sql': `
    CREATE TABLE IF NOT EXISTS mart.visits (day DATE, n BIGINT);
    CREATE TABLE IF NOT EXISTS mart.total (n BIGINT, note VARCHAR(20));
    CREATE TABLE IF NOT EXISTS mart.ticks (n INTEGER);
    CREATE TABLE IF NOT EXISTS mart.days (day DATE);
    CREATE TABLE IF NOT EXISTS mart.nights (who VARCHAR(9), at TIMESTAMP, what VARCHAR(99), more VARCHAR(9));`,
  // A folder at once, and what follows it.
  'visits/pipeline.yml': 'on: [{ s3: { prefix: visits/, marker: _SUCCESS } }]',
  'visits/10_load.sql':
    'COPY mart.visits FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV IGNOREHEADER 1;',
  'total/pipeline.yml': 'on: [{ pipeline: visits }]',
  'total/10_total.sql': `DELETE FROM mart.total; INSERT INTO mart.total SELECT SUM(n), '' FROM mart.visits;`,
  'total/tests/follows.yml': `
given: { mart.visits: "n\\n9007199254740993" }
when:
${drop('visits/1/a.csv', `${CSV}2026-01-01,2\\n`)}${drop('visits/1/_SUCCESS', '')}
expect:
  tables:
    mart.total: |
      N,note
      9007199254740995,""
`,
  // The files of the test before are gone.
  'visits/tests/folder.yml': `
when:
${drop('visits/1/b.csv', `${CSV}2026-01-02,3\\n2026-01-02,3\\n`)}${drop('visits/1/_SUCCESS', '')}
expect:
  tables:
    mart.visits: |
      n,day
      3,2026-01-02
      3,2026-01-02
    mart.total: |
      n
      7
    mart.ticks: |
      n
`,
  // Rows in other forms, and how they are compared.
  'forms/pipeline.yml': 'on: [{ s3: { prefix: forms/ } }]',
  'forms/10_stage.sql': `CREATE TEMP TABLE double AS SELECT id, amount * 2 AS amount FROM mart.forms;`,
  'forms/20_change.sql': `
    UPDATE mart.forms SET amount = d.amount, changed_at = GETDATE() FROM double d WHERE d.id = mart.forms.id AND d.id > 1;`,
  'forms/tests/data.jsonl': '{"id": 2, "amount": 2.25}\n{"id": 3, "amount": 3.5, "tags": {"a": [1, "x"]}}\n',
  'forms/tests/more.sql': `CREATE TABLE mart.kinds (kind VARCHAR(9)); -- of what is in it
    INSERT INTO mart.kinds VALUES ('new'), ('old');
    CREATE TABLE mart.forms (id INT, amount DECIMAL(9,2), changed_at TIMESTAMP);`,
  'forms/tests/a_forms.yml': `
setup: |
  CREATE TABLE mart.forms (id INT, kind VARCHAR(9) DEFAULT 'old', amount DECIMAL(9,2), tags SUPER, changed_at TIMESTAMP);
given:
  mart.forms: { file: data.jsonl }
when:
${drop('forms/1', '')}
expect:
  steps: { 20_change.sql: { rows: 2 } }
  tables:
    mart.forms:
      json:
        - { id: 2, amount: 4.49, kind: old, tags: null }
        - { id: 3, amount: 7.01, kind: old, tags: { a: [1, x] } }
      columns:
        amount: { within: 0.01 }
        changed_at: { matches: '^2' }
`,
  'forms/tests/b_differs.yml': `
setup: { file: more.sql }
given: { mart.visits: { json: [{ n: 1 }] } }
when:
${drop('forms/1', '')}
expect:
  steps: { 10_stage.sql: { rows: 1 } }
  tables:
    mart.kinds: { json: [] }
    mart.visits: { csv: "day\\n2026-01-01", columns: { day: { within: 1 } } }
`,
  'forms/tests/c_setup.yml': `
setup: |
  SELECT 1;

  SELECT * FROM mart.forms;
when:
${drop('forms/1', '')}`,
  // Everything that may happen.
  'nightly/pipeline.yml': `on: [{ schedule: { expression: cron(30 2 * * ? *), timezone: Europe/Berlin } }]
parameters: { day: { type: date, default: 2026-01-01 } }`,
  'nightly/10_night.sql': `
    INSERT INTO mart.nights SELECT 'nightly', :event_time, :day::varchar, CASE WHEN 1 / (SELECT COUNT(*) FROM mart.days) > 0 THEN '' END;`,
  'report/pipeline.yml': 'on: [{ pipeline: nightly }]',
  'report/10_report.sql': `INSERT INTO mart.nights
    SELECT 'report', :event_time, CASE WHEN LEN(:upstream_run_id) > 30 THEN 'a run' ELSE :upstream_run_id END, NULL;`,
  'orders/pipeline.yml':
    'on: [{ event: { source: aws.shop, detail: { total: [{ numeric: [">", 100] }] } } }]',
  'orders/10_order.sql': `INSERT INTO mart.nights SELECT 'orders', :event_time, JSON_EXTRACT_PATH_TEXT(:event, 'id'),
    JSON_EXTRACT_PATH_TEXT(:event, 'detail', 'total');`,
  'partner/pipeline.yml': 'on: [{ s3: { bucket: partner-files, prefix: in/ } }]',
  'partner/10_load.sql': `COPY mart.days FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV;
    COPY mart.days FROM 's3://reference-files/days.csv' IAM_ROLE :copy_role FORMAT CSV;`,
  'nightly/tests/a_schedule.yml': `
given: { mart.days: "day\\n2026-01-01" }
when:
  - clock: 2026-02-28T12:00:00Z
  - schedule: 2026-03-01T01:30:00Z
  - start: { params: { day: 2026-05-05 } }
expect:
  tables:
    mart.nights:
      csv: |
        who,at,what
        nightly,2026-03-01 01:30,2026-01-01
        report,2026-03-01 01:30,a run
        nightly,2026-03-01 01:30,2026-05-05
        report,2026-03-01 01:30,a run
      columns: { at: { within: 1m } }
`,
  'nightly/tests/b_resume.yml': `
when:
  - schedule: 2026-03-01T01:30:00Z
  - sql: INSERT INTO mart.days VALUES ('2026-01-01');
  - resume: {}
expect: { tables: { mart.nights: "who\\nnightly\\nreport" } }
`,
  'nightly/tests/c_clock.yml': `
given: { mart.days: "day\\n2026-01-01" }
when: [start: {}]
expect:
  tables:
    mart.nights: { csv: "who\\nnightly\\nreport", columns: { at: { matches: '^${new Date().getUTCFullYear()}-' } } }
`,
  'report/tests/upstream.yml': `
when:
  - clock: 2026-03-01
  - advance: 2h
  - upstream: nightly
  - sql: INSERT INTO mart.nights VALUES ('sql', GETDATE(), CURRENT_DATE, NULL);
  - upstream: { pipeline: nightly, run: by-hand }
expect:
  tables:
    mart.nights:
      csv: |
        who,at,what
        report,2026-03-01 02:00,nightly-upstream-3
        report,2026-03-01 02:00,by-hand
        sql,2026-03-01 02:00,2026-03-01
      columns: { at: { within: 1m } }
`,
  'orders/tests/event.yml': `
when:
  - event: { source: aws.shop, detail-type: Sale, detail: { total: 100.5 }, time: 2026-03-01T08:00:00Z }
expect:
  tables:
    mart.nights: |
      who,at,what,more
      orders,2026-03-01 08:00,00000000-0000-4000-8000-000000000001,100.5
`,
  'partner/tests/files.yml': `
when:
  - put: { bucket: reference-files, key: days.csv, content: "2026-01-31\\n" }
  - drop: { bucket: partner-files, key: in/1.csv, content: "2026-01-30\\n" }
  - start: { file: s3://partner-files/in/1.csv }
expect: { tables: { mart.days: "day\\n2026-01-31\\n2026-01-30\\n2026-01-30\\n2026-01-31" } }
`,
  // Files that come out.
  'exports/pipeline.yml': 'on: [{ s3: { prefix: exports/ } }]',
  'exports/10_unload.sql': `UNLOAD ('SELECT day, n FROM mart.visits') TO 's3://baton-local-landing/out/visits_'
    IAM_ROLE :copy_role FORMAT CSV HEADER MANIFEST ALLOWOVERWRITE;`,
  'exports/20_unload.sql': `UNLOAD ('SELECT n FROM mart.visits ORDER BY n') TO 's3://partner-out/n.csv'
    IAM_ROLE :copy_role FORMAT CSV PARALLEL OFF ALLOWOVERWRITE;`,
  'exports/tests/a_out.yml': `
given: { mart.visits: "day,n\\n2026-03-01,1\\n2026-03-02,20" }
when:
${drop('exports/1', '')}
expect:
  files:
    out/visits_:
      csv: |
        n
        20
        1
      header: true
      columns: { day: { matches: '^2026-03-0' } }
    s3://partner-out/n.csv: { content: "1\\n20\\n" }
    nothing/: "a"
`,
  'exports/tests/b_other.yml': `
given: { mart.visits: "n\\n1" }
when:
${drop('exports/1', '')}
expect:
  files:
    s3://partner-out/n.csv000: { content: "1\\n2\\n" }
    s3://partner-out/n.csv: "n\\n2"
    s3://partner-out/m: { content: "" }
    out/visits_manifest: { content: "{}" }
`,
  // A schedule would start it at once.
  'ticks/pipeline.yml': 'on: [{ schedule: rate(1 minute) }, { s3: { prefix: ticks/ } }]',
  'ticks/10_tick.sql': 'INSERT INTO mart.ticks VALUES (1);',
  'ticks/20_slow.sql': `SELECT COUNT(*) FROM ${'abcdefgh'
    .split('')
    .map((name) => `mart.ticks ${name}`)
    .join(', ')};`,
  'ticks/tests/a_slow.yml': `
timeout: 2s
given: { mart.ticks: "n${'\\n1'.repeat(20)}" }
when:
${drop('ticks/x', '')}`,
  // Its three minutes pass at once.
  'late/pipeline.yml': 'on: [{ s3: { prefix: late/, batch: { wait: 3m } } }]',
  'late/10_load.sql':
    'COPY mart.visits FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV IGNOREHEADER 1;',
  'late/tests/waits.yml': `
when:
${drop('late/1', `${CSV}2026-01-01,2\\n`)}
expect: { tables: { mart.visits: "n\\n2" } }`,
  'visits/tests/a_dated.yml': `
when:
  - clock: 2026-03-01
  - drop:
      - { key: visits/1/b.csv, content: "${CSV}2026-01-02,3\\n" }
      - { key: visits/1/_SUCCESS, content: "" }
expect: { tables: { mart.visits: "n\\n3" } }`,
  'late/tests/together.yml': `
when:
  - drop:
      - { key: late/1, content: "${CSV}2026-01-01,2\\n" }
      - { key: late/2, content: "${CSV}2026-01-02,3\\n" }
expect: { steps: { 10_load.sql: { rows: 2 } }, tables: { mart.visits: "n\\n3\\n2" } }`,
  'broken/pipeline.yml': 'on: [{ s3: { prefix: broken/ } }]',
  'broken/10_insert.sql': 'INSERT INTO mart.visits SELECT * FROM mart.nowhere;',
  'broken/tests/a_fails.yml': `
when:
${drop('broken/1', '')}${drop('broken/2', '')}
expect: { tables: { mart.visits: "n\\n1" } }`,
  'broken/tests/b_expected.yml': `
when:
${drop('broken/1', '')}
expect: { run: { class: sql, step: 10_insert.sql }, tables: { mart.visits: "n" } }`,
  'broken/tests/c_given.yml': `
given: { mart.visits: "day\\nsoon" }
when:
${drop('broken/1', '')}`,
  'broken/tests/d_column.yml': `
when:
${drop('broken/1', '')}
expect: { run: FAILED, tables: { mart.visits: "day,m" } }`,
};

let home: string;
let code: number;
let stdout = '';
let stderr = '';

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'baton-testing-'));
  const sql = join(home, 'sql');
  copySampleSql(sql);
  writeFiles(sql, new Map(Object.entries(FILES)));
  const tutorial = filesOf(readFileSync(join(root, 'docs/tutorial.md'), 'utf8'));
  writeFiles(
    home,
    new Map([...tutorial].map(([path, text]) => [path, text.replace('SUM(amount)', 'SUM(price)')])),
  );
  const child = spawn(process.execPath, [join(root, 'bin/baton.js'), 'test', '--json', '--sql', sql], {
    cwd: home,
    env: { ...process.env, TMPDIR: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  code = await new Promise<number>((ended) => child.once('close', (exit) => ended(exit ?? -1)));
}, 120_000);
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

function results(): Map<string, Result> {
  const { tests } = JSON.parse(stdout) as { tests: Result[] };
  return new Map(tests.map((test) => [`${test.pipeline}/${test.name}`, test]));
}

it.runIf(isLong)('runs every test, prints a line for each, and ends with exit code 1 if one failed', () => {
  expect({ code, stderr: code === 1 ? '' : stderr }).toEqual({ code: 1, stderr: '' });
  const passed = [...results()].filter(([, test]) => test.passed).map(([name]) => name);
  expect(passed).toEqual([
    'bookings/guests',
    'broken/b_expected',
    'exports/a_out',
    'forms/a_forms',
    'late/together',
    'late/waits',
    'nightly/a_schedule',
    'nightly/b_resume',
    'nightly/c_clock',
    'orders/event',
    'partner/files',
    'product_dimension/versions',
    'report/upstream',
    'sales/bad_line',
    'sales/corrected_line',
    'stores/upsert',
    'total/follows',
    'visits/a_dated',
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ passed: 18, failed: 8 });
  const lines = stderr.split('\n').filter((line) => /^ {2}(ok {2}|FAIL) /.test(line));
  expect(lines).toHaveLength(26);
  expect(results().get('late/together')?.runs).toHaveLength(1);
  expect(lines[0]).toMatch(/^ {2}ok {3}bookings\/guests +\d+\.\d s$/);
  expect(stderr).toContain('18 of 26 tests passed in ');
});

it.runIf(isLong)('a test ends at the first run that failed, with its error', () => {
  const { runs, mismatches } = results().get('broken/a_fails') ?? { runs: [], mismatches: [] };
  expect(runs).toHaveLength(1);
  expect(mismatches).toEqual([
    {
      kind: 'run',
      runId: runs[0],
      text: `run ${runs[0]}: expected SUCCEEDED, found FAILED (sql) at 10_insert.sql`,
      error: expect.stringMatching(/relation "mart.nowhere" does not exist[^]*at 10_insert.sql line 1/),
    },
  ]);
});

it.runIf(isLong)('rows that differ are shown in a small table', () => {
  expect(results().get('visits/folder')?.mismatches).toEqual([
    {
      kind: 'table',
      table: 'mart.total',
      columns: ['n'],
      expectedRows: 1,
      foundRows: 1,
      difference: { missing: [['7']], unexpected: [['6']], changed: [] },
    },
  ]);
  expect(stderr).toMatch(
    /mart\.total: expected 1 row, found 1; 1 missing, 1 unexpected\n +n\n +missing +7\n +unexpected +6\n/,
  );
});

it.runIf(isLong)(
  'rows of steps, tables that should be empty and columns that cannot have a tolerance are reported',
  () => {
    const { runs, mismatches } = results().get('forms/b_differs') ?? { runs: [], mismatches: [] };
    expect(mismatches).toEqual([
      { kind: 'step', runId: runs[0], step: '10_stage.sql', expectedRows: 1, foundRows: 0 },
      {
        kind: 'table',
        table: 'mart.kinds',
        columns: ['kind'],
        expectedRows: 0,
        foundRows: 2,
        difference: { missing: [], unexpected: [['new'], ['old']], changed: [] },
      },
      { kind: 'error', text: 'mart.visits: within of day is for a number, and the column is a date' },
    ]);
    expect(results().get('forms/c_setup')?.mismatches).toEqual([
      { kind: 'error', text: expect.stringMatching(/^setup line 3: ERROR: .*mart\.forms/) },
    ]);
  },
);

it.runIf(isLong)('files that differ are reported', () => {
  const [content, rows, ...rest] = results().get('exports/b_other')?.mismatches ?? [];
  expect(content).toEqual({
    kind: 'content',
    file: 's3://partner-out/n.csv000',
    difference: String.raw`line 2: expected "2\n", found the end`,
  });
  expect(rows).toMatchObject({
    table: 's3://partner-out/n.csv',
    difference: { missing: [['2']], unexpected: [['1']] },
  });
  expect(rest).toEqual([
    { kind: 'error', text: 's3://partner-out/m: no such file' },
    expect.objectContaining({ kind: 'content', file: 's3://baton-local-landing/out/visits_manifest' }),
  ]);
});

it.runIf(isLong)('what is not there, or does not fit, is said in the words of the warehouse', () => {
  const words = (name: string): unknown =>
    results()
      .get(name)
      ?.mismatches.map(({ text }) => text);
  expect(words('broken/c_given')).toEqual([expect.stringMatching(/^given mart\.visits: ERROR: .*"soon"/)]);
  expect(words('broken/d_column')).toEqual(['mart.visits: it has no column m; its columns: day, n']);
});

it.runIf(isLong)('a test that would wait too long ends with what it waits for, and the next ones run', () => {
  expect(results().get('ticks/a_slow')?.mismatches).toEqual([
    expect.objectContaining({
      kind: 'run',
      text: expect.stringMatching(
        /^run ticks-\w+ is still RUNNING at 20_slow\.sql at the end of the test's timeout \(2 s\)$/,
      ),
    }),
  ]);
});

function start(...options: readonly string[]): ChildProcess & { readonly text: () => string } {
  const child = spawn(
    process.execPath,
    [join(root, 'bin/baton.js'), 'test', '--sql', join(home, 'sql'), ...options],
    { cwd: home, env: { ...process.env, TMPDIR: home }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  return Object.assign(child, { text: () => text });
}

const exitOf = async (child: ChildProcess): Promise<number | null> =>
  new Promise((ended) => child.once('close', (exit) => ended(exit)));

it.runIf(isLong)(
  'writes what was found as the expectation, and the results for a CI system',
  async () => {
    const child = start('visits', 'broken', '--update', '--junit', 'out/results.xml');
    expect(await exitOf(child)).toBe(1);
    expect(child.text()).toMatch(/ {2}upd {2}visits\/folder [^]*updated visits\/tests\/folder\.yml\n/);
    expect(child.text()).toContain('2 of 6 tests passed, 1 updated in ');
    const text = readFileSync(join(home, 'sql/visits/tests/folder.yml'), 'utf8');
    expect(text).toBe(FILES['visits/tests/folder.yml']?.replace('      7\n', '      6\n'));
    const xml = readFileSync(join(home, 'out/results.xml'), 'utf8');
    expect(xml).toContain('<testsuites name="baton test" tests="6" failures="3" errors="0"');
    expect(xml).toMatch(/<testcase classname="visits" name="folder" file="[^"]+" time="[^"]+"\/>/);
  },
  60_000,
);

it.runIf(isLong)(
  'runs a test again when it or its pipeline changes, also after a mistake',
  async () => {
    const child = start('stores', '--watch');
    const seen = async (pattern: RegExp, times = 1): Promise<void> => {
      await vi.waitFor(
        () => {
          const found = [...child.text().matchAll(new RegExp(pattern, 'g'))].length;
          if (found !== times) throw new Error(`${pattern} ${found} times in: ${child.text()}`);
        },
        { timeout: 30_000, interval: 50 },
      );
    };
    const change = (path: string, edit: (text: string) => string): void => {
      writeFileSync(join(home, 'sql', path), edit(readFileSync(join(home, 'sql', path), 'utf8')));
    };
    try {
      await seen(/ {2}ok {3}stores\/upsert/);
      await seen(/waiting for changes/);
      change('stores/tests/upsert.yml', (text) => text.replace('3,Station', '3,Stop'));
      await seen(/changed: stores\/tests\/upsert\.yml\n {2}FAIL stores\/upsert/);
      await seen(/waiting for changes/, 2);
      change('stores/pipeline.yml', (text) => text.replace('\non:', '\nonn:'));
      await seen(/stores\/pipeline\.yml:\d+:\d+: error: unknown key onn/);
      await seen(/waiting for changes/, 3);
      change('stores/tests/upsert.yml', (text) => text.replace('3,Stop', '3,Station'));
      await seen(/waiting for changes/, 4);
      change('stores/pipeline.yml', (text) => text.replace('\nonn:', '\non:'));
      await seen(/ {2}ok {3}stores\/upsert/, 2);
    } finally {
      child.kill('SIGINT');
    }
    expect(await exitOf(child)).toBe(0);
  },
  120_000,
);

it.runIf(isLong)('leaves nothing in the folder for temporary files', () => {
  expect(readdirSync(home).filter((name) => name.startsWith('baton-'))).toEqual([]);
  expect(existsSync(join(home, '.baton'))).toBe(false);
});
