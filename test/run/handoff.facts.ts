/** From step to step: by the completion event, or by a wait in the call that submitted the statement. */
import assert from 'node:assert/strict';

import type { Context, Effect } from '../../shared/run/decision.ts';
import {
  averageOf,
  durationsOf,
  handoffOf,
  isToPassOn,
  tookWith,
  waitSecondsOf,
} from '../../shared/run/handoff.ts';
import type { StepView } from '../../shared/run/plan-view.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { FinishedStep } from '../../shared/run/run.ts';
import { decide, parsed } from './decide-any.ts';
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import { failedAt } from './request-samples.ts';
import type { Changes } from './samples.ts';
import {
  at,
  AUDIT,
  CALL,
  changed,
  claimedAt,
  COMMIT,
  finished,
  gone,
  NOW,
  now,
  OLD_TOKEN,
  plan,
  planWith,
  readyAt,
  rowBefore,
  rowOf,
  STAGE,
  submittedAt,
} from './samples.ts';

const waiting: Context = at(NOW, { mayWait: true, autoWaitMs: 1_000 });

function submitted(historyWritten = false): RunEvent {
  return { kind: 'Submitted', token: OLD_TOKEN, statementId: 'statement-1', historyWritten };
}

function waits(seconds: number): Effect {
  return { kind: 'Await', statementId: 'statement-1', seconds };
}

/** A claim of a step, and the letter of it. */
function claimOf(letter: string, changes: Changes = {}) {
  return claimedAt(COMMIT, { handoff: `eee${letter}eeee`, ...changes });
}

const recorded = {
  phase: 'SUBMITTED',
  statementId: 'statement-1',
  submittedAt: '2026-11-24T08:08:00.000Z',
} as const;

const inVain: RunEvent = {
  kind: 'StatementSeen',
  statementId: 'statement-1',
  status: 'RUNNING',
  waited: true,
};

