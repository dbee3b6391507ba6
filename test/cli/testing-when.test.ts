/** What may happen in a test of a pipeline: how it is read, and which mistakes are named. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Action } from '../../cli/testing/test-case.ts';
import { readTest } from '../../cli/testing/test-file.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';

const PIPELINES: Readonly<Record<string, string>> = {
  'nightly/pipeline.yml': `on:
  - schedule: { expression: cron(30 2 * * ? *), timezone: Europe/Berlin }
  - schedule: cron(0 12 * * ? *)
parameters: { day: { type: date, default: 2026-01-01 }, least: { type: number, default: 0 } }`,
  'nightly/10_a.sql': 'INSERT INTO mart.nights VALUES (:day, :least);',
  'often/pipeline.yml':
    'on: [{ schedule: rate(5 minutes) }, { event: { source: shop, detail: { total: [{ numeric: [">", 100] }] } } }]',
  'often/10_a.sql': 'INSERT INTO mart.often VALUES (1);',
  'audit/pipeline.yml': 'on: [{ event: { source: [shop, desk], detail-type: Order } }]',
  'audit/10_a.sql': 'INSERT INTO mart.audit VALUES (:event);',
  'report/pipeline.yml': 'on: [{ pipeline: nightly }]',
  'report/10_a.sql': 'INSERT INTO mart.report VALUES (:upstream_run_id);',
  'partner/pipeline.yml':
    'on: [{ s3: { bucket: partner-files, prefix: in/ } }]\nparameters: { who: { type: string } }',
  'partner/10_a.sql':
    'COPY mart.partner FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV;\nINSERT INTO mart.who VALUES (:who);',
};

let sql: string;
let plans: readonly Plan[];

function write(path: string, text: string): void {
  mkdirSync(dirname(join(sql, path)), { recursive: true });
  writeFileSync(join(sql, path), text);
}

beforeAll(() => {
  sql = mkdtempSync(join(tmpdir(), 'baton-testing-'));
  for (const [path, text] of Object.entries(PIPELINES)) write(path, text);
  ({ plans } = loadPipelines(sql));
});
afterAll(() => {
  rmSync(sql, { recursive: true });
});

function read(
  pipeline: string,
  when: readonly string[],
): { actions: readonly Action[]; problems: readonly string[] } {
  const file = `${pipeline}/tests/t.yml`;
  write(file, `when:\n${when.map((one) => `  - ${one}\n`).join('')}`);
  const { test, problems } = readTest(sql, { pipeline, name: 't', file }, plans);
  return {
    actions: test?.when ?? [],
    problems: problems.map(({ line, column, message }) => `${line}:${column} ${message}`),
  };
}

const at = (time: string): number => Date.parse(time);

describe('in a test', () => {
  it('a time of a schedule may come, of the schedule that has it', () => {
    expect(
      read('nightly', ['schedule: 2026-03-01T01:30:00Z', 'schedule: { time: "2026-03-01T13:00:00+01:00" }']),
    ).toEqual({
      problems: [],
      actions: [
        {
          kind: 'schedule',
          pipeline: 'nightly',
          time: at('2026-03-01T01:30Z'),
          expression: 'cron(30 2 * * ? *)',
        },
        {
          kind: 'schedule',
          pipeline: 'nightly',
          time: at('2026-03-01T12:00Z'),
          expression: 'cron(0 12 * * ? *)',
        },
      ],
    });
    expect(read('often', ['schedule: 2026-03-01']).actions).toMatchObject([
      { time: at('2026-03-01T00:00Z') },
    ]);
  });

  it('a run of another pipeline may succeed, which names the run if nothing else does', () => {
    expect(
      read('report', ['advance: 1h', 'upstream: nightly', 'upstream: { pipeline: nightly, run: n-7 }']),
    ).toEqual({
      problems: [],
      actions: [
        { kind: 'advance', ms: 3_600_000 },
        { kind: 'upstream', upstream: 'nightly', runId: 'nightly-upstream-2' },
        { kind: 'upstream', upstream: 'nightly', runId: 'n-7' },
      ],
    });
    expect(read('report', ['schedule: { pipeline: nightly, time: 2026-03-01T12:00:00Z }']).problems).toEqual(
      [],
    );
  });

  it('an event starts every pipeline whose pattern it fits', () => {
    const event =
      'event: { source: shop, detail-type: Order, detail: { total: 101 }, time: 2026-03-01T08:00:00Z }';
    const [action] = read('audit', [event]).actions;
    expect(action).toEqual({
      kind: 'event',
      pipelines: ['audit', 'often'],
      id: '00000000-0000-4000-8000-000000000001',
      source: 'shop',
      detailType: 'Order',
      detail: { total: 101 },
      time: at('2026-03-01T08:00:00Z'),
    });
    expect(read('audit', ['event: { source: desk, detail-type: Order }']).actions).toMatchObject([
      { pipelines: ['audit'], detail: {} },
    ]);
  });

  it('a run may be started with parameters and a file, and files arrive in other buckets', () => {
    expect(
      read('partner', [
        'put: { key: reference.csv, content: x }',
        'drop: { bucket: partner-files, key: in/1, content: x }',
        'start: { params: { who: me }, file: reference.csv }',
        'sql: DELETE FROM a; SELECT 1',
        'resume: { from: 10_a.sql }',
      ]),
    ).toEqual({
      problems: [],
      actions: [
        { kind: 'put', bucket: 'baton-local-landing', key: 'reference.csv', bytes: Buffer.from('x') },
        { kind: 'drop', bucket: 'partner-files', key: 'in/1', bytes: Buffer.from('x') },
        { kind: 'start', pipeline: 'partner', parameters: { who: 'me' }, file: 'reference.csv' },
        {
          kind: 'sql',
          statements: [
            { sql: 'DELETE FROM a', line: 1 },
            { sql: 'SELECT 1', line: 1 },
          ],
        },
        { kind: 'resume', pipeline: 'partner', from: '10_a.sql' },
      ],
    });
    expect(
      read('nightly', ['start: {}', 'start: { params: { least: 2.50, day: 2026-03-01 } }']).actions,
    ).toEqual([
      { kind: 'start', pipeline: 'nightly', parameters: {} },
      { kind: 'start', pipeline: 'nightly', parameters: { least: '2.50', day: '2026-03-01' } },
    ]);
  });

  it('several files may arrive at once', () => {
    const two =
      'drop: [{ bucket: partner-files, key: in/1, content: x }, { bucket: partner-files, key: in/2, content: y }]';
    expect(read('partner', [two])).toEqual({
      problems: [],
      actions: [
        {
          kind: 'drop-all',
          files: [
            { kind: 'drop', bucket: 'partner-files', key: 'in/1', bytes: Buffer.from('x') },
            { kind: 'drop', bucket: 'partner-files', key: 'in/2', bytes: Buffer.from('y') },
          ],
        },
      ],
    });
    expect(read('partner', ['drop: []']).problems).toEqual(['2:5 drop must name at least one file']);
    expect(
      read('partner', ['drop: [{ bucket: partner-files, key: in/1, content: x }, { key: in/2, file: y }]'])
        .problems,
    ).toEqual([
      '2:75 file partner/tests/y not found',
      '2:64 no pipeline starts for in/2; no pipeline has a trigger for the landing bucket',
    ]);
  });

  it('the clock is set first, and then only moves on', () => {
    const start = 'start: {}';
    expect(
      read('nightly', ['clock: 2026-03-01', start, 'clock: 2026-03-02T00:00:00Z', 'advance: 2d', start])
        .problems,
    ).toEqual([]);
    expect(read('nightly', [start, 'clock: 2026-03-01']).problems).toEqual([
      '3:5 the clock must be set before anything starts a run: move this up',
    ]);
    expect(
      read('nightly', ['clock: 2026-03-01', 'advance: 1d', start, 'clock: 2026-03-01T12:00:00Z']).problems,
    ).toEqual(['5:5 the clock cannot go back: it stands at 2026-03-02T00:00:00Z by then']);
  });

  it.each([
    [
      'nightly',
      'schedule: soon',
      [expect.stringContaining('must be a time like 2026-03-01T04:00:00Z, or a day')],
    ],
    ['nightly', 'clock: 2026-02-31', ['2:5 there is no time 2026-02-31']],
    ['nightly', 'schedule: 2026-13-01T04:00:00Z', ['2:5 there is no time 2026-13-01T04:00:00Z']],
    [
      'nightly',
      'schedule: 2026-03-01T02:30:00Z',
      [
        '2:5 2026-03-01T02:30:00Z is no time of a schedule of nightly: cron(30 2 * * ? *) Europe/Berlin is next at 2026-03-02T01:30:00Z; cron(0 12 * * ? *) UTC is next at 2026-03-01T12:00:00Z',
      ],
    ],
    ['report', 'schedule: 2026-03-01', ['2:5 report has no schedule: add - schedule: ... to its on']],
    [
      'report',
      'schedule: { time: 2026-03-01, pipeline: nigthly }',
      [
        '2:35 pipeline nigthly does not exist (did you mean nightly?); known: audit, nightly, often, partner, report',
      ],
    ],
    [
      'report',
      'upstream: nigthly',
      ['2:5 no pipeline starts after nigthly (did you mean nightly?); report does after nightly'],
    ],
    ['audit', 'upstream: often', ['2:5 no pipeline starts after often']],
    [
      'audit',
      'event: { source: shop, detail-type: Sale }',
      [
        expect.stringMatching(
          /^2:5 no pipeline starts for this event; their patterns: audit: {"source":\["shop","desk"\],"detail-type":\["Order"\]}; often: /,
        ),
      ],
    ],
    [
      'audit',
      `event: { source: shop, detail-type: Order, detail: { a: ${'x'.repeat(16_000)} } }`,
      [expect.stringContaining('an event that starts a run may have 16000 bytes; this one has 16')],
    ],
    [
      'nightly',
      'start: { params: { days: 2026-03-01 } }',
      ['2:14 the pipeline has no parameter "days"; it has day, least'],
    ],
    ['nightly', 'start: { params: { day: today } }', [expect.stringMatching(/^2:14 parameter day .*today/)]],
    ['partner', 'start: {}', ['2:5 parameter who has no default: give it in params']],
    [
      'partner',
      'put: { bucket: partner-files, key: in/1, content: x }',
      ['2:35 in/1 starts partner: write drop instead of put'],
    ],
    [
      'partner',
      'put: { key: x, content: x }',
      [
        '1:1 nothing in when starts partner; what does: drop: { bucket: partner-files, key: in/... }; start: { file: KEY }',
      ],
    ],
    ['report', 'advance: 1h', ['1:1 nothing in when starts report; what does: upstream: nightly; start: {}']],
    [
      'often',
      'advance: 1h',
      [
        '1:1 nothing in when starts often; what does: schedule: a time of rate(5 minutes); event: one from shop; start: {}',
      ],
    ],
    ['nightly', 'advance: 400d', [expect.stringContaining('must be a duration')]],
    [
      'nightly',
      'resume: {}',
      ['2:5 resume continues a run of nightly that failed: nothing before it starts one'],
    ],
    [
      'nightly',
      'resume: { from: 10_b.sql }',
      ['2:15 nightly has no step 10_b.sql (did you mean 10_a.sql?); its steps: 10_a.sql'],
    ],
    ['nightly', 'wait: 1h', [expect.stringContaining('unknown key wait in when[0]')]],
  ])('of %s a mistake is refused with its place: %s', (pipeline, action, problems) => {
    expect(read(pipeline, [action]).problems).toEqual(problems);
  });
});
