/** Stopping, ending, and the duties of a run that stopped or ended. */
import assert from 'node:assert/strict';

import type { Decision } from '../../shared/run/decision.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { decide } from './decide-any.ts';
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import { cancelOnDev } from './request-samples.ts';
import {
  at,
  AUDIT,
  COMMIT,
  failedWith,
  finished,
  gone,
  laden,
  LOAD,
  newerFile,
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
  submissionGone,
  submittedAt,
  doneAt,
} from './samples.ts';

const firstDuty = { kind: 'PerformActions' } as const;

const sqlFailure = {
  class: 'sql',
  message: 'ERROR: so it said',
  step: '10_stage.sql',
  statementId: 'statement-1',
} as const;

/** The database refused the SQL of a step whose effect would have gone with its session. */
const sqlFailed = {
  kind: 'StatementSeen',
  statementId: 'statement-1',
  status: 'FAILED',
  end: failedWith('sql'),
} as const;

const failedRow = rowOf(STAGE, { status: 'FAILED', error: 'ERROR: so it said', errorClass: 'sql' });

function resumeWith(stage: string, command: string): NonNullable<StoredRun['resumeWith']> {
  return {
    command,
    event: `{"source":"baton.request","detail-type":"Resume Requested","detail":{"requestId":"resume-run-1-3","stage":"${stage}","runId":"run-1","actor":"console"}}`,
  };
}

const deleted =
  's3://landing/orders/1.csv was deleted while it was loaded. The effects of step 40_commit.sql are permanent: check its tables, then run: npx baton resolve run-1 --stage dev --applied | --abandon';

const resolveOnDev = {
  command: 'npx baton resolve run-1 --stage dev --applied | --not-applied | --abandon',
  event:
    '{"source":"baton.request","detail-type":"Resolve Requested","detail":{"requestId":"resolve-run-1-3","stage":"dev","runId":"run-1","actor":"console","verdict":"applied | not-applied | abandon"}}',
};

const resumeOnDev = resumeWith('dev', 'npx baton resume run-1 --stage dev');

const stopped = {
  ...submissionGone,
  phase: 'READY',
  error: sqlFailure,
  failures: 1,
  lastStep: failedRow,
  endedAt: NOW_ISO,
} as const;

const owing = restingAt(AUDIT, 'SUCCEEDED', {
  cursor: 8,
  step: gone,
  lastStep: rowBefore,
  pendingActions: ['history', 'release', 'wake', 'publish', 'close'],
});

const given: Pick<Decision, 'save' | 'effect'> = { save: 'version', effect: firstDuty };

