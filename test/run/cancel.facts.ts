/** Cancel: in every phase, with the true end of what was under way. */
import assert from 'node:assert/strict';

import { decide } from './decide-any.ts';
import type { Failed, StatementEnd } from '../../shared/run/decision.ts';
import type { CancelRequest } from '../../shared/run/request.ts';
import type { MarkerProbed, RunEvent } from '../../shared/run/run-event.ts';
import type { Failure } from '../../shared/run/run.ts';
import { expectDecision } from './expect-decision.ts';
import type { Fact } from './fact.ts';
import { fact } from './fact.ts';
import { asked, expectFirstAnswer, failedAt, refused, resumeWith, sqlError } from './request-samples.ts';
import type { Changes } from './samples.ts';
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
  gone,
  laden,
  LOAD,
  NOW,
  now,
  NOW_ISO,
  NOW_SECONDS,
  plan,
  readyAt,
  reported,
  restingAt,
  rowBefore,
  rowOf,
  STAGE,
  submissionGone,
  submittedAt,
  unknown,
} from './samples.ts';

const cancel: CancelRequest = { verb: 'cancel', requestId: 'request-1', actor: 'mia' };

function cancelled(message: string, error: Partial<Failure> = {}): Changes {
  return {
    ...submissionGone,
    state: 'CANCELLED',
    phase: 'READY',
    error: { class: 'cancelled', message, step: '40_commit.sql', ...error },
    pendingActions: ['history', 'release', 'wake', 'publish', 'close'],
    endedAt: NOW_ISO,
  };
}

const ends = { save: 'version', effect: { kind: 'PerformActions' } } as const;

const stopping = 'cancelling run run-1: stopping its step 40_commit.sql';

const asksToStop = {
  state: 'CANCELLING',
  lastRequest: asked('cancel', stopping),
  nextCheckAt: NOW_SECONDS,
} as const;

const cancelling: Changes = { state: 'CANCELLING', lastRequest: asked('cancel', stopping), ...laden };

const cancelRequests = [
  fact('cancel of a run between its steps ends it at once', () => {
    const message = 'cancelled run run-1 (was WAITING)';
    expectDecision(
      readyAt(COMMIT, { state: 'WAITING', ...laden, verifySession: true, resumeWith }),
      cancel,
      now,
      {
        run: {
          ...cancelled('cancelled by mia'),
          verifySession: gone,
          resumeWith: gone,
          lastRequest: asked('cancel', message),
        },
        ...ends,
        answer: { ok: true, message },
      },
    );
  }),
  fact('cancel keeps the given reason', () => {
    const { run } = decide(readyAt(COMMIT), { ...cancel, reason: 'wrong file' }, now);
    assert.equal(run.error?.message, 'cancelled by mia: wrong file');
  }),
  fact('cancel of a failed run keeps its first error', () => {
    const { run } = decide(failedAt(COMMIT), cancel, now);
    assert.deepStrictEqual([run.state, run.error], ['CANCELLED', sqlError]);
  }),
  fact('cancel of a submitted step cancels its statement first', () =>
    expectDecision(submittedAt(COMMIT), cancel, now, {
      run: asksToStop,
      save: 'version',
      effect: { kind: 'CancelStatement', statementId: 'statement-1' },
      answer: { ok: true, message: stopping },
    }),
  ),
  ...(
    [
      ['a claimed step', claimedAt(COMMIT)],
      ['a claimed step with the statement of another', claimedAt(COMMIT, { statementId: 'statement-0' })],
    ] as const
  ).map(([whose, run]) =>
    fact(`cancel of ${whose} first looks up whether there is a statement`, () =>
      expectDecision(run, cancel, now, {
        run: asksToStop,
        save: 'version',
        effect: { kind: 'LookUpName', why: 'cancel' },
        answer: { ok: true, message: stopping },
      }),
    ),
  ),
  ...(['SUCCEEDED', 'CANCELLED', 'SUPERSEDED'] as const).map((state) =>
    fact(`cancel of a run that is ${state} is refused`, () =>
      refused(restingAt(COMMIT, state), cancel, `run run-1 is already ${state}`),
    ),
  ),
  fact('cancel of a run that is being cancelled is refused', () =>
    refused(submittedAt(COMMIT, { state: 'CANCELLING' }), cancel, 'run run-1 is already being cancelled'),
  ),
];