const waitingForEnd = [
  fact(
    'a step whose letter is w, W, 3, 4 or 5 is waited for, so many seconds, and its record is left out',
    () => {
      expectDecision(claimOf('w'), submitted(), waiting, { run: recorded, effect: waits(1) });
      expectDecision(claimOf('W'), submitted(), waiting, { run: recorded, effect: waits(2) });
      for (const seconds of [3, 4, 5])
        expectDecision(claimOf(String(seconds)), submitted(), waiting, {
          run: recorded,
          effect: waits(seconds),
        });
    },
  ),
  fact('a history row that is written by then is not written again', () =>
    expectDecision(claimOf('w', { lastStep: rowBefore }), submitted(true), waiting, {
      run: { ...recorded, lastStep: gone },
      effect: waits(1),
    }),
  ),
  fact('a step whose letter is e, or none, is recorded at once', () => {
    for (const run of [claimOf('e'), claimOf('+'), claimOf('6'), claimOf('w', { handoff: gone })])
      expectDecision(run, submitted(), waiting, { run: recorded, save: 'record' });
    expectDecision(claimOf('w', { handoff: 'www' }), submitted(), waiting, {
      run: recorded,
      save: 'record',
    });
  }),
  fact('a driver that may not wait records at once, and passes the run on to one that may', () => {
    for (const mayWait of [false, undefined])
      expectDecision(claimOf('w'), submitted(), at(NOW, mayWait === undefined ? {} : { mayWait }), {
        run: recorded,
        save: 'record',
        effect: { kind: 'PassOn', statementId: 'statement-1' },
      });
  }),
  fact(
    'a run is passed on where two statements follow, not by whom may wait, and not for a step that is not waited for',
    () => {
      const { mayWait: _, ...cannot } = waiting;
      const isPassedOn = (letters: string, changes: Changes = {}): boolean =>
        isToPassOn(parsed(claimedAt(COMMIT, { handoff: letters, ...changes })), cannot);
      assert.deepStrictEqual(
        ['eeewee', 'eeewww', 'eeeW+e+e', 'eeewe', 'eeew++++e', 'eeew', 'eeeewww'].map((letters) =>
          isPassedOn(letters),
        ),
        [true, true, true, false, false, false, false],
      );
      assert.equal(isPassedOn('eeewww', { state: 'WAITING' }), false);
      assert.equal(isToPassOn(parsed(claimedAt(COMMIT, { handoff: 'eeewww' })), waiting), false);
    },
  ),
  fact('the driver to whom the run is passed on waits for that statement, and for no other', () => {
    const run = submittedAt(COMMIT, { handoff: 'eeeweeee' });
    const statementId = String(run.statementId);
    const passedOn: RunEvent = { kind: 'PassedOn', statementId };
    expectDecision(run, passedOn, waiting, { effect: { kind: 'Await', statementId, seconds: 1 } });
    for (const [there, event, context] of [
      [run, passedOn, at(NOW)],
      [run, { ...passedOn, statementId: 'an older one' }, waiting],
      [submittedAt(COMMIT), passedOn, waiting],
      [claimOf('w'), passedOn, waiting],
    ] as const)
      assert.deepStrictEqual(decide(there, event, context).effect, undefined);
  }),
  fact('a step of a rebuild is not waited for', () => {
    const rebuild = {
      resumeAt: CALL,
      attempt: 1,
      firstAttempt: 1,
      todo: [{ index: COMMIT, compare: false }],
    };
    expectDecision(claimOf('w', { rebuild }), submitted(), waiting, { run: recorded, save: 'record' });
  }),
  fact('a run that backed off is not waited for', () =>
    expectDecision(claimOf('w', { state: 'WAITING' }), submitted(), waiting, {
      run: { ...recorded, state: 'RUNNING' },
      save: 'version',
    }),
  ),
  fact('a run that is being cancelled is not waited for', () => {
    const { effect } = decide(claimOf('w', { state: 'CANCELLING' }), submitted(), waiting);
    assert.notEqual(effect?.kind, 'Await');
    assert.equal(waitSecondsOf(parsed(claimOf('w', { state: 'CANCELLING' })), waiting), 0);
  }),
  fact('an end that is seen in the wait advances the run from the claim', () => {
    const before = decide(claimOf('w', { lastStep: rowBefore }), submitted(true), waiting);
    const event: RunEvent = {
      kind: 'StatementSeen',
      statementId: 'statement-1',
      status: 'FINISHED',
      end: finished,
    };
    const { run, save, effect } = decide(before.run, event, waiting);
    assert.deepStrictEqual([save, effect], ['version', { kind: 'Submit', tries: 0 }]);
    assert.deepStrictEqual(
      [run.phase, run.cursor, run.lastStep?.statementId, run.version],
      ['CLAIMED', CALL, 'statement-1', before.run.version],
    );
  }),
  fact('a wait that ran out records the submission, and changes nothing else', () => {
    const { run } = decide(claimOf('w', { nextCheckAt: 1 }), submitted(), waiting);
    expectDecision(run, inVain, waiting, { save: 'record' });
    expectDecision({ ...run, lastStep: rowBefore }, inVain, at(NOW + 9e9), { save: 'record' });
  }),
];

/** The letters of the plan where its first step has this setting and this duration. */
function letterOf(
  duration: number,
  handoff?: StepView['handoff'],
  autoWaitMs: number | undefined = 1_000,
): string {
  const steps = planWith(STAGE, handoff === undefined ? {} : { handoff });
  const took = { '10_stage.sql': duration };
  const { handoff: letters = 'eeeeeeee' } = handoffOf(steps, took, {
    ...now,
    ...(autoWaitMs === undefined ? {} : { autoWaitMs }),
  });
  return letters.slice(0, 1);
}