export const stopFacts = [
  fact(
    'a failed run has its error and how to continue, keeps its slot, and has history and publish pending',
    () =>
      expectDecision(
        submittedAt(STAGE, { ...laden, outcomeUnknownSince: gone, timedOut: gone }),
        sqlFailed,
        now,
        {
          run: {
            ...stopped,
            state: 'FAILED',
            pendingActions: ['history', 'publish'],
            resumeWith: resumeOnDev,
          },
          ...given,
        },
      ),
  ),
  fact('a failed run drops the flag to verify its session', () =>
    expectDecision(submittedAt(STAGE, { verifySession: true }), sqlFailed, now, {
      run: {
        ...stopped,
        verifySession: gone,
        state: 'FAILED',
        pendingActions: ['history', 'publish'],
        resumeWith: resumeOnDev,
      },
      ...given,
    }),
  ),
  fact('the command of the local stage has no --stage option', () =>
    expectDecision(submittedAt(STAGE), sqlFailed, at(NOW, { stage: 'local' }), {
      run: {
        ...stopped,
        state: 'FAILED',
        pendingActions: ['history', 'publish'],
        resumeWith: resumeWith('local', 'npx baton resume run-1'),
      },
      ...given,
    }),
  ),
  fact('with onFailure: continue a failed run releases its slot and wakes the next', () =>
    expectDecision(submittedAt(STAGE), sqlFailed, at(NOW, { plan: { ...plan, onFailure: 'continue' } }), {
      run: {
        ...stopped,
        state: 'FAILED',
        pendingActions: ['history', 'release', 'wake', 'publish'],
        resumeWith: resumeOnDev,
      },
      ...given,
    }),
  ),
  fact('a run whose file was overwritten releases its slot even with onFailure: hold', () =>
    expectDecision(readyAt(LOAD), { kind: 'InputChecked', seen: newerFile }, now, {
      run: {
        ...submissionGone,
        state: 'FAILED',
        phase: 'READY',
        error: {
          class: 'input',
          message:
            's3://landing/orders/1.csv was overwritten before it was loaded (etag etag-2, in the event etag-1). The newer upload has its own run; to cancel this one: npx baton cancel run-1 --stage dev',
          step: '20_load.sql',
        },
        failures: 1,
        pendingActions: ['history', 'release', 'wake', 'publish'],
        resumeWith: cancelOnDev,
        endedAt: NOW_ISO,
      },
      ...given,
    }),
  ),
  fact('a run that needs a decision about its file holds its slot, and offers the three choices', () =>
    expectDecision(submittedAt(COMMIT), { kind: 'InputChecked', about: finished }, now, {
      run: {
        ...submissionGone,
        state: 'NEEDS_DECISION',
        phase: 'READY',
        error: {
          class: 'input',
          message: deleted,
          step: '40_commit.sql',
          statementId: 'statement-1',
          outcome: { is: 'applied', because: 'its statement finished' },
        },
        failures: 1,
        lastStep: rowOf(COMMIT, {
          status: 'FAILED',
          rows: 12,
          error: deleted,
          errorClass: 'input',
        }),
        pendingActions: ['history', 'publish'],
        resumeWith: resolveOnDev,
        endedAt: NOW_ISO,
      },
      ...given,
    }),
  ),
  fact('a run that stops again counts it', () =>
    expectDecision(submittedAt(STAGE, { failures: 2 }), sqlFailed, now, {
      run: {
        ...stopped,
        failures: 3,
        state: 'FAILED',
        pendingActions: ['history', 'publish'],
        resumeWith: resumeOnDev,
      },
      ...given,
    }),
  ),
  fact('what people are told of a stop is stored before it is published', () => {
    const card = { text: 'it failed', waiting: 2 };
    const failed = restingAt(COMMIT, 'FAILED', { pendingActions: ['publish'], nextCheckAt: NOW_SECONDS });
    expectDecision(failed, { kind: 'CardMade', card }, now, {
      run: { card },
      save: 'version',
      effect: { kind: 'PerformActions' },
    });
  }),
  ...(
    [
      ['a card that was stored before is kept', { pendingActions: ['publish'], card: { text: 'first' } }],
      ['a run that was published needs no card', {}],
    ] as const
  ).map(([name, changes]) =>
    fact(name, () =>
      expectDecision(
        restingAt(COMMIT, 'FAILED', changes),
        { kind: 'CardMade', card: { text: 'second' } },
        now,
        { note: 'the run was published before' },
      ),
    ),
  ),
  fact('a card is cut to 8,000 bytes', () => {
    const failed = restingAt(COMMIT, 'FAILED', { pendingActions: ['publish'] });
    const { run } = decide(failed, { kind: 'CardMade', card: { text: 'm'.repeat(9_000) } }, now);
    assert.equal(run.card?.text.length, 7_998);
  }),
  ...[999, 1000, 1001].map((length) =>
    fact(`a message of ${length} bytes is ${length > 1000 ? 'cut to 1,000' : 'kept whole'}`, () => {
      const message = 'm'.repeat(length);
      const kept = length > 1000 ? `${'m'.repeat(979)}… [cut: 1001 bytes]` : message;
      expectDecision(submittedAt(STAGE), { ...sqlFailed, end: failedWith('sql', message) }, now, {
        run: {
          ...stopped,
          error: { ...sqlFailure, message: kept },
          lastStep: { ...failedRow, error: message },
          state: 'FAILED',
          pendingActions: ['history', 'publish'],
          resumeWith: resumeOnDev,
        },
        ...given,
      });
    }),
  ),
  fact('after its last step a run has succeeded, with all actions pending', () =>
    expectDecision(
      submittedAt(AUDIT, {
        nonce: 2,
        refusedSince: NOW_ISO,
        failedDrives: 1,
        error: sqlFailure,
        resumeWith: resumeOnDev,
        verifySession: true,
      }),
      { kind: 'StatementSeen', statementId: 'statement-1', status: 'FINISHED', end: finished },
      now,
      {
        run: {
          ...submissionGone,
          error: gone,
          resumeWith: gone,
          verifySession: gone,
          step: gone,
          state: 'SUCCEEDED',
          phase: 'READY',
          cursor: 8,
          ...doneAt(AUDIT, { rows: 12 }),
          pendingActions: ['history', 'release', 'wake', 'publish', 'close'],
          endedAt: NOW_ISO,
        },
        ...given,
      },
    ),
  ),
  fact('a finished history action removes the row from the run; the others need no write', () =>
    expectDecision(owing, { kind: 'ActionsDone', actions: ['history'] }, now, {
      run: { pendingActions: ['release', 'wake', 'publish', 'close'], lastStep: gone },
      effect: { kind: 'PerformActions' },
    }),
  ),
  fact('a released slot is no longer held', () =>
    expectDecision(
      { ...owing, pendingActions: ['release', 'wake'] },
      { kind: 'ActionsDone', actions: ['release'] },
      now,
      {
        run: { pendingActions: ['wake'], slot: gone },
        effect: { kind: 'PerformActions' },
      },
    ),
  ),
  fact('finished wake and publish actions change nothing else', () =>
    expectDecision(
      { ...owing, pendingActions: ['wake', 'publish'] },
      { kind: 'ActionsDone', actions: ['wake'] },
      now,
      {
        run: { pendingActions: ['publish'] },
        effect: { kind: 'PerformActions' },
      },
    ),
  ),
  fact('the last action is followed by the write that removes the run from the index', () =>
    expectDecision(
      { ...owing, pendingActions: ['close'] },
      { kind: 'ActionsDone', actions: ['close'] },
      now,
      {
        run: { pendingActions: gone, nextCheckAt: gone },
        save: 'version',
      },
    ),
  ),
  fact('all actions that are done together are removed with the row and the slot in one write', () =>
    expectDecision(
      owing,
      { kind: 'ActionsDone', actions: ['close', 'history', 'publish', 'release', 'wake'] },
      now,
      {
        run: { pendingActions: gone, nextCheckAt: gone, lastStep: gone, slot: gone },
        save: 'version',
      },
    ),
  ),
  fact('actions of which one is not pending are ignored', () =>
    expectDecision(
      { ...owing, pendingActions: ['wake', 'close'] },
      { kind: 'ActionsDone', actions: ['close', 'publish'] },
      now,
      {
        note: 'close, publish: not all of them are pending',
      },
    ),
  ),
  fact('an action of a run without pending actions is ignored', () =>
    expectDecision(readyAt(STAGE), { kind: 'ActionsDone', actions: ['history'] }, now, {
      note: 'history: not all of them are pending',
    }),
  ),
];
