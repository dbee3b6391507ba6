/** Between the claim and the record: refusals, lost replies, statements found again by their name. */
import assert from 'node:assert/strict';

import { decide } from './decide-any.ts';
import type { Effect } from '../../shared/run/decision.ts';
import type { Refusal, RunEvent } from '../../shared/run/run-event.ts';
import type { Failure } from '../../shared/run/run.ts';
import { expectDecision, expectStop } from './expect-decision.ts';
import type { Fact } from './fact.ts';
import { fact } from './fact.ts';
import {
  at,
  claimedAt,
  COMMIT,
  gone,
  NOW,
  now,
  NOW_ISO,
  NOW_SECONDS,
  OLD_TOKEN,
  readyAt,
  rowBefore,
  rowOf,
  STAGE,
  submissionGone,
  submittedAt,
  unknown,
} from './samples.ts';

const recordedByOther = { note: 'another driver recorded the claim' } as const;

const recorded = {
  phase: 'SUBMITTED',
  statementId: 'statement-2',
  submittedAt: '2026-11-24T08:08:00.000Z',
} as const;

function submitted(more: { token?: string; historyWritten?: boolean } = {}): RunEvent {
  return { kind: 'Submitted', token: OLD_TOKEN, statementId: 'statement-2', historyWritten: false, ...more };
}

const records = [
  fact('a submission is recorded by the token of its claim, even after other writes', () =>
    expectDecision(claimedAt(COMMIT, { lastStep: rowBefore }), submitted(), now, {
      run: recorded,
      save: 'record',
    }),
  ),
  fact('a history row written with the submission is removed with the record', () =>
    expectDecision(claimedAt(COMMIT, { lastStep: rowBefore }), submitted({ historyWritten: true }), now, {
      run: { ...recorded, lastStep: gone },
      save: 'record',
    }),
  ),
  fact('the record of a run that backs off stores its whole state', () =>
    expectDecision(claimedAt(COMMIT, { state: 'WAITING' }), submitted(), now, {
      run: { ...recorded, state: 'RUNNING' },
      save: 'version',
    }),
  ),
  fact('a submission with another token is not recorded', () =>
    expectDecision(claimedAt(COMMIT), submitted({ token: 'another' }), now, recordedByOther),
  ),
  fact('a recorded submission is not recorded again', () =>
    expectDecision(submittedAt(COMMIT), submitted(), now, recordedByOther),
  ),
];

const busy = 'the session is busy';
const unavailable = 'the session is not available';

function lookedUp(
  why: 'old-claim' | 'unavailable' | 'session-gone' | 'cancel',
  statementId?: string,
): RunEvent {
  return {
    kind: 'NameLookedUp',
    token: OLD_TOKEN,
    why,
    ...(statementId === undefined ? {} : { statementId }),
  };
}

function sessionLost(step: string): Failure {
  return {
    class: 'session-lost',
    message: `session session-1 has ended, and its temporary tables are lost; step ${step} was not seen to start`,
    step,
  };
}

const names = [
  fact('a statement found by its name is recorded and described', () =>
    expectDecision(claimedAt(COMMIT), lookedUp('old-claim', 'statement-2'), now, {
      run: recorded,
      save: 'record',
      effect: { kind: 'Describe', statementId: 'statement-2' },
    }),
  ),
  fact('a statement found for a run that backs off stores its whole state', () =>
    expectDecision(claimedAt(COMMIT, { state: 'WAITING' }), lookedUp('old-claim', 'statement-2'), now, {
      run: { ...recorded, state: 'RUNNING' },
      save: 'version',
      effect: { kind: 'Describe', statementId: 'statement-2' },
    }),
  ),
  fact("the look-up of another token's name is ignored", () =>
    expectDecision(claimedAt(COMMIT, { token: 'another' }), lookedUp('old-claim', 's'), now, recordedByOther),
  ),
  fact("the look-up of a recorded claim's name is ignored", () =>
    expectDecision(submittedAt(COMMIT), lookedUp('old-claim'), now, recordedByOther),
  ),
  fact('a name look-up for a cancellation is ignored if the run continues', () =>
    expectDecision(claimedAt(COMMIT), lookedUp('cancel'), now, {}),
  ),
  fact(
    'if the session is busy with another statement, the claim waits, and its token counts as not refused',
    () =>
      expectDecision(claimedAt(COMMIT, { refusedSince: NOW_ISO }), lookedUp('unavailable'), now, {
        run: { state: 'WAITING', refusedSince: gone, nextCheckAt: NOW_SECONDS + 5, waitingFor: busy },
        save: 'version',
      }),
  ),
  fact('if the session is gone and the name not found, the outcome of the step is unknown', () =>
    expectDecision(claimedAt(COMMIT), lookedUp('session-gone'), now, {
      effect: { kind: 'ProbeMarker', about: unknown(sessionLost('40_commit.sql')) },
    }),
  ),
  fact('a lost session without an id is reported with ?', () => {
    const { effect } = decide(claimedAt(STAGE, { sessionId: gone }), lookedUp('session-gone'), now);
    assert.deepStrictEqual(effect, {
      kind: 'PlanRebuild',
      about: unknown({
        ...sessionLost('10_stage.sql'),
        message:
          'session ? has ended, and its temporary tables are lost; step 10_stage.sql was not seen to start',
      }),
    });
  }),
];

