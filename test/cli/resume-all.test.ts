/** `baton resume --all`: which runs it finds, what it asks, and what it says of each. */
import { describe, expect, it } from 'vitest';

import { readArguments } from '../../cli/arguments.ts';
import type { Connection } from '../../cli/aws/connection.ts';
import { CommandError } from '../../cli/exit.ts';
import { createOutput } from '../../cli/output.ts';
import { failedTable } from '../../cli/runs/failed-runs.ts';
import type { ResumedRun } from '../../cli/runs/resume-runs.ts';
import { MissingIndexError } from '../../cli/runs/run-reader.ts';
import { resume } from '../../cli/verbs/resume.ts';
import type { OperateAnswer, OperateRequest } from '../../shared/events/requests.ts';
import type { Run } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { runOf } from '../fakes/run-of.ts';
import { fileOf } from '../fakes/world.ts';

const minute = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString();

/** Started by what came in that minute, and failed an hour later. */
function failedRun(id: string, cameAt: number, changes: Partial<StoredRun> = {}): Run {
  return runOf({
    id,
    pipeline: id.split('-')[0] ?? '',
    trigger: { kind: 's3', time: minute(cameAt), file: fileOf(id) },
    state: 'FAILED',
    step: '20_load.sql',
    error: { class: 'sql', message: 'no such table' },
    createdAt: minute(cameAt),
    endedAt: minute(cameAt + 60),
    ...changes,
  });
}

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly requests: readonly OperateRequest[];
}

interface World {
  readonly runs: readonly Run[];
  /** Stopped by a version without the index. */
  readonly older?: readonly Run[];
  readonly hasIndex?: boolean;
  readonly words?: readonly string[];
  /** What `operate` answers; a throw is a call that failed. */
  readonly answer?: (runId: string) => OperateAnswer;
  readonly prompt?: (question: string) => Promise<string>;
  readonly signal?: AbortSignal;
}

/** Pages of two runs, as they were created. */
async function* pagesOf(runs: readonly Run[]): AsyncGenerator<readonly Run[]> {
  for (let at = 0; at < runs.length; at += 2) yield runs.slice(at, at + 2);
}

async function resumeAll(world: World): Promise<Told> {
  const { runs, words = [], answer, prompt, signal } = world;
  let stdout = '';
  let stderr = '';
  const requests: OperateRequest[] = [];
  const connection = {
    runs: () =>
      Promise.resolve({
        loadPool: () => Promise.resolve({ holders: {}, epoch: 0 }),
        runsIn: (pipeline: string, state: string) => {
          if (world.hasIndex === false) throw new MissingIndexError('not-succeeded', 'it is not there');
          const stopped = runs.filter((run) => run.pipeline === pipeline && run.life.state === state);
          return pagesOf(stopped.toReversed());
        },
        everyRun: (pipeline: string) =>
          pagesOf([...runs, ...(world.older ?? [])].filter((run) => run.pipeline === pipeline)),
      }),
    operator: () =>
      Promise.resolve({
        ask: (request: OperateRequest & { runId: string }): Promise<OperateAnswer> => {
          requests.push(request);
          const { runId } = request;
          return Promise.resolve().then(
            () => answer?.(runId) ?? { ok: true, runId, state: 'RUNNING', message: 'resumes' },
          );
        },
      }),
  } as unknown as Connection;
  const json = words.includes('--json');
  const code = await resume
    .run({
      args: readArguments(resume, ['--all', ...words]),
      out: createOutput(
        { write: (text) => (stdout += text) },
        { write: (text) => (stderr += text) },
        { NO_COLOR: '1' },
      ),
      env: {},
      stage: 'local',
      json,
      connect: () => Promise.resolve(connection),
      ...(prompt !== undefined && { prompt }),
      signal: signal ?? new AbortController().signal,
    })
    .catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      stderr += `${error.message}\n${error.hint ?? ''}\n`;
      return error.code;
    });
  return { code, stdout, stderr, requests };
}

const asked = ({ requests }: Told): string[] =>
  requests.map((request) => ('runId' in request ? request.runId : ''));

/** Pipelines of the repository's own `sql/` folder. */
const stores = [
  failedRun('stores-c', 30),
  failedRun('stores-ok', 31, { state: 'SUCCEEDED' }),
  failedRun('stores-a', 10),
  failedRun('stores-d', 40, { error: { class: 'data', message: 'bad row' }, step: '10_stage.sql' }),
  failedRun('stores-b', 20, { state: 'NEEDS_DECISION' }),
];
const others = [failedRun('product_dimension-x', 15, { error: { class: 'permission', message: 'denied' } })];
const runs = [...stores, ...others];

