/** Resolve: a person's word where Baton cannot know. */
import assert from 'node:assert/strict';

import { decide } from './decide-any.ts';
import type { ResolveRequest } from '../../shared/run/request.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import { asked, expectFirstAnswer, refused, resumeWith, sqlError } from './request-samples.ts';
import type { Changes } from './samples.ts';
import {
  AUDIT,
  CALL,
  COMMIT,
  gone,
  laden,
  LOAD,
  now,
  NOW_ISO,
  NOW_SECONDS,
  readyAt,
  STAGE,
  submissionGone,
} from './samples.ts';

function undecided(cursor: number, changes: Changes = {}): StoredRun {
  return readyAt(cursor, {
    state: 'NEEDS_DECISION',
    rebuilds: 3,
    error: sqlError,
    resumeWith,
    endedAt: '2026-11-24T08:05:00.000Z',
    ...changes,
  });
}

function resolve(verdict: ResolveRequest['verdict']): ResolveRequest {
  return { verb: 'resolve', requestId: 'request-1', actor: 'mia', verdict };
}

const goesOn = {
  state: 'RUNNING',
  error: gone,
  resumeWith: gone,
  endedAt: gone,
  rebuilds: gone,
  verifySession: true,
  timeoutFrom: NOW_ISO,
  nextCheckAt: NOW_SECONDS,
} as const;

const declared = {
  index: COMMIT,
  name: '40_commit.sql',
  generation: 2,
  attempt: 2,
  status: 'FINISHED',
  startedAt: '2026-11-24T08:05:00.000Z',
  endedAt: NOW_ISO,
  error: 'declared applied by mia',
} as const;

const applied = 'step 40_commit.sql was applied, according to mia';

