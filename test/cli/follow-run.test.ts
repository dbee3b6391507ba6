import { describe, expect, it } from 'vitest';

import { createOutput } from '../../cli/output.ts';
import { describeRun } from '../../cli/runs/describe-run.ts';
import { findRun } from '../../cli/runs/find-run.ts';
import { followRun } from '../../cli/runs/follow-run.ts';
import { emptyLoads } from '../../cli/runs/empty-loads.ts';
import { readRunJson, runJson } from '../../cli/runs/run-json.ts';
import type { HistoryRow, RunReader } from '../../cli/runs/run-reader.ts';
import { stepLine } from '../../cli/runs/step-line.ts';
import { exitCodeOf, watchRun } from '../../cli/runs/watch-run.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Run, RunState } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { runOf } from '../fakes/run-of.ts';
import { planOf } from '../pipeline/helpers.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function makeRun(changes: Partial<StoredRun> = {}): Run {
  return runOf({
    id: 'stores-aaaabbbbccccddddeeeeffffgg',
    pipeline: 'stores',
    trigger: { kind: 'request', time: at(0), requestId: 'r', actor: 'kim' },
    state: 'RUNNING',
    createdAt: at(0),
    startedAt: at(1),
    ...changes,
  });
}

function makeRow(index: number, changes: Partial<HistoryRow> = {}): HistoryRow {
  return {
    index,
    name: `${index + 1}0_step.sql`,
    kind: 'session',
    generation: 1,
    attempt: 1,
    status: 'FINISHED',
    statementHash: 'h',
    startedAt: at(index + 1),
    endedAt: at(index + 2),
    ...changes,
  };
}

interface Moment {
  readonly run: Run;
  readonly rows: readonly HistoryRow[];
}

/** A store that shows one moment after another, one at each load; the last one stays. */
function readerOf(
  moments: readonly Moment[],
  others: readonly Run[] = [],
  plan?: Plan,
): RunReader & { loads: number } {
  let moment = moments[0];
  const reader = {
    loads: 0,
    load: (id: string) => {
      const other = others.find((run) => run.id === id);
      if (other !== undefined) return Promise.resolve(other);
      moment = moments[Math.min(reader.loads, moments.length - 1)];
      reader.loads += 1;
      return Promise.resolve(moment?.run.id === id ? moment.run : undefined);
    },
    history: () => Promise.resolve([...(moment?.rows ?? [])]),
    listRuns: () => Promise.resolve([...others, ...(moments[0] === undefined ? [] : [moments[0].run])]),
    loadPlan: () => Promise.resolve(plan),
    loadPool: () =>
      Promise.resolve({ holders: Object.fromEntries(others.map((run, i) => [run.id, i])), epoch: 1 }),
  };
  return reader;
}

/** Time that passes only in pauses. */
function fakeTime() {
  let ms = 0;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => ms,
    pause: (pauseMs: number) => {
      pauses.push(Math.round(pauseMs));
      ms += pauseMs;
      return Promise.resolve();
    },
  };
}

function memoryOutput() {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const stream = (lines: string[]) => ({ write: (text: string) => lines.push(text.replace(/\n$/, '')) });
  return { stdout, stderr, out: createOutput(stream(stdout), stream(stderr), {}) };
}

