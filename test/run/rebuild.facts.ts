/** A lost session is rebuilt: what runs again, in which order, and when it may not go on. */
import assert from 'node:assert/strict';

import { decide } from './decide-any.ts';
import type { StatementEnd } from '../../shared/run/decision.ts';
import type { RebuildPlanned, RunEvent } from '../../shared/run/run-event.ts';
import type { Failure, FinishedStep, Rebuilding } from '../../shared/run/run.ts';
import { expectDecision, expectStop } from './expect-decision.ts';
import { fact } from './fact.ts';
import {
  CHECK,
  claimedAt,
  COMMIT,
  finished,
  freshClaim,
  gone,
  laden,
  LOAD,
  now,
  NOW_ISO,
  NOW_SECONDS,
  readyAt,
  rowBefore,
  rowOf,
  STAGE,
  submissionGone,
  submittedAt,
  unknown,
} from './samples.ts';

const failure: Failure = { class: 'session-lost', message: 'gone', step: '40_commit.sql' };

function planned(more: Partial<RebuildPlanned>): RebuildPlanned {
  return {
    kind: 'RebuildPlanned',
    verdict: 'proved',
    todo: [],
    reasons: [],
    about: unknown(failure),
    ...more,
  };
}

const todo = [
  { index: STAGE, compare: false },
  { index: LOAD, compare: true, rows: 12 },
];

const newSession = {
  ...submissionGone,
  sessionId: gone,
  pid: gone,
  verifySession: gone,
  rebuildFrom: gone,
  error: gone,
  state: 'RUNNING',
  phase: 'READY',
  generation: 3,
  rebuilds: 1,
  nextCheckAt: NOW_SECONDS + 90,
} as const;

const opens = { save: 'version', effect: { kind: 'OpenSession', tries: 0 } } as const;

/** Of the attempt that ended with its session. */
function lostRow(cursor: number, more: Partial<FinishedStep> = {}): FinishedStep {
  return rowOf(cursor, {
    status: 'FAILED',
    endedAt: NOW_ISO,
    error: 'gone',
    errorClass: 'session-lost',
    ...more,
  });
}

const everything = { ...laden, verifySession: true, rebuildFrom: COMMIT, error: failure } as const;