export const resolveFacts = [
  fact('resolve --applied: the run continues after the step, whose row names the person', () =>
    expectDecision(undecided(COMMIT, { firstAttempt: 2, phase: 'CLAIMED' }), resolve('applied'), now, {
      run: {
        ...goesOn,
        phase: 'READY',
        cursor: CALL,
        step: '50_call.sql',
        attempt: 1,
        firstAttempt: 1,
        lastStep: declared,
        lastRequest: asked('resolve', applied),
      },
      save: 'version',
      answer: { ok: true, message: applied },
    }),
  ),
  fact('resolve --applied of a re-run step continues the rebuild, not the plan', () => {
    const todo = [
      { index: STAGE, compare: true, rows: 11 },
      { index: CALL + 1, compare: false },
    ];
    const rebuild = { resumeAt: AUDIT, attempt: 7, firstAttempt: 6, todo };
    const message = 'step 10_stage.sql was applied, according to mia';
    const row = { ...declared, index: STAGE, name: '10_stage.sql' };
    expectDecision(undecided(STAGE, { rebuild, firstAttempt: 2 }), resolve('applied'), now, {
      run: {
        ...goesOn,
        cursor: CALL + 1,
        step: '60_call_again.sql',
        attempt: 1,
        firstAttempt: 1,
        rebuild: { ...rebuild, todo: todo.slice(1) },
        lastStep: row,
        lastRequest: asked('resolve', message),
      },
      save: 'version',
      answer: { ok: true, message },
    });
    expectDecision(
      undecided(STAGE, { rebuild: { ...rebuild, todo: todo.slice(0, 1) } }),
      resolve('applied'),
      now,
      {
        run: {
          ...goesOn,
          cursor: AUDIT,
          step: '80_audit.sql',
          attempt: 7,
          firstAttempt: 6,
          rebuild: gone,
          lastStep: row,
          lastRequest: asked('resolve', message),
        },
        save: 'version',
        answer: { ok: true, message },
      },
    );
  }),
  fact('resolve --applied with a lost session rebuilds it for the next step', () => {
    const next = (rebuildFrom: number): unknown =>
      decide(undecided(COMMIT, { rebuildFrom }), resolve('applied'), now).run.rebuildFrom;
    assert.deepStrictEqual([next(COMMIT), next(LOAD)], [CALL, LOAD]);
  }),
  fact('resolve --applied without a slot or session waits for a slot and opens a session', () => {
    const { run } = decide(undecided(COMMIT, { slot: gone, sessionId: gone }), resolve('applied'), now);
    assert.deepStrictEqual(
      [run.state, run.nextCheckAt, run.verifySession, run.cursor],
      ['QUEUED', undefined, undefined, CALL],
    );
    assert.equal('nextCheckAt' in run, false);
  }),
  fact('resolve --applied works if the next step is not in the plan', () => {
    const { run } = decide(undecided(AUDIT, { steps: 9 }), resolve('applied'), now);
    assert.deepStrictEqual([run.state, run.cursor, run.step], ['RUNNING', 8, undefined]);
  }),
  fact('resolve --applied of the last step ends the run as succeeded', () => {
    const message = 'step 80_audit.sql was applied, according to mia';
    expectDecision(undecided(AUDIT), resolve('applied'), now, {
      run: {
        state: 'SUCCEEDED',
        cursor: 8,
        step: gone,
        error: gone,
        resumeWith: gone,
        lastStep: { ...declared, index: AUDIT, name: '80_audit.sql' },
        pendingActions: ['history', 'release', 'wake', 'publish', 'close'],
        nextCheckAt: NOW_SECONDS,
        endedAt: NOW_ISO,
        lastRequest: asked('resolve', message),
      },
      save: 'version',
      effect: { kind: 'PerformActions' },
      answer: { ok: true, message },
    });
  }),
  fact('resolve --not-applied: the step is retried with a new retry budget', () => {
    const message = 'step 40_commit.sql was not applied, according to mia';
    expectDecision(undecided(COMMIT), resolve('not-applied'), now, {
      run: {
        ...goesOn,
        attempt: 3,
        firstAttempt: 3,
        checkMarkerOf: COMMIT,
        lastRequest: asked('resolve', message),
      },
      save: 'version',
      answer: { ok: true, message },
    });
  }),
  fact('resolve --not-applied of a re-run step rebuilds a new session for the same target', () => {
    const rebuild = {
      resumeAt: AUDIT,
      attempt: 7,
      firstAttempt: 6,
      todo: [{ index: STAGE, compare: true }],
    };
    const message = 'step 10_stage.sql was not applied, according to mia';
    expectDecision(undecided(STAGE, { rebuild }), resolve('not-applied'), now, {
      run: {
        ...goesOn,
        attempt: 3,
        firstAttempt: 3,
        rebuildFrom: AUDIT,
        // Of the step that the session is filled for: the one that ran again has no marker.
        checkMarkerOf: AUDIT,
        lastRequest: asked('resolve', message),
      },
      save: 'version',
      answer: { ok: true, message },
    });
  }),
  fact('resolve --not-applied before the step with a marker to check keeps that check', () => {
    const pending = (cursor: number, changes: Changes): unknown =>
      decide(undecided(cursor, changes), resolve('not-applied'), now).run.checkMarkerOf;
    assert.deepStrictEqual(
      [
        pending(STAGE, {}),
        pending(STAGE, { checkMarkerOf: COMMIT }),
        pending(AUDIT, { checkMarkerOf: COMMIT }),
      ],
      [STAGE, COMMIT, AUDIT],
    );
  }),
  fact('resolve --abandon: the run is cancelled with its first error', () => {
    const message = 'step 40_commit.sql is abandoned with its run, according to mia';
    expectDecision(undecided(COMMIT, { ...laden, verifySession: true }), resolve('abandon'), now, {
      run: {
        ...submissionGone,
        verifySession: gone,
        resumeWith: gone,
        state: 'CANCELLED',
        pendingActions: ['history', 'release', 'wake', 'publish', 'close'],
        nextCheckAt: NOW_SECONDS,
        endedAt: NOW_ISO,
        lastRequest: asked('resolve', message),
      },
      save: 'version',
      effect: { kind: 'PerformActions' },
      answer: { ok: true, message },
    });
  }),
  fact('resolve of a run that needs no decision is refused', () =>
    refused(
      undecided(COMMIT, { state: 'FAILED' }),
      resolve('applied'),
      'run run-1 is FAILED: only a run in NEEDS_DECISION can be resolved',
    ),
  ),
  fact('resolve of a run with pending actions is refused for the moment', () =>
    refused(
      undecided(COMMIT, { pendingActions: ['publish'] }),
      resolve('applied'),
      'run run-1 is still being stopped: try again in a moment',
    ),
  ),
  fact('resolve: a repeated request returns its first answer', () => expectFirstAnswer(resolve('abandon'))),
];
