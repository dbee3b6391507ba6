import { describe, expect, it } from 'vitest';

import { formatDuration, parseDuration } from '../../shared/pipeline/duration.ts';
import { formatSize, parseSize } from '../../shared/pipeline/size.ts';
import { planOf, problemsOf, YAML } from './helpers.ts';

const FILES = { '10_a.sql': 'DELETE FROM t' };
const said = (yaml: string, files: Record<string, string> = FILES): string[] => problemsOf(files, yaml);

describe('a duration', () => {
  it.each([
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
    ['14d', 1_209_600],
  ])('%s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
    expect(parseDuration(formatDuration(seconds))).toBe(seconds);
  });
  it.each(['', '10', 'm', '1.5h', '-1s', '10 m', '1h30m', '10M', '1w'])('is refused: %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('a size', () => {
  it.each([
    ['1B', 1],
    ['500MB', 500_000_000],
    ['10GB', 10_000_000_000],
    ['10gb', 10_000_000_000],
    ['10 GB', 10_000_000_000],
    ['64kB', 64_000],
    ['4KiB', 4096],
    ['1.5GiB', 1_610_612_736],
    ['0.5MB', 500_000],
    ['1TiB', 1_099_511_627_776],
    ['1000TB', 1e15],
    ['123456', 123_456],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
    expect(parseSize(formatSize(bytes))).toBe(bytes);
  });
  it.each(['', 'GB', '0', '0B', '0.1B', '-1GB', '10G B', '10XB', '1e9', '1,5GB', '10Gbit', '1001TB', '1.5'])(
    'is refused: %j',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );
  it('is written in the unit that makes it short', () => {
    expect([1, 999, 10e9, 1.5e9, 4096, 1_610_612_736, 1e15].map(formatSize)).toEqual([
      '1B',
      '999B',
      '10GB',
      '1500MB',
      '4KiB',
      '1536MiB',
      '1000TB',
    ]);
  });
});

