/** A statement ended: the run advances, tries again, or stops. */
import assert from 'node:assert/strict';

import type { Failed, StatementEnd } from '../../shared/run/decision.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { Failure, FailureClass } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { backoffMs, isVerdict, policyFor } from '../../shared/run/retry.ts';
import { failStep, finishStep } from '../../shared/run/step-end.ts';
import type { Decided } from './decide-any.ts';
import { active, decide, flat } from './decide-any.ts';
import { expectDecision, expectStop } from './expect-decision.ts';
import { fact } from './fact.ts';
import { cancelOnDev } from './request-samples.ts';
import type { Changes } from './samples.ts';
import {
  at,
  AUDIT,
  beforeClaim,
  CALL,
  CALL_AGAIN,
  CALL_VERIFIED,
  changed,
  CHECK,
  claimedAt,
  COMMIT,
  failedWith,
  finished,
  freshClaim,
  gone,
  laden,
  LOAD,
  looksAtFile,
  newerFile,
  NOW,
  now,
  NOW_ISO,
  NOW_SECONDS,
  plan,
  planWith,
  readyAt,
  reported,
  rowBefore,
  rowOf,
  sameFile,
  STAGE,
  submissionGone,
  submittedAt,
  doneAt,
} from './samples.ts';

function seen(end: StatementEnd): RunEvent {
  return { kind: 'StatementSeen', statementId: end.statementId, status: end.status, end };
}

const { rows: _rows, ...finishedUncounted } = finished;
/** What the engine says of an end without an error text. */
const wordless: Failure = { class: 'unknown', message: 'the warehouse gave no error text' };

const aborted: Failed = {
  statementId: 'statement-1',
  status: 'ABORTED',
  endedAt: '2026-11-24T08:09:59.000Z',
  error: wordless,
};

function failureAt(name: string, failure: FailureClass, message = 'ERROR: so it said'): Failure {
  return { class: failure, message, step: name, statementId: 'statement-1' };
}

/** Without chance: the whole pause. */
const wholePause = at(NOW, { chance: { token: 'unused', fraction: 1 } });

