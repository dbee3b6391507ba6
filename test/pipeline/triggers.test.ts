import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { loadPipelines } from '../../shared/pipeline/load.ts';
import { formatProblem } from '../../shared/pipeline/problem.ts';
import { planOf, problemsOf } from './helpers.ts';

const SQL = { '10_a.sql': 'DELETE FROM t' };

function said(on: string, sql: Readonly<Record<string, string>> = SQL, more = ''): string[] {
  return problemsOf(sql, `on:\n${on}${more}`);
}

describe('a schedule', () => {
  it('is its expression alone, or with a time zone', () => {
    const yaml = `on:
  - schedule: rate(1 hour)
  - schedule: cron(0  6 * *   ? *)
  - schedule: { expression: "cron(0 6 ? * MON,TUE *)", timezone: America/New_York }
`;
    expect(planOf(SQL, yaml).triggers).toEqual([
      { kind: 'schedule', expression: 'rate(1 hour)', timezone: 'UTC' },
      { kind: 'schedule', expression: 'cron(0 6 * * ? *)', timezone: 'UTC' },
      { kind: 'schedule', expression: 'cron(0 6 ? * MON,TUE *)', timezone: 'America/New_York' },
    ]);
  });

  it.each([
    'cron(0 6 * * ? *)',
    'cron(0/15 * * * ? *)',
    'cron(5,35 14-18 ? * MON-FRI 2026-2030)',
    'cron(0 8 1 JAN,jul ? *)',
    'cron(0 0 L * ? *)',
    'cron(0 9 15W * ? *)',
    'cron(0 9 ? * 6L *)',
    'cron(0 9 ? * TUE#2 *)',
    'cron(0 0 29 2 ? *)',
    'rate(1 minute)',
    'rate(15 minutes)',
    'rate(1 day)',
  ])('accepts %s', (expression) => {
    expect(said(`  - schedule: "${expression}"\n`)).toEqual([]);
  });

  it.each([
    [
      'cron(0 6 * * *)',
      'cron has six fields (minutes, hours, day-of-month, month, day-of-week, year); this one has 5',
    ],
    ['cron()', 'this one has 0'],
    [
      'cron(0 6 * * * *)',
      'exactly one of day-of-month and day-of-week (the third and the fifth field) must be ?',
    ],
    ['cron(0 6 ? * ? *)', 'exactly one of day-of-month and day-of-week'],
    ['cron(0 24 * * ? *)', '"24" is not valid in the hours field (0 to 23)'],
    ['cron(0 6 ? * 0 *)', '"0" is not valid in the day-of-week field (1 to 7)'],
    ['cron(0 6 ? * 3#1,6#3 *)', '"3#1" is not valid in the day-of-week field'],
    ['cron(0 6 ? * MUN *)', '"MUN" is not valid in the day-of-week field'],
    ['cron(0/0 6 * * ? *)', 'a step must be at least 1'],
    ['cron(0 0 31 2 ? *)', 'it is never due: no such day exists'],
    ['rate(1 hours)', 'write rate(1 hour)'],
    ['rate(5 minute)', 'write rate(5 minutes)'],
    ['rate(0 days)', 'a rate must be a whole number of minutes, hours or days, like rate(15 minutes)'],
    ['rate(30 seconds)', 'a rate must be a whole number'],
  ])('%s is refused', (expression, reason) => {
    const [problem = '', ...more] = said(`  - schedule: "${expression}"\n`);
    expect(more).toEqual([]);
    expect(problem).toContain(`pipeline.yml:2:5: error: ${expression}: `);
    expect(problem).toContain(reason);
  });

  it('cannot be a one-time schedule', () => {
    expect(said('  - schedule: at(2030-01-01T00:00:00)\n')).toEqual([
      expect.stringContaining(
        '2:15: error: on[0].schedule must be cron(minutes hours day-of-month month day-of-week year) or a rate like rate(1 hour); it is at(2030-01-01T00:00:00)',
      ),
    ]);
  });

  it.each([
    ['Europe/Berlim', 'unknown time zone "Europe/Berlim" (did you mean Europe/Berlin?)'],
    ['europe/berlin', '(did you mean Europe/Berlin?)'],
    ['+02:00', 'unknown time zone "+02:00"'],
    ['CEST', 'unknown time zone "CEST"'],
  ])('the time zone %s is refused', (timezone, reason) => {
    const on = `  - schedule: { expression: cron(0 6 * * ? *), timezone: "${timezone}" }\n`;
    const [problem = '', ...more] = said(on);
    expect(more).toEqual([]);
    expect(problem).toContain('pipeline.yml:2:48: error: ');
    expect(problem).toContain(reason);
    expect(problem).toContain('use a name of the tz database, like Europe/Berlin');
  });

  it.each(['UTC', 'Asia/Kolkata', 'Etc/GMT+5', 'America/Port-au-Prince'])(
    'the time zone %s is accepted',
    (timezone) => {
      expect(said(`  - schedule: { expression: cron(0 6 * * ? *), timezone: ${timezone} }\n`)).toEqual([]);
    },
  );

  it('must not have a time zone if it is a rate', () => {
    expect(said('  - schedule: { expression: rate(1 day), timezone: Asia/Tokyo }\n')).toEqual([
      expect.stringContaining('2:42: error: a rate has no time zone: remove timezone'),
    ]);
  });

  it('with unquoted commas inside { } is refused with advice to quote it', () => {
    expect(said('  - schedule: { expression: cron(0 6 ? * MON,TUE *), timezone: UTC }\n')).toContainEqual(
      expect.stringContaining(
        'unknown key TUE *) in on[0].schedule: within { } a comma ends a value, so a cron with commas needs quotes',
      ),
    );
  });

  it('must not be listed twice', () => {
    expect(said('  - schedule: rate(1 hour)\n  - schedule: rate(1  hour)\n')).toEqual([
      expect.stringContaining('3:5: error: on[1] is the same as on[0]: remove one'),
    ]);
  });
});

