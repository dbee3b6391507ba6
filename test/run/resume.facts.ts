/** Resume: with the plan of today, in the session that is there, or from an earlier step in a new one. */
import assert from 'node:assert/strict';

import { decide } from './decide-any.ts';
import type { PlanView, StepView } from '../../shared/run/plan-view.ts';
import type { ResumeRequest } from '../../shared/run/request.ts';
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import { asked, expectFirstAnswer, failedAt, refused } from './request-samples.ts';
import type { Changes } from './samples.ts';
import {
  AUDIT,
  CALL,
  CHECK,
  COMMIT,
  gone,
  LOAD,
  now,
  NOW_ISO,
  NOW_SECONDS,
  plan,
  planWith,
  STAGE,
} from './samples.ts';

function repaired(step: StepView): StepView {
  return { ...step, hash: 'repaired' };
}

const today: PlanView = { ...plan, hash: 'plan-2' };

function resume(more: Partial<ResumeRequest> = {}): ResumeRequest {
  return { verb: 'resume', requestId: 'request-1', actor: 'mia', plan: today, ...more };
}

function resumed(message: string): Changes {
  return {
    state: 'RUNNING',
    error: gone,
    resumeWith: gone,
    endedAt: gone,
    pendingActions: gone,
    rebuilds: gone,
    planHash: 'plan-2',
    lastRequest: asked('resume', message),
    timeoutFrom: NOW_ISO,
    nextCheckAt: NOW_SECONDS,
  };
}

const onward = 'resumes at 40_commit.sql (attempt 3)';

