/** News from outside: wake-ups, completion events, slots; and looks at a running statement. */
import assert from 'node:assert/strict';

import { decide, parsed } from './decide-any.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import { isAtEnd, isAtRest, queueOrder } from '../../shared/run/run.ts';
import type { RunState } from '../../shared/run/run.ts';
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import {
  at,
  beforeClaim,
  CHECK,
  claimedAt,
  COMMIT,
  freshClaim,
  gone,
  LOAD,
  looksAtFile,
  NOW,
  now,
  NOW_ISO,
  NOW_SECONDS,
  plan,
  readyAt,
  restingAt,
  rowBefore,
  rowOf,
  STAGE,
  submittedAt,
  unknown,
  doneAt,
} from './samples.ts';

const woken = { kind: 'Woken' } as const;

const wakeUps = [
  fact('a woken run at rest performs its pending actions first', () =>
    expectDecision(restingAt(COMMIT, 'SUCCEEDED', { pendingActions: ['wake', 'close'] }), woken, now, {
      effect: { kind: 'PerformActions' },
    }),
  ),
  fact('a woken run in the queue requests a slot', () =>
    expectDecision(readyAt(STAGE, { state: 'QUEUED' }), woken, now, { effect: { kind: 'TakeSlot' } }),
  ),
  fact('a woken run with a running statement describes it', () =>
    expectDecision(submittedAt(COMMIT), woken, now, {
      effect: { kind: 'Describe', statementId: 'statement-1' },
    }),
  ),
  fact('a run that got no slot waits', () =>
    expectDecision(readyAt(STAGE, { state: 'QUEUED', nextCheckAt: gone }), { kind: 'SlotBusy' }, now, {
      note: 'waiting for a slot',
    }),
  ),
  fact('a sent cancellation needs no further action', () =>
    expectDecision(submittedAt(COMMIT), { kind: 'CancelSent' }, now, {
      note: 'requested cancellation of the statement',
    }),
  ),
];

function ended(more: Partial<RunEvent & { kind: 'StatementEnded' }> = {}): RunEvent {
  return {
    kind: 'StatementEnded',
    tokenStart: 'abcdefghij',
    statementId: 'statement-1',
    status: 'FINISHED',
    at: '2026-11-24T08:10:00.000Z',
    rows: 12,
    trusted: true,
    ...more,
  };
}

const notOurs = { note: 'ignored an event of an earlier submission or of another program' } as const;

const describe = { effect: { kind: 'Describe', statementId: 'statement-1' } } as const;

function advanced(row: Partial<ReturnType<typeof rowOf>>): Parameters<typeof expectDecision>[3] {
  return {
    run: {
      ...beforeClaim(LOAD),
      attempt: 1,
      firstAttempt: 1,
      ...doneAt(STAGE, { endedAt: NOW_ISO, rows: 12, ...row }),
    },
    effect: looksAtFile,
  };
}