const stopped: Failed = {
  ...finished,
  status: 'ABORTED',
  error: { class: 'cancelled', message: 'stopped' },
};

/** What the engine says of an end without an error text. */
const wordless: Failure = { class: 'unknown', message: 'the warehouse gave no error text' };

function sawEnd(end: StatementEnd): RunEvent {
  return { kind: 'StatementSeen', statementId: 'statement-1', status: end.status, end };
}

const completed = {
  kind: 'StatementEnded',
  tokenStart: 'abcdefghij',
  statementId: 'statement-1',
  status: 'FINISHED',
  at: '2026-11-24T08:09:59.000Z',
  trusted: true,
} as const;

const whileCancelling = [
  fact('a cancelled run whose statement finished reports its step as applied', () =>
    expectDecision(
      submittedAt(COMMIT, cancelling),
      { kind: 'StatementSeen', statementId: 'statement-1', status: 'FINISHED', end: finished },
      now,
      {
        run: {
          ...cancelled('cancelled by mia; step 40_commit.sql was applied'),
          lastStep: rowOf(COMMIT, { rows: 12 }),
        },
        ...ends,
      },
    ),
  ),
  fact('a cancelled commit may have taken effect: its marker decides', () =>
    expectDecision(submittedAt(COMMIT, cancelling), sawEnd(stopped), now, {
      effect: { kind: 'ProbeMarker', about: reported(stopped, { class: 'cancelled', message: 'stopped' }) },
    }),
  ),
  fact('a cancelled statement may have committed just before, whatever its error text says', () => {
    const end = { ...failedWith('sql'), status: 'ABORTED' as const };
    const { effect } = decide(submittedAt(COMMIT, cancelling), sawEnd(end), now);
    assert.deepStrictEqual(effect, {
      kind: 'ProbeMarker',
      about: reported(end, { ...end.error, class: 'cancelled' }),
    });
  }),
  ...(['FAILED', 'ABORTED'] as const).map((status) =>
    fact(`a cancelled commit that ended as ${status} without an error text is decided by its marker`, () => {
      const end: Failed = { ...finished, status, error: wordless };
      expectDecision(submittedAt(COMMIT, cancelling), sawEnd(end), now, {
        effect: {
          kind: 'ProbeMarker',
          about: reported(end, { ...wordless, class: status === 'FAILED' ? 'unknown' : 'cancelled' }),
        },
      });
    }),
  ),
  ...(['sql', 'transient', 'unknown', 'session-lost'] as const).map((of) =>
    fact(`a cancelled commit that failed as ${of} is decided by its marker`, () => {
      const end = failedWith(of);
      expectDecision(submittedAt(COMMIT, cancelling), sawEnd(end), now, {
        effect: { kind: 'ProbeMarker', about: reported(end, { class: of, message: 'ERROR: so it said' }) },
      });
    }),
  ),
  fact('the completion event of a cancelled run ends it, too', () =>
    expectDecision(submittedAt(COMMIT, cancelling), completed, now, {
      run: {
        ...cancelled('cancelled by mia; step 40_commit.sql was applied'),
        lastStep: rowOf(COMMIT),
      },
      ...ends,
    }),
  ),
  fact('the completion event of a cancelled claim gives its statement', () =>
    expectDecision(claimedAt(COMMIT, cancelling), completed, now, {
      run: {
        ...cancelled('cancelled by mia; step 40_commit.sql was applied'),
        lastStep: rowOf(COMMIT, { startedAt: '2026-11-24T08:08:00.000Z' }),
      },
      ...ends,
    }),
  ),
  ...(['FAILED', 'ABORTED'] as const).map((status) =>
    fact(`after a completion event with ${status} a cancelled run describes its statement`, () =>
      expectDecision(submittedAt(COMMIT, cancelling), { ...completed, status }, now, {
        effect: { kind: 'Describe', statementId: 'statement-1' },
      }),
    ),
  ),
  fact("the previous step's row is written before a cancelled run ends", () =>
    expectDecision(claimedAt(COMMIT, { ...cancelling, lastStep: rowBefore }), completed, now, {
      run: {
        phase: 'SUBMITTED',
        statementId: 'statement-1',
        submittedAt: '2026-11-24T08:08:00.000Z',
        timedOut: gone,
      },
      effect: { kind: 'WriteHistory' },
    }),
  ),
  fact('a cancelled run without its last request names an unknown actor', () => {
    const { run } = decide(submittedAt(COMMIT, { state: 'CANCELLING' }), completed, now);
    assert.equal(run.error?.message, 'cancelled by an unknown actor; step 40_commit.sql was applied');
  }),
  fact('a completion event of another principal makes a cancelled run describe its statement', () =>
    expectDecision(submittedAt(COMMIT, cancelling), { ...completed, trusted: false }, now, {
      effect: { kind: 'Describe', statementId: 'statement-1' },
    }),
  ),
  fact('after the cancellation was sent, the statement is described', () =>
    expectDecision(submittedAt(COMMIT, cancelling), { kind: 'CancelSent' }, now, {
      effect: { kind: 'Describe', statementId: 'statement-1' },
    }),
  ),
  fact('after a cancellation without a statement nothing is described', () =>
    expectDecision(claimedAt(COMMIT, cancelling), { kind: 'CancelSent' }, now, {}),
  ),
  fact('a cancelled run waits for a statement that still runs', () =>
    expectDecision(
      submittedAt(COMMIT, cancelling),
      { kind: 'StatementSeen', statementId: 'statement-1', status: 'RUNNING' },
      now,
      { note: 'the statement is being cancelled' },
    ),
  ),
  fact('a cancelled run whose statement the warehouse no longer knows has an unknown outcome', () =>
    expectDecision(
      submittedAt(COMMIT, cancelling),
      { kind: 'StatementSeen', statementId: 'statement-1', status: 'NOT_FOUND' },
      now,
      {
        run: cancelled('cancelled by mia; cannot tell whether step 40_commit.sql was applied'),
        ...ends,
      },
    ),
  ),
  fact('the statement found for a cancelled claim is cancelled', () =>
    expectDecision(
      claimedAt(COMMIT, cancelling),
      {
        kind: 'NameLookedUp',
        token: `abcdefghij${'k'.repeat(42)}`,
        statementId: 'statement-2',
        why: 'cancel',
      },
      now,
      {
        run: {
          phase: 'SUBMITTED',
          statementId: 'statement-2',
          submittedAt: '2026-11-24T08:08:00.000Z',
          // A claim has none.
          timedOut: gone,
        },
        save: 'version',
        effect: { kind: 'CancelStatement', statementId: 'statement-2' },
      },
    ),
  ),
  ...(
    [
      ['of another claim', claimedAt(COMMIT, cancelling), 'another token'],
      ['of a recorded claim', submittedAt(COMMIT, cancelling), `abcdefghij${'k'.repeat(42)}`],
    ] as const
  ).map(([whose, run, token]) =>
    fact(`a cancelled run ignores the name ${whose}`, () =>
      expectDecision(run, { kind: 'NameLookedUp', token, why: 'cancel' }, now, {
        note: 'another driver recorded the claim',
      }),
    ),
  ),
  fact('a cancelled claim without a statement waits for half an hour and the life of a driver', () => {
    const event: RunEvent = { kind: 'NameLookedUp', token: `abcdefghij${'k'.repeat(42)}`, why: 'cancel' };
    const claimed = Date.parse('2026-11-24T08:08:00.000Z');
    const run = claimedAt(COMMIT, cancelling);
    const half = 30 * 60_000 + 90_000;
    expectDecision(run, event, at(claimed + half - 1), { note: 'the submission may still arrive' });
    const { run: ended } = decide(run, event, at(claimed + half));
    assert.deepStrictEqual(
      [ended.state, ended.error?.message],
      ['CANCELLED', 'cancelled by mia; step 40_commit.sql was not seen to start'],
    );
  }),
  fact('a cancelled run ignores any other answer', () =>
    expectDecision(claimedAt(COMMIT, cancelling), { kind: 'SlotBusy' }, now, {
      note: 'the run is being cancelled',
    }),
  ),
  fact('a woken run that is being cancelled cancels its statement again', () =>
    expectDecision(submittedAt(COMMIT, cancelling), { kind: 'Woken' }, now, {
      effect: { kind: 'CancelStatement', statementId: 'statement-1' },
    }),
  ),
  fact('three days after its timeout a run that cannot be cancelled ends with an unknown outcome', () => {
    const late = Date.parse('2026-11-24T08:02:00.000Z') + 43_200_000 + 3 * 86_400_000;
    expectDecision(submittedAt(COMMIT, cancelling), { kind: 'Woken' }, at(late), {
      effect: { kind: 'CancelStatement', statementId: 'statement-1' },
    });
    const { run } = decide(submittedAt(COMMIT, cancelling), { kind: 'Woken' }, at(late + 1));
    assert.equal(run.error?.message, 'cancelled by mia; cannot tell whether step 40_commit.sql was applied');
  }),
];