export const resumeFacts = [
  fact(
    'resume: a failed step is retried in its session after that was verified, with a new retry budget',
    () =>
      expectDecision(failedAt(COMMIT), resume(), now, {
        run: {
          ...resumed(onward),
          attempt: 3,
          firstAttempt: 3,
          verifySession: true,
          checkMarkerOf: COMMIT,
        },
        save: 'version',
        answer: { ok: true, message: onward },
      }),
  ),
  fact('resume: a missing session need not be verified', () =>
    expectDecision(failedAt(COMMIT, { sessionId: gone, verifySession: true }), resume(), now, {
      run: {
        ...resumed(onward),
        attempt: 3,
        firstAttempt: 3,
        verifySession: gone,
        checkMarkerOf: COMMIT,
      },
      save: 'version',
      answer: { ok: true, message: onward },
    }),
  ),
  fact('resume: a run that released its slot waits for one', () =>
    expectDecision(failedAt(COMMIT, { slot: gone }), resume(), now, {
      run: {
        ...resumed(onward),
        state: 'QUEUED',
        attempt: 3,
        firstAttempt: 3,
        verifySession: true,
        checkMarkerOf: COMMIT,
        nextCheckAt: gone,
      },
      save: 'version',
      answer: { ok: true, message: onward },
    }),
  ),
  fact('resume of a run that failed before the step with a marker to check keeps that check', () => {
    const pending = (cursor: number, checkMarkerOf: number): unknown =>
      decide(failedAt(cursor, { checkMarkerOf }), resume(), now).run.checkMarkerOf;
    assert.deepStrictEqual(
      [pending(LOAD, COMMIT), pending(COMMIT, COMMIT), pending(CALL, COMMIT)],
      [COMMIT, COMMIT, CALL],
    );
  }),
  fact('resume of the first step checks its marker', () =>
    assert.equal(decide(failedAt(STAGE), resume(), now).run.checkMarkerOf, STAGE),
  ),
  fact('resume in a rebuilt session with an added step uses a new session', () => {
    const longer = { ...today, steps: [...today.steps, ...today.steps.slice(0, 1)] };
    const { run } = decide(failedAt(COMMIT, { generation: 2 }), resume({ plan: longer }), now);
    assert.equal(run.rebuildFrom, COMMIT);
  }),
  fact("resume: the run takes the number of steps of today's plan", () => {
    const longer = { ...today, steps: [...today.steps, ...today.steps.slice(0, 1)] };
    const { run } = decide(failedAt(COMMIT), resume({ plan: longer }), now);
    assert.equal(run.steps, 9);
  }),
  fact('resume: a repaired step keeps its place and has its new name', () => {
    const repaired = planWith(COMMIT, { name: '40_merge.sql', hash: 'repaired' });
    const { run } = decide(failedAt(COMMIT), resume({ plan: repaired }), now);
    assert.deepStrictEqual([run.state, run.cursor, run.step], ['RUNNING', COMMIT, '40_merge.sql']);
  }),
  fact('resume --from an earlier step without permanent effects restarts there in a new session', () => {
    const message = 'restarts at 20_load.sql in a new session';
    const rebuild = { resumeAt: COMMIT, attempt: 1, firstAttempt: 1, todo: [] };
    expectDecision(failedAt(CHECK, { rebuild }), resume({ from: '20_load.sql' }), now, {
      run: {
        ...resumed(message),
        cursor: LOAD,
        step: '20_load.sql',
        rebuild: gone,
        rebuildFrom: LOAD,
        // What may be applied is the step that failed, wherever the run goes on from.
        checkMarkerOf: COMMIT,
        attempt: 1,
        firstAttempt: 1,
      },
      save: 'version',
      answer: { ok: true, message },
    });
  }),
  fact('resume: a run that failed during its rebuild continues with the step that was re-run', () => {
    const rebuild = {
      resumeAt: COMMIT,
      attempt: 1,
      firstAttempt: 1,
      todo: [{ index: LOAD, compare: false }],
    };
    const { run } = decide(failedAt(LOAD, { rebuild }), resume(), now);
    assert.deepStrictEqual(
      [run.cursor, run.step, run.rebuild, run.rebuildFrom, run.checkMarkerOf],
      [LOAD, '20_load.sql', rebuild, undefined, COMMIT],
    );
    assert.deepStrictEqual([run.attempt, run.firstAttempt], [3, 3]);
  }),
  fact(
    'resume --from a step before the rebuild target restarts there, even if steps were left to re-run',
    () => {
      const rebuild = {
        resumeAt: COMMIT,
        attempt: 1,
        firstAttempt: 1,
        todo: [{ index: LOAD, compare: false }],
      };
      const { run } = decide(failedAt(LOAD, { rebuild }), resume({ from: '30_check.sql' }), now);
      assert.deepStrictEqual([run.cursor, run.rebuildFrom, run.rebuild], [CHECK, CHECK, undefined]);
    },
  ),
  fact('resume with changed steps in a rebuilt session uses a new session', () => {
    const next = (changes: Changes, plan: PlanView): unknown[] => {
      const { run } = decide(failedAt(COMMIT, changes), resume({ plan }), now);
      return [run.rebuildFrom, run.verifySession, run.cursor, run.attempt, run.firstAttempt];
    };
    const other = planWith(AUDIT, { hash: 'needs more' });
    const shorter = { ...today, steps: today.steps.slice(0, -1) };
    assert.deepStrictEqual(next({ generation: 2 }, other), [COMMIT, undefined, COMMIT, 3, 3]);
    assert.deepStrictEqual(next({ generation: 2 }, shorter), [COMMIT, undefined, COMMIT, 3, 3]);
    assert.deepStrictEqual(next({ generation: 1 }, other), [undefined, true, COMMIT, 3, 3]);
    const rebuild = {
      resumeAt: COMMIT,
      attempt: 1,
      firstAttempt: 1,
      todo: [{ index: LOAD, compare: false }],
    };
    const { run } = decide(failedAt(LOAD, { rebuild, generation: 2 }), resume({ plan: other }), now);
    assert.deepStrictEqual([run.rebuildFrom, run.cursor, run.rebuild], [COMMIT, LOAD, rebuild]);
  }),
  fact('resume with the same steps, compiled differently, keeps the rebuilt session', () => {
    const steps = today.steps.map((step) => ({ ...step, conflictRetry: !step.conflictRetry }));
    const { run } = decide(failedAt(COMMIT, { generation: 2 }), resume({ plan: { ...today, steps } }), now);
    assert.deepStrictEqual([run.rebuildFrom, run.verifySession], [undefined, true]);
  }),
  fact('resume: the run is between its steps, whatever stopped it', () =>
    assert.equal(decide(failedAt(COMMIT, { phase: 'CLAIMED' }), resume(), now).run.phase, 'READY'),
  ),
  fact('resume of a run without pending actions is accepted', () =>
    assert.equal(decide(failedAt(COMMIT, { pendingActions: gone }), resume(), now).run.state, 'RUNNING'),
  ),
  fact('resume of a run whose slot is being released is refused for the moment', () =>
    refused(
      failedAt(COMMIT, { pendingActions: ['history', 'release'] }),
      resume(),
      'run run-1 is still being stopped: try again in a moment',
    ),
  ),
  fact('resume restarts at a changed earlier step if no step had permanent effects', () => {
    const repaired = planWith(STAGE, { hash: 'repaired' });
    const { run, answer } = decide(failedAt(CHECK), resume({ plan: repaired }), now);
    assert.deepStrictEqual([run.cursor, run.rebuildFrom], [STAGE, STAGE]);
    assert.deepStrictEqual(answer, { ok: true, message: 'restarts at 10_stage.sql in a new session' });
  }),
  fact('resume: an earlier step with another name counts as changed', () => {
    const renamed = planWith(LOAD, { name: '25_load.sql' });
    const { run } = decide(failedAt(CHECK), resume({ plan: renamed }), now);
    assert.deepStrictEqual([run.cursor, run.step], [LOAD, '25_load.sql']);
  }),
  fact('resume --from a step before the changed one restarts there', () => {
    const repaired = planWith(LOAD, { hash: 'repaired' });
    const { run } = decide(failedAt(COMMIT), resume({ plan: repaired, from: '10_stage.sql' }), now);
    assert.equal(run.cursor, STAGE);
  }),
  fact('resume is refused if steps before permanent effects were changed', () => {
    const steps = plan.steps.map((step, i) => (i < 2 ? repaired(step) : step));
    refused(
      failedAt(CALL + 1),
      resume({ plan: { ...today, steps } }),
      'steps that have already run were changed (10_stage.sql, 20_load.sql), and 40_commit.sql, 50_call.sql has taken permanent effect since. Undo those changes, or start the file again',
    );
  }),
  fact('resume is refused if one step before one permanent effect was changed', () =>
    refused(
      failedAt(CALL),
      resume({ plan: planWith(STAGE, { hash: 'repaired' }) }),
      'steps that have already run were changed (10_stage.sql), and 40_commit.sql has taken permanent effect since. Undo those changes, or start the file again',
    ),
  ),
  fact('resume --from a step before a permanent effect is refused', () =>
    refused(
      failedAt(CALL + 1),
      resume({ from: '40_commit.sql' }),
      '40_commit.sql, 50_call.sql has already taken effect and is never repeated: resume from a later step, or start the file again',
    ),
  ),
  fact('resume --from a step between two permanent effects is refused with the later one', () =>
    refused(
      failedAt(CALL + 1),
      resume({ from: '50_call.sql' }),
      '50_call.sql has already taken effect and is never repeated: resume from a later step, or start the file again',
    ),
  ),
  fact('resume --from an unknown step is refused', () =>
    refused(failedAt(COMMIT), resume({ from: '99_no.sql' }), "today's pipeline has no step 99_no.sql"),
  ),
  fact('resume --from a step after the failed one is refused', () =>
    refused(
      failedAt(COMMIT),
      resume({ from: '50_call.sql' }),
      '50_call.sql comes after the failed step, 40_commit.sql: the steps in between have not run',
    ),
  ),
  fact('resume is refused if the failed step is no longer in the pipeline', () =>
    refused(
      failedAt(COMMIT),
      resume({ plan: { ...today, steps: today.steps.slice(0, 3) } }),
      "today's pipeline no longer has a step number 4; start the file again",
    ),
  ),
  fact('resume of a run in a rebuild refers to the rebuild target', () =>
    refused(
      failedAt(LOAD, { rebuild: { resumeAt: COMMIT, attempt: 1, firstAttempt: 1, todo: [] } }),
      resume({ plan: { ...today, steps: today.steps.slice(0, 3) } }),
      "today's pipeline no longer has a step number 4; start the file again",
    ),
  ),
  fact('resume --from the failed step itself stays in its session', () => {
    const { run } = decide(failedAt(COMMIT), resume({ from: '40_commit.sql' }), now);
    assert.deepStrictEqual([run.cursor, run.rebuildFrom, run.attempt], [COMMIT, undefined, 3]);
  }),
  fact('resume of a run that needs a decision is refused until it is resolved', () => {
    refused(
      failedAt(COMMIT, { state: 'NEEDS_DECISION' }),
      resume(),
      'run run-1 needs a decision first: ERROR: so it said. Check the tables of its step, then run: npx baton resume run-1',
    );
  }),
  ...(['RUNNING', 'SUCCEEDED', 'CANCELLED', 'QUEUED'] as const).map((state) =>
    fact(`resume of a run that is ${state} is refused`, () =>
      refused(
        failedAt(COMMIT, { state }),
        resume(),
        `run run-1 is ${state}: only a FAILED or PAUSED run can be resumed`,
      ),
    ),
  ),
  fact('a replay resumes a run once', () => {
    const { run } = decide(failedAt(COMMIT), resume({ replayName: 'replay-1' }), now);
    assert.deepStrictEqual(run.replays, ['replay-1']);
    expectDecision(
      failedAt(COMMIT, { replays: ['replay-0', 'replay-1'] }),
      resume({ replayName: 'replay-1' }),
      now,
      { answer: { ok: true, message: 'replay replay-1 already resumed this run' } },
    );
  }),
  fact('the latest ten replays are remembered', () => {
    const replays = Array.from({ length: 10 }, (_, i) => `replay-${i}`);
    const { run } = decide(failedAt(COMMIT, { replays }), resume({ replayName: 'replay-10' }), now);
    assert.deepStrictEqual(run.replays, [...replays.slice(1), 'replay-10']);
  }),
  fact('resume: a repeated request returns its first answer', () => expectFirstAnswer(resume())),
];