describe('an invalid pipeline.yml is reported with its place', () => {
  it.each<[string, string[]]>([
    ['', ['1:1: error: pipeline.yml must be a list of keys']],
    ['[]', ['1:1: error: pipeline.yml must be a list of keys']],
    ['description: x\n', ['1:1: error: pipeline.yml needs the key on']],
    [
      `${YAML}desription: x\n`,
      ['3:1: error: unknown key desription in pipeline.yml (did you mean description?)'],
    ],
    [
      `${YAML}steps:\n  10_a.sql: { timout: 5m }\n`,
      ['4:15: error: unknown key timout in steps.10_a.sql (did you mean timeout?)'],
    ],
    [
      `${YAML}timeout: 5 minutes\n`,
      ['3:10: error: timeout must be a duration like 90s, 10m, 2h or 14d, from 1s to 14d; it is 5 minutes'],
    ],
    [`${YAML}timeout: 90\n`, ['3:10: error: timeout must be a duration']],
    [`${YAML}timeout: 0s\n`, ['3:10: error: timeout must be a duration']],
    [
      `${YAML}session: { keepAlive: 25h }\n`,
      [
        '3:23: error: session.keepAlive must be a duration like 90s, 10m, 2h or 14d, from 1m to 1d; it is 25h',
      ],
    ],
    [
      `${YAML}session: { keepAlive: 2h }\n`,
      ['3:12: warning: Redshift Serverless may close a session that is idle for more than 1h'],
    ],
    [`${YAML}concurrency: 0\n`, ['3:14: error: concurrency must be a whole number from 1 to 100; it is 0']],
    [`${YAML}concurrency: "2"\n`, ['3:14: error: concurrency must be a whole number']],
    [
      `${YAML}onFailure: holds\n`,
      ['3:12: error: onFailure must be hold or continue; it is holds (did you mean hold?)'],
    ],
    [`${YAML}onReplay: 5\n`, ['3:11: error: onReplay must be resume, rerun or skip; it is 5']],
    [
      `${YAML}retry: { attempts: 11 }\n`,
      ['3:20: error: retry.attempts must be a whole number from 1 to 10; it is 11'],
    ],
    [`${YAML}description: 5\n`, ['3:14: error: description must be a string; it is 5']],
    [`${YAML}description:\n`, ['3:13: error: description must be a string']],
    [`${YAML}description: a\ndescription: b\n`, ['4:1: error: duplicate key']],
    [`${YAML}warehouse: "Big One"\n`, ['3:12: error: warehouse must be the name of a workgroup or cluster']],
    ['on: { s3: { prefix: a/ } }\n', ['1:5: error: on must be a list']],
    ['on:\n  - s3: { suffix: .csv }\n', ['2:9: error: on[0].s3 needs the key prefix']],
    [
      'on:\n  - s3: { prefix: "" }\n',
      ['2:19: error: on[0].s3.prefix must be a key prefix without wildcards; it is '],
    ],
    [
      'on:\n  - s3: { prefix: "a/*" }\n',
      ['2:19: error: on[0].s3.prefix must be a key prefix without wildcards; it is a/*'],
    ],
    ['on:\n  - s3: { prefix: /a/ }\n', ['2:11: warning: S3 keys rarely begin with "/"']],
    [
      'on:\n  - s3: { prefix: a, bucket: My_Bucket }\n',
      ['2:30: error: on[0].s3.bucket must be a bucket name; it is My_Bucket'],
    ],
    [
      'on:\n  - s3: { prefix: a/, batch: { files: 1 } }\n',
      ['2:39: error: on[0].s3.batch.files must be a whole number from 2 to 10000; it is 1'],
    ],
    [
      'on:\n  - s3: { prefix: a/, batch: { bytes: 10 gigs } }\n',
      [
        '2:39: error: on[0].s3.batch.bytes must be a size like 500MB, 10GB or 1.5GiB, at least 1B and at most 1000TB; it is 10 gigs',
      ],
    ],
    [
      'on:\n  - s3: { prefix: a/, batch: { bytes: 0 } }\n',
      ['2:39: error: on[0].s3.batch.bytes must be a size'],
    ],
    [
      'on:\n  - s3: { prefix: a/, batch: { wait: 16m } }\n',
      [
        '2:38: error: on[0].s3.batch.wait must be a duration like 90s, 10m, 2h or 14d, from 0s to 15m; it is 16m',
      ],
    ],
    [
      'on:\n  - s3: { prefix: a/, batch: true }\n',
      [
        '2:30: error: on[0].s3.batch must be a list of keys (files, bytes, wait), or {} for their default values; it is true',
      ],
    ],
    [
      'on:\n  - s3: { prefix: a/, marker: a/_SUCCESS }\n',
      [
        '2:31: error: on[0].s3.marker must be a file name without / and wildcards, like _SUCCESS; it is a/_SUCCESS',
      ],
    ],
    [`${YAML}onBadFile: skip\n`, ['3:12: error: onBadFile must be fail or isolate; it is skip']],
    [
      `${YAML}onBadFile: isolate\nisolate: { files: 0 }\n`,
      ['4:19: error: isolate.files must be a whole number from 1 to 100; it is 0'],
    ],
    ['on:\n  - {}\n', ['2:5: error: on[0] must have one of the keys s3, schedule, pipeline or event']],
    ['on:\n  - stores\n', ['2:5: error: on[0] must have one of the keys s3, schedule, pipeline or event']],
    [
      'on:\n  - shedule: rate(1 hour)\n',
      [
        '2:5: error: unknown key shedule in on[0] (did you mean schedule?); known keys: s3, schedule, pipeline',
      ],
    ],
    [
      'on:\n  - { pipeline: stores, schedule: rate(1 hour) }\n',
      ['2:25: error: on[0] must have one of the keys s3, schedule, pipeline or event, not several'],
    ],
    ['on:\n  - schedule: hourly\n', ['2:15: error: on[0].schedule must be cron(minutes hours day-of-month']],
    ['on:\n  - schedule:\n', ['2:14: error: on[0].schedule must be a list of keys (expression, timezone)']],
    ['on:\n  - schedule: { timezone: UTC }\n', ['2:15: error: on[0].schedule needs the key expression']],
    [
      'on:\n  - pipeline: Stores\n',
      ['2:15: error: on[0].pipeline must be the name of a pipeline; it is Stores'],
    ],
    [`${YAML}steps:\n  a.sql: {}\n`, ['4:3: error: "a.sql" in steps must be the name of a step file']],
    [
      `${YAML}steps:\n  10_b.sql: {}\n`,
      ['4:3: error: file 10_b.sql not found in this folder (did you mean 10_a.sql?)'],
    ],
    [
      `${YAML}steps:\n  10_a.sql: { idempotent: yes }\n`,
      ['4:27: error: steps.10_a.sql.idempotent must be true or false; it is yes'],
    ],
    [
      `${YAML}steps:\n  10_a.sql: { writes: [a.b.c.d] }\n`,
      ['4:24: error: steps.10_a.sql.writes[0] must be a table name'],
    ],
    [
      `${YAML}steps:\n  10_a.sql: { retry: { base: 1h, max: 1m } }\n`,
      ['4:15: error: the first delay (base) is longer'],
    ],
    [`${YAML}retry: { base: 1h, max: 1m }\n`, ['3:1: error: the first delay (base) is longer']],
    [
      `${YAML}steps:\n  10_a.sql: { timeout: 13h }\n`,
      ["4:15: warning: the step's timeout is longer than the pipeline's timeout"],
    ],
    [
      `${YAML}steps:\n  10_a.sql: { expect: rows }\n`,
      ['4:15: error: expect applies only to checks; this step is durable'],
    ],
    [
      `${YAML}steps:\n  10_a.sql: { repeatable: true }\n`,
      ['4:15: warning: repeatable applies only to session steps'],
    ],
    [
      `${YAML}steps:\n  10_a.sql: { verify: DELETE FROM t }\n`,
      ['4:15: error: verify must be a single read-only query'],
    ],
    [
      `${YAML}steps:\n  10_a.sql: { verify: "SELECT :run_ids" }\n`,
      ['4:15: error: unknown placeholder :run_ids (did you mean run_id?)'],
    ],
    [
      `${YAML}timeout: 5m\nsteps:\n  10_a.sql: { timeout: 10m }\n`,
      ["5:15: warning: the step's timeout is longer than the pipeline's timeout"],
    ],
    [`${YAML}parameters:\n  region: { default: x }\n`, ['4:11: error: parameters.region needs the key type']],
    [
      `${YAML}parameters:\n  Region: { type: string }\n`,
      ['4:3: error: "Region" in parameters must be a parameter\'s name'],
    ],
    [
      `${YAML}parameters:\n  region: { type: string }\n`,
      ['4:3: error: the parameter region is not used by any step'],
    ],
    [
      `${YAML}parameters:\n  key: { type: string }\n`,
      ['4:3: error: :key is built in', '4:3: error: the parameter key is not used'],
    ],
    [
      `${YAML}session: { set: { search_path: "mart; DROP" } }\n`,
      ['3:19: error: session.set.search_path: "mart; DROP" is not a schema name'],
    ],
    [
      `${YAML}session: { set: { a b: c } }\n`,
      ['3:19: error: "a b" in session.set must be the name of a session setting'],
    ],
    ['on: [\n', ['error: not YAML']],
    ['on:\n\t- a\n', ['error: not YAML']],
  ])('%j', (yaml, expected) => {
    const problems = said(yaml);
    expect(problems).toHaveLength(expected.length);
    for (const [i, line] of expected.entries()) {
      expect(problems[i]).toContain(line);
      expect(problems[i]).toMatch(/^pipeline\.yml:\d+:\d+: /);
    }
  });

  it('with all its problems at once, and those of the SQL', () => {
    const yaml =
      'on:\n  - s3: { prefix: a/ }\nconcurency: 2\ntimeout: soon\nsteps:\n  10_a.sql: { kind: durabel }\n';
    expect(said(yaml, { '10_a.sql': 'BEGIN;\nDELETE FROM t;\n' })).toEqual([
      expect.stringContaining('10_a.sql:1:1: error: BEGIN'),
      expect.stringContaining('pipeline.yml:3:1: error: unknown key concurency'),
      expect.stringContaining('pipeline.yml:4:10: error: timeout'),
      expect.stringContaining(
        'pipeline.yml:6:21: error: steps.10_a.sql.kind must be session, durable, check or opaque',
      ),
    ]);
  });

  it('even if the invalid value is in an alias', () => {
    expect(said(`${YAML}timeout: &t soon\nsteps:\n  10_a.sql: { timeout: *t }\n`)).toEqual([
      expect.stringContaining('pipeline.yml:3:'),
      expect.stringContaining('pipeline.yml:5:24: error: steps.10_a.sql.timeout'),
    ]);
  });
});

