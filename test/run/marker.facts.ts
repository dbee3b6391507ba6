/** What a marker says of a submission, or of a step that a person lets run again; and what follows from it. */
import assert from 'node:assert/strict';

import { claimed as claimedRun, decide, submitted } from './decide-any.ts';
import type { Judgement } from '../../shared/run/judge.ts';
import { judge } from '../../shared/run/judge.ts';
import type { MarkerProbed } from '../../shared/run/run-event.ts';
import type { Failure, FailureClass } from '../../shared/run/run.ts';
import { expectDecision, expectStop } from './expect-decision.ts';
import type { Fact } from './fact.ts';
import { fact } from './fact.ts';
import type { Changes } from './samples.ts';
import {
  at,
  AUDIT,
  CALL,
  changed,
  claimedAt,
  COMMIT,
  failedWith,
  freshClaim,
  gone,
  laden,
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
  STAGE,
  submissionGone,
  submittedAt,
  unknown,
  doneAt,
} from './samples.ts';

const failure: Failure = { class: 'session-lost', message: 'gone', step: '40_commit.sql' };

function probed(more: Partial<MarkerProbed> = {}): MarkerProbed {
  return {
    kind: 'MarkerProbed',
    marker: 'absent',
    session: 'CLOSED',
    open: 'none',
    about: unknown(failure),
    ...more,
  };
}

/** What was reported of a statement that was seen to end. */
function seenToEnd(failureClass: FailureClass, more: Partial<MarkerProbed> = {}): MarkerProbed {
  return probed({
    about: reported(failedWith(failureClass), { ...failure, class: failureClass }),
    session: 'AVAILABLE',
    ...more,
  });
}

const verdicts = ['sql', 'data', 'conflict', 'permission'] as const;
const open = ['transient', 'session-lost', 'unknown', 'timeout', 'cancelled', 'check', 'input'] as const;

function isJudged(
  words: string,
  event: MarkerProbed,
  judgement: Judgement,
  changes: Changes = {},
  ms = NOW,
  claimed = false,
): Fact {
  return fact(`${words} is judged ${judgement}`, () => {
    const run = claimed ? claimedRun(claimedAt(COMMIT, changes)) : submitted(submittedAt(COMMIT, changes));
    assert.equal(judge(run.life.work, at(ms), event), judgement);
  });
}

/** 08:08:00, the half hour of its token, and the life of who sends it. */
const pastUse = Date.parse('2026-11-24T08:39:30.000Z');

const aMinute = { outcomeUnknownSince: '2026-11-24T08:09:00.500Z' } as const;
const almostAMinute = { outcomeUnknownSince: '2026-11-24T08:09:00.501Z' } as const;

const sessions = ['AVAILABLE', 'BUSY', 'CLOSED', 'UNKNOWN'] as const;

