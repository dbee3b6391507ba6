import { describe, expect, it } from 'vitest';

import { parse } from 'yaml';

import { createOutput } from '../../cli/output.ts';
import type { Crashed } from '../../cli/testing/crash/crash-all.ts';
import { casesOf, type Reference, type Verdict } from '../../cli/testing/crash/crash-test.ts';
import { caseId, countWords, crashJson, crashLines } from '../../cli/testing/crash/matrix.ts';
import { groupsOf, inMode, isRunIn } from '../../cli/testing/crash/modes.ts';
import { randomOf } from '../../cli/testing/crash/random.ts';
import { unexplained, unlikeness, volatileColumns } from '../../cli/testing/crash/same.ts';
import type { Snapshot, TableState } from '../../cli/testing/crash/snapshot.ts';
import { whyAsked, whyDifferent } from '../../cli/testing/crash/why.ts';
import type { TestCase } from '../../cli/testing/test-case.ts';
import { planOf } from '../pipeline/helpers.ts';

type Rows = readonly (readonly (string | number | null)[])[];

function table(columns: string, rows: Rows, more: Partial<TableState> = {}): TableState {
  return { name: 'mart.t', columns: columns.split(' '), generated: [], times: [], rows, ...more };
}

function state(...tables: readonly TableState[]): Snapshot {
  return new Map(tables.map((one) => [one.name, one]));
}

const NOTHING: ReadonlyMap<string, ReadonlySet<string>> = new Map();

describe('two states are the same', () => {
  it('whatever the order of their rows, but not with a row more or less', () => {
    const one = state(
      table('id name', [
        [1, 'a'],
        [2, 'b'],
        [2, 'b'],
      ]),
    );
    expect(
      unlikeness(
        one,
        state(
          table('id name', [
            [2, 'b'],
            [1, 'a'],
            [2, 'b'],
          ]),
        ),
        NOTHING,
      ),
    ).toBeUndefined();
    expect(
      unlikeness(
        one,
        state(
          table('id name', [
            [2, 'b'],
            [1, 'a'],
          ]),
        ),
        NOTHING,
      ),
    ).toBe('mart.t: 2 rows instead of 3; missing [2,"b"]');
    expect(
      unlikeness(
        one,
        state(
          table('id name', [
            [2, 'b'],
            [1, 'x'],
            [2, 'b'],
          ]),
        ),
        NOTHING,
      ),
    ).toBe('mart.t: 3 rows; missing [1,"a"]; unexpected [1,"x"]');
    expect(unlikeness(one, state(), NOTHING)).toBe('mart.t does not exist');
    expect(unlikeness(state(), one, NOTHING)).toBe('mart.t exists, and not after the undisturbed run');
  });

  it('if ids that differ each time stand in the same places', () => {
    const run = (a: string, b: string) =>
      state(
        table('id run', [
          [1, a],
          [2, a],
          [3, b],
        ]),
        table('run', [[a], [b]], { name: 'mart.log' }),
      );
    const { columns, unlike } = volatileColumns(run('r1', 'r2'), run('r3', 'r4'));
    expect([unlike, [...columns].map(([name, set]) => [name, [...set]])]).toEqual([
      undefined,
      [
        ['mart.t', ['run']],
        ['mart.log', ['run']],
      ],
    ]);
    expect(unlikeness(run('r1', 'r2'), run('r8', 'r9'), columns)).toBeUndefined();
    // The second table has another id than the first.
    const mixed = state(
      table('id run', [
        [1, 'r8'],
        [2, 'r8'],
        [3, 'r9'],
      ]),
      table('run', [['r8'], ['r7']], { name: 'mart.log' }),
    );
    expect(unlikeness(run('r1', 'r2'), mixed, columns)).toContain('mart.log: run has different values');
    // Two became one.
    expect(unlikeness(run('r1', 'r2'), run('r8', 'r8'), columns)).toContain('run has different values');
  });

  it('if IDENTITY numbers and their copies stand in the same places', () => {
    const keys = (first: number) =>
      state(
        table(
          'key id',
          [
            [first, 1],
            [first + 1, 2],
          ],
          { generated: ['key'] },
        ),
        table('key', [[first + 1]], { name: 'mart.facts' }),
      );
    const { columns } = volatileColumns(keys(1), keys(1));
    expect(unlikeness(keys(1), keys(4), columns)).toBeUndefined();
  });

  it('if two times became one, as in one second they do, but not if one became two', () => {
    const times = (a: string, b: string) =>
      state(
        table(
          'id at',
          [
            [1, a],
            [2, b],
          ],
          { times: ['at'] },
        ),
      );
    const { columns } = volatileColumns(times('10:00:01', '10:00:02'), times('11:00:01', '11:00:02'));
    expect(unlikeness(times('10:00:01', '10:00:02'), times('12:00:00', '12:00:00'), columns)).toBeUndefined();
    expect(unlikeness(times('10:00:01', '10:00:01'), times('12:00:00', '12:00:09'), columns)).toContain(
      'at has',
    );
  });

  it('only if two undisturbed runs are, apart from columns', () => {
    expect(volatileColumns(state(table('id', [[1]])), state(table('id', [[1], [2]]))).unlike).toContain(
      '2 rows',
    );
  });

  it('and a value that comes from nothing of the run is found', () => {
    const columns = new Map([['mart.t', new Set(['run', 'at'])]]);
    const marks = { ids: ['a-1'], times: [Date.UTC(2026, 0, 1, 10, 0, 0, 250), Date.UTC(2026, 0, 1, 10)] };
    const of = (at: string) =>
      state(
        table(
          'run at',
          [
            ['a-1/x', at],
            ['a-1', null],
          ],
          { times: ['at'] },
        ),
      );
    expect(unexplained(of('2026-01-01 10:00:00.25'), columns, marks)).toBeUndefined();
    expect(unexplained(of('2026-01-01 10:00:00'), columns, marks)).toBe('mart.t.at');
    expect(unexplained(of('2026-01-01 10:00:07'), columns, marks)).toBe('mart.t.at');
  });
});