it('a parameter default must fit its type', () => {
  const yaml = (type: string, value: string): string =>
    `${YAML}parameters:\n  p: { type: ${type}, default: ${value} }\n`;
  const of = (type: string, value: string): string[] =>
    said(yaml(type, value), { '10_a.sql': 'DELETE FROM t WHERE a = :p' });
  expect(of('number', '1x')).toEqual([
    expect.stringContaining('4:3: error: the default of :p must be a number; it is "1x"'),
  ]);
  expect(of('date', 'tomorrow')).toEqual([expect.stringContaining('must be a date')]);
  expect(of('boolean', '1')).toEqual([expect.stringContaining('must be true or false')]);
  expect(of('string', '"a\\u0000"')).toEqual([expect.stringContaining('control character U+0000')]);
  expect(of('string', '"x-{run-id}"')).toEqual([
    expect.stringContaining('warning: {run-id} is not replaced (did you mean run_id?)'),
  ]);
  for (const [type, value] of [
    ['number', '007'],
    ['date', '2020-01-31'],
    ['boolean', 'true'],
    ['string', '1e3'],
  ] as const) {
    expect(of(type, value)).toEqual([]);
  }
});

it('a default is used as written, not as YAML parses numbers', () => {
  const plan = planOf(
    { '10_a.sql': 'DELETE FROM t WHERE a = :p' },
    `${YAML}parameters:\n  p: { type: string, default: 0010 }\n`,
  );
  expect(plan.parameters).toEqual([{ name: 'p', type: 'string', default: '0010' }]);
});