const seen: readonly Fact[] = [
  ...(['CLOSED', 'UNKNOWN'] as const).flatMap((status) => [
    fact(`with a session that is ${status} the name of the claim is looked up again`, () => {
      for (const why of ['unavailable', 'old-claim'] as const)
        expectDecision(claimedAt(COMMIT), { kind: 'SessionSeen', status, why }, now, {
          effect: { kind: 'LookUpName', why: 'session-gone' },
        });
    }),
    fact(`a session to be verified that is ${status} is rebuilt`, () =>
      expectDecision(
        readyAt(STAGE, { verifySession: true }),
        { kind: 'SessionSeen', status, why: 'unavailable' },
        now,
        { effect: { kind: 'PlanRebuild', about: unknown(sessionLost('10_stage.sql')) } },
      ),
    ),
  ]),
  fact('with a busy session the name of the claim is looked up: its own statement may run', () =>
    expectDecision(claimedAt(COMMIT), { kind: 'SessionSeen', status: 'BUSY', why: 'unavailable' }, now, {
      effect: { kind: 'LookUpName', why: 'unavailable' },
    }),
  ),
  fact('the first refusal of a token in an idle session is stored', () => {
    const event = { kind: 'SessionSeen', status: 'AVAILABLE', why: 'unavailable' } as const;
    expectDecision(claimedAt(COMMIT), event, now, {
      run: { state: 'WAITING', refusedSince: NOW_ISO, nextCheckAt: NOW_SECONDS + 5, waitingFor: unavailable },
      save: 'version',
    });
    expectDecision(claimedAt(COMMIT, { refusedSince: '2026-11-24T08:09:00.000Z' }), event, now, {
      run: { state: 'WAITING', nextCheckAt: NOW_SECONDS + 5, waitingFor: unavailable },
      save: 'version',
    });
  }),
  fact('a token past use waits a minute in a busy session: its statement may run there', () =>
    expectDecision(
      claimedAt(STAGE, { refusedSince: NOW_ISO }),
      { kind: 'SessionSeen', status: 'BUSY', why: 'old-claim' },
      now,
      {
        run: { state: 'WAITING', refusedSince: gone, nextCheckAt: NOW_SECONDS + 60, waitingFor: busy },
        save: 'version',
      },
    ),
  ),
  fact('the state of a session that need not be verified changes nothing', () =>
    expectDecision(readyAt(STAGE), { kind: 'SessionSeen', status: 'CLOSED', why: 'unavailable' }, now, {}),
  ),
  ...(['BUSY', 'AVAILABLE'] as const).map((status) =>
    fact(`a session to be verified that is ${status} is checked again later`, () =>
      expectDecision(
        readyAt(STAGE, { verifySession: true }),
        { kind: 'SessionSeen', status, why: 'unavailable' },
        now,
        { run: { state: 'WAITING', nextCheckAt: NOW_SECONDS + 5, waitingFor: unavailable }, save: 'version' },
      ),
    ),
  ),
];

function refusal(reason: Refusal['reason'], failure: Refusal['class'] = 'permission'): Refusal {
  return { reason, class: failure, message: 'it said no' };
}

function refused(call: 'open' | 'verify' | 'submit', reason: Refusal['reason'], tries = 0): RunEvent {
  return { kind: 'CallRefused', call, refusal: refusal(reason), tries };
}