const planning = [
  ...(['always', 'proved'] as const).map((verdict) =>
    fact(
      `a rebuild with verdict ${verdict} opens the next generation and starts with the first step to re-run`,
      () =>
        expectDecision(
          submittedAt(COMMIT, { ...everything, state: 'WAITING', attempt: 5, firstAttempt: 4 }),
          planned({ verdict, todo }),
          now,
          {
            run: {
              ...newSession,
              cursor: STAGE,
              step: '10_stage.sql',
              attempt: 1,
              firstAttempt: 1,
              rebuild: { resumeAt: COMMIT, attempt: 5, firstAttempt: 4, todo },
              lastStep: lostRow(COMMIT, { attempt: 5 }),
            },
            ...opens,
          },
        ),
    ),
  ),
  fact('if no step must re-run, the lost step is next, with its own attempts', () =>
    expectDecision(submittedAt(COMMIT, { attempt: 5, firstAttempt: 4, rebuilds: 4 }), planned({}), now, {
      run: {
        ...newSession,
        rebuilds: 5,
        cursor: COMMIT,
        step: '40_commit.sql',
        attempt: 5,
        firstAttempt: 4,
        lastStep: lostRow(COMMIT, { attempt: 5 }),
      },
      ...opens,
    }),
  ),
  fact('another rebuild target starts with its own attempts', () =>
    expectDecision(readyAt(COMMIT, { attempt: 5, firstAttempt: 4, rebuildFrom: CHECK }), planned({}), now, {
      run: { ...newSession, cursor: CHECK, step: '30_check.sql', attempt: 1, firstAttempt: 1 },
      ...opens,
    }),
  ),
  fact('a session lost during its rebuild keeps the attempts of the target', () => {
    const rebuild: Rebuilding = { resumeAt: COMMIT, attempt: 7, firstAttempt: 6, todo };
    expectDecision(submittedAt(LOAD, { rebuild }), planned({ todo }), now, {
      run: {
        ...newSession,
        cursor: STAGE,
        step: '10_stage.sql',
        attempt: 1,
        firstAttempt: 1,
        rebuild,
        lastStep: lostRow(LOAD),
      },
      ...opens,
    });
    expectDecision(submittedAt(COMMIT, { rebuild }), planned({}), now, {
      run: {
        ...newSession,
        cursor: COMMIT,
        step: '40_commit.sql',
        attempt: 7,
        firstAttempt: 6,
        rebuild: gone,
        lastStep: lostRow(COMMIT),
      },
      ...opens,
    });
  }),
  fact(
    'an attempt without a seen statement has a row without a statement, from the time of its claim',
    () => {
      const { statementId: _, ...row } = lostRow(COMMIT, { startedAt: '2026-11-24T08:08:00.000Z' });
      assert.deepStrictEqual(decide(claimedAt(COMMIT), planned({}), now).run.lastStep, row);
    },
  ),
  fact("the previous step's row, written by the rebuild plan, is not kept", () => {
    assert.deepStrictEqual(
      decide(submittedAt(COMMIT, { lastStep: rowBefore }), planned({}), now).run.lastStep,
      lostRow(COMMIT),
    );
    for (const verdict of ['proved', 'refused'] as const)
      assert.equal(
        'lastStep' in decide(readyAt(COMMIT, { lastStep: rowBefore }), planned({ verdict }), now).run,
        false,
      );
  }),
  fact('an attempt whose session cannot be rebuilt has its row, too', () => {
    const { run } = decide(
      submittedAt(COMMIT, { lastStep: rowBefore }),
      planned({ verdict: 'refused', reasons: ['no'] }),
      now,
    );
    assert.deepStrictEqual(run.lastStep, lostRow(COMMIT));
  }),
  fact('a step that is not in the plan has no name', () =>
    expectDecision(readyAt(COMMIT, { rebuildFrom: 9 }), planned({}), now, {
      run: { ...newSession, cursor: 9, step: gone, attempt: 1, firstAttempt: 1 },
      ...opens,
    }),
  ),
  fact('a refused rebuild has its reason and the commands to decide it', () =>
    expectStop(
      submittedAt(COMMIT),
      planned({ verdict: 'refused', reasons: ['40_commit.sql wrote dim', '20_load.sql reads dim'] }),
      now,
      'NEEDS_DECISION',
      'gone. The session cannot be rebuilt: 40_commit.sql wrote dim; 20_load.sql reads dim',
    ),
  ),
  fact('a run whose rebuild was refused continues in a new session, whatever a person decides', () => {
    const run = submittedAt(LOAD, { rebuild: { resumeAt: COMMIT, attempt: 1, firstAttempt: 1, todo } });
    const { run: stopped } = decide(run, planned({ verdict: 'refused', reasons: ['no'] }), now);
    assert.deepStrictEqual(
      [stopped.id, stopped.rebuildFrom, stopped.cursor, stopped.rebuild],
      ['run-1', COMMIT, LOAD, run.rebuild],
    );
  }),
  fact('the reason of a refused rebuild keeps its class and its step', () => {
    const { run } = decide(submittedAt(COMMIT), planned({ verdict: 'refused', reasons: ['no'] }), now);
    assert.deepStrictEqual([run.error?.class, run.error?.step], ['session-lost', '40_commit.sql']);
  }),
  fact('a session lost during a rebuild is rebuilt for the same target', () =>
    expectDecision(
      submittedAt(STAGE, { rebuild: { resumeAt: COMMIT, attempt: 1, firstAttempt: 1, todo } }),
      { kind: 'StatementSeen', statementId: 'statement-1', status: 'NOT_FOUND' },
      now,
      {
        effect: {
          kind: 'PlanRebuild',
          about: unknown({
            class: 'unknown',
            message: 'the warehouse no longer knows statement statement-1 (it keeps statements for 24 hours)',
            step: '10_stage.sql',
            statementId: 'statement-1',
          }),
        },
      },
    ),
  ),
];

function seen(end: StatementEnd): RunEvent {
  return { kind: 'StatementSeen', statementId: 'statement-1', status: 'FINISHED', end };
}

const { rows: _rows, ...uncounted } = finished;

function rebuilding(rows: number | undefined, compare = true): Rebuilding {
  return {
    resumeAt: COMMIT,
    attempt: 7,
    firstAttempt: 6,
    todo: [
      { index: STAGE, compare, ...(rows === undefined ? {} : { rows }) },
      { index: CHECK, compare: false },
    ],
  };
}