const judged = [
  // Whatever else is known, and whatever was reported.
  ...[...verdicts, ...open].flatMap((of) => [
    isJudged(`a present marker of a step reported as ${of}`, seenToEnd(of, { marker: 'present' }), 'applied'),
    isJudged(
      `an unreadable marker of a step reported as ${of}`,
      seenToEnd(of, { marker: 'unreadable' }),
      'marker-unreadable',
    ),
    isJudged(
      `a marker that could not be read now, of a step reported as ${of},`,
      seenToEnd(of, { marker: 'later' }),
      'ask-again',
      aMinute,
    ),
  ]),
  ...sessions.flatMap((session) => [
    isJudged(`a marker that is there, session ${session}`, probed({ marker: 'present', session }), 'applied'),
    ...verdicts.flatMap((of) => [
      isJudged(
        `one absent marker after a database error ${of}, session ${session},`,
        seenToEnd(of, { session, open: 'unreadable' }),
        'not-applied',
      ),
      isJudged(
        `a database error ${of} with an open transaction, session ${session},`,
        seenToEnd(of, { session, open: 'some' }),
        'ask-again',
      ),
    ]),
  ]),
  ...open.flatMap((of) => [
    isJudged(`the first absent marker after an unclear failure ${of}`, seenToEnd(of), 'look-again'),
    isJudged(
      `a second absent marker after an unclear failure ${of}, too soon,`,
      seenToEnd(of),
      'looked-just-now',
      almostAMinute,
    ),
    isJudged(
      `a second absent marker after an unclear failure ${of}, a minute later,`,
      seenToEnd(of),
      'not-applied',
      aMinute,
    ),
    isJudged(
      `no marker after an unclear failure ${of} with a busy session`,
      seenToEnd(of, { session: 'BUSY' }),
      'ask-again',
      aMinute,
    ),
    isJudged(
      `no marker after an unclear failure ${of} with an open transaction`,
      seenToEnd(of, { open: 'some' }),
      'ask-again',
      aMinute,
    ),
  ]),
  // An idle session has no transaction of its own: whether the system view can be read does not matter.
  isJudged(
    'an open report, its session idle, transactions that cannot be read',
    seenToEnd('transient', { open: 'unreadable' }),
    'not-applied',
    aMinute,
  ),
  ...(['CLOSED', 'UNKNOWN'] as const).flatMap((session) => [
    isJudged(
      `an unclear failure, session ${session}, with unreadable transactions`,
      seenToEnd('transient', { open: 'unreadable', session }),
      'transactions-unreadable',
      aMinute,
    ),
    isJudged(
      `a step without a seen end, session ${session}, with unreadable transactions`,
      probed({ open: 'unreadable', session }),
      'transactions-unreadable',
      aMinute,
    ),
    isJudged(
      `a step without a seen end, session ${session}, with an open transaction`,
      probed({ open: 'some', session }),
      'ask-again',
      aMinute,
    ),
    isJudged(`no end was seen, session ${session}, the first probe`, probed({ session }), 'look-again'),
    isJudged(
      `a step without a seen end, session ${session}, at a second probe too soon,`,
      probed({ session }),
      'looked-just-now',
      almostAMinute,
    ),
    isJudged(
      `a step without a seen end, session ${session}, at a second probe a minute later`,
      probed({ session }),
      'not-applied',
      aMinute,
    ),
    isJudged(
      `a claim, session ${session}, at a second probe a minute later`,
      probed({ session }),
      'not-applied',
      aMinute,
      NOW,
      true,
    ),
  ]),
  isJudged('no end was seen, and its session is busy', probed({ session: 'BUSY' }), 'ask-again', aMinute),
  isJudged(
    'no end was seen, and its session is idle: it is over',
    probed({ session: 'AVAILABLE', open: 'some' }),
    'not-applied',
  ),
  ...verdicts.map((of) =>
    isJudged(
      `a step without a seen end, suspected as ${of}, at its first probe`,
      probed({ about: unknown({ ...failure, class: of }) }),
      'look-again',
    ),
  ),
  isJudged(
    'a claim in an idle session whose token may still be sent',
    probed({ session: 'AVAILABLE' }),
    'ask-again',
    {},
    pastUse - 1,
    true,
  ),
  isJudged(
    'a claim in an idle session whose token is past use',
    probed({ session: 'AVAILABLE' }),
    'not-applied',
    {},
    pastUse,
    true,
  ),
];

/** Asked again a minute later. */
const inAMinute = {
  state: 'WAITING',
  nextCheckAt: NOW_SECONDS + 60,
  waitingFor: 'cannot tell yet whether step 40_commit.sql was applied; its marker is read again: gone',
} as const;

const rebuilds = { effect: { kind: 'PlanRebuild', about: unknown(failure) } } as const;

function decidesPerson(why: string, said = 'gone'): string {
  return `${said}. Cannot tell whether step 40_commit.sql was applied: ${why}`;
}

const unreadable = 'baton.step_marker could not be read';

const behindCommit = { ...freshClaim(CALL), attempt: 1, firstAttempt: 1 } as const;

const submits = { save: 'version', effect: { kind: 'Submit', tries: 0 } } as const;