const letters = [
  fact(
    'auto waits up to the average that its memory pays for: one second, or two for more than 0.7 s',
    () => {
      assert.deepStrictEqual(
        [10, 700, 710, 1_000, 1_010].map((ms) => letterOf(ms)),
        ['w', 'w', 'W', 'W', 'e'],
      );
      assert.deepStrictEqual(
        [250, 260].map((ms) => letterOf(ms, undefined, 250)),
        ['w', 'e'],
      );
    },
  ),
  fact('auto waits one second for a step of which nothing is known', () => assert.equal(letterOf(0), 'w')),
  fact('auto waits for nothing where waiting is off', () => {
    assert.deepStrictEqual(
      [0, 10].map((ms) => letterOf(ms, undefined, 0)),
      ['e', 'e'],
    );
    assert.deepStrictEqual(handoffOf(plan, {}, now), {});
  }),
  fact('after two waits in a row that ran out auto goes by events', () =>
    assert.deepStrictEqual(
      [510, 511, 512].map((duration) => letterOf(duration)),
      ['w', 'w', 'e'],
    ),
  ),
  fact('handoff: event never waits, and handoff: wait always does, at most two seconds', () => {
    for (const off of [0, 1_000])
      assert.deepStrictEqual(
        [0, 10, 700, 710, 90_002].map((duration) => letterOf(duration, 'wait', off)),
        ['W', 'w', 'w', 'W', 'W'],
      );
    for (const duration of [0, 10, 512]) assert.equal(letterOf(duration, 'event'), 'e');
  }),
  fact('a run that takes its slot keeps a letter for each step, and what is known of their durations', () => {
    const took = { '10_stage.sql': 300, '30_check.sql': 2_000, 'of another plan.sql': 7 };
    const queued = readyAt(STAGE, { state: 'QUEUED', sessionId: gone, slot: gone, epoch: gone });
    const { run } = decide(queued, { kind: 'SlotTaken', epoch: 6, took }, waiting);
    assert.deepStrictEqual([run.handoff, run.took], ['wwewwwww', [300, 0, 2_000]]);
    const again = changed(run, { state: 'QUEUED', phase: 'READY', slot: gone });
    const { run: later } = decide(again, { kind: 'SlotTaken', epoch: 7 }, now);
    assert.deepStrictEqual([later.handoff, later.took], [undefined, undefined]);
  }),
  fact(
    'a run that is resumed with another plan has the letters of that one, and the durations of its steps by name',
    () => {
      const steps = plan.steps.filter(({ name }) => name !== '20_load.sql');
      const failed = failedAt(COMMIT, { handoff: 'wwwwwwww', took: [300, 20, 2_000] });
      const resumed = (hash: string) =>
        decide(
          failed,
          {
            verb: 'resume',
            requestId: 'request-1',
            actor: 'mia',
            plan: {
              ...plan,
              hash,
              steps: hash === plan.hash ? plan.steps : [...steps, ...plan.steps.slice(-1)],
            },
          },
          waiting,
        ).run;
      assert.deepStrictEqual([resumed('plan-2').handoff, resumed('plan-2').took], ['wewwwwww', [300, 2_000]]);
      assert.deepStrictEqual(
        [resumed(plan.hash).handoff, resumed(plan.hash).took],
        ['wwwwwwww', [300, 20, 2_000]],
      );
    },
  ),
];

const measured = (
  ms: number,
  took: readonly number[] = [],
  handoff = 'eeewe',
  more: Partial<FinishedStep> = {},
) => {
  const startedAt = new Date(NOW - ms).toISOString();
  const row = rowOf(COMMIT, { startedAt, endedAt: new Date(NOW).toISOString(), ...more });
  return tookWith(parsed(readyAt(COMMIT, { took, handoff })), row);
};