describe('the runs of resume --all', () => {
  it('are searched among all stored runs with --every, and where the table has no such index', async () => {
    const world = { runs, older: [failedRun('stores-old', 5)], words: ['--yes', '--pipeline', 'stores'] };
    const indexed = ['stores-a', 'stores-c', 'stores-d'];
    expect(asked(await resumeAll(world))).toEqual(indexed);
    const all = ['stores-old', ...indexed];
    expect(asked(await resumeAll({ ...world, words: [...world.words, '--every'] }))).toEqual(all);
    expect(asked(await resumeAll({ ...world, hasIndex: false }))).toEqual(all);
  });

  it('are the failed ones of every page and pipeline, in the order of their triggers', async () => {
    const told = await resumeAll({ runs, words: ['--yes'] });
    expect(asked(told)).toEqual(['stores-a', 'product_dimension-x', 'stores-c', 'stores-d']);
    expect(told.code).toBe(0);
    expect(new Set(told.requests.map(({ requestId }) => requestId)).size).toBe(4);
    expect(told.stdout).toBe(
      'stores-a  RUNNING\nproduct_dimension-x  RUNNING\nstores-c  RUNNING\nstores-d  RUNNING\n',
    );
    expect(told.stderr).toContain('resumed 4 of 4 runs;');
  });

  it('are those of one pipeline or one failure class, if given', async () => {
    expect(asked(await resumeAll({ runs, words: ['--yes', '--pipeline', 'stores'] }))).toEqual([
      'stores-a',
      'stores-c',
      'stores-d',
    ]);
    const ofClass = await resumeAll({
      runs,
      words: ['--yes', '--class', 'DATA', '--reason', 'the table is wider'],
    });
    expect(ofClass.requests).toEqual([
      expect.objectContaining({ verb: 'resume', runId: 'stores-d', reason: 'the table is wider' }),
    ]);
  });

  it('may belong to a pipeline that is no longer in the folder', async () => {
    const gone = [failedRun('gone-a', 1)];
    expect(asked(await resumeAll({ runs: gone, words: ['--yes', '--pipeline', 'gone'] }))).toEqual([
      'gone-a',
    ]);
    const none = await resumeAll({ runs: gone, words: ['--yes', '--pipeline', 'store'] });
    expect(none).toMatchObject({ code: 2, requests: [] });
    expect(none.stderr).toContain('did you mean stores?');
  });

  it('may be none: that is reported, and is no failure', async () => {
    const told = await resumeAll({ runs, words: ['--class', 'timeout'] });
    expect(told).toMatchObject({ code: 0, stdout: '', requests: [] });
    expect(told.stderr).toMatch(/^no failed run of class timeout of .*stores/);
    const json = await resumeAll({ runs: [], words: ['--json'] });
    expect(JSON.parse(json.stdout)).toEqual({ runs: [] });
  });
});

describe('resume --all before it resumes runs', () => {
  it('lists how many runs failed at which step, why and since when', async () => {
    expect(failedTable([failedRun('stores-a', 10), failedRun('stores-c', 5), ...others]).split('\n')).toEqual(
      [
        'RUNS  PIPELINE           CLASS       STEP         SINCE',
        '   2  stores             sql         20_load.sql  2026-01-01T01:05:00Z',
        '   1  product_dimension  permission  20_load.sql  2026-01-01T01:15:00Z',
      ],
    );
    const { stderr } = await resumeAll({ runs, words: ['--dry-run'] });
    expect(stderr).toContain('4 failed runs, oldest first:\nRUNS  PIPELINE');
    expect(stderr).toContain('with the SQL deployed now');
  });

  it('requires --yes without a terminal: exit code 2', async () => {
    const told = await resumeAll({ runs });
    expect(told).toMatchObject({ code: 2, stdout: '', requests: [] });
    expect(told.stderr).toContain('no run was resumed: confirm to resume 4 runs');
    expect(told.stderr).toContain('--yes');
  });

  it.each([
    ['y', 4, 0],
    ['Yes ', 4, 0],
    ['', 0, 1],
    ['n', 0, 1],
    ['yesterday', 0, 1],
  ])('asks for confirmation at a terminal: %j resumes %i', async (typed, requests, code) => {
    const questions: string[] = [];
    const told = await resumeAll({
      runs,
      prompt: (question) => {
        questions.push(question);
        return Promise.resolve(typed);
      },
    });
    expect(questions).toEqual(['resume 4 runs? [y/N] ']);
    expect([told.requests.length, told.code]).toEqual([requests, code]);
  });

  it('with --dry-run prints the ids, asks nothing and resumes none', async () => {
    const told = await resumeAll({ runs, words: ['--dry-run', '--class', 'sql'] });
    expect(told).toMatchObject({ code: 0, stdout: 'stores-a\nstores-c\n', requests: [] });
    const json = await resumeAll({ runs, words: ['--dry-run', '--class', 'data', '--json'] });
    expect(JSON.parse(json.stdout)).toEqual({
      runs: [
        {
          id: 'stores-d',
          pipeline: 'stores',
          class: 'data',
          step: '10_stage.sql',
          since: minute(100),
          error: 'bad row',
          outcome: 'not requested',
          state: 'FAILED',
          message: null,
        },
      ],
    });
  });
});