const unsure = 'cancelled by mia; cannot tell whether step 40_commit.sql was applied';

function probed(more: Partial<MarkerProbed>): MarkerProbed {
  return {
    kind: 'MarkerProbed',
    marker: 'absent',
    session: 'AVAILABLE',
    open: 'none',
    ...more,
    about: reported(stopped, stopped.error),
    ...more,
  };
}

/** Without a doubt before it. */
const beingCancelled = submittedAt(COMMIT, { ...cancelling, outcomeUnknownSince: gone });

/** What was rolled back has no rows. */
const stoppedRow = rowOf(COMMIT, { status: 'ABORTED', error: 'stopped', errorClass: 'cancelled' });

/** The marker of a commit that was stopped, or failed, while its run was cancelled. */
const probes = [
  fact('a cancelled commit that has its marker was applied, and its row keeps what was reported', () =>
    expectDecision(beingCancelled, probed({ marker: 'present' }), now, {
      run: {
        ...cancelled('cancelled by mia; step 40_commit.sql was applied'),
        lastStep: { ...stoppedRow, status: 'FINISHED' },
      },
      ...ends,
    }),
  ),
  fact('a cancelled commit without a marker, twice, was not applied', () =>
    expectDecision(
      submittedAt(COMMIT, { ...cancelling, outcomeUnknownSince: '2026-11-24T08:09:00.500Z' }),
      probed({}),
      now,
      {
        run: {
          ...cancelled('cancelled by mia; step 40_commit.sql was not applied'),
          lastStep: stoppedRow,
        },
        ...ends,
      },
    ),
  ),
  fact('a cancelled commit with a database error and without a marker was not applied', () => {
    const { run } = decide(beingCancelled, probed({ about: failedWith('sql', 'no') }), now);
    assert.equal(run.error?.message, 'cancelled by mia; step 40_commit.sql was not applied');
  }),
  fact('a first absent marker of a cancelled commit is followed by a second probe', () =>
    expectDecision(beingCancelled, probed({}), now, {
      run: { outcomeUnknownSince: NOW_ISO, nextCheckAt: NOW_SECONDS + 60 },
      save: 'version',
    }),
  ),
  fact('a probe of a cancelled commit between these two changes nothing', () =>
    expectDecision(submittedAt(COMMIT, { ...cancelling, outcomeUnknownSince: NOW_ISO }), probed({}), now, {
      note: 'the marker is read again one minute after the first time',
    }),
  ),
  ...(
    [
      ['could not be read now', { marker: 'later' }],
      ['is absent while its session is busy', { session: 'BUSY' }],
      ['is absent while its transaction is open', { open: 'some' }],
    ] as const
  ).map(([how, more]) =>
    fact(`the marker of a cancelled commit that ${how} is read again a minute later`, () =>
      expectDecision(submittedAt(COMMIT, cancelling), probed(more), now, {
        run: { outcomeUnknownSince: gone, nextCheckAt: NOW_SECONDS + 60 },
        save: 'version',
      }),
    ),
  ),
  ...(
    [
      ['its marker', { marker: 'unreadable' }],
      ['its transactions', { open: 'unreadable', session: 'CLOSED' }],
    ] as const
  ).map(([what, more]) =>
    fact(`a cancelled commit has an unknown outcome if ${what} cannot be read`, () =>
      expectDecision(beingCancelled, probed(more), now, { run: cancelled(unsure), ...ends }),
    ),
  ),
  fact('a cancelled run ignores the marker of a step without a seen end', () =>
    expectDecision(beingCancelled, probed({ about: unknown(stopped.error) }), now, {
      note: 'the run no longer waits for this statement',
    }),
  ),
  fact("the previous step's row is written before a cancelled commit with its marker ends its run", () =>
    expectDecision({ ...beingCancelled, lastStep: rowBefore }, probed({ marker: 'present' }), now, {
      effect: { kind: 'WriteHistory' },
    }),
  ),
];