describe('following a run', () => {
  it('reports each step once, in the order of their ends, and returns the run at rest', async () => {
    const time = fakeTime();
    const told: string[] = [];
    const reader = readerOf([
      { run: makeRun(), rows: [] },
      { run: makeRun({ version: 2, cursor: 1 }), rows: [makeRow(0)] },
      { run: makeRun({ version: 4, cursor: 2 }), rows: [makeRow(1), makeRow(0)] },
      {
        run: makeRun({ version: 5, state: 'SUCCEEDED', cursor: 3 }),
        rows: [makeRow(0), makeRow(1), makeRow(2)],
      },
    ]);
    const run = await followRun(reader, makeRun().id, { ...time, onStep: (row) => told.push(row.name) });
    expect(run.life.state).toBe('SUCCEEDED');
    expect(told).toEqual(['10_step.sql', '20_step.sql', '30_step.sql']);
  });

  it('waits for the last history row of a run whose state was written first', async () => {
    const told: string[] = [];
    const reader = readerOf([
      { run: makeRun({ state: 'SUCCEEDED', cursor: 3, pendingActions: ['history', 'release'] }), rows: [] },
      { run: makeRun({ state: 'SUCCEEDED', cursor: 3, version: 2 }), rows: [makeRow(2)] },
    ]);
    await followRun(reader, makeRun().id, { ...fakeTime(), onStep: (row) => told.push(row.name) });
    expect(told).toEqual(['30_step.sql']);
  });

  it('polls often while steps end, and once a second while none does', async () => {
    const time = fakeTime();
    const quiet = Array.from({ length: 25 }, () => ({ run: makeRun(), rows: [] }));
    const reader = readerOf([...quiet, { run: makeRun({ version: 2, state: 'FAILED' }), rows: [] }]);
    await followRun(reader, makeRun().id, time);
    expect(time.pauses[0]).toBe(100);
    expect(time.pauses.at(-1)).toBe(1000);
    expect(Math.max(...time.pauses)).toBe(1000);
  });

  it('does not report rows that were seen before a resume', async () => {
    const told: number[] = [];
    const failed = makeRow(1, { status: 'FAILED', error: 'no' });
    const reader = readerOf([
      {
        run: makeRun({ state: 'SUCCEEDED' }),
        rows: [makeRow(0), failed, makeRow(1, { attempt: 2, endedAt: at(9) })],
      },
    ]);
    await followRun(reader, makeRun().id, {
      ...fakeTime(),
      seen: ['0/1/1/FINISHED', '1/1/1/FAILED'],
      onStep: (row) => told.push(row.attempt),
    });
    expect(told).toEqual([2]);
  });
});

describe('watching a run', () => {
  it('shows the real error once, its class, and how to continue', async () => {
    const { out, stderr } = memoryOutput();
    const error = 'relation "dim" does not exist';
    const run = makeRun({
      state: 'FAILED',
      step: '20_step.sql',
      cursor: 1,
      endedAt: at(4),
      error: { class: 'sql', message: error },
      resumeWith: { command: 'baton resume stores-aaaa', event: '{}' },
    });
    const ended = await watchRun(
      readerOf([{ run, rows: [makeRow(0), makeRow(1, { status: 'FAILED', error })] }]),
      run.id,
      out,
    );
    const text = stderr.join('\n');
    expect(text.split(error)).toHaveLength(2);
    expect(text).toContain('FAILED at 20_step.sql (sql)  3.0 s');
    expect(text).toContain('baton resume stores-aaaa');
    expect(exitCodeOf(ended)).toBe(1);
  });

  it('stops if the run waits for a stopped one', async () => {
    const { out, stderr } = memoryOutput();
    const holder = makeRun({
      id: 'stores-holder',
      state: 'FAILED',
      resumeWith: { command: 'baton resume stores-holder', event: '{}' },
    });
    const queued = makeRun({ state: 'QUEUED' });
    const ended = await watchRun(readerOf([{ run: queued, rows: [] }], [holder]), queued.id, out, fakeTime());
    expect(ended.life.state).toBe('QUEUED');
    expect(exitCodeOf(ended)).toBe(1);
    expect(stderr.join('\n')).toContain('waiting for stores-holder, which is FAILED');
    expect(stderr.join('\n')).toContain('baton resume stores-holder');
  });

  it.each<[RunState, number]>([
    ['SUCCEEDED', 0],
    ['SUPERSEDED', 0],
    ['FAILED', 1],
    ['NEEDS_DECISION', 1],
    ['CANCELLED', 1],
  ])('a run that is %s ends with %i', (state, code) => {
    expect(exitCodeOf(makeRun({ state }))).toBe(code);
  });
});