describe('resume --all while it resumes runs', () => {
  const outcomes = ({ stdout }: Told): unknown[] =>
    (JSON.parse(stdout) as { runs: ResumedRun[] }).runs.map(({ id, outcome }) => [id, outcome]);

  it('continues after a refused or failed request: exit code 1', async () => {
    const answer = (runId: string): OperateAnswer => {
      if (runId === 'stores-a')
        return { ok: false, code: 'refused', message: 'run stores-a is\u001B[31m RUNNING' };
      if (runId === 'stores-c') throw new CommandError(3, 'the operate function failed: out of memory');
      return { ok: true, runId, state: 'QUEUED', message: 'resumes' };
    };
    const told = await resumeAll({ runs, words: ['--yes'], answer });
    expect(told.code).toBe(1);
    expect(told.stdout.split('\n')).toEqual([
      String.raw`stores-a  refused: run stores-a is\x1b[31m RUNNING`,
      'product_dimension-x  QUEUED',
      'stores-c  error: the operate function failed: out of memory',
      'stores-d  QUEUED',
      '',
    ]);
    expect(told.stderr).toContain('resumed 2 of 4 runs (1 refused, 1 error)');
    expect(outcomes(await resumeAll({ runs, words: ['--yes', '--json'], answer }))).toEqual([
      ['stores-a', 'refused'],
      ['product_dimension-x', 'resumed'],
      ['stores-c', 'error'],
      ['stores-d', 'resumed'],
    ]);
  });

  it('stops if the service cannot be reached: exit code 3, the rest was not requested', async () => {
    const told = await resumeAll({
      runs,
      words: ['--yes', '--json'],
      answer: (runId) => {
        if (runId === 'product_dimension-x') throw new Error('connect ECONNREFUSED');
        return { ok: true, runId, state: 'RUNNING', message: 'resumes' };
      },
    });
    expect(told.code).toBe(3);
    expect(asked(told)).toEqual(['stores-a', 'product_dimension-x']);
    expect(outcomes(told)).toEqual([
      ['stores-a', 'resumed'],
      ['product_dimension-x', 'error'],
      ['stores-c', 'not requested'],
      ['stores-d', 'not requested'],
    ]);
  });

  it('stops on Ctrl-C after the current request', async () => {
    const interrupted = new AbortController();
    const told = await resumeAll({
      runs,
      words: ['--yes', '--json'],
      signal: interrupted.signal,
      answer: (runId) => {
        interrupted.abort();
        return { ok: true, runId, state: 'RUNNING', message: 'resumes' };
      },
    });
    expect(told.code).toBe(1);
    expect(outcomes(told).at(0)).toEqual(['stores-a', 'resumed']);
    expect(outcomes(told).at(1)).toEqual(['product_dimension-x', 'not requested']);
  });
});

describe('options of resume that exclude each other', () => {
  const refusal = async (words: readonly string[]): Promise<unknown> => {
    try {
      return await resume.run({ args: readArguments(resume, words) } as never);
    } catch (error) {
      return error instanceof CommandError ? [error.code, error.message] : error;
    }
  };

  it.each([
    [[], 'ID is missing'],
    [['stores-a', '--all'], '--all and an ID (stores-a) cannot be combined'],
    [['stores-a', '--class', 'sql'], '--class works only with --all'],
    [['stores-a', '--pipeline', 'stores'], '--pipeline works only with --all'],
    [['stores-a', '--yes'], '--yes works only with --all'],
    [['stores-a', '--dry-run'], '--dry-run works only with --all'],
    [['--all', '--from', '20_load.sql'], '--from works only with a single run (ID)'],
    [
      ['--all', '--class', 'sequel'],
      '--class sequel: must be one of transient, conflict, session-lost, sql, data, check, permission, timeout, cancelled, input, unknown',
    ],
  ])('%j are refused', async (words, message) => {
    expect(await refusal(words)).toEqual([2, message]);
  });
});
