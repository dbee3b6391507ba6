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
  fact('a submission is recorded under the token of its claim, whoever wrote since', () =>
    expectDecision(claimedAt(COMMIT, { lastStep: rowBefore }), submitted(), now, {
      run: recorded,
      save: 'record',
    }),
  ),
  fact('a row that was written beside it goes with the record', () =>
    expectDecision(claimedAt(COMMIT, { lastStep: rowBefore }), submitted({ historyWritten: true }), now, {
      run: { ...recorded, lastStep: gone },
      save: 'record',
    }),
  ),
  fact('a claim that was backing off goes on, so its whole state is stored', () =>
    expectDecision(claimedAt(COMMIT, { state: 'WAITING' }), submitted(), now, {
      run: { ...recorded, state: 'RUNNING' },
      save: 'version',
    }),
  ),
  fact('a submission under another token is not recorded', () =>
    expectDecision(claimedAt(COMMIT), submitted({ token: 'another' }), now, recordedByOther),
  ),
  fact('a submission that is recorded already is not recorded again', () =>
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
  fact('a statement found by its name is recorded and looked at', () =>
    expectDecision(claimedAt(COMMIT), lookedUp('old-claim', 'statement-2'), now, {
      run: recorded,
      save: 'record',
      effect: { kind: 'Describe', statementId: 'statement-2' },
    }),
  ),
  fact('a statement found for a claim that was backing off stores its whole state', () =>
    expectDecision(claimedAt(COMMIT, { state: 'WAITING' }), lookedUp('old-claim', 'statement-2'), now, {
      run: { ...recorded, state: 'RUNNING' },
      save: 'version',
      effect: { kind: 'Describe', statementId: 'statement-2' },
    }),
  ),
  fact('a name of another token means nothing', () =>
    expectDecision(claimedAt(COMMIT, { token: 'another' }), lookedUp('old-claim', 's'), now, recordedByOther),
  ),
  fact('a name of a recorded claim means nothing', () =>
    expectDecision(submittedAt(COMMIT), lookedUp('old-claim'), now, recordedByOther),
  ),
  fact('a name that was looked for to stop it, and was not found, means nothing to a run that goes on', () =>
    expectDecision(claimedAt(COMMIT), lookedUp('cancel'), now, {}),
  ),
  fact('a busy session without our statement: the claim waits, and the token counts as not refused', () =>
    expectDecision(claimedAt(COMMIT, { refusedSince: NOW_ISO }), lookedUp('unavailable'), now, {
      run: { state: 'WAITING', refusedSince: gone, nextCheckAt: NOW_SECONDS + 5, waitingFor: busy },
      save: 'version',
    }),
  ),
  fact('a session that is gone, and no statement of the name: the step is in doubt', () =>
    expectDecision(claimedAt(COMMIT), lookedUp('session-gone'), now, {
      effect: { kind: 'ProbeMarker', about: unknown(sessionLost('40_commit.sql')) },
    }),
  ),
  fact('a session that is gone and has no name', () => {
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
    fact(`a session that is ${status} has the name of the claim looked up once more`, () => {
      for (const why of ['unavailable', 'old-claim'] as const)
        expectDecision(claimedAt(COMMIT), { kind: 'SessionSeen', status, why }, now, {
          effect: { kind: 'LookUpName', why: 'session-gone' },
        });
    }),
    fact(`a session that was to be proved and is ${status} is rebuilt`, () =>
      expectDecision(
        readyAt(STAGE, { verifySession: true }),
        { kind: 'SessionSeen', status, why: 'unavailable' },
        now,
        { effect: { kind: 'PlanRebuild', about: unknown(sessionLost('10_stage.sql')) } },
      ),
    ),
  ]),
  fact('a busy session may be busy with our own statement: its name is looked up', () =>
    expectDecision(claimedAt(COMMIT), { kind: 'SessionSeen', status: 'BUSY', why: 'unavailable' }, now, {
      effect: { kind: 'LookUpName', why: 'unavailable' },
    }),
  ),
  fact('an idle session that refused: the refusal is remembered from its first time on', () => {
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
  fact('a token past use in a busy session waits a minute: what runs there may be ours', () =>
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
  fact('a session that was seen though it need not be proved changes nothing', () =>
    expectDecision(readyAt(STAGE), { kind: 'SessionSeen', status: 'CLOSED', why: 'unavailable' }, now, {}),
  ),
  ...(['BUSY', 'AVAILABLE'] as const).map((status) =>
    fact(`a session that was to be proved and is ${status} is asked again later`, () =>
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
  fact('an opener that is definitely refused fails the run with the words of the service', () => {
    expectStop(opening, refused('open', 'rejected'), now, 'FAILED', 'it said no');
    assert.deepStrictEqual(decide(opening, refused('open', 'rejected'), now).run.error, {
      class: 'permission',
      message: 'it said no',
      step: '10_stage.sql',
    });
  }),
  fact('an opener is tried again twice inside the invocation, then later', () => {
    expectDecision(
      opening,
      refused('open', 'throttled', 0),
      now,
      pause(1_500, { kind: 'OpenSession', tries: 1 }),
    );
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
  fact('the patience with a full warehouse is a minute at most, half of it by chance', () => {
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
  fact('a session that is not available is asked again four times, then looked up', () => {
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
    fact(`a proof whose call was ${reason} is asked for later`, () =>
      expectDecision(proving, refused('verify', reason, 1), now, {
        run: { state: 'WAITING', nextCheckAt: NOW_SECONDS + 3, waitingFor: 'it said no' },
        save: 'version',
      }),
    ),
  ),
  fact('a proof that is definitely refused fails the run', () => {
    expectStop(proving, refused('verify', 'rejected'), now, 'FAILED', 'it said no');
    assert.deepStrictEqual(decide(proving, refused('verify', 'rejected'), now).run.error, {
      class: 'permission',
      message: 'it said no',
      step: '10_stage.sql',
    });
  }),
];

const submit = [
  fact('a refusal for a claim that is recorded means nothing', () =>
    expectDecision(submittedAt(COMMIT), refused('submit', 'rejected'), now, recordedByOther),
  ),
  fact(
    'a submission that found its session unavailable is sent again four times, then the session is looked up',
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
  fact('a submission to a session that never existed has its name looked up', () =>
    expectDecision(claimedAt(COMMIT), refused('submit', 'session-unknown'), now, {
      effect: { kind: 'LookUpName', why: 'session-gone' },
    }),
  ),
  fact('a throttled submission is sent again twice, then its claim waits; no attempt is burnt', () => {
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
  fact('a lost reply has the same token sent once more, then the claim is left', () => {
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
  fact('a submission that is definitely refused fails the run, with a row of the step', () => {
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
    assert.deepStrictEqual(
      [run.state, save, effect],
      ['FAILED', 'version', { kind: 'PerformAction', action: 'history' }],
    );
    for (const name of Object.keys(submissionGone)) assert.equal(name in run, false);
  }),
  ...[1, 2].map((tries) =>
    fact(
      `a submission that is refused after it was sent before may have started: the claim stays (${tries})`,
      () =>
        expectDecision(claimedAt(COMMIT), refused('submit', 'rejected', tries), now, {
          note: 'the submission was refused: it said no',
        }),
    ),
  ),
  fact('a refused submission has the row of the step before written first', () =>
    expectDecision(claimedAt(COMMIT, { lastStep: rowBefore }), refused('submit', 'rejected'), now, {
      effect: { kind: 'WriteHistory' },
    }),
  ),
];

const waits = [
  fact('waits are told in whole seconds, from the last millisecond of one too', () => {
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
