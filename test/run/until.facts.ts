/** A run that is to pause after a step: when it does, what it keeps, and how it goes on. */
import assert from 'node:assert/strict';

import { groupOf } from '../../shared/run/decision.ts';
import type { PlanView, StepView } from '../../shared/run/plan-view.ts';
import type { ResumeRequest } from '../../shared/run/request.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { parsed } from './decide-any.ts';
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import { asked, failedAt, refused, resumeWith, sqlError } from './request-samples.ts';
import type { Changes } from './samples.ts';
import {
  at,
  AUDIT,
  CALL,
  CHECK,
  COMMIT,
  doneAt,
  finished,
  freshClaim,
  gone,
  LOAD,
  now,
  NOW,
  NOW_ISO,
  NOW_SECONDS,
  plan,
  readyAt,
  restingAt,
  STAGE,
  submissionGone,
  submittedAt,
} from './samples.ts';

const woken: RunEvent = { kind: 'Woken' };
const ended: RunEvent = {
  kind: 'StatementSeen',
  statementId: 'statement-1',
  status: 'FINISHED',
  end: finished,
};

/** The run pauses now, before this step. */
function pausesAt(cursor: number, more: Changes = {}): Changes {
  return {
    ...submissionGone,
    state: 'PAUSED',
    phase: 'READY',
    cursor,
    step: plan.steps[cursor]?.name ?? gone,
    endedAt: NOW_ISO,
    pendingActions: ['history'],
    nextCheckAt: NOW_SECONDS - 10,
    ...more,
  };
}

function pausedAt(cursor: number, until: string, changes: Changes = {}): StoredRun {
  return restingAt(cursor, 'PAUSED', { attempt: 1, firstAttempt: 1, generation: 1, until, ...changes });
}

const today: PlanView = { ...plan, hash: 'plan-2' };

function resume(more: Partial<ResumeRequest> = {}): ResumeRequest {
  return { verb: 'resume', requestId: 'request-1', actor: 'mia', plan: today, ...more };
}

function continues(message: string, more: Changes = {}): Changes {
  return {
    state: 'RUNNING',
    endedAt: gone,
    pendingActions: gone,
    error: gone,
    resumeWith: gone,
    until: gone,
    rebuilds: gone,
    planHash: 'plan-2',
    verifySession: true,
    lastRequest: asked('resume', message),
    timeoutFrom: NOW_ISO,
    nextCheckAt: NOW_SECONDS,
    ...more,
  };
}

const onward = 'continues at 50_call.sql';