const advancing = [
  fact(
    'a finished step advances the cursor and keeps its row; if the next step loads the file, it is checked before the write',
    () =>
      expectDecision(
        submittedAt(STAGE, { ...laden, outcomeUnknownSince: gone, firstAttempt: 2, rebuilds: 2 }),
        seen(finished),
        now,
        {
          run: {
            ...beforeClaim(LOAD),
            rebuilds: gone,
            attempt: 1,
            firstAttempt: 1,
            ...doneAt(STAGE, { rows: 12 }),
          },
          effect: looksAtFile,
        },
      ),
  ),
  fact('an unknown row count is not in the history row', () =>
    expectDecision(submittedAt(COMMIT), seen(finishedUncounted), now, {
      run: { ...freshClaim(CALL), attempt: 1, firstAttempt: 1, ...doneAt(COMMIT) },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact("the previous step's row is written first, and the same event is handled again after it", () =>
    expectDecision(submittedAt(STAGE, { lastStep: rowBefore }), seen(finished), now, {
      effect: { kind: 'WriteHistory' },
    }),
  ),
  fact('after a load finished, its file is checked again first', () =>
    expectDecision(submittedAt(LOAD), seen(finished), now, {
      effect: { kind: 'CheckInput', about: finished },
    }),
  ),
  fact('a load of a run without a file is not checked', () =>
    expectDecision(
      submittedAt(LOAD, { trigger: { kind: 'request', time: NOW_ISO, requestId: 'one', actor: 'me' } }),
      seen(finished),
      now,
      {
        run: {
          ...freshClaim(CHECK),
          attempt: 1,
          firstAttempt: 1,
          ...doneAt(LOAD, { rows: 12 }),
        },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  fact('after a check finished, its result is read', () =>
    expectDecision(submittedAt(CHECK), seen(finished), now, {
      effect: { kind: 'ReadVerdict', about: finished },
    }),
  ),
  fact('after a check that reads the file, the file is checked first', () =>
    expectDecision(
      submittedAt(CHECK),
      seen(finished),
      at(NOW, { plan: planWith(CHECK, { usesFile: true }) }),
      {
        effect: { kind: 'CheckInput', about: finished },
      },
    ),
  ),
  fact('after a check with an unchanged file, its result is read', () =>
    expectDecision(submittedAt(CHECK), { kind: 'InputChecked', seen: sameFile, about: finished }, now, {
      effect: { kind: 'ReadVerdict', about: finished },
    }),
  ),
  fact('after a load with an unchanged file, the run advances', () =>
    expectDecision(submittedAt(LOAD), { kind: 'InputChecked', seen: sameFile, about: finished }, now, {
      run: { ...freshClaim(CHECK), attempt: 1, firstAttempt: 1, ...doneAt(LOAD, { rows: 12 }) },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('the last step of a shorter plan ends the run', () => {
    const { run } = decide(submittedAt(STAGE, { steps: 1 }), seen(finished), now);
    assert.deepStrictEqual([run.state, run.cursor], ['SUCCEEDED', 1]);
  }),
];

const newerRun = 'The newer upload has its own run; to cancel this one: npx baton cancel run-1 --stage dev';

const forGood = (step: string): string =>
  `The effects of step ${step} are permanent: check its tables, then run: npx baton resolve run-1 --stage dev --applied | --abandon`;

function fail(): never {
  throw new Error('the sample has no file');
}

const inputs = [
  fact('the file check before a claim is ignored once the step is submitted', () =>
    expectDecision(submittedAt(LOAD), { kind: 'InputChecked', seen: newerFile }, now, {
      note: 'the step is already submitted',
    }),
  ),
  fact('an advance to a load is stored with its claim, after its file was checked', () =>
    expectDecision(
      changed(readyAt(LOAD), { ...beforeClaim(LOAD), lastStep: rowOf(STAGE) }),
      { kind: 'InputChecked', seen: sameFile },
      now,
      {
        run: { ...freshClaim(LOAD), fileAtClaim: { modified: sameFile.modified ?? '' } },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  ...(
    [
      [LOAD, 'FAILED', 'went with the session', newerRun],
      [CHECK, 'FAILED', 'changed nothing', newerRun],
      [COMMIT, 'NEEDS_DECISION', 'is committed', forGood('40_commit.sql')],
      [CALL, 'NEEDS_DECISION', 'may have done anything', forGood('50_call.sql')],
    ] as const
  ).map(([cursor, state, why, then]) =>
    fact(
      `a file overwritten while ${plan.steps[cursor]?.name ?? ''} ran stops the run: the effects of the step ${why}`,
      () =>
        expectStop(
          submittedAt(cursor),
          { kind: 'InputChecked', seen: newerFile, about: finished },
          now,
          state,
          `s3://landing/orders/1.csv was overwritten while it was loaded (etag etag-2, in the event etag-1). ${then}`,
        ),
    ),
  ),
  fact('a deleted file is reported without a newer upload', () => {
    const then =
      'To load it, upload it again: that starts a new run; to cancel this one: npx baton cancel run-1 --stage dev';
    const gone = 's3://landing/orders/1.csv was deleted';
    for (const run of [readyAt(LOAD), claimedAt(LOAD)])
      expectStop(run, { kind: 'InputChecked' }, now, 'FAILED', `${gone} before it was loaded. ${then}`);
    const afterwards: RunEvent = { kind: 'InputChecked', about: finished };
    expectStop(submittedAt(LOAD), afterwards, now, 'FAILED', `${gone} while it was loaded. ${then}`);
    expectStop(
      submittedAt(COMMIT),
      afterwards,
      now,
      'NEEDS_DECISION',
      `${gone} while it was loaded. ${forGood('40_commit.sql')}`,
    );
  }),
  fact('an overwritten file of a request is reported without a run of the newer upload', () =>
    expectStop(
      readyAt(LOAD, {
        trigger: {
          kind: 'request',
          time: NOW_ISO,
          requestId: 'one',
          actor: 'me',
          file: fileOf(readyAt(LOAD).trigger) ?? fail(),
        },
      }),
      { kind: 'InputChecked', seen: newerFile },
      now,
      'FAILED',
      's3://landing/orders/1.csv was overwritten before it was loaded (etag etag-2, in the event etag-1). To load the current object, start a new run; to cancel this one: npx baton cancel run-1 --stage dev',
    ),
  ),
  ...(
    [
      ['it was written again in between', { modified: '2026-11-24T08:09:00.000Z' }, {}],
      ['its version is not that of the event', { versionId: 'v2' }, { versionId: 'v1' }],
      ['its version is not that before the load', { versionId: 'v2' }, {}],
    ] as const
  ).map(([why, now_, file]) =>
    fact(`a file with the same etag counts as overwritten: ${why}`, () => {
      const { trigger } = readyAt(LOAD);
      const run = submittedAt(LOAD, {
        trigger: { kind: 's3', time: trigger.time, file: { ...(fileOf(trigger) ?? fail()), ...file } },
        fileAtClaim: { modified: sameFile.modified ?? '', versionId: 'v1' },
      });
      const { run: stopped } = decide(
        run,
        { kind: 'InputChecked', seen: { ...sameFile, ...now_ }, about: finished },
        now,
      );
      assert.deepStrictEqual([stopped.state, stopped.error?.class], ['FAILED', 'input']);
      assert.match(stopped.error?.message ?? '', /was overwritten while it was loaded \((?:version|last) /);
    }),
  ),
  fact('the version of the event is compared before the load, too', () => {
    const { trigger } = readyAt(LOAD);
    const file = { ...(fileOf(trigger) ?? fail()), versionId: 'v1' };
    const event: RunEvent = { kind: 'InputChecked', seen: { ...sameFile, versionId: 'v2' } };
    const { run } = decide(readyAt(LOAD, { trigger: { kind: 's3', time: trigger.time, file } }), event, now);
    assert.match(
      run.error?.message ?? '',
      /overwritten before it was loaded \(version v2, in the event v1\)/,
    );
  }),
  fact('values that are missing before or after a load are not compared', () => {
    const before = { modified: sameFile.modified ?? '', versionId: 'v1' };
    for (const fileAtClaim of [gone, {}, before] as const)
      for (const seen of [{ etag: 'etag-1' }, fileAtClaim === gone ? sameFile : { etag: 'etag-1' }]) {
        const event: RunEvent = { kind: 'InputChecked', seen, about: finished };
        assert.equal(decide(submittedAt(LOAD, { fileAtClaim }), event, now).run.cursor, CHECK);
      }
  }),
  fact('a long key is cut to leave room for the command', () => {
    const { trigger } = readyAt(LOAD);
    const file = { ...(fileOf(trigger) ?? fail()), key: 'é'.repeat(512), versionId: 'v'.repeat(1_000) };
    const event: RunEvent = { kind: 'InputChecked', seen: { etag: 'e'.repeat(200), versionId: 'w' } };
    const { run } = decide(readyAt(LOAD, { trigger: { kind: 's3', time: trigger.time, file } }), event, now);
    assert.match(run.error?.message ?? '', /to cancel this one: npx baton cancel run-1 --stage dev$/);
  }),
  fact('a run without a file loads the files that its SQL names', () => {
    const run = readyAt(LOAD, { trigger: { kind: 'request', time: NOW_ISO, requestId: 'one', actor: 'me' } });
    assert.equal(decide(run, { kind: 'InputChecked' }, now).run.phase, 'CLAIMED');
  }),
  fact("the previous step's row is written before a run stops for its file", () => {
    const event: RunEvent = { kind: 'InputChecked', seen: newerFile, about: finished };
    expectDecision(submittedAt(LOAD, { lastStep: rowBefore }), event, now, {
      run: { rebuildFrom: LOAD },
      effect: { kind: 'WriteHistory' },
    });
  }),
];

const retrying = [
  fact('a transient failure backs off with jitter, and the next attempt comes with a new claim', () =>
    expectDecision(
      submittedAt(STAGE, { ...laden, outcomeUnknownSince: gone }),
      seen(failedWith('transient')),
      now,
      {
        run: {
          ...submissionGone,
          // Its tables may be as after it: the session is filled anew.
          rebuildFrom: STAGE,
          state: 'WAITING',
          phase: 'READY',
          attempt: 3,
          lastStep: rowOf(STAGE, {
            status: 'FAILED',
            error: 'ERROR: so it said',
            errorClass: 'transient',
          }),
          // 8 s at most for the second attempt, and half of it by chance.
          nextCheckAt: NOW_SECONDS + 4,
          waitingFor: 'attempt 2 of 10_stage.sql failed: ERROR: so it said',
        },
        save: 'version',
        effect: { kind: 'Wake' },
        pauseMs: 4_000,
      },
    ),
  ),
  fact("the previous step's row is written before a step is retried", () => {
    const event = seen(failedWith('transient'));
    expectDecision(submittedAt(CHECK, { lastStep: rowBefore }), event, now, {
      effect: { kind: 'WriteHistory' },
    });
  }),
  fact('a pause of up to ten seconds is taken in the invocation, a longer one is left to the sweep', () => {
    const paused = (baseSeconds: number): Decided =>
      decide(submittedAt(STAGE, { attempt: 1 }), seen(failedWith('transient')), {
        ...wholePause,
        plan: planWith(STAGE, { retry: { attempts: 3, baseSeconds, maxSeconds: 300 } }),
      });
    const short = paused(10);
    assert.deepStrictEqual([short.effect, short.pauseMs], [{ kind: 'Wake' }, 10_000]);
    const longer = paused(10.001);
    assert.deepStrictEqual(
      [longer.effect, longer.pauseMs, longer.save, longer.run.nextCheckAt],
      [undefined, undefined, 'version', NOW_SECONDS + 10],
    );
  }),
  fact('attempts are counted from the first of their retry budget', () => {
    const third = { attempt: 5, firstAttempt: 3 };
    expectStop(submittedAt(STAGE, third), seen(failedWith('transient')), now, 'FAILED', 'ERROR: so it said');
    const second = decide(
      submittedAt(STAGE, { attempt: 4, firstAttempt: 3 }),
      seen(failedWith('transient')),
      wholePause,
    );
    assert.deepStrictEqual([second.run.state, second.run.attempt], ['WAITING', 5]);
    assert.deepStrictEqual([second.effect, second.pauseMs], [{ kind: 'Wake' }, 8_000]);
  }),
  fact('an unknown failure of a step without effect fails the run', () => {
    const failure = failureAt('40_commit.sql', 'unknown');
    const run = submittedAt(COMMIT);
    const { run: stopped, effect } = flat(
      failStep(active(run), now, { ...failedWith('unknown'), error: failure }),
    );
    assert.deepStrictEqual([stopped.state, stopped.error], ['FAILED', failure]);
    assert.deepStrictEqual(effect, { kind: 'PerformActions' });
  }),
  fact('a step that needs a new session each time is retried until ten in a row have failed', () => {
    const next = (cursor: number, changes: Changes): string =>
      decide(submittedAt(cursor, changes), seen(failedWith('transient')), now).run.state;
    assert.deepStrictEqual(
      [next(STAGE, { rebuilds: 9 }), next(STAGE, { rebuilds: 10 }), next(STAGE, { rebuilds: 11 })],
      ['WAITING', 'FAILED', 'FAILED'],
    );
    // A check is tried again where it is.
    assert.equal(next(CHECK, { rebuilds: 10 }), 'WAITING');
  }),
  fact('a conflict of a step with conflict retry is retried', () => {
    const { run } = decide(submittedAt(STAGE), seen(failedWith('conflict')), now);
    assert.deepStrictEqual([run.state, run.attempt], ['WAITING', 3]);
  }),
  fact('a conflict of a step without conflict retry rebuilds the tables that it read', () =>
    expectDecision(
      submittedAt(STAGE),
      seen(failedWith('conflict')),
      at(NOW, { plan: planWith(STAGE, { conflictRetry: false }) }),
      {
        effect: {
          kind: 'PlanRebuild',
          about: reported(failedWith('conflict'), failureAt('10_stage.sql', 'conflict')),
        },
      },
    ),
  ),
  fact('a conflict of a step with conflict retry fails after the last attempt', () =>
    expectStop(
      submittedAt(STAGE, { attempt: 3 }),
      seen(failedWith('conflict')),
      now,
      'FAILED',
      'ERROR: so it said',
    ),
  ),
];

const failing = [
  fact('an SQL error fails the run with the error of the warehouse', () =>
    expectStop(submittedAt(STAGE), seen(failedWith('sql')), now, 'FAILED', 'ERROR: so it said'),
  ),
  fact('a failure without an error text has an unknown outcome', () =>
    expectDecision(submittedAt(COMMIT), seen({ ...aborted, status: 'FAILED' }), now, {
      effect: {
        kind: 'ProbeMarker',
        about: reported(
          { ...aborted, status: 'FAILED' },
          failureAt('40_commit.sql', 'unknown', 'the warehouse gave no error text'),
        ),
      },
    }),
  ),
  ...(['unknown', 'session-lost'] as const).map((failure) =>
    fact(`a failure of class ${failure} has an unknown outcome`, () =>
      expectDecision(submittedAt(COMMIT), seen(failedWith(failure)), now, {
        effect: {
          kind: 'ProbeMarker',
          about: reported(failedWith(failure), failureAt('40_commit.sql', failure)),
        },
      }),
    ),
  ),
  fact('after a load error its details are read in the same session', () =>
    expectDecision(submittedAt(LOAD), seen(failedWith('data')), now, {
      effect: {
        kind: 'ReadLoadErrors',
        about: { ...failedWith('data'), error: failureAt('20_load.sql', 'data') },
      },
    }),
  ),
  fact('the details of a load error without a session are not read', () =>
    expectStop(
      submittedAt(LOAD, { sessionId: gone }),
      seen(failedWith('data')),
      now,
      'FAILED',
      'ERROR: so it said',
    ),
  ),
  fact('the details of a load error are appended to its message', () =>
    expectDecision(
      submittedAt(LOAD),
      { kind: 'LoadErrorsRead', message: 'line 3: no number', about: failedWith('data') },
      now,
      {
        run: {
          ...stoppedAt(LOAD, failureAt('20_load.sql', 'data', 'ERROR: so it said\nline 3: no number')),
          resumeWith: cancelOnDev,
          lastStep: rowOf(LOAD, {
            status: 'FAILED',
            error: 'ERROR: so it said\nline 3: no number',
            errorClass: 'data',
          }),
        },
        save: 'version',
        effect: { kind: 'PerformActions' },
      },
    ),
  ),
  fact('bad data in a step without the file offers resume', () => {
    const command = (run: StoredRun): string | undefined =>
      decide(run, { kind: 'LoadErrorsRead', message: '', about: failedWith('data') }, now).run.resumeWith
        ?.command;
    assert.equal(command(submittedAt(STAGE)), 'npx baton resume run-1 --stage dev');
    assert.equal(
      command(
        submittedAt(LOAD, { trigger: { kind: 'request', time: NOW_ISO, requestId: 'one', actor: 'me' } }),
      ),
      'npx baton resume run-1 --stage dev',
    );
    assert.equal(command(submittedAt(LOAD)), cancelOnDev.command);
  }),
  fact('details that are empty add nothing', () =>
    expectStop(
      submittedAt(LOAD),
      { kind: 'LoadErrorsRead', message: '', about: failedWith('data') },
      now,
      'FAILED',
      'ERROR: so it said',
    ),
  ),
  fact('details are the whole message of an error without a text', () =>
    expectStop(
      submittedAt(LOAD),
      { kind: 'LoadErrorsRead', message: 'line 3', about: failedWith('data', '') },
      now,
      'FAILED',
      'line 3',
    ),
  ),
  fact('a check that passed advances', () =>
    expectDecision(
      submittedAt(CHECK),
      { kind: 'VerdictRead', passed: true, message: 'unused', about: finished, rows: 12 },
      now,
      {
        run: {
          ...freshClaim(COMMIT),
          attempt: 1,
          firstAttempt: 1,
          ...doneAt(CHECK, { rows: 12 }),
        },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  fact('a failed check fails the run, and its row is FAILED although its statement finished', () =>
    expectDecision(
      submittedAt(CHECK),
      { kind: 'VerdictRead', passed: false, message: '3 rows, none expected', about: finished, rows: 3 },
      now,
      {
        run: {
          ...stoppedAt(CHECK, failureAt('30_check.sql', 'check', '3 rows, none expected')),
          lastStep: rowOf(CHECK, {
            status: 'FAILED',
            rows: 3,
            error: '3 rows, none expected',
            errorClass: 'check',
          }),
        },
        save: 'version',
        effect: { kind: 'PerformActions' },
      },
    ),
  ),
  fact('a statement that was cancelled outside Baton fails the run as cancelled', () =>
    expectDecision(
      submittedAt(STAGE),
      seen({ ...aborted, error: { class: 'cancelled', message: 'by admin' } }),
      now,
      {
        run: {
          ...stoppedAt(
            STAGE,
            failureAt('10_stage.sql', 'cancelled', 'the statement was cancelled outside Baton: by admin'),
          ),
          rebuildFrom: STAGE,
          lastStep: rowOf(STAGE, {
            status: 'ABORTED',
            error: 'the statement was cancelled outside Baton: by admin',
            errorClass: 'cancelled',
          }),
        },
        save: 'version',
        effect: { kind: 'PerformActions' },
      },
    ),
  ),
  fact('a statement that was cancelled without an error text is ABORTED', () =>
    expectStop(
      submittedAt(STAGE),
      seen(aborted),
      now,
      'FAILED',
      'the statement was cancelled outside Baton: the warehouse gave no error text',
    ),
  ),
  fact('a statement that Baton cancelled after its timeout is a timeout of the step', () =>
    expectDecision(
      submittedAt(STAGE, { timedOut: true, submittedAt: '2026-11-24T07:53:20.499Z' }),
      seen(aborted),
      now,
      {
        run: {
          ...stoppedAt(
            STAGE,
            failureAt(
              '10_stage.sql',
              'timeout',
              'the step exceeded its timeout of 1000 s and was cancelled (timeout: in pipeline.yml)',
            ),
          ),
          rebuildFrom: STAGE,
          lastStep: rowOf(STAGE, {
            status: 'ABORTED',
            startedAt: '2026-11-24T07:53:20.499Z',
            error: 'the step exceeded its timeout of 1000 s and was cancelled (timeout: in pipeline.yml)',
            errorClass: 'timeout',
          }),
        },
        save: 'version',
        effect: { kind: 'PerformActions' },
      },
    ),
  ),
  fact('a step cancelled before its own timeout is a timeout of the run', () =>
    expectStop(
      submittedAt(STAGE, { timedOut: true, submittedAt: '2026-11-24T07:53:20.500Z' }),
      seen(aborted),
      now,
      'FAILED',
      'the run exceeded its timeout of 43200 s; the step was still running and was cancelled (timeout: in pipeline.yml)',
    ),
  ),
  fact("the previous step's row is written before a run fails", () => {
    const event = seen(failedWith('sql'));
    expectDecision(submittedAt(STAGE, { lastStep: rowBefore }), event, now, {
      effect: { kind: 'WriteHistory' },
    });
  }),
  fact('a step that is not in the plan is an error that names both', () => {
    assert.throws(
      () => decide(changed(submittedAt(AUDIT), { cursor: 8 }), seen(finished), now),
      new Error('run run-1: step 8 is not in plan plan-1'),
    );
  }),
];

/** The statement was rolled back: the database itself says so. */
const verdicts: ReadonlySet<string> = new Set(['sql', 'data', 'conflict', 'permission']);

const openClasses = ['transient', 'session-lost', 'unknown'] as const;

const rebuilding = { resumeAt: COMMIT, attempt: 1, firstAttempt: 1, todo: [{ index: LOAD, compare: false }] };

/** What is reported of a statement: may it be believed, and may the step be repeated in this session? */
const reports = [
  ...[...verdicts, ...openClasses].map((of) =>
    fact(`the marker of a durable step reported as ${of} is read`, () => {
      const event: RunEvent =
        of === 'data'
          ? { kind: 'LoadErrorsRead', message: '', about: failedWith('data') }
          : seen(failedWith(of as FailureClass));
      expectDecision(submittedAt(COMMIT, { lastStep: rowBefore }), event, now, {
        effect: {
          kind: 'ProbeMarker',
          about: reported(failedWith(of as FailureClass), failureAt('40_commit.sql', of as FailureClass)),
        },
      });
    }),
  ),
  ...([true, false] as const).map((timedOut) =>
    fact(
      `the marker of a durable step that was cancelled ${timedOut ? 'for its timeout' : 'outside Baton'} is read`,
      () =>
        expectDecision(submittedAt(COMMIT, timedOut ? { timedOut } : {}), seen(aborted), now, {
          effect: {
            kind: 'ProbeMarker',
            about: reported(
              aborted,
              timedOut
                ? failureAt(
                    '40_commit.sql',
                    'timeout',
                    'the run exceeded its timeout of 43200 s; the step was still running and was cancelled (timeout: in pipeline.yml)',
                  )
                : failureAt(
                    '40_commit.sql',
                    'cancelled',
                    'the statement was cancelled outside Baton: the warehouse gave no error text',
                  ),
            ),
          },
        }),
    ),
  ),
  ...[STAGE, CHECK, CALL, CALL_AGAIN, CALL_VERIFIED].flatMap((cursor) =>
    (['sql', 'permission'] as const).map((of) =>
      fact(`an error of class ${of} of a step without a marker fails the run (step ${cursor})`, () => {
        const { run } = decide(submittedAt(cursor), seen(failedWith(of)), now);
        assert.deepStrictEqual([run.state, run.error?.class, run.rebuildFrom], ['FAILED', of, undefined]);
      }),
    ),
  ),
  // A conflict would be retried without a person, who is asked about everything else that an opaque step did.
  ...[...openClasses, 'conflict' as const].flatMap((of) => [
    fact(`an opaque step reported as ${of} needs a decision`, () =>
      expectStop(
        submittedAt(CALL),
        seen(failedWith(of)),
        now,
        'NEEDS_DECISION',
        'ERROR: so it said. Cannot tell whether step 50_call.sql was applied: the step is opaque, has no marker and no verify: query',
      ),
    ),
    fact(`the verify: query of an opaque step reported as ${of} is run`, () =>
      expectDecision(submittedAt(CALL_VERIFIED), seen(failedWith(of)), now, {
        effect: {
          kind: 'RunVerifyQuery',
          about: reported(failedWith(of), failureAt('70_call_verified.sql', of)),
        },
      }),
    ),
  ]),
  fact('an opaque step that was cancelled needs a decision', () => {
    const { run } = decide(submittedAt(CALL), seen(aborted), now);
    assert.deepStrictEqual([run.state, run.error?.class], ['NEEDS_DECISION', 'cancelled']);
  }),
  ...[STAGE, CHECK, CALL_AGAIN].map((cursor) =>
    fact(`a repeatable step that lost its session runs again in a new one (step ${cursor})`, () =>
      expectDecision(submittedAt(cursor), seen(failedWith('session-lost')), now, {
        effect: {
          kind: 'PlanRebuild',
          about: reported(
            failedWith('session-lost'),
            failureAt(plan.steps[cursor]?.name ?? '', 'session-lost'),
          ),
        },
      }),
    ),
  ),
  ...[STAGE, CALL_AGAIN].map((cursor) =>
    fact(`a step that may have been applied is not repeated in its session (step ${cursor})`, () => {
      const { run } = decide(submittedAt(cursor), seen(failedWith('transient')), now);
      assert.deepStrictEqual([run.state, run.attempt, run.rebuildFrom], ['WAITING', 3, cursor]);
    }),
  ),
  ...[STAGE, CALL_AGAIN].flatMap((cursor) =>
    (['unknown', 'cancelled'] as const).map((of) =>
      fact(`a step that failed as ${of} is not resumed in its session (step ${cursor})`, () => {
        const end = of === 'unknown' ? failedWith('unknown') : aborted;
        const { run } = decide(submittedAt(cursor), seen(end), now);
        assert.deepStrictEqual([run.state, run.error?.class, run.rebuildFrom], ['FAILED', of, cursor]);
      }),
    ),
  ),
  fact('a re-run step that may have been applied restarts the rebuild for the same target', () => {
    const { run } = decide(submittedAt(LOAD, { rebuild: rebuilding }), seen(failedWith('transient')), now);
    assert.deepStrictEqual([run.state, run.rebuildFrom, run.rebuild], ['WAITING', COMMIT, rebuilding]);
  }),
  ...(
    [
      ['transient', 'WAITING'],
      ['unknown', 'FAILED'],
    ] as const
  ).map(([of, state]) =>
    fact(`a check reported as ${of} stays in its session, since it changes nothing`, () => {
      const { run } = decide(submittedAt(CHECK), seen(failedWith(of)), now);
      assert.deepStrictEqual([run.state, run.rebuildFrom], [state, undefined]);
    }),
  ),
  fact('a step that is applied without a reported failure has no error in its row', () => {
    const { run } = flat(finishStep(active(submittedAt(COMMIT)), now, finished));
    assert.deepStrictEqual(run.lastStep, rowOf(COMMIT, { rows: 12 }));
  }),
];

const classes: Readonly<Record<FailureClass, 'retry' | 'fail' | 'rebuild'>> = {
  transient: 'retry',
  conflict: 'retry',
  'session-lost': 'retry',
  unknown: 'fail',
  sql: 'fail',
  data: 'fail',
  check: 'fail',
  permission: 'fail',
  timeout: 'fail',
  cancelled: 'fail',
  input: 'fail',
};

const policies = [
  ...Object.entries(classes).map(([failure, policy]) =>
    fact(`the policy for ${failure} is ${policy}`, () => {
      const step = plan.steps[STAGE];
      assert.ok(step);
      assert.equal(policyFor(failure as FailureClass, step), policy);
    }),
  ),
  ...Object.keys(classes).map((failure) =>
    fact(`${failure} is ${verdicts.has(failure) ? 'an error' : 'no error'} of the database itself`, () =>
      assert.equal(isVerdict(failure as FailureClass), verdicts.has(failure)),
    ),
  ),
  fact('the policy for a conflict of a step without conflict retry is rebuild', () => {
    const step = plan.steps[COMMIT];
    assert.ok(step);
    assert.equal(policyFor('conflict', step), 'rebuild');
  }),
  fact('retry pauses double from their base to their maximum, with full jitter', () => {
    const retry = { attempts: 9, baseSeconds: 5, maxSeconds: 30 };
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4, 5].map((attempt) => backoffMs(retry, attempt, 1)),
      [5_000, 5_000, 10_000, 20_000, 30_000, 30_000],
    );
    assert.equal(backoffMs(retry, 1, 0), 0);
    assert.equal(backoffMs(retry, 1, 0.50019), 2_501);
  }),
];

function stoppedAt(cursor: number, error: Failure): Parameters<typeof changed>[1] {
  return {
    ...submissionGone,
    cursor,
    state: 'FAILED',
    phase: 'READY',
    error,
    failures: 1,
    pendingActions: ['history', 'publish'],
    resumeWith: {
      command: 'npx baton resume run-1 --stage dev',
      event:
        '{"source":"baton.request","detail-type":"Resume Requested","detail":{"requestId":"resume-run-1-3","stage":"dev","runId":"run-1","actor":"console"}}',
    },
    endedAt: '2026-11-24T08:10:00.500Z',
  };
}

const corners = [
  fact('a load without a seen statement is finished after a check of its file', () =>
    expectDecision(
      claimedAt(LOAD),
      { kind: 'InputChecked', seen: sameFile, about: { ...finished, statementId: 'unknown' } },
      now,
      {
        run: {
          ...freshClaim(CHECK),
          fileAtClaim: gone,
          attempt: 1,
          firstAttempt: 1,
          ...doneAt(LOAD, {
            rows: 12,
            startedAt: '2026-11-24T08:08:00.000Z',
            statementId: 'unknown',
          }),
        },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  fact('a rolled back step has no rows, and its row has the place of the error', () => {
    const end = failedWith('sql');
    const error: Failure = { class: 'sql', message: 'no', place: '10_stage.sql line 3' };
    const { run } = decide(submittedAt(STAGE), seen({ ...end, rows: 12, error }), now);
    assert.deepStrictEqual(
      run.lastStep,
      rowOf(STAGE, { status: 'FAILED', error: 'no', errorClass: 'sql', place: '10_stage.sql line 3' }),
    );
  }),
  fact('a load that failed by its SQL offers resume; one that failed by its rows offers cancel', () => {
    const command = (of: FailureClass): string | undefined =>
      decide(submittedAt(LOAD, { sessionId: gone }), seen(failedWith(of)), now).run.resumeWith?.command;
    assert.equal(command('sql'), 'npx baton resume run-1 --stage dev');
    assert.equal(command('data'), 'npx baton cancel run-1 --stage dev');
  }),
];

export const stepEndFacts = [
  ...corners,
  ...advancing,
  ...inputs,
  ...retrying,
  ...failing,
  ...reports,
  ...policies,
];
