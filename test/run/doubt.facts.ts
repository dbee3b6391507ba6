/** The outcome of a submission is not known: who can tell, and what may be concluded. */
import assert from 'node:assert/strict';

import { decide } from '../../shared/run/decide.ts';
import type { MarkerProbed, RunEvent } from '../../shared/run/run-event.ts';
import type { Failure, Run } from '../../shared/run/run.ts';
import { expectDecision, expectStop } from './expect-decision.ts';
import { fact } from './fact.ts';
import {
  at,
  CALL,
  CALL_AGAIN,
  CALL_VERIFIED,
  CHECK,
  claimedAt,
  COMMIT,
  failedWith,
  finished,
  FRESH_TOKEN,
  freshClaim,
  gone,
  laden,
  now,
  NOW,
  NOW_ISO,
  NOW_SECONDS,
  readyAt,
  rowBefore,
  rowOf,
  STAGE,
  submissionGone,
  submittedAt,
} from './samples.ts';

const unknown: Failure = {
  class: 'unknown',
  message: 'the warehouse does not know statement statement-1 any more (it keeps them for 24 hours)',
  statementId: 'statement-1',
};

const notFound: RunEvent = { kind: 'StatementSeen', statementId: 'statement-1', status: 'NOT_FOUND' };

const failure: Failure = { class: 'session-lost', message: 'gone', step: '40_commit.sql' };

function probed(more: Partial<MarkerProbed>): MarkerProbed {
  return { kind: 'MarkerProbed', marker: 'absent', session: 'CLOSED', open: 'none', failure, ...more };
}

function decidesPerson(why: string, step = '40_commit.sql', said = 'gone'): string {
  return `${said}. Whether step ${step} was applied is not known: ${why}. Look at its tables, then say it: npx baton resolve run-1 --stage dev --applied | --not-applied | --abandon`;
}

/** Asked again a minute later. */
const inAMinute = { state: 'WAITING', next: NOW_SECONDS + 60 } as const;

const rebuilds = { effect: { kind: 'PlanRebuild', target: COMMIT, failure } } as const;

const who = [
  ...[STAGE, CHECK, CALL_AGAIN].map((cursor) =>
    fact(
      `a step of no lasting effect, or an idempotent one, is run again without a question (${cursor})`,
      () => {
        const run = submittedAt(cursor);
        expectDecision(run, notFound, now, {
          effect: {
            kind: 'PlanRebuild',
            target: cursor,
            failure: { ...unknown, step: run.step ?? '' },
          },
        });
      },
    ),
  ),
  fact('of a durable step the marker tells', () =>
    expectDecision(submittedAt(COMMIT), notFound, now, {
      effect: { kind: 'ProbeMarker', failure: { ...unknown, step: '40_commit.sql' } },
    }),
  ),
  fact('of an opaque step its own verify: query tells', () =>
    expectDecision(submittedAt(CALL_VERIFIED), notFound, now, {
      effect: { kind: 'AskVerify', failure: { ...unknown, step: '70_call_verified.sql' } },
    }),
  ),
  fact('of an opaque step without one a person tells', () =>
    expectStop(
      submittedAt(CALL),
      notFound,
      now,
      'NEEDS_DECISION',
      decidesPerson('the step is opaque, has no marker and no verify: query', '50_call.sql', unknown.message),
    ),
  ),
  fact('a step without a name is asked about all the same', () =>
    expectStop(
      submittedAt(CALL, { step: gone }),
      notFound,
      now,
      'NEEDS_DECISION',
      decidesPerson('the step is opaque, has no marker and no verify: query', '?', unknown.message),
    ),
  ),
  fact('a run in doubt that is woken asks its whole question again', () =>
    expectDecision(submittedAt(COMMIT, { doubtSince: NOW_ISO }), { kind: 'Woken' }, now, {
      effect: {
        kind: 'ProbeMarker',
        failure: {
          class: 'unknown',
          message: 'the session is gone while a step was in it',
          step: '40_commit.sql',
          statementId: 'statement-1',
        },
      },
    }),
  ),
];