const pausing = [
  fact('until: after that step the run pauses before the next, with its slot, its session and its row', () =>
    expectDecision(submittedAt(COMMIT, { until: '40_commit.sql' }), ended, now, {
      run: pausesAt(CALL, { attempt: 1, firstAttempt: 1, ...doneAt(COMMIT, { rows: 12 }) }),
      save: 'version',
      effect: { kind: 'PerformActions' },
    }),
  ),
  fact('until: before that step the run goes on', () =>
    expectDecision(submittedAt(COMMIT, { until: '50_call.sql' }), ended, now, {
      run: { ...freshClaim(CALL), attempt: 1, firstAttempt: 1, ...doneAt(COMMIT, { rows: 12 }) },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('until: the step itself is claimed', () =>
    expectDecision(readyAt(COMMIT, { until: '40_commit.sql' }), woken, now, {
      run: freshClaim(COMMIT),
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('until: a run that is beyond it, as after a resolve, pauses before it claims anything', () =>
    expectDecision(readyAt(CALL, { until: '40_commit.sql' }), woken, now, {
      run: pausesAt(CALL),
      save: 'version',
      effect: { kind: 'PerformActions' },
    }),
  ),
  fact('until: a run that reached it in time pauses though its time is up by now', () => {
    const late = at(NOW, { plan: { ...plan, timeoutSeconds: 1 } });
    expectDecision(readyAt(CALL, { until: '40_commit.sql' }), woken, late, {
      run: pausesAt(CALL),
      save: 'version',
      effect: { kind: 'PerformActions' },
    });
  }),
  fact('until: a step that the plan does not have lets nothing run', () =>
    expectDecision(readyAt(STAGE, { until: 'gone.sql' }), woken, now, {
      run: pausesAt(STAGE),
      save: 'version',
      effect: { kind: 'PerformActions' },
    }),
  ),
  fact('until: a lost session is not rebuilt only to pause', () =>
    expectDecision(
      readyAt(CALL, { until: '40_commit.sql', sessionId: 'session-1', rebuildFrom: CALL }),
      woken,
      now,
      { run: pausesAt(CALL), save: 'version', effect: { kind: 'PerformActions' } },
    ),
  ),
  fact('until: the files that left a batch learn it before it pauses', () => {
    const leaving = [{ runId: 'run-9' }];
    const batch = { phase: 'SEALED', list: 'a'.repeat(64), seal: 2, files: 2, bytes: 20, leaving } as const;
    expectDecision(readyAt(CALL, { until: '40_commit.sql', batch }), woken, now, {
      run: pausesAt(CALL, { pendingActions: ['members', 'history'] }),
      save: 'version',
      effect: { kind: 'PerformActions' },
    });
  }),
  fact('a paused run whose row is written is in no index of the sweep any more', () =>
    expectDecision(
      pausedAt(CALL, '40_commit.sql', { pendingActions: ['history'], nextCheckAt: NOW_SECONDS }),
      { kind: 'ActionsDone', actions: ['history'] },
      now,
      { run: { pendingActions: gone, nextCheckAt: gone, lastStep: gone }, save: 'version' },
    ),
  ),
  fact('a paused run whose row is not written writes it when it is woken', () =>
    expectDecision(
      pausedAt(CALL, '40_commit.sql', { pendingActions: ['history'], nextCheckAt: NOW_SECONDS }),
      woken,
      now,
      { effect: { kind: 'PerformActions' } },
    ),
  ),
  fact('a paused run does nothing when it is woken', () =>
    expectDecision(pausedAt(CALL, '40_commit.sql'), woken, now, { note: 'the run is PAUSED' }),
  ),
];

const fusible: PlanView = {
  ...plan,
  steps: plan.steps.map((step, i): StepView =>
    i === LOAD || i === CHECK ? Object.assign({}, step, { fusible: true as const }) : step,
  ),
};

function sentTogether(until?: string): number {
  const run = readyAt(STAGE, { handoff: 'e++eeeee', ...(until === undefined ? {} : { until }) });
  return groupOf(parsed(run), fusible);
}

const groups = [
  fact('until: steps are sent together up to that step, and no further', () =>
    assert.deepStrictEqual(
      [sentTogether('10_stage.sql'), sentTogether('20_load.sql'), sentTogether('30_check.sql')],
      [1, 2, 3],
    ),
  ),
  fact('until: a later step, or none, leaves a group as it is', () =>
    assert.deepStrictEqual([sentTogether('40_commit.sql'), sentTogether()], [3, 3]),
  ),
];

const resuming = [
  fact('resume: a paused run continues at its next step, as its first attempt, and runs to its end', () =>
    expectDecision(pausedAt(CALL, '40_commit.sql'), resume(), now, {
      run: continues(onward),
      save: 'version',
      answer: { ok: true, message: onward },
    }),
  ),
  fact('resume: a paused run pauses again after the step that is named now', () => {
    const message = `${onward}, and pauses after 60_call_again.sql`;
    expectDecision(pausedAt(CALL, '40_commit.sql'), resume({ until: '60_call_again.sql' }), now, {
      run: continues(message, { until: '60_call_again.sql' }),
      save: 'version',
      answer: { ok: true, message },
    });
  }),
  fact('resume: until its next step is one more step', () => {
    const message = `${onward}, and pauses after 50_call.sql`;
    expectDecision(pausedAt(CALL, '40_commit.sql'), resume({ until: '50_call.sql' }), now, {
      run: continues(message, { until: '50_call.sql' }),
      save: 'version',
      answer: { ok: true, message },
    });
  }),
  fact('resume: until the last step of the plan is to its end', () =>
    expectDecision(pausedAt(CALL, '40_commit.sql'), resume({ until: '80_audit.sql' }), now, {
      run: continues(onward),
      save: 'version',
      answer: { ok: true, message: onward },
    }),
  ),
  fact('resume: a paused run without its slot waits for one', () =>
    expectDecision(pausedAt(CALL, '40_commit.sql', { slot: gone }), resume(), now, {
      run: continues(onward, { state: 'QUEUED', nextCheckAt: gone }),
      save: 'version',
      answer: { ok: true, message: onward },
    }),
  ),
  fact('resume: a marker that was still to be read when the run paused is read then', () =>
    expectDecision(pausedAt(CALL, '40_commit.sql', { checkMarkerOf: AUDIT }), resume(), now, {
      run: continues(onward, { checkMarkerOf: AUDIT }),
      save: 'version',
      answer: { ok: true, message: onward },
    }),
  ),
  fact('resume: a paused run may restart at an earlier step, and pause again', () => {
    const message = 'restarts at 20_load.sql in a new session, and pauses after 20_load.sql';
    expectDecision(
      pausedAt(COMMIT, '30_check.sql'),
      resume({ from: '20_load.sql', until: '20_load.sql' }),
      now,
      {
        run: continues(message, {
          until: '20_load.sql',
          cursor: LOAD,
          step: '20_load.sql',
          verifySession: gone,
          rebuildFrom: LOAD,
        }),
        save: 'version',
        answer: { ok: true, message },
      },
    );
  }),
  fact('resume: a failed run still pauses where it was to pause', () => {
    const message = 'resumes at 40_commit.sql (attempt 3), and pauses after 60_call_again.sql';
    expectDecision(failedAt(COMMIT, { until: '60_call_again.sql' }), resume(), now, {
      run: continues(message, {
        until: '60_call_again.sql',
        attempt: 3,
        firstAttempt: 3,
        checkMarkerOf: COMMIT,
      }),
      save: 'version',
      answer: { ok: true, message },
    });
  }),
  fact('resume: a step that has run is none to pause after', () =>
    refused(
      pausedAt(CALL, '40_commit.sql'),
      resume({ until: '40_commit.sql' }),
      '40_commit.sql has already run, the next step is 50_call.sql: name that or a later one with --until',
    ),
  ),
  fact('resume: an unknown step is none to pause after', () =>
    refused(
      pausedAt(CALL, '40_commit.sql'),
      resume({ until: '45_call.sql' }),
      "today's pipeline has no step 45_call.sql",
    ),
  ),
  fact('resume: where a failed run was to pause must be in the plan of today', () =>
    refused(
      failedAt(COMMIT, { until: '45_call.sql' }),
      resume(),
      "today's pipeline has no step 45_call.sql; run run-1 was to pause after it: name another with --until",
    ),
  ),
  fact('resume: steps after the next one of a paused run are not skipped', () =>
    refused(
      pausedAt(CALL, '40_commit.sql'),
      resume({ from: '80_audit.sql' }),
      '80_audit.sql comes after the next step, 50_call.sql: the steps in between have not run',
    ),
  ),
  fact('resolve: a step that was applied is none to run again, and the run pauses after it as before', () =>
    expectDecision(
      readyAt(COMMIT, {
        state: 'NEEDS_DECISION',
        error: sqlError,
        resumeWith,
        endedAt: '2026-11-24T08:05:00.000Z',
        until: '40_commit.sql',
      }),
      { verb: 'resolve', requestId: 'request-1', actor: 'mia', verdict: 'applied' },
      now,
      {
        run: {
          state: 'RUNNING',
          error: gone,
          resumeWith: gone,
          endedAt: gone,
          cursor: CALL,
          step: '50_call.sql',
          attempt: 1,
          firstAttempt: 1,
          verifySession: true,
          lastStep: {
            index: COMMIT,
            name: '40_commit.sql',
            generation: 2,
            attempt: 2,
            status: 'FINISHED',
            startedAt: '2026-11-24T08:05:00.000Z',
            endedAt: NOW_ISO,
            error: 'declared applied by mia',
          },
          lastRequest: asked('resolve', 'step 40_commit.sql was applied, according to mia'),
          timeoutFrom: NOW_ISO,
          nextCheckAt: NOW_SECONDS,
        },
        save: 'version',
        answer: { ok: true, message: 'step 40_commit.sql was applied, according to mia' },
      },
    ),
  ),
  fact('cancel: a paused run ends, and gives its slot back', () => {
    const message = 'cancelled run run-1 (was PAUSED)';
    expectDecision(
      pausedAt(CALL, '40_commit.sql'),
      { verb: 'cancel', requestId: 'request-1', actor: 'mia' },
      now,
      {
        run: {
          state: 'CANCELLED',
          error: { class: 'cancelled', message: 'cancelled by mia', step: '50_call.sql' },
          endedAt: NOW_ISO,
          pendingActions: ['history', 'release', 'wake', 'publish', 'close'],
          nextCheckAt: NOW_SECONDS,
          lastRequest: asked('cancel', message),
        },
        save: 'version',
        effect: { kind: 'PerformActions' },
        answer: { ok: true, message },
      },
    );
  }),
];

export const untilFacts = [...pausing, ...groups, ...resuming];