/** What is said of the step that was under way, by its kind. */
const outcomes = [
  ...[STAGE, LOAD, CHECK].map((cursor) =>
    fact(
      `a cancelled step whose statement the warehouse no longer knows had no lasting effect (step ${cursor})`,
      () => {
        const forgotten: RunEvent = {
          kind: 'StatementSeen',
          statementId: 'statement-1',
          status: 'NOT_FOUND',
        };
        assert.equal(
          decide(submittedAt(cursor, cancelling), forgotten, now).run.error?.message,
          `cancelled by mia; step ${plan.steps[cursor]?.name ?? ''} had no lasting effect`,
        );
      },
    ),
  ),
  ...[STAGE, LOAD, CHECK].flatMap((cursor) =>
    [finished, stopped, failedWith('sql'), failedWith('unknown')].map((end, i) =>
      fact(
        `a cancelled session step or check is reported as without lasting effect (step ${cursor}, end ${i})`,
        () => {
          const { run } = decide(submittedAt(cursor, cancelling), sawEnd(end), now);
          assert.deepStrictEqual(
            [run.state, run.error?.message, run.lastStep?.status],
            [
              'CANCELLED',
              `cancelled by mia; step ${plan.steps[cursor]?.name ?? ''} had no lasting effect`,
              end.status,
            ],
          );
        },
      ),
    ),
  ),
  ...[CALL, CALL_AGAIN, CALL_VERIFIED].map((cursor) =>
    fact(`a cancelled opaque step is decided only by a database error (step ${cursor})`, () => {
      const name = plan.steps[cursor]?.name ?? '';
      const says = (end: StatementEnd): string | undefined =>
        decide(submittedAt(cursor, cancelling), sawEnd(end), now).run.error?.message;
      assert.equal(says(finished), `cancelled by mia; step ${name} was applied`);
      for (const of of ['sql', 'data', 'conflict', 'permission'] as const)
        assert.equal(says(failedWith(of)), `cancelled by mia; step ${name} was not applied`);
      const open = (['transient', 'session-lost', 'unknown'] as const).map((of) => failedWith(of));
      for (const end of [stopped, { ...stopped, error: wordless }, ...open])
        assert.equal(says(end), `cancelled by mia; cannot tell whether step ${name} was applied`);
    }),
  ),
];