describe('a load of zero rows', () => {
  const COPY = 'COPY s FROM :manifest IAM_ROLE :copy_role MANIFEST CSV';
  const plan = planOf({
    '10_stage.sql': 'CREATE TEMP TABLE s (a INT)',
    '20_load.sql': `-- from the file\n/* all of it */ ${COPY}`,
    '30_more.sql': `DELETE FROM s; ${COPY}; DELETE FROM s`,
    '40_look.sql': `${COPY} NOLOAD`,
    '50_commit.sql': 'INSERT INTO mart.t SELECT a FROM s',
  });
  const file = { bucket: 'b', key: 'in/empty.csv', size: 0, etag: 'e' };
  const run = makeRun({
    state: 'SUCCEEDED',
    cursor: 5,
    endedAt: at(9),
    trigger: { kind: 's3', time: at(0), file },
  });
  const rows = (
    load: number,
    more: readonly (number | null)[],
    status: HistoryRow['status'] = 'FINISHED',
  ) => [
    makeRow(0, { name: '10_stage.sql', rows: 0 }),
    makeRow(1, { name: '20_load.sql', rows: load, status }),
    makeRow(2, { name: '30_more.sql', rows: 0, rowsByStatement: more }),
    makeRow(3, { name: '40_look.sql', rows: 0 }),
    makeRow(4, { name: '50_commit.sql', rows: 0, rowsByStatement: [0, 1] }),
  ];
  const told = (history: readonly HistoryRow[]): Promise<string[]> =>
    emptyLoads(readerOf([], [], plan), run, history);
  const warning = (step: string): string =>
    `${step} loaded 0 rows from s3://b/in/empty.csv: check whether the file is empty or has only a header`;

  it('is reported for each COPY, even in a transaction, and for no other step', async () => {
    expect(await told(rows(0, [0, 0, 0]))).toEqual([warning('20_load.sql'), warning('30_more.sql')]);
    expect(await told(rows(1, [0, 1, 0]))).toEqual([]);
    expect(await told(rows(1, [5, 0, 5]))).toEqual([warning('30_more.sql')]);
  });

  it('is not reported for a failed attempt', async () => {
    expect(await told(rows(0, [0, 1, 0], 'FAILED'))).toEqual([]);
  });

  it('is reported by every verb that shows the run, and is no failure', async () => {
    const { out, stderr } = memoryOutput();
    const history = rows(0, [0, 1, 0]);
    const reader = readerOf([{ run, rows: history }], [], plan);
    expect(exitCodeOf(await watchRun(reader, run.id, out))).toBe(0);
    expect(stderr.join('\n')).toContain(`warning: ${warning('20_load.sql')}`);
    expect((await readRunJson(reader, run)).warnings).toEqual([warning('20_load.sql')]);
    expect(describeRun(run, history, { warnings: [warning('20_load.sql')] })).toContain(
      `warning: ${warning('20_load.sql')}`,
    );
  });
});

describe('the output line of a step', () => {
  const plain = { good: (t: string) => t, bad: (t: string) => t, quiet: (t: string) => t };

  it('has name, rows and time in columns', () => {
    expect(stepLine(makeRow(1, { rows: 5000, endedAt: at(3) }), plain)).toBe(
      '  ok   20_step.sql                  5,000 rows     1.0 s',
    );
  });

  it('has attempt and error of a failed step, indented below it, and fits 80 columns', () => {
    const line = stepLine(
      makeRow(1, { status: 'FAILED', attempt: 2, generation: 2, error: 'bad\nworse' }),
      plain,
    );
    expect(line.split('\n')).toEqual([
      '  FAIL 20_step.sql                                 1.0 s  session 2, attempt 2',
      '       bad',
      '       worse',
    ]);
    expect(Math.max(...line.split('\n').map((l) => l.length))).toBeLessThanOrEqual(80);
  });
});

describe('the JSON of a run', () => {
  it('has exactly the documented keys, with null for missing values', () => {
    const json = runJson(makeRun(), [makeRow(0)]);
    expect(Object.keys(json)).toEqual(
      'id pipeline state batch files step cursor steps attempt generation sessionId statementId trigger error card failures resumeWith until waiting startedAt endedAt warnings history'.split(
        ' ',
      ),
    );
    expect(Object.keys(json.history[0] ?? {})).toEqual(
      'step kind generation attempt status rows startedAt endedAt statementId error'.split(' '),
    );
    expect(json.sessionId).toBeNull();
    expect(json.error).toBeNull();
    expect(json.history[0]?.rows).toBeNull();
  });
});

describe('the description of a run', () => {
  it('has state, trigger, steps, error and how to continue', () => {
    const text = describeRun(
      makeRun({
        state: 'FAILED',
        error: { class: 'data', message: 'bad row' },
        resumeWith: { command: 'baton resume X', event: '{}' },
        trigger: {
          kind: 's3',
          time: at(0),
          file: { bucket: 'b', key: 'stores/a b.csv', size: 1200, etag: 'e' },
        },
      }),
      [makeRow(0)],
    );
    expect(text).toContain('state      FAILED');
    expect(text).toContain('s3://b/stores/a b.csv');
    expect(text).toContain('0 of 3 steps done, at 10_stage.sql');
    expect(text).toContain('error (data)\n       bad row');
    expect(text).toContain('baton resume X');
  });
});