/** A millisecond more is the next second. */
const lastMillisecond = NOW_SECONDS * 1000 + 999;

const opening = readyAt(STAGE, { sessionId: gone });
const proving = readyAt(STAGE, { verifySession: true });

function pause(ms: number, afterwards: Effect): { readonly effect: Effect; readonly pauseMs: number } {
  return { effect: afterwards, pauseMs: ms };
}

const open = [
  fact('a definitely refused opener fails the run with the error of the service', () => {
    expectStop(opening, refused('open', 'rejected'), now, 'FAILED', 'it said no');
    assert.deepStrictEqual(decide(opening, refused('open', 'rejected'), now).run.error, {
      class: 'permission',
      message: 'it said no',
      step: '10_stage.sql',
    });
  }),
  fact('a refused opener is retried twice in the invocation, then later', () => {
    // By then the run must be seen to have begun.
    expectDecision(opening, refused('open', 'throttled', 0), now, {
      ...pause(1_500, { kind: 'OpenSession', tries: 1 }),
      save: 'version',
    });
    expectDecision(
      opening,
      refused('open', 'outcome-unknown', 1),
      now,
      pause(3_000, { kind: 'OpenSession', tries: 2 }),
    );
    expectDecision(opening, refused('open', 'throttled', 2), now, {
      run: { state: 'WAITING', nextCheckAt: NOW_SECONDS + 6, waitingFor: 'it said no' },
      save: 'version',
    });
  }),
  fact('an opener that takes long is waited for when the run is stored', () => {
    const pending = { sessionId: 'session-1', statementId: 'statement-0' };
    expectDecision(opening, { kind: 'SessionOpening', pending, tries: 1 }, now, {
      save: 'version',
      effect: { kind: 'OpenSession', tries: 1, pending },
    });
    expectDecision(claimedAt(STAGE), { kind: 'SessionOpening', pending, tries: 0 }, now, {
      note: 'the run already has a session',
    });
  }),
  fact('the pause for a full warehouse is a minute at most, half of it random', () => {
    const { run } = decide(
      opening,
      refused('open', 'throttled', 9),
      at(lastMillisecond, { chance: { token: '', fraction: 1 } }),
    );
    assert.equal(run.nextCheckAt, NOW_SECONDS + 60);
    const { run: short } = decide(
      opening,
      refused('open', 'throttled', 9),
      at(NOW, { chance: { token: '', fraction: 0 } }),
    );
    assert.equal(short.nextCheckAt, NOW_SECONDS + 30);
  }),
];

const prove = [
  fact('an unavailable session is retried four times, then looked up', () => {
    for (const [tries, ms] of [200, 400, 800, 1600].entries())
      expectDecision(
        proving,
        refused('verify', 'session-unavailable', tries),
        now,
        pause(ms, { kind: 'VerifySession', tries: tries + 1 }),
      );
    expectDecision(proving, refused('verify', 'session-unavailable', 4), now, {
      effect: { kind: 'LookUpSession', why: 'unavailable' },
    });
  }),
  fact('a session that never existed is rebuilt', () =>
    expectDecision(proving, refused('verify', 'session-unknown'), now, {
      effect: { kind: 'PlanRebuild', about: unknown(sessionLost('10_stage.sql')) },
    }),
  ),
  ...(['throttled', 'outcome-unknown'] as const).map((reason) =>
    fact(`a verification that was ${reason} is retried later`, () =>
      expectDecision(proving, refused('verify', reason, 1), now, {
        run: { state: 'WAITING', nextCheckAt: NOW_SECONDS + 3, waitingFor: 'it said no' },
        save: 'version',
      }),
    ),
  ),
  fact('a definitely refused verification fails the run', () => {
    expectStop(proving, refused('verify', 'rejected'), now, 'FAILED', 'it said no');
    assert.deepStrictEqual(decide(proving, refused('verify', 'rejected'), now).run.error, {
      class: 'permission',
      message: 'it said no',
      step: '10_stage.sql',
    });
  }),
];