const present = [
  fact('a present marker proves the step: the run continues with the next one', () =>
    expectDecision(submittedAt(COMMIT, laden), probed({ marker: 'present' }), now, {
      run: { ...behindCommit, ...doneAt(COMMIT, { endedAt: NOW_ISO }) },
      ...submits,
    }),
  ),
  ...[...verdicts, ...open].map((of) =>
    fact(`a present marker overrides a reported ${of}, which is kept in the row`, () =>
      expectDecision(submittedAt(COMMIT), seenToEnd(of, { marker: 'present' }), now, {
        run: { ...behindCommit, lastStep: rowOf(COMMIT, { error: 'gone', errorClass: of }) },
        ...submits,
      }),
    ),
  ),
  fact('a run succeeds if its last step was reported as failed and has its marker', () => {
    const { run } = decide(submittedAt(AUDIT), seenToEnd('unknown', { marker: 'present' }), now);
    assert.deepStrictEqual(
      [run.state, run.lastStep],
      ['SUCCEEDED', rowOf(AUDIT, { error: 'gone', errorClass: 'unknown' })],
    );
  }),
  fact('a step whose marker was found for a claim has the statement of its end, or none', () => {
    const end = { ...failedWith('unknown'), statementId: 'statement-3' };
    const event = probed({ marker: 'present', about: reported(end, failure) });
    assert.equal(decide(claimedAt(COMMIT), event, now).run.lastStep?.statementId, 'statement-3');
    assert.equal(
      decide(claimedAt(COMMIT), probed({ marker: 'present' }), now).run.lastStep?.statementId,
      'unknown',
    );
  }),
  fact("the previous step's row is written before a marker is used", () => {
    const event = probed({ marker: 'present' });
    expectDecision(submittedAt(COMMIT, { lastStep: rowBefore }), event, now, {
      effect: { kind: 'WriteHistory' },
    });
  }),
];