const completions = [
  fact('a completion event with the current token and statement is trusted', () =>
    expectDecision(submittedAt(STAGE), ended(), now, advanced({})),
  ),
  fact('a completion event with another token is ignored without a call', () => {
    expectDecision(submittedAt(STAGE), ended({ tokenStart: 'zzzzzzzzzz' }), now, notOurs);
    expectDecision(claimedAt(STAGE), ended({ tokenStart: 'zzzzzzzzzz' }), now, notOurs);
  }),
  fact('a completion event with less than ten characters of the token is ignored', () => {
    for (const tokenStart of ['', 'a', 'abcdefghi'])
      expectDecision(submittedAt(STAGE), ended({ tokenStart }), now, notOurs);
  }),
  fact('a completion event with another part of the token is ignored', () =>
    expectDecision(submittedAt(STAGE), ended({ tokenStart: 'k'.repeat(10) }), now, notOurs),
  ),
  fact('a completion event of another principal makes the run describe its statement', () =>
    expectDecision(submittedAt(STAGE), ended({ trusted: false }), now, describe),
  ),
  fact('a completion event of another statement makes the run describe its own', () =>
    expectDecision(submittedAt(STAGE), ended({ statementId: 'statement-9' }), now, describe),
  ),
  fact('a completion event for a run between its steps is ignored', () =>
    expectDecision(
      readyAt(STAGE, { token: `abcdefghij${'k'.repeat(42)}`, statementId: 'statement-1' }),
      ended(),
      now,
      notOurs,
    ),
  ),
  ...(['FAILED', 'ABORTED'] as const).map((status) =>
    fact(`a completion event with ${status} has no error text: the statement is described`, () =>
      expectDecision(submittedAt(STAGE), ended({ status }), now, describe),
    ),
  ),
  fact('a completion event that overtook the record records the submission', () =>
    expectDecision(claimedAt(STAGE), ended(), now, advanced({ startedAt: '2026-11-24T08:08:00.000Z' })),
  ),
  fact('a completion event with a failure that overtook the record describes the statement', () =>
    expectDecision(
      claimedAt(STAGE, { state: 'WAITING', lastStep: rowBefore }),
      ended({ status: 'FAILED' }),
      now,
      {
        run: {
          state: 'RUNNING',
          phase: 'SUBMITTED',
          statementId: 'statement-1',
          submittedAt: '2026-11-24T08:08:00.000Z',
        },
        ...describe,
      },
    ),
  ),
  fact('a completion event of another principal records nothing', () =>
    expectDecision(claimedAt(STAGE), ended({ trusted: false }), now, {
      note: 'ignored an event of another principal',
    }),
  ),
  fact('the row count in the completion event of a batch is ignored', () =>
    expectDecision(submittedAt(COMMIT), ended(), now, {
      run: {
        ...freshClaim(COMMIT + 1),
        attempt: 1,
        firstAttempt: 1,
        ...doneAt(COMMIT, { endedAt: NOW_ISO }),
      },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  ...([undefined, -1, 0] as const).map((rows) =>
    fact(`a completion event with ${rows ?? 'no'} rows has the right row count`, () => {
      const { rows: _rows, ...bare } = ended() as RunEvent & { kind: 'StatementEnded' };
      const { run } = decide(submittedAt(STAGE), rows === undefined ? bare : ended({ rows }), now);
      assert.deepStrictEqual(
        run.lastStep,
        rowOf(STAGE, { endedAt: NOW_ISO, ...(rows === 0 ? { rows } : {}) }),
      );
    }),
  ),
  fact(
    "the end of a step is the current time if its event arrives at once, else the event's time, and never before its start",
    () => {
      const endOf = (
        at_: string,
        changes: Parameters<typeof submittedAt>[1] = {},
        ms = NOW,
      ): string | undefined =>
        decide(submittedAt(STAGE, changes), ended({ at: at_ }), at(ms)).run.lastStep?.endedAt;
      assert.equal(endOf('2026-11-24T08:10:00.500Z'), NOW_ISO);
      assert.equal(endOf('2026-11-24T08:09:59.001Z'), NOW_ISO);
      assert.equal(endOf('2026-11-24T08:09:59.000Z'), '2026-11-24T08:09:59.000Z');
      assert.equal(endOf('2026-11-24T08:10:00.501Z'), '2026-11-24T08:10:00.501Z');
      assert.equal(endOf('2026-11-24T08:07:00.000Z'), '2026-11-24T08:08:10.000Z');
      assert.equal(endOf('2026-11-24T08:10:00.500Z', { submittedAt: '2026-11-24T08:10:07.000Z' }), NOW_ISO);
    },
  ),
];

const running: RunEvent = { kind: 'StatementSeen', statementId: 'statement-1', status: 'RUNNING' };

const started = Date.parse('2026-11-24T08:08:10.000Z');

const isRunning = { note: 'the statement is running' } as const;

const stops = { effect: { kind: 'CancelStatement', statementId: 'statement-1' } } as const;

/** Seconds of the clock at which the sweep looks next, when it looked `after` seconds behind the submission. */
function nextLook(after: number, timeoutSeconds = 10_000): number | undefined {
  const steps = plan.steps.map((step) => ({ ...step, timeoutSeconds }));
  // A millisecond more would be the next second.
  const { run } = decide(
    submittedAt(COMMIT, { nextCheckAt: 0, submittedAt: '2026-11-24T08:08:10.999Z' }),
    running,
    at(started + 999 + after * 1000, { plan: { ...plan, steps } }),
  );
  return run.nextCheckAt === undefined ? undefined : run.nextCheckAt - started / 1000 - after;
}

const looks = [
  fact('a running statement is described again after half the time it has run: one to five minutes', () => {
    assert.deepStrictEqual(
      [10, 120, 122, 400, 600, 602, 5_000].map((after) => nextLook(after)),
      [60, 60, 61, 200, 300, 300, 300],
    );
  }),
  fact('a running statement is described one second after its timeout', () =>
    assert.equal(nextLook(90, 100), 11),
  ),
  fact('the time of the next check is stored, and nothing else', () =>
    expectDecision(submittedAt(COMMIT), running, now, {
      run: { nextCheckAt: NOW_SECONDS + 60 },
      save: 'version',
      ...isRunning,
    }),
  ),
  fact('a next check within fifteen seconds of that is not stored again', () => {
    expectDecision(submittedAt(COMMIT, { nextCheckAt: NOW_SECONDS + 45 }), running, now, isRunning);
    expectDecision(submittedAt(COMMIT, { nextCheckAt: NOW_SECONDS + 44 }), running, now, {
      run: { nextCheckAt: NOW_SECONDS + 60 },
      save: 'version',
      ...isRunning,
    });
  }),
  fact('a statement that exceeded the timeout of its step is cancelled once', () => {
    expectDecision(submittedAt(COMMIT), running, at(started + 1_000_000), {
      run: { nextCheckAt: started / 1000 + 1_001 },
      save: 'version',
      ...isRunning,
    });
    expectDecision(submittedAt(COMMIT), running, at(started + 1_000_001), {
      run: { timedOut: true },
      save: 'version',
      ...stops,
    });
    expectDecision(submittedAt(COMMIT, { timedOut: true }), running, at(started + 1), stops);
  }),
  fact("a run without a start time does not cancel a statement for the run's timeout", () =>
    expectDecision(submittedAt(COMMIT, { timeoutFrom: gone, startedAt: gone }), running, now, {
      run: { nextCheckAt: NOW_SECONDS + 60 },
      save: 'version',
      ...isRunning,
    }),
  ),
  fact('a statement is cancelled when the run exceeds its timeout', () => {
    const context = at(NOW, { plan: { ...plan, timeoutSeconds: 480 } });
    expectDecision(submittedAt(COMMIT), running, context, {
      run: { timedOut: true },
      save: 'version',
      ...stops,
    });
  }),
];

const queued = readyAt(STAGE, {
  state: 'QUEUED',
  slot: gone,
  epoch: gone,
  sessionId: gone,
  pid: gone,
  startedAt: gone,
  timeoutFrom: gone,
  nextCheckAt: gone,
});

const hasSlot = {
  state: 'RUNNING',
  slot: true,
  epoch: 6,
  startedAt: NOW_ISO,
  timeoutFrom: NOW_ISO,
  nextCheckAt: NOW_SECONDS + 90,
} as const;

const slotTaken = { kind: 'SlotTaken', epoch: 6 } as const;

/** Resumed after its slot was given away: at epoch 5 it had it. */
const queuedAgain = readyAt(CHECK, { state: 'QUEUED', slot: gone, nextCheckAt: gone, verifySession: true });

const queuedForNewSession = readyAt(LOAD, {
  state: 'QUEUED',
  slot: gone,
  nextCheckAt: gone,
  rebuildFrom: LOAD,
});

const slots = [
  fact('a run that took its slot opens a session; both are stored with the first claim', () =>
    expectDecision(queued, slotTaken, now, { run: hasSlot, effect: { kind: 'OpenSession', tries: 0 } }),
  ),
  fact('a run that is not in the queue is put into it when no slot is free, and asks once more', () => {
    const beside = { ...queued, nextCheckAt: NOW_SECONDS + 90 };
    expectDecision(beside, { kind: 'SlotBusy' }, now, {
      run: { nextCheckAt: gone },
      save: 'version',
      effect: { kind: 'TakeSlot' },
    });
    expectDecision(beside, woken, now, { effect: { kind: 'TakeSlot' } });
  }),
  fact('a run that was never in the queue keeps the time of its next check', () =>
    expectDecision({ ...queued, nextCheckAt: NOW_SECONDS + 70 }, slotTaken, now, {
      run: { ...hasSlot, nextCheckAt: NOW_SECONDS + 70 },
      effect: { kind: 'OpenSession', tries: 0 },
    }),
  ),
  fact('a run that took its slot after a failed drive stores it first', () =>
    expectDecision({ ...queued, failedDrives: 1 }, slotTaken, now, {
      run: { ...hasSlot, failedDrives: 1 },
      save: 'version',
      effect: { kind: 'OpenSession', tries: 0 },
    }),
  ),
  fact('a run that has not begun adopts the plan that comes with its slot', () => {
    const steps = plan.steps.slice(1, 4);
    expectDecision({ ...queued, steps: 8 }, { ...slotTaken, plan: { ...plan, hash: 'plan-2', steps } }, now, {
      run: { ...hasSlot, planHash: 'plan-2', steps: 3, step: '20_load.sql' },
      effect: { kind: 'OpenSession', tries: 0 },
    });
    const empty = decide(queued, { ...slotTaken, plan: { ...plan, hash: 'plan-2', steps: [] } }, now).run;
    assert.deepStrictEqual([empty.planHash, empty.steps, empty.step], ['plan-2', 0, undefined]);
  }),
  fact('a run that takes a slot again in the next epoch verifies its session', () =>
    expectDecision(queuedAgain, slotTaken, now, {
      run: { ...hasSlot, startedAt: '2026-11-24T08:01:00.000Z' },
      save: 'version',
      effect: { kind: 'VerifySession', tries: 0 },
    }),
  ),
  ...[5, 7].map((epoch) =>
    fact(`a run that takes its slot at epoch ${epoch}, having had it at 5, may have stale tables`, () =>
      expectDecision(queuedAgain, { kind: 'SlotTaken', epoch }, now, {
        run: { ...hasSlot, startedAt: '2026-11-24T08:01:00.000Z', epoch },
        effect: {
          kind: 'PlanRebuild',
          about: unknown({
            class: 'session-lost',
            message:
              'another run of orders held the slot in the meantime: the temporary tables of session session-1 may be stale',
            step: '30_check.sql',
          }),
        },
      }),
    ),
  ),
  fact('a run without a session has no stale tables', () =>
    expectDecision({ ...queued, epoch: 2 }, slotTaken, now, {
      run: hasSlot,
      effect: { kind: 'OpenSession', tries: 0 },
    }),
  ),
  fact('a session without a known epoch is verified', () => {
    const { effect, save } = decide(
      readyAt(CHECK, { state: 'QUEUED', slot: gone, epoch: gone }),
      slotTaken,
      now,
    );
    assert.deepStrictEqual([effect, save], [{ kind: 'VerifySession', tries: 0 }, 'version']);
  }),
  fact('a requested new session is opened with the slot', () =>
    expectDecision(queuedForNewSession, slotTaken, now, {
      run: { ...hasSlot, startedAt: '2026-11-24T08:01:00.000Z' },
      save: 'version',
      effect: {
        kind: 'PlanRebuild',
        about: unknown({
          class: 'session-lost',
          message: 'the temporary tables that 20_load.sql needs must be recreated in a new session',
        }),
      },
    }),
  ),
  fact('a slot for a run that already has one changes nothing', () =>
    expectDecision(readyAt(CHECK), slotTaken, now, { note: 'the run already has its slot' }),
  ),
];

const rests: Readonly<Record<RunState, readonly [end: boolean, rest: boolean]>> = {
  QUEUED: [false, false],
  RUNNING: [false, false],
  WAITING: [false, false],
  CANCELLING: [false, false],
  NEEDS_DECISION: [false, true],
  FAILED: [false, true],
  PAUSED: [false, true],
  SUCCEEDED: [true, true],
  CANCELLED: [true, true],
  SUPERSEDED: [true, true],
  ABSORBED: [false, true],
};

const states = [
  ...Object.entries(rests).map(([state, [end, rest]]) =>
    fact(`${state} is ${end ? 'an end' : rest ? 'rest, but no end' : 'neither end nor rest'}`, () => {
      const run = parsed(
        rest ? restingAt(STAGE, state as RunState) : claimedAt(STAGE, { state: state as RunState }),
      );
      assert.deepStrictEqual([isAtEnd(run), isAtRest(run)], [end, rest]);
    }),
  ),
  fact('waiting runs are ordered by event time, then sequencer, then id', () => {
    const file = { bucket: 'landing', key: 'orders/1.csv', size: 10, etag: 'e', sequencer: '0A1' };
    const time = '2026-11-24T07:59:00.000Z';
    assert.equal(
      queueOrder(parsed(readyAt(STAGE, { trigger: { kind: 's3', time, file } }))),
      `${time}#${'0'.repeat(21)}0A1#run-1`,
    );
    assert.equal(queueOrder(parsed(readyAt(STAGE))), `${time}#${'0'.repeat(24)}#run-1`);
    assert.equal(
      queueOrder(
        parsed(readyAt(STAGE, { trigger: { kind: 'request', time, requestId: 'one', actor: 'me' } })),
      ),
      `${time}#${'0'.repeat(24)}#run-1`,
    );
  }),
];

export const newsFacts = [...wakeUps, ...completions, ...looks, ...slots, ...states];
