/** Drives that ended with an error of our own: counted, and stopped like every other run that cannot go on. */
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import type { Changes } from './samples.ts';
import {
  at,
  COMMIT,
  gone,
  laden,
  now,
  NOW,
  NOW_ISO,
  NOW_SECONDS,
  OLD_TOKEN,
  plan,
  readyAt,
  submissionGone,
  submittedAt,
} from './samples.ts';

const driveFailed = { kind: 'DriveFailed', message: 'no plan' } as const;

const said = 'the run could not be driven 240 times in a row: no plan';

const stops = { save: 'version', effect: { kind: 'PerformDuty', duty: 'history' } } as const;

const failed: Changes = {
  ...submissionGone,
  proveSession: gone,
  state: 'FAILED',
  error: { class: 'unknown', message: said, step: '40_commit.sql' },
  resumeWith: {
    command: 'npx baton resume run-1 --stage dev',
    event:
      '{"source":"baton.request","detail-type":"Resume Requested","detail":{"requestId":"resume-run-1-3","stage":"dev","runId":"run-1","actor":"console"}}',
  },
  owed: ['history', 'publish'],
  next: NOW_SECONDS,
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
  ).map(([which, troubles, counted]) =>
    fact(`a drive that ended with an error of our own is counted: ${which}`, () => {
      for (const run of [readyAt(COMMIT, { troubles }), submittedAt(COMMIT, { troubles })])
        expectDecision(run, driveFailed, now, { run: { troubles: counted }, save: 'version' });
    }),
  ),
  ...(['FAILED', 'NEEDS_DECISION', 'SUCCEEDED', 'CANCELLED', 'SUPERSEDED'] as const).map((state) =>
    fact(
      `the failed drives of a run that is ${state} are not counted: what it owes is tried without end`,
      () =>
        expectDecision(readyAt(COMMIT, { state, troubles: 239, owed: ['publish'] }), driveFailed, now, {
          note: `the run is ${state}`,
        }),
    ),
  ),
  fact('240 failed drives in a row end a run between its steps like every other failure', () =>
    expectDecision(
      readyAt(COMMIT, { ...laden, troubles: 239, token: OLD_TOKEN, claimedAt: NOW_ISO, proveSession: true }),
      driveFailed,
      at(NOW, { plan: noPlan }),
      { run: failed, ...stops },
    ),
  ),
  fact('240 failed drives of a run of a pipeline that continues: its slot goes to the next', () =>
    expectDecision(
      readyAt(COMMIT, { troubles: 239, state: 'WAITING' }),
      driveFailed,
      at(NOW, { plan: { ...noPlan, onFailure: 'continue' } }),
      { run: { ...failed, owed: ['history', 'release', 'wake', 'publish'] }, ...stops },
    ),
  ),
  ...(['CLAIMED', 'SUBMITTED'] as const).map((phase) =>
    fact(`240 failed drives in a row leave a statement to a person: the run is ${phase}`, () =>
      expectDecision(
        submittedAt(COMMIT, { ...laden, phase, troubles: 239 }),
        driveFailed,
        at(NOW, { plan: noPlan }),
        {
          run: {
            ...submissionGone,
            state: 'NEEDS_DECISION',
            phase: 'READY',
            error: {
              class: 'unknown',
              message: `${said}. Whether step 40_commit.sql was applied is not known: what became of its statement was not seen. Look at its tables, then say it: npx baton resolve run-1 --stage dev --applied | --not-applied | --abandon`,
              step: '40_commit.sql',
              statementId: 'statement-1',
            },
            resumeWith: {
              command: 'npx baton resolve run-1 --stage dev --applied | --not-applied | --abandon',
              event:
                '{"source":"baton.request","detail-type":"Resolve Requested","detail":{"requestId":"resolve-run-1-3","stage":"dev","runId":"run-1","actor":"console","verdict":"applied | not-applied | abandon"}}',
            },
            owed: ['history', 'publish'],
            next: NOW_SECONDS,
            endedAt: NOW_ISO,
          },
          ...stops,
        },
      ),
    ),
  ),
  fact('240 failed drives of a run without a step, or a statement, name none', () =>
    expectDecision(readyAt(COMMIT, { troubles: 239, step: gone }), driveFailed, at(NOW, { plan: noPlan }), {
      run: { ...failed, error: { class: 'unknown', message: said } },
      ...stops,
    }),
  ),
];