const YAML = 'on: [{ s3: { prefix: in/ } }]\n';
const STAGE = 'CREATE TEMP TABLE s (id INT);\nCOPY s FROM :manifest IAM_ROLE :copy_role MANIFEST CSV;';

describe('the reasons', () => {
  const why = (
    files: Record<string, string>,
    kind: 'killed' | 'file-beside',
    repeated: string[],
    yaml = YAML,
  ) => whyDifferent(planOf(files, yaml), { kind, repeated });

  it('name a staging step with the time in it, and what to use', () => {
    const files = {
      '10.sql': 'CREATE TEMP TABLE s AS SELECT GETDATE() AS at;',
      '20.sql': 'INSERT INTO m.t SELECT at FROM s;',
    };
    expect(why(files, 'killed', ['10.sql'])).toEqual([
      '10.sql may give different rows when it is re-run: GETDATE() (use :run_started_at for the time)',
    ]);
  });

  it('name a load that is not of the run', () => {
    const files = { '10.sql': "COPY m.t FROM 's3://b/in/' IAM_ROLE :copy_role CSV;" };
    expect(why(files, 'file-beside', [])[0]).toBe(
      "10.sql reads 's3://b/in/', which is not exactly the run's own file: load FROM :manifest",
    );
  });

  it('name a step that is declared idempotent, or repeatable, and is not', () => {
    const call = { '10.sql': 'CALL m.p();' };
    expect(why(call, 'killed', ['10.sql'], `${YAML}steps: { 10.sql: { idempotent: true } }`)).toEqual([
      '10.sql is declared idempotent: true, but it does more when it is repeated: a procedure that commits inside keeps what it did before it was broken off',
    ]);
    const reads = {
      '10.sql': 'CREATE TEMP TABLE s AS SELECT id FROM m.t;',
      '20.sql': 'INSERT INTO m.t SELECT 1;',
      '30.sql': 'INSERT INTO m.u SELECT id FROM s;',
    };
    expect(why(reads, 'killed', ['10.sql'], `${YAML}steps: { 10.sql: { repeatable: true } }`)[0]).toMatch(
      /^10\.sql is declared repeatable: true, but it reads m\.t, which/,
    );
  });

  it('say what was repeated where nothing else is known', () => {
    const files = { '10.sql': STAGE, '20.sql': 'INSERT INTO m.t SELECT id FROM s;' };
    expect(why(files, 'killed', ['10.sql'])[0]).toMatch(/^10\.sql ran more than once/);
  });

  it('of a question are those of the plan; there are none where it does not say so', () => {
    expect(whyAsked(planOf({ '10.sql': 'CALL m.p();' }), '10.sql')?.[0]).toMatch(/^10\.sql is not analyzed/);
    const files = { '10.sql': STAGE, '20.sql': 'INSERT INTO m.t SELECT id FROM s;' };
    expect(whyAsked(planOf(files), '20.sql')).toBeUndefined();
  });
});