it('missing keys have the defaults of the schema', () => {
  const plan = planOf(FILES);
  expect(plan).toMatchObject({
    schema: 2,
    pipeline: 'orders',
    description: '',
    triggers: [{ kind: 's3', prefix: 'in/', suffix: '' }],
    session: { keepAliveSeconds: 1800, set: {} },
    concurrency: 1,
    onFailure: 'hold',
    onReplay: 'resume',
    timeoutSeconds: 43_200,
  });
  expect(plan.steps[0]).toMatchObject({
    timeoutSeconds: 3600,
    retry: { attempts: 3, baseSeconds: 5, maxSeconds: 300 },
    idempotent: false,
  });
});

describe('a batch', () => {
  const LOAD = { '10_a.sql': 'COPY t FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV' };
  const s3 = (keys: string): unknown => planOf(LOAD, `on:\n  - s3: { prefix: in/${keys} }\n`).triggers[0];

  it.each(['batch: {}', 'batch:'])('has the default limits: %s', (batch) => {
    expect(s3(`, ${batch}`)).toEqual({
      kind: 's3',
      prefix: 'in/',
      suffix: '',
      batch: { files: 500, bytes: 10_000_000_000, waitSeconds: 0 },
    });
  });

  it('has the limits that are given', () => {
    expect(s3(', batch: { files: 10000, bytes: 1.5 GiB, wait: 15m }')).toMatchObject({
      batch: { files: 10_000, bytes: 1_610_612_736, waitSeconds: 900 },
    });
    expect(s3(', batch: { files: 2, bytes: 1000 }')).toMatchObject({ batch: { files: 2, bytes: 1000 } });
  });

  it('that is absent leaves the plan and its hash unchanged', () => {
    expect(Object.keys(s3('') as object)).toEqual(['kind', 'prefix', 'suffix']);
    expect(planOf(FILES, `${YAML}onBadFile: fail\n`).hash).toBe(planOf(FILES).hash);
    expect(planOf(FILES)).not.toHaveProperty('isolateFiles');
  });

  it('and a marker are each part of the hash', () => {
    const yamls = ['', ', batch: {}', ', batch: { files: 400 }', ', marker: _SUCCESS'].map(
      (keys) => `on:\n  - s3: { prefix: in/${keys} }\n`,
    );
    expect(new Set(yamls.map((yaml) => planOf(LOAD, yaml).hash)).size).toBe(4);
  });
});