describe('a pipeline that can start without a file', () => {
  it.each(['manifest', 'file_uri', 'bucket', 'key'])('cannot use :%s', (name) => {
    const sql = { '10_a.sql': `DELETE FROM t\nWHERE a = :${name}` };
    expect(said('  - s3: { prefix: in/ }\n  - schedule: rate(1 hour)\n', sql)).toEqual([
      expect.stringContaining(
        `10_a.sql:2:11: error: :${name} is the file that started the run, and a schedule starts runs of this pipeline without a file: name the file in the SQL`,
      ),
    ]);
    expect(said('  - pipeline: stores\n', sql)).toEqual([
      expect.stringContaining('and the pipeline stores starts runs of this pipeline without a file'),
    ]);
    expect(said('  - s3: { prefix: in/ }\n', sql)).toEqual([]);
  });

  it('cannot use a placeholder of the file in a verify query either', () => {
    const steps =
      'steps:\n  10_a.sql: { kind: opaque, verify: "SELECT COUNT(*) > 0 FROM t WHERE k = :key" }\n';
    expect(said('  - schedule: rate(1 hour)\n', SQL, steps)).toEqual([
      expect.stringContaining('pipeline.yml:4:29: error: :key is the file'),
    ]);
  });

  it('needs a default for every parameter', () => {
    const sql = { '10_a.sql': 'DELETE FROM t WHERE a = :region' };
    const parameters = 'parameters:\n  region: { type: string }\n';
    expect(said('  - schedule: rate(1 hour)\n', sql, parameters)).toEqual([
      expect.stringContaining(
        '4:3: error: a schedule starts runs of this pipeline without parameters: region needs a default',
      ),
    ]);
  });
});

describe(':upstream_run_id', () => {
  const sql = { '10_a.sql': 'DELETE FROM t WHERE run_id = :upstream_run_id' };

  it('can be used only where another pipeline starts this one', () => {
    expect(said('  - pipeline: stores\n', sql)).toEqual([]);
    expect(said('  - schedule: rate(1 hour)\n', sql)).toEqual([
      expect.stringContaining('10_a.sql:1:30: error: :upstream_run_id is the run of an upstream pipeline'),
    ]);
  });

  it('cannot be the name of a parameter', () => {
    const parameters = 'parameters:\n  upstream_run_id: { type: string, default: x }\n';
    expect(said('  - pipeline: stores\n', sql, parameters)).toEqual([
      expect.stringContaining(':upstream_run_id is built in'),
    ]);
  });
});