const drop = (key: string) => ({ kind: 'drop', bucket: 'b', key, bytes: new Uint8Array() }) as const;

function testOf(when: TestCase['when']): TestCase {
  return {
    pipeline: 'orders',
    name: 'one',
    file: 'orders/tests/one.yml',
    setup: [],
    given: [],
    when,
    run: { state: 'SUCCEEDED' },
    steps: [],
    tables: [],
    files: [],
    timeoutSeconds: 60,
  };
}

describe('a mode', () => {
  const BATCH = `# of files\non:\n  - s3: { prefix: in/, batch: { files: 10 } }\nsteps:\n  20.sql: { handoff: wait, timeout: 5m }\n`;

  it('sends each step alone, by events, and leaves the rest of the settings', () => {
    expect(parse(inMode(BATCH, 'alone'))).toEqual({
      on: [{ s3: { prefix: 'in/', batch: { files: 10 } } }],
      steps: { '20.sql': { timeout: '5m' } },
      handoff: 'event',
      fuse: 'off',
    });
    expect(parse(inMode(BATCH, 'no-batch'))).toMatchObject({ on: [{ s3: { prefix: 'in/' } }] });
    expect(inMode(BATCH, 'own')).toBe(BATCH);
    expect(parse(inMode('', 'alone'))).toEqual({ handoff: 'event', fuse: 'off' });
  });

  it('with batches is for a pipeline that has them, and for files that may come together', () => {
    const files = { '20.sql': STAGE };
    const [plain, batched] = [planOf(files), planOf(files, BATCH)];
    const two = testOf([drop('in/a'), drop('in/b'), { kind: 'advance', ms: 1 }, drop('in/c')]);
    const modes = (test: TestCase, plan: typeof plain) =>
      (['alone', 'own', 'together', 'no-batch'] as const).filter((mode) => isRunIn(mode, test, plan));
    expect(modes(two, plain)).toEqual(['alone', 'own']);
    expect(modes(testOf([drop('in/a')]), batched)).toEqual(['alone', 'own', 'no-batch']);
    expect(modes(two, batched)).toEqual(['alone', 'own', 'together', 'no-batch']);
    expect(groupsOf(two, 'together').map((group) => group.length)).toEqual([2, 1, 1]);
    expect(groupsOf(two, 'alone').map((group) => group.length)).toEqual([1, 1, 1, 1]);
  });
});