const submit = [
  fact('the refusal of a recorded claim is ignored', () =>
    expectDecision(submittedAt(COMMIT), refused('submit', 'rejected'), now, recordedByOther),
  ),
  fact(
    'a submission to an unavailable session is sent again four times, then the session is looked up',
    () => {
      for (const [tries, ms] of [200, 400, 800, 1600].entries())
        expectDecision(
          claimedAt(COMMIT),
          refused('submit', 'session-unavailable', tries),
          now,
          pause(ms, { kind: 'Submit', tries: tries + 1 }),
        );
      expectDecision(claimedAt(COMMIT), refused('submit', 'session-unavailable', 4), now, {
        effect: { kind: 'LookUpSession', why: 'unavailable' },
      });
    },
  ),
  fact('after a submission to a session that never existed, its name is looked up', () =>
    expectDecision(claimedAt(COMMIT), refused('submit', 'session-unknown'), now, {
      effect: { kind: 'LookUpName', why: 'session-gone' },
    }),
  ),
  fact('a throttled submission is sent again twice, then its claim waits; no attempt is used', () => {
    expectDecision(
      claimedAt(COMMIT),
      refused('submit', 'throttled', 0),
      now,
      pause(1_500, { kind: 'Submit', tries: 1 }),
    );
    expectDecision(
      claimedAt(COMMIT),
      refused('submit', 'throttled', 1),
      now,
      pause(3_000, { kind: 'Submit', tries: 2 }),
    );
    expectDecision(claimedAt(COMMIT), refused('submit', 'throttled', 2), now, {
      run: { state: 'WAITING', nextCheckAt: NOW_SECONDS + 6, waitingFor: 'it said no' },
      save: 'version',
    });
  }),
  fact('after a lost reply the same token is sent once more, then the claim waits', () => {
    expectDecision(
      claimedAt(COMMIT),
      refused('submit', 'outcome-unknown'),
      now,
      pause(500, { kind: 'Submit', tries: 1 }),
    );
    expectDecision(claimedAt(COMMIT), refused('submit', 'outcome-unknown', 1), now, {
      note: 'the outcome of the submission is not known yet: it said no',
    });
  }),
  fact('a definitely refused submission fails the run, with a history row of the step', () => {
    const { run, effect, save } = decide(claimedAt(COMMIT), refused('submit', 'rejected'), now);
    const { statementId: _id, ...row } = rowOf(COMMIT, {
      status: 'FAILED',
      startedAt: '2026-11-24T08:08:00.000Z',
      endedAt: NOW_ISO,
      error: 'it said no',
      errorClass: 'permission',
    });
    assert.deepStrictEqual(run.lastStep, row);
    assert.deepStrictEqual(run.error, { class: 'permission', message: 'it said no', step: '40_commit.sql' });
    assert.deepStrictEqual([run.state, save, effect], ['FAILED', 'version', { kind: 'PerformActions' }]);
    for (const name of Object.keys(submissionGone)) assert.equal(name in run, false);
  }),
  ...[1, 2].map((tries) =>
    fact(
      `a refused submission that was sent before keeps its claim, since it may have started (tries ${tries})`,
      () =>
        expectDecision(claimedAt(COMMIT), refused('submit', 'rejected', tries), now, {
          note: 'the submission was refused: it said no',
        }),
    ),
  ),
  fact("before a refused submission is handled, the previous step's row is written", () =>
    expectDecision(claimedAt(COMMIT, { lastStep: rowBefore }), refused('submit', 'rejected'), now, {
      effect: { kind: 'WriteHistory' },
    }),
  ),
];

const waits = [
  fact('the next check is stored in whole seconds, rounded down', () => {
    const next = (run: Parameters<typeof decide>[0], event: RunEvent): number | undefined =>
      (decide(run, event, at(lastMillisecond)).run.nextCheckAt ?? 0) - NOW_SECONDS;
    assert.deepStrictEqual(
      [
        next(claimedAt(COMMIT), lookedUp('unavailable')),
        next(claimedAt(STAGE), { kind: 'SessionSeen', status: 'BUSY', why: 'old-claim' }),
        next(claimedAt(STAGE), { kind: 'SessionSeen', status: 'AVAILABLE', why: 'unavailable' }),
        next(proving, { kind: 'SessionSeen', status: 'BUSY', why: 'unavailable' }),
      ],
      [5, 60, 5, 5],
    );
  }),
];

export const submissionFacts = [...waits, ...records, ...names, ...seen, ...open, ...prove, ...submit];