const failedEnd = failedWith('sql');

const lateNews: readonly Fact[] = [
  fact('events for a run at rest are ignored', () => {
    for (const state of ['FAILED', 'NEEDS_DECISION', 'SUCCEEDED', 'CANCELLED', 'SUPERSEDED'] as const) {
      const run = restingAt(COMMIT, state);
      const note = `the run is ${state}`;
      expectDecision(run, completed, now, { note });
      expectDecision(run, { kind: 'Woken' }, now, { note });
      expectDecision(
        run,
        { kind: 'StatementSeen', statementId: 'statement-1', status: 'FAILED', end: failedEnd },
        at(NOW),
        { note },
      );
    }
  }),
];

const corners = [
  fact('a cancelled run whose step is not in the plan ends with an unknown outcome', () => {
    const context = at(NOW, { plan: { ...plan, steps: [], timeoutSeconds: -1e6 } });
    const { run } = decide(submittedAt(COMMIT, cancelling), { kind: 'Woken' }, context);
    assert.equal(run.error?.message, 'cancelled by mia; cannot tell whether step 40_commit.sql was applied');
  }),
];

export const cancelFacts = [
  ...corners,
  ...cancelRequests,
  ...whileCancelling,
  ...probes,
  ...outcomes,
  ...lateNews,
  fact('cancel: a repeated request returns its first answer', () => expectFirstAnswer(cancel)),
];