const present = [
  fact('a marker that is there proves the step: the run goes on behind it', () =>
    expectDecision(submittedAt(COMMIT, laden), probed({ marker: 'present' }), now, {
      run: {
        ...freshClaim(CALL),
        attempt: 1,
        firstAttempt: 1,
        last: rowOf(COMMIT, { endedAt: NOW_ISO }),
      },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('a marker that is there stands against an end that was told as failed', () =>
    expectDecision(submittedAt(COMMIT), probed({ marker: 'present', end: failedWith('unknown') }), now, {
      run: { ...freshClaim(CALL), attempt: 1, firstAttempt: 1, last: rowOf(COMMIT) },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('a marker found for a claim without a statement has that of the end, or none', () => {
    const event = probed({ marker: 'present', end: { ...finished, statementId: 'statement-3' } });
    assert.equal(decide(claimedAt(COMMIT), event, now).run.last?.statementId, 'statement-3');
    assert.equal(
      decide(claimedAt(COMMIT), probed({ marker: 'present' }), now).run.last?.statementId,
      'unknown',
    );
  }),
  fact('the row of the step before is written before a marker is believed', () => {
    const event = probed({ marker: 'present' });
    expectDecision(submittedAt(COMMIT, { last: rowBefore }), event, now, {
      effect: { kind: 'WriteHistory', row: rowBefore, afterwards: event },
    });
  }),
];

const absent = [
  fact('a marker that cannot be read is a matter for a person', () =>
    expectStop(
      submittedAt(COMMIT),
      probed({ marker: 'unreadable' }),
      now,
      'NEEDS_DECISION',
      decidesPerson('baton.step_marker could not be read'),
    ),
  ),
  fact('a marker that could not be asked for just now is asked for a minute later', () =>
    expectDecision(submittedAt(COMMIT, { doubtSince: NOW_ISO }), probed({ marker: 'later' }), now, {
      run: { ...inAMinute, doubtSince: gone },
      save: 'version',
    }),
  ),
  fact('no marker behind a statement that was seen to end: it was not applied, and is tried again', () =>
    expectDecision(submittedAt(COMMIT), probed({ end: failedWith('unknown'), session: 'BUSY' }), now, {
      run: {
        ...submissionGone,
        state: 'WAITING',
        phase: 'READY',
        attempt: 3,
        last: rowOf(COMMIT, { status: 'FAILED', error: 'gone', errorClass: 'transient' }),
        next: NOW_SECONDS + 4,
      },
      save: 'version',
      effect: { kind: 'Pause', ms: 4_000, afterwards: { kind: 'Wake' } },
    }),
  ),
  fact('no marker, and the session of the statement is idle: the statement is over, and not applied', () =>
    expectDecision(submittedAt(COMMIT), probed({ session: 'AVAILABLE', open: 'some' }), now, rebuilds),
  ),
  fact('no marker, and the session is busy: it may be the statement', () =>
    expectDecision(submittedAt(COMMIT, { doubtSince: NOW_ISO }), probed({ session: 'BUSY' }), now, {
      run: { ...inAMinute, doubtSince: gone },
      save: 'version',
    }),
  ),
  fact('no marker, and open transactions cannot be read: a person decides', () =>
    expectStop(
      submittedAt(COMMIT),
      probed({ open: 'unreadable' }),
      now,
      'NEEDS_DECISION',
      decidesPerson('the marker is absent, but whether its transaction is still open could not be read'),
    ),
  ),
  fact('no marker, and a transaction is open: it may still commit', () =>
    expectDecision(
      submittedAt(COMMIT, { doubtSince: '2026-11-24T08:00:00.000Z' }),
      probed({ open: 'some' }),
      now,
      { run: { ...inAMinute, doubtSince: gone }, save: 'version' },
    ),
  ),
  ...(['CLOSED', 'UNKNOWN'] as const).flatMap((session) => [
    fact(`no marker in a session that is ${session}: the first look proves nothing`, () =>
      expectDecision(submittedAt(COMMIT), probed({ session }), now, {
        run: { ...inAMinute, doubtSince: NOW_ISO },
        save: 'version',
      }),
    ),
    fact(`no marker in a session that is ${session}: a second look too soon proves nothing`, () =>
      expectDecision(
        submittedAt(COMMIT, { doubtSince: '2026-11-24T08:09:00.501Z' }),
        probed({ session }),
        now,
        { run: inAMinute, save: 'version' },
      ),
    ),
    fact(`no marker in a session that is ${session}: a second look a minute later proves it`, () =>
      expectDecision(
        submittedAt(COMMIT, { doubtSince: '2026-11-24T08:09:00.500Z' }),
        probed({ session }),
        now,
        rebuilds,
      ),
    ),
  ]),
];

/** 08:08:00, the half hour of its token, and the life of who sends it. */
const pastUse = Date.parse('2026-11-24T08:39:30.000Z');

const claims = [
  fact(
    'no marker of a claim in an idle session: while somebody could still send its token, nothing is concluded',
    () =>
      expectDecision(claimedAt(COMMIT), probed({ session: 'AVAILABLE' }), at(pastUse - 1), {
        run: { state: 'WAITING', next: Math.floor((pastUse - 1 + 60_000) / 1000) },
        save: 'version',
      }),
  ),
  fact('no marker of a claim in an idle session, and its token is past use: claimed anew', () =>
    expectDecision(
      claimedAt(COMMIT, { refusedSince: '2026-11-24T08:38:31.000Z', doubtSince: NOW_ISO, troubles: 2 }),
      probed({ session: 'AVAILABLE' }),
      at(pastUse),
      {
        run: {
          state: 'RUNNING',
          token: FRESH_TOKEN,
          nonce: 2,
          claimedAt: '2026-11-24T08:39:30.000Z',
          refusedSince: gone,
          doubtSince: gone,
        },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
];

function verified(applied: boolean | 'unreadable' | 'later'): RunEvent {
  return { kind: 'VerifyAsked', applied, failure: { ...failure, step: '70_call_verified.sql' } };
}

const verify = [
  fact('a verify: query that says yes proves the step', () =>
    expectDecision(submittedAt(CALL_VERIFIED), verified(true), now, {
      run: {
        ...freshClaim(CALL_VERIFIED + 1),
        attempt: 1,
        firstAttempt: 1,
        last: rowOf(CALL_VERIFIED, { endedAt: NOW_ISO }),
      },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('a verify: query that says no proves nothing: the step may still run', () =>
    expectStop(
      submittedAt(CALL_VERIFIED),
      verified(false),
      now,
      'NEEDS_DECISION',
      decidesPerson(
        'its verify: query says that it was not applied, but it may still run',
        '70_call_verified.sql',
      ),
    ),
  ),
  fact('a verify: query that cannot be read proves nothing', () =>
    expectStop(
      submittedAt(CALL_VERIFIED),
      verified('unreadable'),
      now,
      'NEEDS_DECISION',
      decidesPerson('its verify: query could not be read', '70_call_verified.sql'),
    ),
  ),
  fact('a verify: query that could not be asked just now is asked again a minute later', () =>
    expectDecision(submittedAt(CALL_VERIFIED), verified('later'), now, {
      run: { state: 'WAITING', next: NOW_SECONDS + 60 },
      save: 'version',
    }),
  ),
  fact('the answer of a verify: query for a run that stands between steps means nothing', () =>
    expectDecision(readyAt(CALL_VERIFIED), verified(true), now, {}),
  ),
];

const rebuilt: Run = submittedAt(COMMIT, { rebuilds: 10 });

const often = [
  fact('a session that was rebuilt ten times in a row is not rebuilt again', () =>
    expectStop(
      rebuilt,
      probed({ session: 'AVAILABLE' }),
      now,
      'NEEDS_DECISION',
      'gone; the session was rebuilt 10 times in a row and lost again. Find out why, then: npx baton resolve run-1 --stage dev --not-applied | --abandon',
    ),
  ),
  fact(
    'a session that is not rebuilt again is not gone on with either: its reason, and the step to rebuild for',
    () => {
      const { run } = decide(rebuilt, probed({ session: 'AVAILABLE' }), now);
      assert.deepStrictEqual([run.error?.class, run.error?.step], ['session-lost', '40_commit.sql']);
      assert.deepStrictEqual([run.id, run.cursor, run.rebuildFrom], ['run-1', COMMIT, COMMIT]);
    },
  ),
  fact(
    'the attempt that is not rebuilt again has its row, unless that of the step before is still to be written',
    () => {
      const { run } = decide(rebuilt, probed({ session: 'AVAILABLE' }), now);
      const row = rowOf(COMMIT, {
        status: 'FAILED',
        endedAt: NOW_ISO,
        error: 'gone',
        errorClass: 'session-lost',
      });
      assert.deepStrictEqual(run.last, row);
      const before = decide({ ...rebuilt, last: rowBefore }, probed({ session: 'AVAILABLE' }), now);
      assert.deepStrictEqual(before.run.last, rowBefore);
    },
  ),
  fact('a session that was rebuilt nine times in a row is rebuilt again, in whatever generation', () =>
    expectDecision(
      { ...rebuilt, rebuilds: 9, generation: 99 },
      probed({ session: 'AVAILABLE' }),
      at(NOW),
      rebuilds,
    ),
  ),
];

export const doubtFacts = [...who, ...present, ...absent, ...claims, ...verify, ...often];