const absent = [
  fact('an unreadable marker needs a decision', () =>
    expectStop(
      submittedAt(COMMIT),
      probed({ marker: 'unreadable' }),
      now,
      'NEEDS_DECISION',
      decidesPerson(unreadable),
    ),
  ),
  ...verdicts.map((of) =>
    fact(`a database error ${of} is kept if the marker cannot be read, but not as rolled back`, () => {
      const { run, effect } = decide(submittedAt(COMMIT), seenToEnd(of, { marker: 'unreadable' }), now);
      assert.deepStrictEqual(
        [run.state, run.error, run.lastStep, effect],
        [
          'FAILED',
          { ...failure, class: of },
          rowOf(COMMIT, { status: 'FAILED', error: 'gone', errorClass: of }),
          { kind: 'PerformActions' },
        ],
      );
    }),
  ),
  ...open.map((of) =>
    fact(`an unclear failure ${of} with an unreadable marker needs a decision`, () =>
      expectStop(
        submittedAt(COMMIT),
        seenToEnd(of, { marker: 'unreadable' }),
        now,
        'NEEDS_DECISION',
        decidesPerson(unreadable),
      ),
    ),
  ),
  fact('a database error without a seen end and with an unreadable marker needs a decision', () =>
    expectStop(
      submittedAt(COMMIT),
      probed({ marker: 'unreadable', about: unknown({ ...failure, class: 'sql' }) }),
      now,
      'NEEDS_DECISION',
      decidesPerson(unreadable),
    ),
  ),
  fact("the previous step's row is written before a database error stops the run", () => {
    const event = seenToEnd('sql', { marker: 'unreadable' });
    expectDecision(submittedAt(COMMIT, { lastStep: rowBefore }), event, now, {
      effect: { kind: 'WriteHistory' },
    });
  }),
  fact('a marker that could not be read now is read a minute later', () =>
    expectDecision(submittedAt(COMMIT, aMinute), probed({ marker: 'later' }), now, {
      run: { ...inAMinute, outcomeUnknownSince: gone },
      save: 'version',
    }),
  ),
  fact('an absent marker with unreadable transactions needs a decision', () =>
    expectStop(
      submittedAt(COMMIT),
      probed({ open: 'unreadable' }),
      now,
      'NEEDS_DECISION',
      decidesPerson(
        'the marker is absent, but whether its transaction is still open could not be determined',
      ),
    ),
  ),
  fact('an absent marker with an open transaction is read again: it may still commit', () =>
    expectDecision(submittedAt(COMMIT, aMinute), seenToEnd('unknown', { open: 'some' }), now, {
      run: { ...inAMinute, outcomeUnknownSince: gone },
      save: 'version',
    }),
  ),
  fact('the first probe after an unclear failure is followed by a second one', () =>
    expectDecision(submittedAt(COMMIT), seenToEnd('unknown'), now, {
      run: { ...inAMinute, outcomeUnknownSince: NOW_ISO },
      save: 'version',
    }),
  ),
  fact('a probe between these two changes nothing', () =>
    expectDecision(submittedAt(COMMIT, almostAMinute), seenToEnd('unknown'), now, {
      note: 'the marker is read again one minute after the first time',
    }),
  ),
  ...(['sql', 'data', 'permission'] as const).map((of) =>
    fact(`a database error ${of} without a marker fails the run`, () => {
      const { run, effect } = decide(submittedAt(COMMIT), seenToEnd(of), now);
      assert.deepStrictEqual(
        [run.state, run.error, run.lastStep, effect],
        [
          'FAILED',
          { ...failure, class: of, rolledBack: true },
          rowOf(COMMIT, { status: 'FAILED', error: 'gone', errorClass: of, rolledBack: true }),
          { kind: 'PerformActions' },
        ],
      );
    }),
  ),
  fact(
    'a conflict without a marker, of a step without conflict retry, rebuilds the tables that it read',
    () =>
      expectDecision(submittedAt(COMMIT), seenToEnd('conflict'), now, {
        effect: {
          kind: 'PlanRebuild',
          about: reported(failedWith('conflict'), { ...failure, class: 'conflict', rolledBack: true }),
        },
      }),
  ),
  ...(['unknown', 'timeout', 'cancelled'] as const).map((of) =>
    fact(`a reported ${of} with two absent markers fails the run`, () => {
      const { run, effect } = decide(submittedAt(COMMIT, aMinute), seenToEnd(of), now);
      assert.deepStrictEqual(
        [run.state, run.error, run.lastStep, effect],
        [
          'FAILED',
          { ...failure, class: of, rolledBack: true },
          rowOf(COMMIT, { status: 'FAILED', error: 'gone', errorClass: of, rolledBack: true }),
          { kind: 'PerformActions' },
        ],
      );
    }),
  ),
  ...(['transient', 'session-lost'] as const).map((of) =>
    fact(`a reported ${of} with two absent markers is retried`, () =>
      expectDecision(submittedAt(COMMIT, { ...laden, ...aMinute }), seenToEnd(of), now, {
        run: {
          ...submissionGone,
          state: 'WAITING',
          phase: 'READY',
          attempt: 3,
          lastStep: rowOf(COMMIT, {
            status: 'FAILED',
            error: 'gone',
            errorClass: of,
            rolledBack: true,
          }),
          nextCheckAt: NOW_SECONDS + 4,
          waitingFor: 'attempt 2 of 40_commit.sql failed: gone',
        },
        save: 'version',
        effect: { kind: 'Wake' },
        pauseMs: 4_000,
      }),
    ),
  ),
  ...(['CLOSED', 'UNKNOWN'] as const).flatMap((session) => [
    fact(`a lost connection with two absent markers and a session that is ${session} is rebuilt`, () =>
      expectDecision(submittedAt(COMMIT, aMinute), seenToEnd('session-lost', { session }), now, {
        effect: { kind: 'PlanRebuild', about: reported(failedWith('session-lost'), failure) },
      }),
    ),
    fact(
      `a step without a seen end, with two absent markers and a session that is ${session}, is rebuilt`,
      () => expectDecision(submittedAt(COMMIT, aMinute), probed({ session }), now, rebuilds),
    ),
    fact(`any other failure without a marker and with a session that is ${session} follows its class`, () => {
      const { run, effect, pauseMs } = decide(
        submittedAt(COMMIT, aMinute),
        seenToEnd('transient', { session }),
        now,
      );
      assert.deepStrictEqual([run.state, run.attempt, effect?.kind, pauseMs], ['WAITING', 3, 'Wake', 4_000]);
    }),
  ]),
  fact('a submission without a marker in an idle session gets a rebuilt session', () =>
    expectDecision(submittedAt(COMMIT), probed({ session: 'AVAILABLE' }), now, rebuilds),
  ),
];

