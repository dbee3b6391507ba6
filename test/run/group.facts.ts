/** Steps that are sent together: claimed, ended, retried, resumed. */
import assert from 'node:assert/strict';

import type { Context, Failed, Finished } from '../../shared/run/decision.ts';
import { handoffOf, tookWith } from '../../shared/run/handoff.ts';
import type { PlanView, StepView } from '../../shared/run/plan-view.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { Failure } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { decide, parsed } from './decide-any.ts';
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import { failedAt } from './request-samples.ts';
import type { Changes } from './samples.ts';
import {
  at,
  CHECK,
  changed,
  COMMIT,
  failedWith,
  finished,
  freshClaim,
  gone,
  LOAD,
  looksAtFile,
  newerFile,
  NOW,
  NOW_ISO,
  plan,
  readyAt,
  rowBefore,
  rowOf,
  sameFile,
  STAGE,
  submittedAt,
} from './samples.ts';

/** A temporary table, its load and a check of it: one group. */
const grouped: PlanView = {
  ...plan,
  steps: plan.steps.map((step, i): StepView =>
    i === LOAD || i === CHECK ? Object.assign({}, step, { fusible: true as const }) : step,
  ),
};

function withStep(index: number, more: Partial<StepView>): Context {
  const steps = grouped.steps.map((step, i) => (i === index ? { ...step, ...more } : step));
  return at(NOW, { plan: { ...grouped, steps } });
}

const now = at(NOW, { plan: grouped });

const HANDOFF = 'e++eeeee';

const letters: Changes = { handoff: HANDOFF };

const atClaim = { modified: '2026-11-24T07:58:59.000Z' };

/** The group was submitted. */
function sent(changes: Changes = {}): StoredRun {
  return submittedAt(STAGE, { ...letters, group: 3, fileAtClaim: atClaim, ...changes });
}

const members = [
  { rows: 0, ms: 10 },
  { rows: 5000, ms: 700 },
  { rows: 0, ms: 20, returned: 0 },
];

const { rows: _, ...end } = finished;
const ended: Finished = { ...end, members };
const counts = members.map(({ rows, ms }) => ({ rows, ms }));

function seen(what: Finished | Failed): RunEvent {
  return { kind: 'StatementSeen', statementId: what.statementId, status: what.status, end: what };
}

function checked(about: Finished, file = sameFile): RunEvent {
  return { kind: 'InputChecked', seen: file, about };
}

/** The row of a step of the group, sent by `sent`. */
function rowAt(index: number, status: 'FINISHED' | 'ROLLED_BACK', more: Parameters<typeof rowOf>[1] = {}) {
  return rowOf(index, { fused: { first: STAGE, status }, ...more });
}

const sqlFailed: Failed = { ...failedWith('sql'), at: LOAD };

function claimed(run: StoredRun, context: Context = now): number | undefined {
  const { run: after, effect } = decide(run, { kind: 'Woken' }, context);
  const file: RunEvent = { kind: 'InputChecked', seen: sameFile };
  return (effect?.kind === 'CheckInput' ? decide(after, file, context).run : after).group;
}