describe('downstream pipelines', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  /** Name of a pipeline -> its upstream pipelines. */
  function load(chains: Readonly<Record<string, readonly string[]>>): {
    plans: string[];
    problems: string[];
  } {
    const folder = mkdtempSync(join(tmpdir(), 'baton-chains-'));
    folders.push(folder);
    for (const [name, upstreams] of Object.entries(chains)) {
      mkdirSync(join(folder, name));
      const on = upstreams.map((one) => `\n  - pipeline: ${one}`).join('');
      writeFileSync(join(folder, name, 'pipeline.yml'), `on:${on === '' ? ' []' : on}\n`);
      writeFileSync(join(folder, name, '10_a.sql'), 'DELETE FROM t');
    }
    const { plans, problems } = loadPipelines(folder);
    return {
      plans: plans.map(({ pipeline }) => pipeline),
      problems: problems.map((one) => formatProblem(one)),
    };
  }

  it('may fan out and join again', () => {
    expect(load({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'] })).toEqual({
      plans: ['a', 'b', 'c', 'd'],
      problems: [],
    });
  });

  it('must name existing upstream pipelines', () => {
    expect(load({ stores: [], report: ['store'] })).toEqual({
      plans: ['stores'],
      problems: ['report/pipeline.yml:2:5: error: pipeline store does not exist (did you mean stores?)'],
    });
  });

  it('must not start each other in an endless loop', () => {
    expect(load({ a: ['c'], b: ['a'], c: ['b'], d: ['c'], e: [] })).toEqual({
      plans: ['d', 'e'],
      problems: [
        'a/pipeline.yml:2:5: error: these pipelines start each other in an endless loop: a after c after b after a',
        'b/pipeline.yml:2:5: error: these pipelines start each other in an endless loop: b after a after c after b',
        'c/pipeline.yml:2:5: error: these pipelines start each other in an endless loop: c after b after a after c',
      ],
    });
    expect(load({ a: ['a'] })).toEqual({
      plans: [],
      problems: ['a/pipeline.yml:2:5: error: a cannot start after itself: this is an endless loop'],
    });
  });
});

