/** The outcome of a submission is not known: who can tell, and what may be concluded. */
import assert from 'node:assert/strict';

import { decide } from './decide-any.ts';
import type { MarkerProbed, RunEvent } from '../../shared/run/run-event.ts';
import type { Failure } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
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
  FRESH_TOKEN,
  freshClaim,
  gone,
  NOW,
  now,
  NOW_ISO,
  NOW_SECONDS,
  rowBefore,
  rowOf,
  STAGE,
  submittedAt,
  unknown,
  doneAt,
} from './samples.ts';

const forgotten: Failure = {
  class: 'unknown',
  message: 'the warehouse no longer knows statement statement-1 (it keeps statements for 24 hours)',
  statementId: 'statement-1',
};

const notFound: RunEvent = { kind: 'StatementSeen', statementId: 'statement-1', status: 'NOT_FOUND' };

const failure: Failure = { class: 'session-lost', message: 'gone', step: '40_commit.sql' };

function probed(more: Partial<MarkerProbed>): MarkerProbed {
  return {
    kind: 'MarkerProbed',
    marker: 'absent',
    session: 'CLOSED',
    open: 'none',
    ...more,
    about: unknown(failure),
  };
}

function unknownYet(step: string): string {
  return `cannot tell yet whether step ${step} was applied; its marker is read again: gone`;
}

function decidesPerson(why: string, step = '40_commit.sql', said = 'gone'): string {
  return `${said}. Cannot tell whether step ${step} was applied: ${why}`;
}

const rebuilds = { effect: { kind: 'PlanRebuild', about: unknown(failure) } } as const;

const who = [
  ...[STAGE, CHECK, CALL_AGAIN].map((cursor) =>
    fact(`a step without lasting effect, or an idempotent one, is re-run (step ${cursor})`, () => {
      const run = submittedAt(cursor);
      expectDecision(run, notFound, now, {
        effect: { kind: 'PlanRebuild', about: unknown({ ...forgotten, step: run.step ?? '' }) },
      });
    }),
  ),
  fact('the unknown outcome of a durable step is decided by its marker', () =>
    expectDecision(submittedAt(COMMIT), notFound, now, {
      effect: { kind: 'ProbeMarker', about: unknown({ ...forgotten, step: '40_commit.sql' }) },
    }),
  ),
  fact('the unknown outcome of an opaque step is decided by its verify: query', () =>
    expectDecision(submittedAt(CALL_VERIFIED), notFound, now, {
      effect: { kind: 'RunVerifyQuery', about: unknown({ ...forgotten, step: '70_call_verified.sql' }) },
    }),
  ),
  fact('the unknown outcome of an opaque step without a verify: query needs a decision', () =>
    expectStop(
      submittedAt(CALL),
      notFound,
      now,
      'NEEDS_DECISION',
      decidesPerson(
        'the step is opaque, has no marker and no verify: query',
        '50_call.sql',
        forgotten.message,
      ),
    ),
  ),
  fact('a woken claim with an unknown outcome is checked from the beginning', () =>
    expectDecision(claimedAt(COMMIT, { outcomeUnknownSince: NOW_ISO }), { kind: 'Woken' }, now, {
      effect: {
        kind: 'ProbeMarker',
        about: unknown({
          class: 'unknown',
          message: 'the session ended while a step was running in it',
          step: '40_commit.sql',
        }),
      },
    }),
  ),
  fact('a woken submission with an unknown outcome describes its statement first: it may have ended', () =>
    expectDecision(submittedAt(COMMIT, { outcomeUnknownSince: NOW_ISO }), { kind: 'Woken' }, now, {
      effect: { kind: 'Describe', statementId: 'statement-1' },
    }),
  ),
];

/** 08:08:00, the half hour of its token, and the life of who sends it. */
const pastUse = Date.parse('2026-11-24T08:39:30.000Z');