it('a rolled back transaction is shown with the place of its error, as not applied, and without rows', () => {
  const said = {
    place: '40_commit.sql line 5, column 3 (statement 2 of 3)',
    rolledBack: true as const,
  };
  const error = { class: 'sql' as const, message: 'ERROR: column "nmae" does not exist', ...said };
  const row = makeRow(1, { status: 'FAILED', error: error.message, ...said });
  const text = describeRun(makeRun({ state: 'FAILED', error }), [row]);
  expect(text).not.toMatch(/FAIL .* rows/);
  const lines = `ERROR: column "nmae" does not exist
       at 40_commit.sql line 5, column 3 (statement 2 of 3)
       the step was rolled back; nothing was applied`;
  expect(text.split(lines)).toHaveLength(3);
});

describe('the line of a run that waits', () => {
  const waiting = (changes: Partial<StoredRun>): Run =>
    makeRun({
      state: 'WAITING',
      cursor: 1,
      step: '20_step.sql',
      nextCheckAt: Date.parse(at(14)) / 1000,
      ...changes,
    });

  it.each<[string, Partial<StoredRun>, string]>([
    [
      'after a failed attempt',
      { attempt: 2, waitingFor: 'attempt 1 of 20_step.sql failed: the cluster is\u001B[31m paused' },
      String.raw`attempt 1 of 20_step.sql failed: the cluster is\x1b[31m paused`,
    ],
    ['with its claim', { phase: 'CLAIMED', waitingFor: 'the session is busy' }, 'the session is busy'],
    ['and was stored by an earlier version', {}, 'the step is retried'],
  ])('%s says why, and when it tries again', async (_what, changes, reason) => {
    const run = waiting(changes);
    const line = `retries at 2026-01-01T00:00:14Z: ${reason}`;
    expect(describeRun(run, [])).toContain(`waiting    ${line}`);
    expect(runJson(run, []).waiting).toMatchObject({ retriesAt: '2026-01-01T00:00:14Z' });
    const { out, stderr } = memoryOutput();
    const quiet = Array.from({ length: 30 }, () => ({ run, rows: [] }));
    await watchRun(
      readerOf([...quiet, { run: makeRun({ version: 2, state: 'SUCCEEDED' }), rows: [] }]),
      run.id,
      out,
      fakeTime(),
    );
    expect(stderr).toContain(`  ...  ${line}`);
  });

  it('does not say running if the run is being cancelled', async () => {
    const run = makeRun({ state: 'CANCELLING', step: '20_step.sql' });
    const { out, stderr } = memoryOutput();
    const quiet = Array.from({ length: 30 }, () => ({ run, rows: [] }));
    await watchRun(
      readerOf([...quiet, { run: makeRun({ version: 2, state: 'CANCELLED' }), rows: [] }]),
      run.id,
      out,
      fakeTime(),
    );
    const text = stderr.join('\n');
    expect(text).toContain('  ...  cancelling: waiting for the final status of 20_step.sql, ');
    expect(text).not.toContain('is running');
  });

  it('no longer says waiting when the run continues', () => {
    expect(describeRun(makeRun({ nextCheckAt: 5 }), [])).not.toContain('waiting');
    expect(runJson(makeRun({ nextCheckAt: 5 }), []).waiting).toBeNull();
  });
});

describe('finding a run by its id', () => {
  const one = makeRun();
  const two = makeRun({ id: 'stores-aaaazzzz' });

  it('accepts a whole id, its beginning, or the beginning of the part after the pipeline', async () => {
    const reader = readerOf([{ run: one, rows: [] }], [two]);
    expect((await findRun(reader, two.id, [])).id).toBe(two.id);
    expect((await findRun(reader, 'stores-aaaaz', ['stores'])).id).toBe(two.id);
    expect((await findRun(reader, 'aaaabbbb', ['stores'])).id).toBe(one.id);
  });

  it('refuses an ambiguous prefix, and one that matches no run', async () => {
    const reader = readerOf([{ run: one, rows: [] }], [two]);
    await expect(findRun(reader, 'aaaa', ['stores'])).rejects.toThrow('aaaa matches 2 runs');
    await expect(findRun(reader, 'nothing', ['stores'])).rejects.toThrow('run nothing not found');
  });
});