describe('an event', () => {
  const on = (yaml: string): string => `  - event: ${yaml}\n`;

  it('is a source, detail-types and a pattern for its detail, as in EventBridge', () => {
    const yaml = `on:
  - event: { source: shop.orders }
  - event:
      source: [aws.ec2, my.ec2]
      detail-type: EC2 Instance State-change Notification
      detail: { state: [running, { prefix: stop }], cpu: [{ numeric: [">", 0.5] }], tag: [null, true, 7] }
`;
    expect(planOf(SQL, yaml).triggers).toEqual([
      { kind: 'event', pattern: { source: ['shop.orders'] } },
      {
        kind: 'event',
        pattern: {
          source: ['aws.ec2', 'my.ec2'],
          'detail-type': ['EC2 Instance State-change Notification'],
          detail: {
            state: ['running', { prefix: 'stop' }],
            cpu: [{ numeric: ['>', 0.5] }],
            tag: [null, true, 7],
          },
        },
      },
    ]);
  });

  it.each([
    ['{ detail-type: Order Placed }', '2:12: error: on[0].event needs the key source'],
    [
      '{ source: "shop orders" }',
      '2:22: error: on[0].event.source must be an exact event source, for example shop.orders; it is shop orders',
    ],
    ['{ source: [{ prefix: aws. }] }', '2:23: error: on[0].event.source[0] must be an exact event source'],
    ['{ source: [] }', '2:14: error: source must have at least one entry'],
    ['{ source: a, region: us-east-1 }', 'known keys: source, detail-type, detail'],
    ['{ source: a, detail: running }', 'on[0].event.detail must be an object'],
    [
      '{ source: a, detail: { state: running } }',
      '2:35: error: detail.state: "state" must be an object or an array: write a list, ["running"]',
    ],
    ['{ source: a, detail: { state: [] } }', '2:35: error: detail.state: Empty arrays are not allowed'],
    ['{ source: a, detail: { state: {} } }', '2:35: error: detail.state: Empty objects are not allowed'],
    [
      '{ source: a, detail: { n: [{ numerics: [1] }] } }',
      'error: detail.n.0.numerics: Unrecognized match type numerics',
    ],
    ['{ source: a, detail: { n: [{ numeric: [">", high] }] } }', 'Value of > must be numeric'],
    ['{ source: a, detail: { n: [{ numeric: [">>", 1] }] } }', 'Unrecognized numeric range operator: >>'],
    ['{ source: a, detail: { n: [{ prefix: 7 }] } }', 'prefix match pattern must be a string'],
    ['{ source: a, detail: { n: [{ exists: 1 }] } }', 'exists match pattern must be either true or false'],
    ['{ source: a, detail: { n: [{ wildcard: a** }] } }', 'Consecutive wildcard characters'],
    ['{ source: a, detail: { n: [{ cidr: 10.0.0.0 }] } }', "Malformed CIDR, one '/' required"],
    ['{ source: a, detail: { $or: [{ a: [1] }] } }', 'There must have at least 2 Objects in $or'],
    // EventBridge compares numbers by their text.
    [
      '{ source: a, detail: { n: [300.0] } }',
      '2:39: error: on[0].event.detail.n[0] must be a JSON number (300) or a quoted string; it is 300.0',
    ],
    [
      '{ source: a, detail: { n: [12345678901234567890] } }',
      'or a quoted string; it is 12345678901234567890',
    ],
    [
      '{ source: a, detail: { a: &x [1], b: *x } }',
      'on[0].event.detail.b must not use a YAML alias: write the value out',
    ],
    [`{ source: a, detail: { n: [${'x'.repeat(2_100)}] } }`, 'characters, the limit of EventBridge is 2048'],
    [
      '{ source: baton }',
      "baton is the source of Baton's own events: each run would start the next in an endless loop. To start after a run of another pipeline, write - pipeline: NAME",
    ],
    ['{ source: [shop.orders, baton.request] }', "baton.request is the source of Baton's own events"],
    ['{ source: aws.s3 }', 'to start runs with files, write - s3: { bucket: NAME, prefix: FOLDER/ }'],
    ['{ source: aws.s3, detail-type: Object Created }', 'to start runs with files, write - s3:'],
  ])('%s is refused', (yaml, reason) => {
    const [problem = '', ...more] = said(on(yaml));
    expect(more).toEqual([]);
    expect(problem).toContain('pipeline.yml:');
    expect(problem).toContain(reason);
  });

  it.each([
    '{ source: aws.s3, detail-type: Object Deleted }',
    '{ source: batons.shop }',
    '{ source: a, detail: { a: { b: [{ exists: false }] }, $or: [{ c: [1] }, { d: [{ anything-but: { suffix: x } }] }] } }',
  ])('%s is accepted', (yaml) => {
    expect(said(on(yaml))).toEqual([]);
  });

  it('must not be listed twice', () => {
    expect(said(on('{ source: a }') + on('{ source: [a] }'))).toEqual([
      expect.stringContaining('3:5: error: on[1] is the same as on[0]: remove one'),
    ]);
  });

  it('is :event in the SQL of pipelines with event triggers, and has no file', () => {
    const sql = (name: string) => ({ '10_a.sql': `INSERT INTO t SELECT :${name}` });
    expect(said(on('{ source: a }'), sql('event'))).toEqual([]);
    expect(said('  - schedule: rate(1 hour)\n', sql('event'))).toEqual([
      expect.stringContaining(
        '10_a.sql:1:22: error: :event is the event that started the run, and this pipeline has no event trigger: add `- event: { source: NAME }` to on',
      ),
    ]);
    expect(said(on('{ source: a }'), sql('key'))).toEqual([
      expect.stringContaining('and an event starts runs of this pipeline without a file'),
    ]);
  });

  it('must not be used so often that the statement could be too long', () => {
    const many = { '10_a.sql': `INSERT INTO t SELECT ${Array(7).fill(':event').join(', ')}` };
    expect(said(on('{ source: a }'), many)).toEqual([
      expect.stringContaining('so the statement may have 224'),
    ]);
  });
});
