/** Between steps: sessions, claims, limits; and claims that grew old without a record. */
import assert from 'node:assert/strict';

import { claimAnew, claimAnewSeen } from '../../shared/run/claim.ts';
import type { AnyEvent as RunEvent } from './decide-any.ts';
import { claimed as claimedRun, decide, flat } from './decide-any.ts';
import type { Failure } from '../../shared/run/run.ts';
import { expectDecision, expectStop } from './expect-decision.ts';
import { fact } from './fact.ts';
import type { Changes } from './samples.ts';
import {
  at,
  AUDIT,
  beforeClaim,
  CALL,
  CALL_AGAIN,
  CALL_VERIFIED,
  CHECK,
  claimedAt,
  COMMIT,
  FRESH_TOKEN,
  freshClaim,
  gone,
  laden,
  LOAD,
  looksAtFile,
  now,
  NOW_ISO,
  NOW_SECONDS,
  OLD_TOKEN,
  planWith,
  readyAt,
  rowBefore,
  sameFile,
  STAGE,
  submissionGone,
  submittedAt,
  unknown,
  doneAt,
} from './samples.ts';

const woken = { kind: 'Woken' } as const;

/** 12 hours after the run's time began, at 08:02. */
const timeUp = Date.parse('2026-11-24T20:02:00.000Z');

const timeIsUp = 'the run exceeded its timeout of 43200 s (timeout: in pipeline.yml)';