const claiming = [
  fact('the file of a group is checked before its claim, also where a later step of it loads the file', () =>
    expectDecision(readyAt(STAGE, letters), { kind: 'Woken' }, now, { effect: looksAtFile }),
  ),
  fact('a claim says how many steps it sends', () =>
    expectDecision(readyAt(STAGE, letters), { kind: 'InputChecked', seen: sameFile }, now, {
      run: { ...freshClaim(STAGE), group: 3, fileAtClaim: atClaim, failedDrives: gone },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('a claim that is replaced sends the same steps', () => {
    const old = changed(sent(), { phase: 'CLAIMED', statementId: gone, submittedAt: gone });
    const { run } = decide(old, { kind: 'InputChecked', seen: sameFile }, now);
    assert.deepStrictEqual([run.group, run.nonce], [3, 2]);
  }),
  fact('a step without a letter for it is claimed alone', () => {
    assert.equal(claimed(readyAt(STAGE)), undefined);
    assert.equal(claimed(readyAt(STAGE, { handoff: 'eeeeeeee' })), undefined);
    assert.equal(claimed(readyAt(STAGE, { handoff: 'e+eeeeee' })), 2);
  }),
  fact('a group ends before a step that today’s plan does not allow in it', () => {
    assert.equal(claimed(readyAt(STAGE, letters), at(NOW)), undefined);
    const { fusible: __, ...alone } = grouped.steps[CHECK] ?? assert.fail();
    const steps = grouped.steps.with(CHECK, alone);
    assert.equal(claimed(readyAt(STAGE, letters), at(NOW, { plan: { ...grouped, steps } })), 2);
  }),
  fact('a group does not begin with a check: after a failed one each is asked alone', () => {
    const context = withStep(COMMIT, { kind: 'check', fusible: true });
    assert.equal(claimed(readyAt(CHECK, { handoff: 'e+++eeee' }), context), undefined);
    assert.equal(claimed(readyAt(LOAD, { handoff: 'e+++eeee' }), context), 3);
  }),
  fact('nothing is sent together while a session is rebuilt', () => {
    const rebuild = {
      resumeAt: COMMIT,
      attempt: 1,
      firstAttempt: 1,
      todo: [{ index: STAGE, compare: false }],
    };
    assert.equal(claimed(readyAt(STAGE, { ...letters, rebuild })), undefined);
  }),
];

const ending = [
  fact('the completion event of a group does not say what its steps did: it is described', () =>
    expectDecision(
      sent(),
      {
        kind: 'StatementEnded',
        tokenStart: 'abcdefghij',
        statementId: 'statement-1',
        status: 'FINISHED',
        at: NOW_ISO,
        rows: 7,
        trusted: true,
      },
      now,
      { effect: { kind: 'Describe', statementId: 'statement-1' } },
    ),
  ),
  fact('after a group its file is checked, then its checks', () => {
    expectDecision(sent(), seen(ended), now, { effect: { kind: 'CheckInput', about: ended } });
    expectDecision(sent(), checked(ended), now, { effect: { kind: 'ReadVerdict', about: ended } });
  }),
  fact('a group without a check is finished when its file was checked', () => {
    const { run } = decide(sent({ group: 2 }), checked({ ...ended, members: members.slice(0, 2) }), now);
    assert.deepStrictEqual([run.cursor, run.phase, run.group], [CHECK, 'CLAIMED', undefined]);
  }),
  fact('a group whose checks passed is done: the run advances behind it, with one row for all', () =>
    expectDecision(sent(), { kind: 'VerdictRead', passed: true, message: '', about: ended }, now, {
      run: {
        ...freshClaim(COMMIT),
        attempt: 1,
        firstAttempt: 1,
        group: gone,
        failedDrives: gone,
        took: [10, 700, 20],
        lastStep: rowAt(CHECK, 'FINISHED', { rows: 0, fused: { first: STAGE, status: 'FINISHED', counts } }),
      },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    }),
  ),
  fact('a group that is the end of its pipeline succeeds', () => {
    const short = { ...grouped, steps: grouped.steps.slice(0, 3) };
    const { run } = decide(
      sent({ steps: 3 }),
      { kind: 'VerdictRead', passed: true, message: '', about: ended },
      at(NOW, { plan: short }),
    );
    assert.deepStrictEqual([run.state, run.cursor, run.lastStep?.index], ['SUCCEEDED', 3, CHECK]);
  }),
  fact('a group of which the description counts nothing has rows that are still to be read', () => {
    const { run } = decide(sent(), { kind: 'VerdictRead', passed: true, message: '', about: end }, now);
    assert.deepStrictEqual(run.lastStep, rowAt(CHECK, 'FINISHED'));
    assert.equal(run.took, undefined);
  }),
  fact('the row of the step before a group is written first', () =>
    expectDecision(
      sent({ lastStep: rowBefore }),
      { kind: 'VerdictRead', passed: true, message: '', about: ended },
      now,
      { effect: { kind: 'WriteHistory' } },
    ),
  ),
  fact(
    'a failed check has committed its group: the run stops at the check, and the steps before it are done',
    () => {
      const { run } = decide(
        sent(),
        { kind: 'VerdictRead', passed: false, message: 'check failed', rows: 4, at: CHECK, about: ended },
        now,
      );
      assert.deepStrictEqual(
        [run.state, run.cursor, run.step, run.error, run.lastStep],
        [
          'FAILED',
          CHECK,
          '30_check.sql',
          { class: 'check', message: 'check failed', step: '30_check.sql', statementId: 'statement-1' },
          rowAt(CHECK, 'FINISHED', {
            status: 'FAILED',
            rows: 4,
            error: 'check failed',
            errorClass: 'check',
            fused: { first: STAGE, status: 'FINISHED', counts },
          }),
        ],
      );
      assert.deepStrictEqual([run.sessionId, run.rebuildFrom], ['session-1', undefined]);
    },
  ),
  fact(
    'a file that changed while its group ran stops the run at its load, in a session that is not used again',
    () => {
      const { run } = decide(sent(), checked(ended, newerFile), now);
      assert.deepStrictEqual(
        [
          run.state,
          run.cursor,
          run.step,
          run.rebuildFrom,
          run.error?.class,
          run.error?.step,
          run.error?.group,
        ],
        ['FAILED', LOAD, '20_load.sql', LOAD, 'input', '20_load.sql', undefined],
      );
      assert.deepStrictEqual(run.lastStep?.fused, {
        first: STAGE,
        status: 'FINISHED',
        counts: counts.slice(0, 2),
      });
    },
  ),
  fact('a file that changed before its group names the step that loads it', () => {
    const { run } = decide(readyAt(STAGE, letters), { kind: 'InputChecked', seen: newerFile }, now);
    assert.deepStrictEqual([run.state, run.cursor, run.error?.step], ['FAILED', STAGE, '20_load.sql']);
  }),
];

const failing = [
  fact(
    'a failed statement rolls its group back: the run stays at its first step, and names the one that failed',
    () => {
      const { run } = decide(sent(), seen(sqlFailed), now);
      const error: Failure = {
        class: 'sql',
        message: 'ERROR: so it said',
        step: '20_load.sql',
        statementId: 'statement-1',
        group: 3,
      };
      assert.deepStrictEqual(
        [run.state, run.cursor, run.step, run.error],
        ['FAILED', STAGE, '10_stage.sql', error],
      );
      assert.deepStrictEqual(
        run.lastStep,
        rowAt(LOAD, 'ROLLED_BACK', { status: 'FAILED', error: 'ERROR: so it said', errorClass: 'sql' }),
      );
    },
  ),
  fact('what a rolled back statement reports of its steps is not kept', () => {
    const { run } = decide(sent(), seen({ ...sqlFailed, members, rows: 5 }), now);
    assert.deepStrictEqual(
      run.lastStep,
      rowAt(LOAD, 'ROLLED_BACK', { status: 'FAILED', error: 'ERROR: so it said', errorClass: 'sql' }),
    );
  }),
  fact('the first statement of a group that fails has no step before it', () => {
    const { run } = decide(sent(), seen({ ...sqlFailed, at: STAGE }), now);
    assert.deepStrictEqual(
      run.lastStep,
      rowOf(STAGE, { status: 'FAILED', error: 'ERROR: so it said', errorClass: 'sql' }),
    );
    assert.equal(run.error?.group, 3);
  }),
  fact(
    'where no statement of a group has an error, its first step has the row, and the session is replaced',
    () => {
      const { run, effect } = decide(sent(), seen(failedWith('session-lost')), now);
      assert.equal(effect?.kind, 'PlanRebuild');
      assert.deepStrictEqual(run.lastStep, undefined);
      const { run: lost } = decide(
        run,
        {
          kind: 'RebuildPlanned',
          verdict: 'always',
          todo: [],
          reasons: [],
          about: { status: 'UNKNOWN', error: failedWith('session-lost').error },
        },
        now,
      );
      assert.deepStrictEqual([lost.cursor, lost.generation, lost.lastStep?.index], [STAGE, 3, STAGE]);
      assert.equal(lost.lastStep?.fused, undefined);
    },
  ),
  fact('an error that leaves open what happened replaces the session before the group runs again', () => {
    const { run } = decide(sent(), seen({ ...failedWith('transient'), at: LOAD }), now);
    assert.deepStrictEqual(
      [run.state, run.attempt, run.rebuildFrom, run.lastStep?.index, run.lastStep?.fused?.status],
      ['WAITING', 3, STAGE, LOAD, 'ROLLED_BACK'],
    );
  }),
  fact('after a conflict a group is retried if each of its steps may be', () => {
    const conflict = seen({ ...failedWith('conflict'), at: CHECK });
    assert.deepStrictEqual(
      [decide(sent(), conflict, now).run.state, decide(sent(), conflict, now).run.attempt],
      ['WAITING', 3],
    );
    assert.equal(
      decide(sent(), conflict, withStep(LOAD, { conflictRetry: false })).effect?.kind,
      'PlanRebuild',
    );
  }),
  fact('the timeout of a group is that of each step, and names its first and last', () => {
    const slow = sent({ submittedAt: '2026-11-24T07:50:00.000Z' });
    const { run } = decide(
      slow,
      { kind: 'StatementSeen', statementId: 'statement-1', status: 'RUNNING' },
      now,
    );
    assert.equal(run.timedOut, true);
    const aborted: Failed = { ...failedWith('unknown'), status: 'ABORTED', at: LOAD };
    const { run: stopped } = decide(run, seen(aborted), now);
    assert.deepStrictEqual(
      [stopped.error?.message, stopped.error?.class, stopped.lastStep?.status, stopped.lastStep?.name],
      [
        'the transaction of steps 10_stage.sql to 30_check.sql exceeded its timeout of 1000 s and was cancelled (timeout: in pipeline.yml)',
        'timeout',
        'ABORTED',
        '20_load.sql',
      ],
    );
  }),
  fact(
    'a group that is cancelled has the row of the step that ran, and the ones before it rolled back',
    () => {
      const cancelling = sent({ state: 'CANCELLING' });
      const { run } = decide(
        cancelling,
        seen({ ...failedWith('unknown'), status: 'ABORTED', at: CHECK }),
        now,
      );
      assert.deepStrictEqual(
        [run.state, run.lastStep?.name, run.lastStep?.status, run.lastStep?.fused?.status],
        ['CANCELLED', '30_check.sql', 'ABORTED', 'ROLLED_BACK'],
      );
    },
  ),
  fact('a group that finished before it was cancelled has a row for each step', () => {
    const { run } = decide(sent({ state: 'CANCELLING' }), seen(ended), now);
    assert.deepStrictEqual(
      [run.state, run.lastStep?.name, run.lastStep?.status, run.lastStep?.fused],
      ['CANCELLED', '30_check.sql', 'FINISHED', { first: STAGE, status: 'FINISHED', counts }],
    );
  }),
];

const today = { ...grouped, hash: 'plan-2' };

function resume(from?: string) {
  return {
    verb: 'resume' as const,
    requestId: 'request-1',
    actor: 'mia',
    plan: today,
    ...(from === undefined ? {} : { from }),
  };
}

const rolledBack = failedAt(STAGE, {
  ...letters,
  pendingActions: gone,
  error: { class: 'sql', message: 'ERROR: so it said', step: '20_load.sql', group: 3 },
});

const resuming = [
  fact('resume: a group that failed runs again from its first step, and the answer names its last', () => {
    for (const from of [undefined, '10_stage.sql', '20_load.sql', '30_check.sql']) {
      const { run, answer } = decide(rolledBack, resume(from), now);
      assert.deepStrictEqual(
        [run.state, run.cursor, run.attempt, run.sessionId, answer?.message],
        [
          'RUNNING',
          STAGE,
          3,
          'session-1',
          'resumes at 10_stage.sql (attempt 3): the steps up to 30_check.sql were rolled back together, and run again',
        ],
      );
    }
  }),
  fact('resume: a step behind a group that failed is not done', () => {
    const { answer } = decide(rolledBack, resume('40_commit.sql'), now);
    assert.equal(
      answer?.message,
      '40_commit.sql comes after the failed step, 10_stage.sql: the steps in between have not run',
    );
  }),
];

const known = Object.fromEntries(grouped.steps.map(({ name }) => [name, 100]));

function lettersFor(took: Readonly<Record<string, number>>, context: Context = now): string | undefined {
  return handoffOf(context.plan, { ...known, ...took }, context).handoff;
}

const choosing = [
  fact('steps are sent together where all are short, as long as the plan allows it', () => {
    assert.equal(lettersFor({}), 'e++eeeee');
    assert.equal(lettersFor({}, at(NOW)), undefined);
  }),
  fact('a step whose duration is not known is sent alone, and so is the one after it', () => {
    assert.equal(lettersFor({ '10_stage.sql': 0 }), 'ee+eeeee');
    assert.equal(lettersFor({ '20_load.sql': 0 }), undefined);
    assert.equal(lettersFor({ '30_check.sql': 0 }), 'e+eeeeee');
  }),
  fact('what a failure would roll back took at most 10 seconds', () => {
    assert.equal(lettersFor({ '10_stage.sql': 10_000 }), 'e+eeeeee');
    assert.equal(lettersFor({ '10_stage.sql': 10_010 }), 'ee+eeeee');
    assert.equal(lettersFor({ '10_stage.sql': 9_900 }), 'e++eeeee');
  }),
  fact('a step that takes more than a minute is sent alone', () => {
    assert.equal(lettersFor({ '20_load.sql': 60_000 }), 'e+eeeeee');
    assert.equal(lettersFor({ '20_load.sql': 60_010 }), undefined);
  }),
  fact('a group does not begin with a check', () => {
    const context = withStep(COMMIT, { kind: 'check', fusible: true });
    assert.equal(lettersFor({ '20_load.sql': 60_010 }, context), undefined);
  }),
  fact('a group is waited for as long as all its steps take', () => {
    const waits = (took: Readonly<Record<string, number>>): string | undefined =>
      lettersFor(took, at(NOW, { plan: grouped, autoWaitMs: 1_000 }))?.slice(0, 3);
    assert.equal(waits({}), 'w++');
    assert.equal(waits({ '20_load.sql': 600 }), 'W++');
    assert.equal(waits({ '20_load.sql': 900 }), 'W++');
    assert.equal(waits({ '20_load.sql': 1_600 }), '3++');
    assert.equal(waits({ '20_load.sql': 2_800 }), '4++');
    assert.equal(waits({ '20_load.sql': 2_900 }), 'e++');
    assert.equal(waits({ '10_stage.sql': 102 }), 'e++');
  }),
  fact('a group saves a wait for each of its steps: up to five seconds are waited for it', () => {
    const waits = (autoWaitMs: number, load: number): string | undefined =>
      lettersFor({ '20_load.sql': load }, at(NOW, { plan: grouped, autoWaitMs }))?.slice(0, 1);
    assert.deepStrictEqual([waits(1_500, 4_300), waits(2_000, 4_500), waits(2_000, 4_600)], ['5', '5', 'e']);
    const { steps } = grouped;
    const first = { ...steps[0], handoff: 'wait' } as StepView;
    const always = at(NOW, { plan: { ...grouped, steps: [first, ...steps.slice(1)] } });
    assert.equal(lettersFor({ '20_load.sql': 9_000 }, always)?.slice(0, 1), '5');
  }),
  fact('each step of a group has its own duration; a wait that ran out is its first step’s', () => {
    const run = parsed(sent({ handoff: 'w++eeeee', took: [101, 0, 400] }));
    const row = rowAt(CHECK, 'FINISHED', { fused: { first: STAGE, status: 'FINISHED', counts } });
    assert.deepStrictEqual(tookWith(run, row), [82, 700, 310]);
    const quick = { ...row, endedAt: '2026-11-24T08:08:10.900Z' };
    assert.deepStrictEqual(tookWith(run, quick), [80, 700, 310]);
  }),
];

export const groupFacts = [...claiming, ...ending, ...failing, ...resuming, ...choosing];