describe('the cases of a test', () => {
  const plan = planOf({ '10.sql': STAGE, '20.sql': 'INSERT INTO m.t SELECT id FROM s;' });
  const test = testOf([{ kind: 'advance', ms: 1 }, drop('in/a')]);
  const reference = (calls: readonly number[]): Reference =>
    ({
      calls: [[], calls],
      ends: [],
      volatile: new Map(),
      ms: 1,
      outcome: undefined,
    }) as unknown as Reference;

  it('are each fault at each step and the faults of files; as deployed, a kill after each call that changes something', () => {
    const cases = casesOf(test, plan, reference([0, 3, 4]), 'alone', randomOf(1));
    expect(cases).toHaveLength(2 * 9 + 3);
    expect(cases.map((one) => caseId(one, plan, 'alone')).filter((_, i) => [0, 17, 18].includes(i))).toEqual([
      '2/10.sql/statement-fails',
      '2/20.sql/event-late',
      '2/file-doubled',
    ]);
    expect(
      casesOf(test, plan, reference([0, 3]), 'own', randomOf(1)).map((one) => caseId(one, plan, 'own')),
    ).toEqual(['own/2/killed/0', 'own/2/killed/3']);
  });

  it('are the same for the same seed where there are too many places', () => {
    const calls = Array.from({ length: 500 }, (_, i) => i);
    const kills = (seed: number) =>
      casesOf(test, plan, reference(calls), 'own', randomOf(seed)).map(({ place }) => place);
    expect(kills(7)).toHaveLength(60);
    expect(kills(7)).toEqual(kills(7));
    expect(kills(8)).not.toEqual(kills(7));
    expect(new Set(kills(7)).size).toBe(60);
  });
});

describe('the matrix', () => {
  const plan = planOf({ '10.sql': STAGE, '20.sql': 'INSERT INTO m.t SELECT id FROM s;' });
  const { style } = createOutput(process.stdout, { write: () => true }, {});
  const verdict = (
    kind: Verdict['case']['kind'],
    place: number,
    word: Verdict['word'],
    more: Partial<Verdict> = {},
  ): Verdict => ({
    case: { kind, action: 0, place },
    mode: 'alone',
    word,
    reasons: [],
    ...more,
  });
  const crashed: Crashed = {
    test: testOf([drop('in/a')]),
    plan,
    result: {
      kind: 'done',
      undisturbedMs: 400,
      verdicts: [
        verdict('statement-fails', 0, 'same'),
        verdict('event-lost', 0, 'unmet'),
        verdict('statement-fails', 1, 'asks', { reasons: ['20.sql does not say'] }),
        verdict('killed', 3, 'same'),
        verdict('killed', 9, 'DIFFERENT', { what: 'm.t: 2 rows instead of 1', reasons: ['10.sql may'] }),
        verdict('killed', 5, 'DIFFERENT', { what: 'm.t: 3 rows instead of 1', reasons: ['10.sql may'] }),
      ],
    },
  };

  it('shows the worst of each cell, and of each reason the first case with the command that repeats it', () => {
    const lines = crashLines(crashed, style).map((line) => line.trimEnd());
    expect(lines[2]).toMatch(/^ {2}10\.sql {2}same +- +-/);
    expect(lines[3]).toMatch(/^ {2}20\.sql {2}asks/);
    expect(lines.slice(4)).toEqual([
      '  DIFFERENT  the function is killed after a call that changes something, 3 places',
      '  asks  1/20.sql/statement-fails',
      '         because 20.sql does not say',
      '         repeat: npx baton test orders --only one --crash --case 1/20.sql/statement-fails',
      '  DIFFERENT  1/killed/5 (and 1 more)',
      '         m.t: 3 rows instead of 1',
      '         likely because 10.sql may',
      '         repeat: npx baton test orders --only one --crash --case 1/killed/5',
    ]);
  });

  it('is counted, and is data', () => {
    expect(countWords([crashed])).toEqual({ same: 2, asks: 1, DIFFERENT: 2, unmet: 1, 'tests failed': 0 });
    expect(crashJson(crashed)).toMatchObject({
      pipeline: 'orders',
      cases: [{ case: '1/10.sql/statement-fails', word: 'same' }, {}, {}, {}, {}, {}],
    });
  });
});