const runningAgain = [
  fact('a re-run step with the same row count is followed by the next one to re-run', () =>
    expectDecision(submittedAt(STAGE, { rebuild: rebuilding(12), firstAttempt: 2 }), seen(finished), now, {
      run: {
        ...freshClaim(CHECK),
        attempt: 1,
        firstAttempt: 1,
        lastStep: rowOf(STAGE, { rows: 12 }),
        rebuild: { ...rebuilding(12), todo: [{ index: CHECK, compare: false }] },
      },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('after the last step to re-run comes the target, with its own attempts', () =>
    expectDecision(
      submittedAt(STAGE, {
        rebuild: { ...rebuilding(12), todo: [{ index: STAGE, compare: true, rows: 12 }] },
      }),
      seen(finished),
      now,
      {
        run: {
          ...freshClaim(COMMIT),
          attempt: 7,
          firstAttempt: 6,
          lastStep: rowOf(STAGE, { rows: 12 }),
          rebuild: gone,
        },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  fact('any row count is accepted if rows need not be compared', () => {
    for (const rows of [undefined, 3]) {
      const { run } = decide(submittedAt(STAGE, { rebuild: rebuilding(rows, false) }), seen(finished), now);
      assert.deepStrictEqual([run.phase, run.cursor], ['CLAIMED', CHECK]);
    }
  }),
  fact('a row count that is missing in a completion event is requested', () =>
    expectDecision(
      submittedAt(COMMIT, { rebuild: rebuilding(12) }),
      {
        kind: 'StatementEnded',
        tokenStart: 'abcdefghij',
        statementId: 'statement-1',
        status: 'FINISHED',
        at: '2026-11-24T08:09:59Z',
        trusted: true,
      },
      now,
      { effect: { kind: 'Describe', statementId: 'statement-1' } },
    ),
  ),
  fact('a row count that need not be compared is not requested', () => {
    const { run } = decide(
      submittedAt(COMMIT, { rebuild: rebuilding(12, false) }),
      {
        kind: 'StatementEnded',
        tokenStart: 'abcdefghij',
        statementId: 'statement-1',
        status: 'FINISHED',
        at: '2026-11-24T08:09:59Z',
        trusted: true,
      },
      now,
    );
    assert.deepStrictEqual([run.phase, run.cursor], ['CLAIMED', CHECK]);
  }),
  fact('a completion event with a row count is compared without a call', () => {
    const { run } = decide(
      submittedAt(STAGE, { rebuild: rebuilding(12) }),
      {
        kind: 'StatementEnded',
        tokenStart: 'abcdefghij',
        statementId: 'statement-1',
        status: 'FINISHED',
        at: '2026-11-24T08:09:59Z',
        rows: 12,
        trusted: true,
      },
      now,
    );
    assert.deepStrictEqual([run.phase, run.cursor], ['CLAIMED', CHECK]);
  }),
  ...(
    [
      ['12', '13', 12, { ...finished, rows: 13 }],
      ['12', 'an unknown number of', 12, uncounted],
      ['an unknown number of', '12', undefined, finished],
      ['an unknown number of', 'an unknown number of', undefined, uncounted],
    ] as const
  ).map(([first, again, rows, end]) =>
    fact(`a re-run step with ${first} rows the first time and ${again} now has diverged`, () =>
      expectStop(
        submittedAt(STAGE, { rebuild: rebuilding(rows) }),
        seen(end),
        now,
        'NEEDS_DECISION',
        `REPLAY_DIVERGED: while rebuilding the session, step 10_stage.sql returned ${again} rows; the first time it returned ${first} rows. No later step was run. Cancel the run (baton cancel) and start its file again, or find out what changed its sources`,
      ),
    ),
  ),
  fact('a diverged step has its history row, and its error a class and a step', () => {
    const { run } = decide(submittedAt(STAGE, { rebuild: rebuilding(11) }), seen(finished), now);
    assert.deepStrictEqual(run.lastStep, rowOf(STAGE, { rows: 12 }));
    assert.deepStrictEqual([run.error?.class, run.error?.step], ['session-lost', '10_stage.sql']);
  }),
];

export const rebuildFacts = [...planning, ...runningAgain];
