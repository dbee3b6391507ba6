/** Drives that ended with an internal error: counted, and at the limit the run stops. */
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import type { Changes } from './samples.ts';
import {
  at,
  COMMIT,
  gone,
  laden,
  NOW,
  now,
  NOW_ISO,
  OLD_TOKEN,
  plan,
  readyAt,
  restingAt,
  submissionGone,
  submittedAt,
} from './samples.ts';

const driveFailed = { kind: 'DriveFailed', message: 'no plan' } as const;

const said = '240 attempts in a row to continue the run ended with an internal error: no plan';

const stops = { save: 'version', effect: { kind: 'PerformActions' } } as const;

const failed: Changes = {
  ...submissionGone,
  verifySession: gone,
  state: 'FAILED',
  error: { class: 'unknown', message: said, step: '40_commit.sql' },
  failures: 1,
  resumeWith: {
    command: 'npx baton resume run-1 --stage dev',
    event:
      '{"source":"baton.request","detail-type":"Resume Requested","detail":{"requestId":"resume-run-1-3","stage":"dev","runId":"run-1","actor":"console"}}',
  },
  pendingActions: ['history', 'publish'],
  endedAt: NOW_ISO,
};

/** No step, no limit: what the engine decides with where the plan is gone. */
const noPlan = { ...plan, steps: [], timeoutSeconds: 0 };

export const troubleFacts = [
  ...(
    [
      ['the first', gone, 1],
      ['the second', 1, 2],
      ['the last but one', 238, 239],
    ] as const
  ).map(([which, failedDrives, counted]) =>
    fact(`a drive that ended with an internal error is counted: ${which}`, () => {
      for (const run of [readyAt(COMMIT, { failedDrives }), submittedAt(COMMIT, { failedDrives })])
        expectDecision(run, driveFailed, now, { run: { failedDrives: counted }, save: 'version' });
    }),
  ),
  ...(['FAILED', 'NEEDS_DECISION', 'SUCCEEDED', 'CANCELLED', 'SUPERSEDED'] as const).map((state) =>
    fact(
      `the failed drives of a run that is ${state} are not counted: its pending actions are retried without limit`,
      () =>
        expectDecision(
          restingAt(COMMIT, state, { failedDrives: 239, pendingActions: ['publish'] }),
          driveFailed,
          now,
          {
            note: `the run is ${state}`,
          },
        ),
    ),
  ),
  fact('240 failed drives in a row fail a run between its steps', () =>
    expectDecision(
      readyAt(COMMIT, {
        ...laden,
        failedDrives: 239,
        token: OLD_TOKEN,
        claimedAt: NOW_ISO,
        verifySession: true,
      }),
      driveFailed,
      at(NOW, { plan: noPlan }),
      { run: failed, ...stops },
    ),
  ),
  fact('240 failed drives with onFailure: continue release the slot', () =>
    expectDecision(
      readyAt(COMMIT, { failedDrives: 239, state: 'WAITING' }),
      driveFailed,
      at(NOW, { plan: { ...noPlan, onFailure: 'continue' } }),
      { run: { ...failed, pendingActions: ['history', 'release', 'wake', 'publish'] }, ...stops },
    ),
  ),
  ...(['CLAIMED', 'SUBMITTED'] as const).map((phase) =>
    fact(`240 failed drives in a row need a decision if the run is ${phase}`, () =>
      expectDecision(
        submittedAt(COMMIT, { ...laden, phase, failedDrives: 239 }),
        driveFailed,
        at(NOW, { plan: noPlan }),
        {
          run: {
            ...submissionGone,
            state: 'NEEDS_DECISION',
            phase: 'READY',
            error: {
              class: 'unknown',
              message: `${said}. Cannot tell whether step 40_commit.sql was applied: the end of its statement was not seen`,
              step: '40_commit.sql',
              ...(phase === 'SUBMITTED' ? { statementId: 'statement-1' } : {}),
              outcome: { is: 'unknown', because: 'the end of its statement was not seen' },
            },
            failures: 1,
            resumeWith: {
              command: 'npx baton resolve run-1 --stage dev --applied | --not-applied | --abandon',
              event:
                '{"source":"baton.request","detail-type":"Resolve Requested","detail":{"requestId":"resolve-run-1-3","stage":"dev","runId":"run-1","actor":"console","verdict":"applied | not-applied | abandon"}}',
            },
            pendingActions: ['history', 'publish'],
            endedAt: NOW_ISO,
          },
          ...stops,
        },
      ),
    ),
  ),
];