const claims = [
  fact(
    'no marker of a claim in an idle session proves nothing while a driver could still send its token',
    () =>
      expectDecision(claimedAt(COMMIT), probed({ session: 'AVAILABLE' }), at(pastUse - 1), {
        run: {
          state: 'WAITING',
          nextCheckAt: Math.floor((pastUse - 1 + 60_000) / 1000),
          waitingFor: unknownYet('40_commit.sql'),
        },
        save: 'version',
      }),
  ),
  fact('no marker of a claim in an idle session with a token past use: the step is claimed again', () =>
    expectDecision(
      claimedAt(COMMIT, {
        refusedSince: '2026-11-24T08:38:31.000Z',
        outcomeUnknownSince: NOW_ISO,
        failedDrives: 2,
      }),
      probed({ session: 'AVAILABLE' }),
      at(pastUse),
      {
        run: {
          state: 'RUNNING',
          token: FRESH_TOKEN,
          nonce: 2,
          claimedAt: '2026-11-24T08:39:30.000Z',
          refusedSince: gone,
          outcomeUnknownSince: gone,
        },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
];

function verified(applied: boolean | 'unreadable' | 'later'): RunEvent {
  return { kind: 'VerifyQueryRead', applied, about: unknown({ ...failure, step: '70_call_verified.sql' }) };
}

const verify = [
  fact('a verify: query that returns true proves that the step was applied', () =>
    expectDecision(submittedAt(CALL_VERIFIED), verified(true), now, {
      run: {
        ...freshClaim(CALL_VERIFIED + 1),
        attempt: 1,
        firstAttempt: 1,
        ...doneAt(CALL_VERIFIED, { endedAt: NOW_ISO }),
      },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('a verify: query that returns false proves nothing: the step may still run', () =>
    expectStop(
      submittedAt(CALL_VERIFIED),
      verified(false),
      now,
      'NEEDS_DECISION',
      decidesPerson(
        'its verify: query returned false, but the step may still be running',
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
  fact('a verify: query that could not run now is run again a minute later', () =>
    expectDecision(submittedAt(CALL_VERIFIED), verified('later'), now, {
      run: {
        state: 'WAITING',
        nextCheckAt: NOW_SECONDS + 60,
        waitingFor: unknownYet('70_call_verified.sql'),
      },
      save: 'version',
    }),
  ),
];

const rebuilt: StoredRun = submittedAt(COMMIT, { rebuilds: 10 });

const often = [
  fact('a session that was rebuilt ten times in a row is not rebuilt again', () =>
    expectStop(
      rebuilt,
      probed({ session: 'AVAILABLE' }),
      now,
      'NEEDS_DECISION',
      'gone; the session was rebuilt 10 times in a row and lost again. Find the cause, then run: npx baton resolve run-1 --stage dev --not-applied | --abandon',
    ),
  ),
  fact(
    'a session that is not rebuilt again is not used either; the run keeps the reason and the rebuild target',
    () => {
      const { run } = decide(rebuilt, probed({ session: 'AVAILABLE' }), now);
      assert.deepStrictEqual([run.error?.class, run.error?.step], ['session-lost', '40_commit.sql']);
      assert.deepStrictEqual([run.id, run.cursor, run.rebuildFrom], ['run-1', COMMIT, COMMIT]);
    },
  ),
  fact(
    "the last attempt without a rebuild has a history row; the previous step's row is written first",
    () => {
      const { run } = decide(rebuilt, probed({ session: 'AVAILABLE' }), now);
      const row = rowOf(COMMIT, {
        status: 'FAILED',
        endedAt: NOW_ISO,
        error: 'gone',
        errorClass: 'session-lost',
      });
      assert.deepStrictEqual(run.lastStep, row);
      const before = { ...rebuilt, lastStep: rowBefore };
      expectDecision(before, probed({ session: 'AVAILABLE' }), now, { effect: { kind: 'WriteHistory' } });
    },
  ),
  fact('a session that was rebuilt nine times in a row is rebuilt again, in any generation', () =>
    expectDecision(
      { ...rebuilt, rebuilds: 9, generation: 99 },
      probed({ session: 'AVAILABLE' }),
      at(NOW),
      rebuilds,
    ),
  ),
];

export const doubtFacts = [...who, ...claims, ...verify, ...often];