it("a step's options override the pipeline's, and its timeout is at most that of the run", () => {
  const plan = planOf(
    { '10_a.sql': 'DELETE FROM t', '20_b.sql': 'DELETE FROM t' },
    `${YAML}timeout: 10m\nretry: { attempts: 5, base: 1s }\nsteps:\n  20_b.sql: { timeout: 5m, retry: { base: 9s } }\n`,
  );
  expect(plan.steps.map(({ timeoutSeconds, retry }) => ({ timeoutSeconds, retry }))).toEqual([
    { timeoutSeconds: 600, retry: { attempts: 5, baseSeconds: 1, maxSeconds: 300 } },
    { timeoutSeconds: 300, retry: { attempts: 5, baseSeconds: 9, maxSeconds: 300 } },
  ]);
});

it('a session setting that is nearly one of Redshift gives a hint', () => {
  const said = (set: string): string[] =>
    problemsOf({ '1_a.sql': 'DELETE FROM t' }, `on: []\nsession: { set: { ${set} } }\n`);
  expect(said('serch_path: mart')).toEqual([
    'pipeline.yml:2:19: warning: serch_path is not a known Redshift setting (did you mean search_path?)',
  ]);
  expect(said('search_path: mart, some_new_setting_of_2030: on, timezone: UTC')).toEqual([]);
});

it('session settings are stored as SQL', () => {
  const plan = planOf(
    FILES,
    `${YAML}session: { set: { search_path: 'mart, "My X", $user', query_group: "it's", statement_timeout: 5, enable_case_sensitive_identifier: true } }\n`,
  );
  expect(plan.session.set).toEqual({
    search_path: `mart, "My X", '$user'`,
    query_group: "'it''s'",
    statement_timeout: '5',
    enable_case_sensitive_identifier: 'true',
  });
});

describe('handoff', () => {
  const handoffs = (yaml: string): unknown[] =>
    planOf(
      { '10_a.sql': 'CREATE TEMP TABLE a AS SELECT 1', '20_b.sql': 'DELETE FROM t' },
      `${YAML}${yaml}`,
    ).steps.map(({ handoff }) => handoff);

  it('of a step takes precedence over that of the pipeline, and auto is not in the plan', () => {
    expect(handoffs('')).toEqual([undefined, undefined]);
    expect(handoffs('handoff: auto\n')).toEqual([undefined, undefined]);
    expect(handoffs('handoff: wait\nsteps:\n  10_a.sql: { handoff: event }\n')).toEqual(['event', 'wait']);
    expect(handoffs('handoff: event\nsteps:\n  10_a.sql: { handoff: auto }\n')).toEqual([undefined, 'event']);
  });

  it('is one of three words', () => {
    expect(said(`${YAML}handoff: poll\n`)).toEqual([
      expect.stringContaining('handoff must be auto, event or wait; it is poll'),
    ]);
  });

  it('is no part of the identity of a step: a failed run may be resumed with another', () => {
    const hash = (options: string): unknown => planOf(FILES, `${YAML}${options}`).steps[0]?.hash;
    expect(hash('steps:\n  10_a.sql: { handoff: wait }\n')).toBe(hash(''));
    expect(hash('handoff: event\n')).toBe(hash(''));
    expect(hash('steps:\n  10_a.sql: { handoff: wait, timeout: 5m }\n')).toBe(
      hash('steps:\n  10_a.sql: { timeout: 5m }\n'),
    );
  });
});