/** A person lets the step run again: nothing of it is claimed yet. */
const again = readyAt(COMMIT, {
  checkMarkerOf: COMMIT,
  outcomeUnknownSince: NOW_ISO,
  attempt: 3,
  firstAttempt: 3,
});

const earlier: Failure = { class: 'unknown', message: 'not applied, they said', step: '40_commit.sql' };

function checked(marker: MarkerProbed['marker'], more: Partial<MarkerProbed> = {}): MarkerProbed {
  return probed({ marker, about: unknown(earlier), ...more });
}

function asked(verb: 'resume' | 'resolve'): Changes {
  return { lastRequest: { requestId: 'r', verb, actor: 'mia', at: NOW_ISO, answer: '' } };
}

const runsAgain = { ...freshClaim(COMMIT), checkMarkerOf: gone } as const;

const checking = [
  fact('a step that a person lets run again counts as applied if it has its marker', () =>
    expectDecision(again, checked('present'), now, {
      run: {
        ...behindCommit,
        checkMarkerOf: gone,
        lastStep: {
          ...rowOf(COMMIT, {
            attempt: 3,
            statementId: 'unknown',
            startedAt: NOW_ISO,
            endedAt: NOW_ISO,
            error: 'not applied, they said',
            errorClass: 'unknown',
          }),
        },
      },
      ...submits,
    }),
  ),
  fact('a run succeeds if its last step has its marker after all, and drops the check', () => {
    const { run } = decide(readyAt(AUDIT, { checkMarkerOf: AUDIT }), checked('present'), now);
    assert.deepStrictEqual([run.state, 'checkMarkerOf' in run], ['SUCCEEDED', false]);
  }),
  fact("the previous step's row is written before the checked marker is used", () =>
    expectDecision({ ...again, lastStep: rowBefore }, checked('present'), now, {
      effect: { kind: 'WriteHistory' },
    }),
  ),
  ...sessions.map((session) =>
    fact(`a step that a person lets run again is claimed if its marker is absent, session ${session}`, () =>
      expectDecision(again, checked('absent', { session }), now, { run: runsAgain, ...submits }),
    ),
  ),
  fact('an open transaction delays the claim by a minute: its commit may take effect', () =>
    expectDecision(again, checked('absent', { open: 'some' }), now, {
      run: {
        ...inAMinute,
        waitingFor: inAMinute.waitingFor.replace('gone', earlier.message),
        outcomeUnknownSince: gone,
      },
      save: 'version',
    }),
  ),
  fact('an open transaction delays the claim even after a person decided about an unreadable marker', () => {
    const { run, effect } = decide(
      changed(again, asked('resolve')),
      checked('unreadable', { open: 'some' }),
      now,
    );
    assert.deepStrictEqual([run.state, run.checkMarkerOf, effect], ['WAITING', COMMIT, undefined]);
  }),
  fact('unreadable transactions do not delay the claim', () =>
    expectDecision(again, checked('absent', { open: 'unreadable' }), now, { run: runsAgain, ...submits }),
  ),
  fact('the session is opened, verified or rebuilt only after the marker was read', () => {
    const failure: Failure = {
      class: 'session-lost',
      message: 'the temporary tables that 40_commit.sql needs must be recreated in a new session',
    };
    const cases = [
      [{ rebuildFrom: COMMIT }, { kind: 'PlanRebuild', about: unknown(failure) }],
      [{ sessionId: gone }, { kind: 'OpenSession', tries: 0 }],
      [{ verifySession: true }, { kind: 'VerifySession', tries: 0 }],
    ] as const;
    for (const [changes, effect] of cases)
      assert.deepStrictEqual(decide(changed(again, changes), checked('absent'), now).effect, effect);
  }),
  fact('after a step that was applied after all, the session is prepared for the next one', () => {
    const failure: Failure = {
      class: 'session-lost',
      message: 'the temporary tables that 50_call.sql needs must be recreated in a new session',
    };
    const cases = [
      [{ rebuildFrom: COMMIT }, { kind: 'PlanRebuild', about: unknown(failure) }, CALL],
      [{ rebuildFrom: STAGE }, { kind: 'PlanRebuild', about: unknown(failure) }, STAGE],
      [{ sessionId: gone }, { kind: 'OpenSession', tries: 0 }, undefined],
      [{ verifySession: true }, { kind: 'VerifySession', tries: 0 }, undefined],
    ] as const;
    for (const [changes, effect, rebuildFrom] of cases) {
      const decided = decide(changed(again, changes), checked('present'), now);
      assert.deepStrictEqual(
        [decided.effect, decided.save, decided.run.phase, decided.run.cursor, decided.run.rebuildFrom],
        [effect, 'none', 'READY', CALL, rebuildFrom],
      );
      assert.equal(decided.run.lastStep?.status, 'FINISHED');
    }
  }),
  fact('a marker that could not be read now delays the claim by a minute', () =>
    expectDecision(again, checked('later'), now, {
      run: {
        ...inAMinute,
        waitingFor: inAMinute.waitingFor.replace('gone', earlier.message),
        outcomeUnknownSince: gone,
      },
      save: 'version',
    }),
  ),
  ...(['resume', 'cancel'] as const).map((verb) =>
    fact(`an unreadable marker after a ${verb} request needs a decision before the claim`, () =>
      expectStop(
        changed(again, { lastRequest: { requestId: 'r', verb, actor: 'mia', at: NOW_ISO, answer: '' } }),
        checked('unreadable'),
        now,
        'NEEDS_DECISION',
        decidesPerson(unreadable, 'not applied, they said'),
      ),
    ),
  ),
  fact('an unreadable marker without a request needs a decision before the claim', () =>
    expectStop(
      again,
      checked('unreadable'),
      now,
      'NEEDS_DECISION',
      decidesPerson(unreadable, 'not applied, they said'),
    ),
  ),
  fact('an unreadable marker does not need a second decision after a resolve', () =>
    expectDecision(changed(again, asked('resolve')), checked('unreadable'), now, {
      run: runsAgain,
      ...submits,
    }),
  ),
  fact('a marker is not read again once it was read for its step', () =>
    assert.equal(
      decide({ ...again, checkMarkerOf: AUDIT }, checked('absent'), at(NOW, { plan })).run.checkMarkerOf,
      undefined,
    ),
  ),
];

/** A step without a name, and a durable one that loads the file. */
const corners = ([undefined, failedWith('unknown')] as const).map((end) =>
  fact(
    `the file of a load that its marker shows to be applied, ${end === undefined ? 'unseen' : 'reported failed'}, is checked`,
    () =>
      expectDecision(
        submittedAt(COMMIT),
        probed({
          marker: 'present',
          about: end === undefined ? unknown(failure) : reported(end, failure),
        }),
        at(NOW, { plan: planWith(COMMIT, { usesFile: true }) }),
        {
          effect: {
            kind: 'CheckInput',
            about: {
              statementId: 'statement-1',
              status: 'FINISHED',
              endedAt: end?.endedAt ?? NOW_ISO,
              ...(end === undefined ? {} : { error: failure }),
            },
          },
        },
      ),
  ),
);

export const markerFacts = [...corners, ...judged, ...present, ...absent, ...checking];