const between = [
  fact('a run without a session opens one', () =>
    expectDecision(readyAt(STAGE, { sessionId: gone }), woken, now, {
      effect: { kind: 'OpenSession', tries: 0 },
    }),
  ),
  fact('a session that was idle is verified first', () =>
    expectDecision(readyAt(STAGE, { verifySession: true }), woken, now, {
      effect: { kind: 'VerifySession', tries: 0 },
    }),
  ),
  fact('with an open session the step is claimed, and the claim is stored before any call', () =>
    expectDecision(readyAt(STAGE, { step: 'an old name', lastStep: rowBefore }), woken, now, {
      run: freshClaim(STAGE),
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('a claim removes everything of the previous submission', () =>
    expectDecision(
      readyAt(STAGE, {
        ...laden,
        outcomeUnknownSince: gone,
        statementId: 'statement-0',
        submittedAt: NOW_ISO,
        token: OLD_TOKEN,
      }),
      woken,
      now,
      { run: freshClaim(STAGE), save: 'version', effect: { kind: 'Submit', tries: 0 } },
    ),
  ),
  fact('before a load is claimed, its file is checked', () =>
    expectDecision(readyAt(LOAD, { ...laden, outcomeUnknownSince: gone }), woken, now, {
      run: beforeClaim(LOAD),
      effect: looksAtFile,
    }),
  ),
  fact('the claim of a load stores the checked file', () => {
    const event: RunEvent = { kind: 'InputChecked', seen: { ...sameFile, versionId: 'v1' } };
    expectDecision(readyAt(LOAD), event, now, {
      run: { ...freshClaim(LOAD), fileAtClaim: { modified: sameFile.modified ?? '', versionId: 'v1' } },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    });
    const bare: RunEvent = { kind: 'InputChecked', seen: { etag: 'etag-1' } };
    assert.deepStrictEqual(decide(readyAt(LOAD), bare, now).run.fileAtClaim, {});
  }),
  fact('a load in a run without a file is claimed without a check', () =>
    expectDecision(
      readyAt(LOAD, { trigger: { kind: 'request', time: NOW_ISO, requestId: 'one', actor: 'me' } }),
      woken,
      now,
      {
        run: freshClaim(LOAD),
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  fact('tables that must be recreated are rebuilt in a new session first', () =>
    expectDecision(readyAt(LOAD, { rebuildFrom: LOAD }), woken, now, {
      effect: {
        kind: 'PlanRebuild',
        about: unknown({
          class: 'session-lost',
          message: 'the temporary tables that 20_load.sql needs must be recreated in a new session',
        }),
      },
    }),
  ),
];

const sessions = [
  fact('the opened session and the claim are stored in one write', () =>
    expectDecision(
      readyAt(STAGE, { sessionId: gone, pid: gone }),
      { kind: 'SessionOpened', sessionId: 'session-2', pid: 78 },
      now,
      {
        run: { ...freshClaim(STAGE), sessionId: 'session-2', pid: 78 },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  fact('a session without a known process is stored without one', () =>
    expectDecision(
      readyAt(STAGE, { sessionId: gone, pid: gone }),
      { kind: 'SessionOpened', sessionId: 'session-2' },
      now,
      {
        run: { ...freshClaim(STAGE), sessionId: 'session-2' },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  ...(
    [
      ['that has one', readyAt(STAGE)],
      ['that has claimed', claimedAt(STAGE, { sessionId: gone })],
    ] as const
  ).map(([whose, run]) =>
    fact(`a session opened for a run ${whose} is ignored`, () =>
      expectDecision(run, { kind: 'SessionOpened', sessionId: 'session-2', pid: 78 }, now, {
        note: 'the run already has a session',
      }),
    ),
  ),
  fact('after its session was verified, the step is claimed', () =>
    expectDecision(
      readyAt(STAGE, { verifySession: true }),
      { kind: 'SessionVerified', sessionId: 'session-1' },
      now,
      {
        run: { ...freshClaim(STAGE), verifySession: gone },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  ...(
    [
      ['need not be', readyAt(STAGE)],
      ['was claimed in', claimedAt(STAGE, { verifySession: true })],
    ] as const
  ).map(([whose, run]) =>
    fact(`a verified session that ${whose} changes nothing`, () =>
      expectDecision(run, { kind: 'SessionVerified', sessionId: 'session-1' }, now, {}),
    ),
  ),
];

const lastMoment = { timeoutFrom: '2026-11-23T20:10:00.500Z' } as const;
const tooLate = { timeoutFrom: '2026-11-23T20:10:00.499Z' } as const;

const limits = [
  fact('a run claims a step until its timeout, and fails after it', () => {
    assert.equal(decide(readyAt(STAGE, lastMoment), woken, now).run.phase, 'CLAIMED');
    expectStop(readyAt(STAGE, tooLate), woken, now, 'FAILED', timeIsUp);
    const { run } = decide(readyAt(STAGE, tooLate), woken, now);
    assert.deepStrictEqual(run.error, { class: 'timeout', message: timeIsUp, step: '10_stage.sql' });
  }),
  fact('a run that exceeded its timeout while it waited says for what', () => {
    const waits = { ...tooLate, state: 'WAITING', nextCheckAt: 0 } as const;
    const message = `${timeIsUp}; it was waiting: the cluster is paused`;
    expectStop(
      readyAt(STAGE, { ...waits, waitingFor: 'the cluster is paused' }),
      woken,
      now,
      'FAILED',
      message,
    );
    expectStop(readyAt(STAGE, waits), woken, now, 'FAILED', timeIsUp);
  }),
  fact('a run that exceeded its timeout opens and rebuilds no session', () => {
    expectStop(readyAt(STAGE, { ...tooLate, sessionId: gone }), woken, now, 'FAILED', timeIsUp);
    expectStop(readyAt(STAGE, { ...tooLate, rebuildFrom: STAGE }), woken, now, 'FAILED', timeIsUp);
  }),
  fact('a run that exceeded its timeout claims no further step, and names it', () => {
    const { run } = decide(
      submittedAt(STAGE, tooLate),
      {
        kind: 'StatementSeen',
        statementId: 'statement-1',
        status: 'FINISHED',
        end: { statementId: 'statement-1', status: 'FINISHED', endedAt: NOW_ISO },
      },
      now,
    );
    assert.deepStrictEqual(
      [run.state, run.cursor, run.step, run.error?.step],
      ['FAILED', LOAD, '20_load.sql', '20_load.sql'],
    );
    assert.equal(run.error?.message, timeIsUp);
  }),
  fact('the timeout of a run starts with the run, or its resume; without either there is none', () => {
    const { timeoutFrom } = tooLate;
    expectStop(readyAt(STAGE, { timeoutFrom: gone, startedAt: timeoutFrom }), woken, now, 'FAILED', timeIsUp);
    const { run } = decide(readyAt(STAGE, { timeoutFrom: gone, startedAt: gone }), woken, at(timeUp * 2));
    assert.equal(run.phase, 'CLAIMED');
  }),
  fact('a run in a loop fails before its next claim', () => {
    const most = 10_000 + 8 * 100;
    assert.equal(decide(readyAt(STAGE, { version: most }), woken, now).run.phase, 'CLAIMED');
    const message = `stopped after ${most + 1} state changes without finishing (possible loop). Start the file again`;
    expectStop(readyAt(STAGE, { version: most + 1 }), woken, now, 'FAILED', message);
    const { run } = decide(readyAt(STAGE, { version: most + 1, step: 'an old name' }), woken, now);
    assert.deepStrictEqual(
      [run.step, run.error],
      ['10_stage.sql', { class: 'unknown', message, step: '10_stage.sql' }],
    );
  }),
  fact('three days after its timeout a run whose statement has no status needs a decision', () => {
    const late = timeUp + 3 * 86_400_000;
    expectDecision(submittedAt(COMMIT), woken, at(late), {
      effect: { kind: 'Describe', statementId: 'statement-1' },
    });
    expectStop(
      submittedAt(COMMIT, { state: 'WAITING', nextCheckAt: late / 1000 + 3600 }),
      woken,
      at(late + 1),
      'NEEDS_DECISION',
      'the run exceeded its timeout 3 days ago; step 40_commit.sql could not be cancelled and its status is unavailable. Cannot tell whether step 40_commit.sql was applied: the warehouse did not answer',
    );
    const { error } = decide(submittedAt(COMMIT), woken, at(late + 1)).run;
    assert.deepStrictEqual(
      [error?.class, error?.step, error?.statementId],
      ['unknown', '40_commit.sql', 'statement-1'],
    );
  }),
  fact('three days after its timeout a run between its steps fails', () =>
    expectStop(readyAt(COMMIT), woken, at(timeUp + 4 * 86_400_000), 'FAILED', timeIsUp),
  ),
];

const lookUpName = { effect: { kind: 'LookUpName', why: 'old-claim' } } as const;

const claimed = Date.parse('2026-11-24T08:08:00.000Z');

const sentAgain = 'the warehouse has not seen the submission of 40_commit.sql; submitting it again';
const mayCome = 'the warehouse has not seen the submission of 40_commit.sql; it may still arrive';

const old = [
  fact('a claim younger than 90 seconds is left to its driver', () => {
    expectDecision(claimedAt(COMMIT), woken, at(claimed + 89_999), {
      note: 'the claim is recent: the driver that made it is still working',
    });
    expectDecision(claimedAt(COMMIT), woken, at(claimed + 90_000), lookUpName);
  }),
  fact('a young claim of a run that backs off is not left to its driver', () =>
    expectDecision(
      claimedAt(COMMIT, { state: 'WAITING', nextCheckAt: claimed / 1000 }),
      woken,
      at(claimed + 1),
      lookUpName,
    ),
  ),
  fact('a claim whose name was not found is submitted again with the same token for half an hour', () => {
    const notFound = { kind: 'NameLookedUp', token: OLD_TOKEN, why: 'old-claim' } as const;
    const lastSending = claimed + 30 * 60_000;
    // Stored first, so that whoever claimed it can give it up no more without hearing of that.
    expectDecision(claimedAt(COMMIT), notFound, at(lastSending - 1_000), {
      run: { state: 'WAITING', nextCheckAt: lastSending / 1000 + 89, waitingFor: sentAgain },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    });
    assert.deepStrictEqual(decide(claimedAt(COMMIT), notFound, at(lastSending - 1)).effect, {
      kind: 'Submit',
      tries: 0,
    });
    // Whoever began to send it a moment ago lives for 90 seconds at most.
    expectDecision(claimedAt(COMMIT), notFound, at(lastSending), {
      run: { state: 'WAITING', nextCheckAt: lastSending / 1000 + 91, waitingFor: mayCome },
      save: 'version',
    });
    expectDecision(claimedAt(COMMIT), notFound, at(lastSending + 89_999), {
      run: { state: 'WAITING', nextCheckAt: lastSending / 1000 + 91, waitingFor: mayCome },
      save: 'version',
    });
    expectDecision(claimedAt(COMMIT), notFound, at(lastSending + 90_000), {
      effect: { kind: 'LookUpSession', why: 'old-claim' },
    });
  }),
  fact('a claim past use waits one second longer than a driver lives', () => {
    const claimedLate = claimedAt(COMMIT, { claimedAt: '2026-11-24T08:08:00.999Z' });
    const { run } = decide(
      claimedLate,
      { kind: 'NameLookedUp', token: OLD_TOKEN, why: 'old-claim' },
      at(claimed + 30 * 60_000 + 999),
    );
    assert.equal(run.nextCheckAt, claimed / 1000 + 30 * 60 + 91);
  }),
  fact('a token that is refused in an idle session is sent for a minute only', () => {
    const notFound = { kind: 'NameLookedUp', token: OLD_TOKEN, why: 'old-claim' } as const;
    const refused = Date.parse('2026-11-24T08:09:00.000Z');
    const run = claimedAt(COMMIT, { refusedSince: '2026-11-24T08:09:00.000Z' });
    assert.deepStrictEqual(decide(run, notFound, at(refused + 59_999)).effect, { kind: 'Submit', tries: 0 });
    expectDecision(run, notFound, at(refused + 60_000), {
      run: { state: 'WAITING', nextCheckAt: refused / 1000 + 60 + 91, waitingFor: mayCome },
      save: 'version',
    });
    expectDecision(run, notFound, at(refused + 60_000 + 90_000), {
      effect: { kind: 'LookUpSession', why: 'old-claim' },
    });
  }),
];

const idle = { kind: 'SessionSeen', status: 'AVAILABLE', why: 'old-claim' } as const;

const anew: Changes = {
  state: 'RUNNING',
  token: FRESH_TOKEN,
  nonce: 2,
  claimedAt: NOW_ISO,
  refusedSince: gone,
  outcomeUnknownSince: gone,
};

function neverStarted(step: string): Failure {
  return {
    class: 'unknown',
    message: `step ${step} was claimed at 2026-11-24T08:08:00.000Z, and the warehouse has no statement with its name`,
    step,
  };
}

const renewed = [
  ...[STAGE, CHECK, CALL_AGAIN].map((cursor) =>
    fact(`a token past use in an idle session is replaced (step ${cursor})`, () =>
      expectDecision(
        claimedAt(cursor, {
          state: 'WAITING',
          refusedSince: NOW_ISO,
          outcomeUnknownSince: NOW_ISO,
          lastStep: rowBefore,
        }),
        idle,
        now,
        { run: anew, save: 'version', effect: { kind: 'Submit', tries: 0 } },
      ),
    ),
  ),
  fact('before a load is claimed again, its file is checked again', () =>
    expectDecision(claimedAt(LOAD), idle, now, { effect: looksAtFile }),
  ),
  fact('a load with an unchanged file is claimed again with the new check', () =>
    expectDecision(
      claimedAt(LOAD, {
        fileAtClaim: { modified: '2026-11-24T07:00:00.000Z', versionId: 'v0' },
        refusedSince: NOW_ISO,
        outcomeUnknownSince: NOW_ISO,
        lastStep: rowBefore,
      }),
      { kind: 'InputChecked', seen: sameFile },
      now,
      {
        run: { ...anew, fileAtClaim: { modified: sameFile.modified ?? '' } },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  fact('each token of an attempt has its own nonce', () =>
    expectDecision(claimedAt(STAGE, { nonce: 2 }), idle, now, {
      run: { ...anew, nonce: 3 },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('before a durable step is claimed again in an idle session, its marker is read', () =>
    expectDecision(claimedAt(COMMIT), idle, now, {
      effect: { kind: 'ProbeMarker', about: unknown(neverStarted('40_commit.sql')) },
    }),
  ),
  fact('before an opaque step is claimed again in an idle session, its verify: query is run', () =>
    expectDecision(claimedAt(CALL_VERIFIED), idle, now, {
      effect: { kind: 'RunVerifyQuery', about: unknown(neverStarted('70_call_verified.sql')) },
    }),
  ),
  fact('an opaque step without a verify: query needs a decision', () => {
    const { run } = decide(claimedAt(CALL), idle, now);
    assert.equal(run.state, 'NEEDS_DECISION');
    assert.match(
      run.error?.message ?? '',
      /^step 50_call\.sql was claimed at 2026-11-24T08:08:00\.000Z, and the warehouse has no/,
    );
  }),
  fact('a run that exceeded its timeout claims no step again', () => {
    expectStop(claimedAt(STAGE, tooLate), idle, now, 'FAILED', timeIsUp);
    assert.equal(flat(claimAnew(claimedRun(claimedAt(STAGE, lastMoment)), now)).run.phase, 'CLAIMED');
  }),
];

/** Of the step that a person lets run again, before it is claimed. */
const earlier: Failure = {
  class: 'unknown',
  message: 'an earlier attempt of step 40_commit.sql was reported as not applied',
  step: '40_commit.sql',
};

const asksMarker = { kind: 'ProbeMarker', about: unknown(earlier) } as const;

const checked = [
  fact('before a durable step that a person lets run again is claimed, its marker is read', () =>
    expectDecision(readyAt(COMMIT, { step: 'an old name', checkMarkerOf: COMMIT }), woken, now, {
      run: { step: '40_commit.sql' },
      effect: asksMarker,
    }),
  ),
  ...([{ rebuildFrom: STAGE }, { sessionId: gone }, { verifySession: true }] as const).map((changes) =>
    fact(`before that marker is read, the session is not touched (${Object.keys(changes).join()})`, () =>
      assert.deepStrictEqual(
        decide(readyAt(COMMIT, { checkMarkerOf: COMMIT, ...changes }), woken, now).effect,
        asksMarker,
      ),
    ),
  ),
  fact('the marker to check is read first when the run reaches its step', () => {
    const run = submittedAt(CHECK, { ...laden, checkMarkerOf: COMMIT, firstAttempt: 2 });
    const end = { statementId: 'statement-1', status: 'FINISHED', endedAt: NOW_ISO } as const;
    expectDecision(run, { kind: 'VerdictRead', passed: true, message: '', about: end, rows: 3 }, now, {
      run: {
        ...submissionGone,
        phase: 'READY',
        cursor: COMMIT,
        step: '40_commit.sql',
        attempt: 1,
        firstAttempt: 1,
        ...doneAt(CHECK, { endedAt: NOW_ISO, rows: 3 }),
      },
      effect: asksMarker,
    });
    expectDecision(
      readyAt(COMMIT, { checkMarkerOf: COMMIT, verifySession: true, version: 20_000 }),
      { kind: 'SessionVerified', sessionId: 'session-1' },
      now,
      { run: { verifySession: gone }, effect: asksMarker },
    );
  }),
  ...(
    [
      ['a step after that step', CALL, COMMIT],
      ['a step without a marker', STAGE, STAGE],
      ['an opaque step', CALL, CALL],
      ['a check', CHECK, CHECK],
    ] as const
  ).map(([whose, cursor, checkMarkerOf]) =>
    fact(`no marker is read before the claim of ${whose}`, () =>
      expectDecision(readyAt(cursor, { checkMarkerOf }), woken, now, {
        run: { ...freshClaim(cursor), checkMarkerOf: gone },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      }),
    ),
  ),
];

const onTheWay = [
  ...[STAGE, CHECK].map((cursor) =>
    fact(`the claim of an earlier step keeps the marker to check (step ${cursor})`, () => {
      const { run } = decide(readyAt(cursor, { checkMarkerOf: COMMIT }), woken, now);
      assert.deepStrictEqual([run.phase, run.checkMarkerOf], ['CLAIMED', COMMIT]);
    }),
  ),
  fact('the claim of an earlier load keeps the marker to check, before and after its file check', () => {
    const run = readyAt(LOAD, { checkMarkerOf: COMMIT });
    expectDecision(run, woken, now, { effect: { kind: 'CheckInput' } });
    const seen = { etag: 'etag-1' };
    const { run: claimed } = decide(run, { kind: 'InputChecked', seen }, now);
    assert.deepStrictEqual([claimed.phase, claimed.checkMarkerOf], ['CLAIMED', COMMIT]);
  }),
  fact('an earlier durable step is claimed without reading its marker', () =>
    expectDecision(readyAt(COMMIT, { checkMarkerOf: AUDIT }), woken, now, {
      run: freshClaim(COMMIT),
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
];

const timeouts = [
  ...(
    [
      [20, 21],
      [88, 89],
      [89, 90],
      [90, 90],
      [1000, 90],
    ] as const
  ).map(([timeoutSeconds, after]) =>
    fact(`a step with a timeout of ${timeoutSeconds} s is checked after ${after} s`, () => {
      const context = at(NOW_SECONDS * 1000, { plan: planWith(STAGE, { timeoutSeconds }) });
      const { run } = decide(readyAt(STAGE, { nextCheckAt: NOW_SECONDS + 1_000 }), woken, context);
      assert.equal(run.nextCheckAt, NOW_SECONDS + after);
      // A millisecond more is the next second.
      const last = { ...context, now: NOW_SECONDS * 1000 + 999 };
      assert.equal(
        decide(readyAt(STAGE, { nextCheckAt: NOW_SECONDS + 1_000 }), woken, last).run.nextCheckAt,
        NOW_SECONDS + after,
      );
    }),
  ),
  fact('a repeated claim without a check of its file drops the earlier check', () => {
    const run = claimedRun(claimedAt(STAGE, { fileAtClaim: { versionId: 'v1' } }));
    assert.equal('fileAtClaim' in flat(claimAnewSeen(run, now)).run, false);
  }),
];

export const claimFacts = [
  ...timeouts,
  ...between,
  ...sessions,
  ...limits,
  ...old,
  ...renewed,
  ...checked,
  ...onTheWay,
  fact('a run that backs off is not changed before its next check', () => {
    expectDecision(readyAt(STAGE, { state: 'WAITING', nextCheckAt: NOW_SECONDS + 1 }), woken, now, {
      note: 'waiting before the next attempt',
    });
    for (const [next, after] of [[NOW_SECONDS, NOW_SECONDS]] as const)
      expectDecision(readyAt(STAGE, { state: 'WAITING', nextCheckAt: next }), woken, now, {
        run: { ...freshClaim(STAGE), nextCheckAt: after },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      });
  }),
  ...(
    [
      ['is due', NOW_SECONDS - 10, NOW_SECONDS - 10],
      ['comes in 90 seconds', NOW_SECONDS + 90, NOW_SECONDS + 90],
      ['comes later', NOW_SECONDS + 91, NOW_SECONDS + 90],
      ['comes five minutes after a long step', NOW_SECONDS + 300, NOW_SECONDS + 90],
    ] as const
  ).map(([which, next, after]) =>
    fact(`a claim whose next check ${which} is checked after 90 seconds at the latest`, () => {
      expectDecision(readyAt(STAGE, { nextCheckAt: next }), woken, now, {
        run: { ...freshClaim(STAGE), nextCheckAt: after },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      });
      assert.equal(
        flat(claimAnew(claimedRun(claimedAt(STAGE, { nextCheckAt: next })), now)).run.nextCheckAt,
        after,
      );
    }),
  ),
];