const durations = [
  fact('a quarter of a new duration counts, in tens of milliseconds', () => {
    assert.deepStrictEqual(measured(444), [0, 0, 0, 440]);
    assert.deepStrictEqual(measured(800, [50, 0, 0, 400, 60]), [50, 0, 0, 500, 60]);
    assert.deepStrictEqual(measured(3), [0, 0, 0, 10]);
  }),
  fact('a duration of more than two minutes counts as two minutes', () =>
    assert.deepStrictEqual(measured(9e7, [], 'eeee'), [0, 0, 0, 120_000]),
  ),
  fact('an end that was reported wrongly, or before its beginning, has no duration', () => {
    assert.equal(measured(500, [], 'e', { error: 'ERROR: it said' }), undefined);
    assert.deepStrictEqual(measured(0, [7]), [7]);
    assert.deepStrictEqual(measured(-1, [7]), [7]);
  }),
  fact('at most sixty steps have durations', () => {
    assert.equal(measured(500, [], 'e', { index: 59 })?.length, 60);
    assert.equal(measured(500, [], 'e', { index: 60 }), undefined);
    const steps = Array.from({ length: 99 }, (_, i) => ({ ...plan.steps[0], name: `${i}.sql` }) as StepView);
    const known = Object.fromEntries(steps.map(({ name }) => [name, 10]));
    assert.equal(handoffOf({ ...plan, steps }, known, now).took?.length, 60);
  }),
  fact(
    'waits in a row that ran out are counted in the last digit, up to two; one that did not ends the row',
    () => {
      assert.deepStrictEqual(measured(1_000, [0, 0, 0, 100]), [0, 0, 0, 330]);
      assert.deepStrictEqual(measured(1_001, [0, 0, 0, 100]), [0, 0, 0, 331]);
      assert.deepStrictEqual(measured(1_001, [0, 0, 0, 331]), [0, 0, 0, 502]);
      assert.deepStrictEqual(measured(1_001, [0, 0, 0, 502]), [0, 0, 0, 632]);
      assert.deepStrictEqual(measured(900, [0, 0, 0, 331]), [0, 0, 0, 470]);
      assert.deepStrictEqual(measured(2_000, [0, 0, 0, 801], 'eeeW'), [0, 0, 0, 1_100]);
      assert.deepStrictEqual(measured(2_001, [0, 0, 0, 801], 'eeeW'), [0, 0, 0, 1_102]);
    },
  ),
  fact('a step that goes by events is waited for again when its average falls', () => {
    assert.deepStrictEqual(measured(600, [0, 0, 0, 502], 'eeee'), [0, 0, 0, 532]);
    assert.deepStrictEqual(measured(500, [0, 0, 0, 502], 'eeee'), [0, 0, 0, 502]);
    assert.deepStrictEqual(measured(480, [0, 0, 0, 502], 'eeee'), [0, 0, 0, 500]);
    assert.deepStrictEqual(measured(5_000, [0, 0, 0, 502], undefined), [0, 0, 0, 1_632]);
  }),
  fact('the average is what is left of a duration without its last digit', () =>
    assert.deepStrictEqual([0, 10, 502].map(averageOf), [0, 10, 500]),
  ),
  fact('the pool gets the durations by name, those that are known', () => {
    assert.deepStrictEqual(durationsOf(parsed(readyAt(STAGE, { took: [30, 0, 502, 0] })), plan), {
      '10_stage.sql': 30,
      '30_check.sql': 502,
    });
    assert.equal(durationsOf(parsed(readyAt(STAGE, { took: [0] })), plan), undefined);
    assert.equal(durationsOf(parsed(readyAt(STAGE)), plan), undefined);
    const [only] = plan.steps;
    assert.ok(only);
    assert.deepStrictEqual(
      durationsOf(parsed(readyAt(STAGE, { took: [30, 40] })), { ...plan, steps: [only] }),
      {
        '10_stage.sql': 30,
      },
    );
  }),
  fact('each finished step adds its duration, the last one too', () => {
    const ends = (cursor: number) =>
      decide(
        submittedAt(cursor, { took: [7], handoff: 'wwwwwwww' }),
        { kind: 'StatementSeen', statementId: 'statement-1', status: 'FINISHED', end: finished },
        now,
      ).run;
    assert.deepStrictEqual(ends(CALL).took, [7, 0, 0, 0, 109_001]);
    assert.deepStrictEqual(
      [ends(AUDIT).state, ends(AUDIT).took],
      ['SUCCEEDED', [7, 0, 0, 0, 0, 0, 0, 109_001]],
    );
  }),
];

export const handoffFacts = [...waitingForEnd, ...letters, ...durations];
