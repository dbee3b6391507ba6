/** Batches: files are listed, absorbed, compared and taken out; what their own runs learn; and what people ask of both. */
import assert from 'node:assert/strict';

import type { Failed, Finished } from '../../shared/run/decision.ts';
import { listOf, MOST_LEAVING } from '../../shared/run/batch.ts';
import { decideRare } from '../../shared/run/decide-rare.ts';
import { leaveBatch, supersedeWaiting } from '../../shared/run/member.ts';
import type { PlanView } from '../../shared/run/plan-view.ts';
import type { CancelRequest, ResumeRequest } from '../../shared/run/request.ts';
import type { FilesChecked, FilesListed, FilesMarked, RunEvent } from '../../shared/run/run-event.ts';
import type { Failure, FileList, Leaving, Listed } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { decide, flat, parsed } from './decide-any.ts';
import { expectDecision, expectStop } from './expect-decision.ts';
import { fact } from './fact.ts';
import { asked, failedAt, refused } from './request-samples.ts';
import type { Changes } from './samples.ts';
import {
  at,
  AUDIT,
  CHECK,
  claimedAt,
  COMMIT,
  failedWith,
  finished,
  freshClaim,
  gone,
  LOAD,
  NOW,
  now,
  NOW_ISO,
  NOW_SECONDS,
  plan,
  planWith,
  readyAt,
  restingAt,
  rowBefore,
  rowOf,
  STAGE,
  submittedAt,
  doneAt,
} from './samples.ts';

const trigger = {
  kind: 'batch',
  time: '2026-11-24T07:59:00.000Z',
  head: { runId: 'run-a', version: 1 },
} as const;

type StoredBatch = NonNullable<StoredRun['batch']>;

const list: FileList = { list: 'hash-1', files: 4, bytes: 40 };
const fewer: FileList = { list: 'hash-2', files: 3, bytes: 30 };

const isBad: Failure = { class: 'data', message: 'line 3: Invalid digit' };
const bad: Leaving = { runId: 'run-b', error: isBad };
const changedFile: Leaving = { runId: 'run-c', error: { class: 'input', message: 'c.csv was overwritten' } };
const replaced: Leaving = { runId: 'run-d' };

const marking: Listed = { phase: 'MARK', ...list, seal: 1, leaving: [], isolated: 0 };
const sealed: Listed = { ...marking, phase: 'SEALED' };

function ofBatch(batch: StoredBatch, more: Changes = {}): Changes {
  return { trigger, batch, ...more };
}

const gathering = ofBatch({ phase: 'GATHER' });

/** Opened, with nothing to verify. */
const isolating: PlanView = { ...plan, isolateFiles: 3 };
const isolates = at(NOW, { plan: isolating });

const noFile =
  'no file is left for this batch: they were cancelled, replaced by newer uploads, set aside, or belong to other runs';

const gathered = [
  fact('a batch that has its list stores it before its files are absorbed', () => {
    expectDecision(readyAt(STAGE, gathering), { kind: 'FilesGathered', list }, now, {
      run: { batch: marking },
      save: 'version',
      effect: { kind: 'MarkFiles', fresh: true },
    });
  }),
  fact('the files of a folder have no runs: their list is fixed at once', () => {
    const folder = readyAt(STAGE, { batch: { phase: 'GATHER' } });
    expectDecision(folder, { kind: 'FilesGathered', list }, now, {
      run: { batch: sealed },
      save: 'version',
      effect: { kind: 'Wake' },
    });
  }),
  fact('a second list of a batch is not used', () => {
    for (const batch of [marking, sealed])
      expectDecision(readyAt(STAGE, ofBatch(batch)), { kind: 'FilesGathered', list: fewer }, now, {
        note: 'the files are already listed',
      });
  }),
  fact('a batch without files is cancelled, and says why', () => {
    const { run, save, effect } = decide(readyAt(STAGE, gathering), { kind: 'FilesGathered' }, now);
    assert.deepStrictEqual(
      { state: run.state, error: run.error, save, effect },
      {
        state: 'CANCELLED',
        error: { class: 'cancelled', message: noFile, step: '10_stage.sql' },
        save: 'version',
        effect: { kind: 'PerformActions' },
      },
    );
  }),
  fact('a folder without files fails', () => {
    expectStop(
      readyAt(STAGE, { batch: { phase: 'GATHER' } }),
      { kind: 'FilesGathered' },
      now,
      'FAILED',
      'the folder of the marker file has no files, or all of them are newer than the marker',
    );
  }),
  fact('a folder without files, or that cannot be listed, fails by its input: it can never continue', () => {
    const folder = readyAt(STAGE, { batch: { phase: 'GATHER' } });
    for (const event of [{ kind: 'FilesGathered' }, { kind: 'FilesGathered', problem: 'none' }] as const) {
      const { run } = decide(folder, event, now);
      assert.deepStrictEqual(
        [run.error?.class, run.pendingActions],
        ['input', ['history', 'release', 'wake', 'publish']],
      );
    }
  }),
  fact('a new list has no file that was set aside', () => {
    const { run } = decideRare(parsed(readyAt(STAGE, gathering)), { kind: 'FilesGathered', list }, now);
    assert.deepStrictEqual(run.batch, marking);
  }),
  fact('an answer about files changes nothing for a run that has no batch', () => {
    const run = readyAt(LOAD);
    const answers: [RunEvent, string][] = [
      [{ kind: 'FilesGathered', list }, 'the files are already listed'],
      [marked({ list }), 'the files are already absorbed'],
      [checked({}), 'the list of files has changed'],
      [listed({}), 'the list of files has changed'],
      [{ kind: 'LeavingTold', list: 'hash-1' }, 'the list of files has changed'],
    ];
    for (const [event, note] of answers) expectDecision(run, event, now, { note });
  }),
  fact('a list is known when it is stored, and not before', () => {
    assert.equal(listOf(parsed(readyAt(STAGE, gathering))), undefined);
    assert.deepStrictEqual(listOf(parsed(readyAt(STAGE, ofBatch(marking)))), marking);
    assert.equal(listOf(parsed(readyAt(STAGE))), undefined);
  }),
  fact('a folder that cannot be listed fails with the reason', () => {
    const problem = 'the manifest names no file';
    const folder = readyAt(STAGE, { batch: { phase: 'GATHER' } });
    expectStop(folder, { kind: 'FilesGathered', problem, list }, now, 'FAILED', problem);
  }),
  fact('a batch does its work on files before it opens a session', () => {
    const noSession: Changes = { sessionId: gone, pid: gone };
    const works = [
      [{ phase: 'GATHER' }, { kind: 'GatherFiles' }],
      [marking, { kind: 'MarkFiles', fresh: false }],
      [{ ...sealed, leaving: [bad] }, { kind: 'TellLeaving' }],
      [sealed, { kind: 'OpenSession', tries: 0 }],
    ] as const;
    for (const [batch, effect] of works)
      expectDecision(readyAt(STAGE, ofBatch(batch, noSession)), { kind: 'Woken' }, now, { effect });
  }),
];

const marked = (more: Partial<FilesMarked>): FilesMarked => ({
  kind: 'FilesMarked',
  from: 'hash-1',
  ...more,
});

const markFacts = [
  fact('a batch goes on with its list when every file belongs to it', () => {
    expectDecision(readyAt(STAGE, ofBatch(marking)), marked({ list }), now, {
      run: { ...freshClaim(STAGE), batch: sealed },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    });
  }),
  fact('a batch goes on with a new seal without the files that refused', () => {
    expectDecision(readyAt(STAGE, ofBatch(marking)), marked({ list: fewer }), now, {
      run: { ...freshClaim(STAGE), batch: { ...sealed, ...fewer, seal: 2 } },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    });
  }),
  fact('a batch waits for the next driver if not every file answered', () => {
    expectDecision(readyAt(STAGE, ofBatch(marking)), marked({ list: 'unfinished' }), now, {
      note: 'the next driver absorbs the rest of the files',
    });
  }),
  fact('an answer about another list, or after the list is fixed, changes nothing', () => {
    const note = 'the files are already absorbed';
    expectDecision(readyAt(STAGE, ofBatch(marking)), marked({ from: 'hash-0', list }), now, { note });
    expectDecision(readyAt(STAGE, ofBatch(sealed)), marked({ list: fewer }), now, { note });
    expectDecision(readyAt(STAGE, gathering), marked({ list }), now, { note });
  }),
  fact('a batch all of whose files refused is cancelled, and asks nobody again', () => {
    const { run } = decide(readyAt(STAGE, ofBatch(marking)), marked({}), now);
    assert.equal(run.state, 'CANCELLED');
    assert.equal(run.error?.message, noFile);
  }),
];

function checked(more: Partial<FilesChecked>): FilesChecked {
  return { kind: 'FilesChecked', from: 'hash-1', wrong: [], ...more };
}

const atLoad = ofBatch(sealed);

const checkFacts = [
  fact('the files of a batch are compared before its load is claimed', () => {
    expectDecision(readyAt(LOAD, atLoad), { kind: 'Woken' }, now, { effect: { kind: 'CheckInput' } });
  }),
  fact('the load of a batch is claimed with a snapshot of its files', () => {
    expectDecision(readyAt(LOAD, atLoad), checked({ snapshot: 'seen-1' }), now, {
      run: { ...freshClaim(LOAD), fileAtClaim: { snapshot: 'seen-1' } },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    });
  }),
  fact('a load that is claimed anew gets a new snapshot and nonce', () => {
    const { run } = decide(claimedAt(LOAD, atLoad), checked({ snapshot: 'seen-2' }), now);
    assert.deepStrictEqual([run.nonce, run.fileAtClaim], [2, { snapshot: 'seen-2' }]);
  }),
  fact('a load that is submitted is not claimed again', () => {
    const note = 'the step is already submitted';
    expectDecision(submittedAt(LOAD, atLoad), checked({ snapshot: 'seen-1' }), now, { note });
    expectDecision(submittedAt(LOAD, atLoad), checked({ wrong: [changedFile] }), now, { note });
  }),
  fact('files of an earlier list were compared for nothing', () => {
    const note = 'the list of files has changed';
    expectDecision(readyAt(LOAD, atLoad), checked({ from: 'hash-0' }), now, { note });
    expectDecision(readyAt(LOAD, ofBatch(marking)), checked({}), now, { note });
  }),
  fact('a file that changed before the load leaves the batch', () => {
    expectDecision(readyAt(LOAD, atLoad), checked({ wrong: [changedFile, replaced] }), now, {
      effect: { kind: 'ListAgain', without: [changedFile, replaced] },
    });
  }),
  fact('a file of a folder that changed before the load fails the run', () => {
    expectStop(
      readyAt(LOAD, { batch: sealed }),
      checked({ wrong: [changedFile] }),
      now,
      'FAILED',
      'c.csv was overwritten. The files of a folder are loaded together or not at all: write the folder and its marker again',
    );
  }),
  fact('a run that fails before its load keeps its session, and has no row of it', () => {
    const { run } = decide(readyAt(LOAD, { batch: sealed }), checked({ wrong: [changedFile] }), now);
    assert.deepStrictEqual(
      [run.error?.class, run.rebuildFrom, run.lastStep],
      ['input', undefined, undefined],
    );
  }),
  fact('what took effect is looked for from the first step on, also where it is opaque', () => {
    for (const [index, kind, cursor, name] of [
      [STAGE, 'durable', LOAD, '10_stage.sql'],
      [CHECK, 'opaque', COMMIT, '30_check.sql'],
    ] as const) {
      const { run } = decide(
        readyAt(cursor, atLoad),
        checked({ wrong: [replaced] }),
        at(NOW, { plan: planWith(index, { kind }) }),
      );
      assert.match(run.error?.message ?? '', new RegExp(`step ${name} has already taken effect$`));
    }
  }),
  fact('no file leaves after a step took effect: the run fails, and names the step', () => {
    const late = planWith(CHECK, { usesFile: true, kind: 'durable' });
    expectStop(
      readyAt(AUDIT, atLoad),
      checked({ wrong: [replaced] }),
      at(NOW, { plan: late }),
      'FAILED',
      'a newer upload of the file of run run-d was admitted. No file can be taken out of this batch: step 30_check.sql has already taken effect',
    );
  }),
  fact('a load whose files are unchanged is finished', () => {
    const about: Finished = finished;
    expectDecision(submittedAt(LOAD, atLoad), checked({ about }), now, {
      run: { ...freshClaim(CHECK), attempt: 1, ...doneAt(LOAD, { seal: 1, rows: 12 }) },
      save: 'version',
      effect: { kind: 'Submit', tries: 0 },
    });
  }),
  fact(
    'a file that changed during the load of a temporary table leaves, and the load counts as failed',
    () => {
      const { effect, save } = decide(
        submittedAt(LOAD, atLoad),
        checked({ about: finished, wrong: [changedFile] }),
        now,
      );
      assert.deepStrictEqual(
        { effect, save },
        {
          save: 'none',
          effect: {
            kind: 'ListAgain',
            without: [changedFile],
            about: {
              ...finished,
              status: 'FAILED',
              error: {
                class: 'input',
                message: 'c.csv was overwritten',
                step: '20_load.sql',
                statementId: 'statement-1',
              },
            },
          },
        },
      );
    },
  ),
  fact(
    'a file of a folder that changed during the load fails the run, whose session is not used again',
    () => {
      const { run } = decide(
        submittedAt(LOAD, { batch: sealed }),
        checked({ about: finished, wrong: [changedFile] }),
        now,
      );
      assert.equal(run.state, 'FAILED');
      assert.equal(run.rebuildFrom, LOAD);
      const row = { status: 'FAILED', errorClass: 'input', seal: 1, rows: 12 } as const;
      assert.deepStrictEqual(run.lastStep, rowOf(LOAD, { ...row, error: run.error?.message ?? '' }));
      assert.match(run.error?.message ?? '', /^c\.csv was overwritten\. The files of a folder/);
    },
  ),
  fact('a file that changed during a load that lasts needs a decision', () => {
    for (const kind of ['durable', 'opaque'] as const) {
      const lasting = at(NOW, { plan: planWith(LOAD, { kind }) });
      const { run } = decide(
        submittedAt(LOAD, atLoad),
        checked({ about: finished, wrong: [changedFile] }),
        lasting,
      );
      assert.equal(run.state, 'NEEDS_DECISION');
      assert.equal(run.error?.message, 'c.csv was overwritten');
    }
  }),
];

function listed(more: Partial<FilesListed>): FilesListed {
  return { kind: 'FilesListed', from: 'hash-1', list: fewer, leaving: [bad], ...more };
}

const failedLoad: Failed = failedWith('data');
const left: Listed = { ...sealed, ...fewer, seal: 2, leaving: [bad], isolated: 1 };
const tells = { save: 'version', effect: { kind: 'TellLeaving' } } as const;
const backToReady: Changes = {
  phase: 'READY',
  token: gone,
  claimedAt: gone,
  statementId: gone,
  submittedAt: gone,
  nextCheckAt: NOW_SECONDS + 90,
};

const listFacts = [
  fact(
    'a smaller list and the files that leave are stored together; the load is repeated in its session',
    () => {
      expectDecision(submittedAt(LOAD, atLoad), listed({ about: failedLoad }), now, {
        run: {
          ...backToReady,
          batch: left,
          attempt: 3,
          firstAttempt: 3,
          lastStep: rowOf(LOAD, {
            status: 'FAILED',
            error: 'ERROR: so it said',
            errorClass: 'data',
            seal: 1,
          }),
        },
        ...tells,
      });
    },
  ),
  fact('before its load a batch continues with the same attempt', () => {
    expectDecision(readyAt(LOAD, atLoad), listed({}), now, {
      run: { nextCheckAt: NOW_SECONDS + 90, batch: left, attempt: 2, firstAttempt: 2 },
      ...tells,
    });
  }),
  fact('before its load a list is stored though the row of the step before is not written yet', () => {
    const { run, effect } = decide(readyAt(LOAD, ofBatch(sealed, { lastStep: rowBefore })), listed({}), now);
    assert.deepStrictEqual([run.lastStep, effect], [rowBefore, { kind: 'TellLeaving' }]);
  }),
  fact('a claim of the load is an attempt, though nothing was submitted', () => {
    const { run } = decide(claimedAt(LOAD, atLoad), listed({}), now);
    assert.deepStrictEqual([run.phase, run.attempt, run.firstAttempt], ['READY', 3, 3]);
  }),
  fact(
    'a batch goes back to its first load in a new session where its session may have rows of the files',
    () => {
      const open = failedWith('input');
      const cases: [StoredRun, FilesListed][] = [
        [submittedAt(LOAD, atLoad), listed({ about: open })],
        [readyAt(CHECK, ofBatch(sealed, { firstAttempt: 2 })), listed({})],
        [readyAt(LOAD, ofBatch(sealed, { rebuildFrom: LOAD })), listed({})],
        [
          readyAt(
            LOAD,
            ofBatch(sealed, { rebuild: { resumeAt: COMMIT, attempt: 1, firstAttempt: 1, todo: [] } }),
          ),
          listed({}),
        ],
      ];
      for (const [run, event] of cases) {
        const { run: after } = decide(run, event, now);
        assert.deepStrictEqual(
          [after.cursor, after.attempt, after.firstAttempt, after.rebuildFrom, after.rebuild],
          [LOAD, 1, 1, LOAD, undefined],
        );
      }
    },
  ),
  fact('the list is not stored before the history row of the step before', () => {
    expectDecision(
      submittedAt(LOAD, ofBatch(sealed, { lastStep: rowBefore })),
      listed({ about: failedLoad }),
      now,
      { effect: { kind: 'WriteHistory' } },
    );
  }),
  fact('a list made from an earlier one is not stored', () => {
    const note = 'the list of files has changed';
    expectDecision(readyAt(LOAD, atLoad), listed({ from: 'hash-0' }), now, { note });
    expectDecision(readyAt(LOAD, ofBatch(marking)), listed({}), now, { note });
  }),
  fact('a list for a step that was submitted meanwhile is not stored', () => {
    expectDecision(submittedAt(LOAD, atLoad), listed({}), now, { note: 'the step is already submitted' });
  }),
  fact('a batch that no file is left for is cancelled, and tells its files first', () => {
    const { run, effect } = decide(
      readyAt(LOAD, atLoad),
      { kind: 'FilesListed', from: 'hash-1', leaving: [bad, replaced] },
      now,
    );
    assert.deepStrictEqual(
      [run.state, run.pendingActions, run.batch, effect],
      [
        'CANCELLED',
        ['members', 'history', 'release', 'wake', 'publish', 'close'],
        { ...sealed, seal: 2, leaving: [bad, replaced], isolated: 1 },
        { kind: 'PerformActions' },
      ],
    );
  }),
  fact('the error of a file that leaves is cut to 400 bytes', () => {
    const long: Leaving = { runId: 'run-b', error: { class: 'data', message: 'x'.repeat(1000) } };
    const { run } = decide(readyAt(LOAD, atLoad), listed({ leaving: [long, replaced] }), now);
    const [first, second] = (run.batch as Listed).leaving;
    assert.equal(Buffer.byteLength(first?.error?.message ?? ''), 400);
    assert.equal(MOST_LEAVING, 25);
    assert.deepStrictEqual(second, replaced);
  }),
  fact('a batch whose files were told goes on', () => {
    expectDecision(
      readyAt(STAGE, ofBatch({ ...sealed, leaving: [bad] })),
      { kind: 'LeavingTold', list: 'hash-1' },
      now,
      {
        run: { ...freshClaim(STAGE), batch: sealed },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    );
  }),
  fact('that files of another list were told changes nothing', () => {
    const event = { kind: 'LeavingTold', list: 'hash-0' } as const;
    const note = 'the list of files has changed';
    expectDecision(readyAt(STAGE, ofBatch({ ...sealed, leaving: [bad] })), event, now, { note });
    const ofMark = { ...event, list: 'hash-1' };
    expectDecision(readyAt(STAGE, ofBatch(marking)), ofMark, now, { note });
    expectDecision(claimedAt(STAGE, ofBatch(sealed)), ofMark, now, { note: 'the step is already claimed' });
  }),
];

function read(badFiles: readonly Leaving[] | undefined, run: StoredRun, context = isolates) {
  const about = failedWith('data', 'COPY failed');
  return decide(
    run,
    {
      kind: 'LoadErrorsRead',
      message: 'b.csv line 3',
      about,
      ...(badFiles === undefined ? {} : { badFiles }),
    },
    context,
  );
}

const loading = submittedAt(LOAD, atLoad);
const byHand = 'To load the other files: npx baton resume run-1 --without KEY --stage dev';

function expectKept(decided: ReturnType<typeof read>, why: string): void {
  assert.equal(decided.run.state, 'FAILED');
  assert.equal(
    decided.run.error?.message,
    ['COPY failed', 'b.csv line 3', why].filter((line) => line !== '').join('\n'),
  );
}

const isolationFacts = [
  fact('a file that cannot be loaded leaves a batch that sets files aside', () => {
    const { effect, save } = read([bad], loading);
    assert.equal(save, 'none');
    assert.ok(effect?.kind === 'ListAgain');
    assert.deepStrictEqual(effect.without, [bad]);
    assert.deepStrictEqual(effect.about?.error, {
      class: 'data',
      message: 'COPY failed\nb.csv line 3',
      step: '20_load.sql',
      statementId: 'statement-1',
    });
  }),
  fact('a load that fails for no known file fails the run', () => {
    expectKept(read(undefined, loading), '');
  }),
  fact('without isolate: the run fails, and says how to take the file out', () => {
    expectKept(read([bad], loading, now), byHand);
  }),
  fact('the limit of files that are set aside counts those before', () => {
    const many = submittedAt(LOAD, ofBatch({ ...sealed, files: 100, isolated: 2 }));
    assert.equal(read([bad], many).effect?.kind, 'ListAgain');
    expectKept(
      read([bad, changedFile], many),
      `Not set aside: with this, 4 files of the batch would be, and the limit is 3 (isolate: in pipeline.yml). ${byHand}`,
    );
  }),
  fact('nothing is set aside where there is no list', () => {
    expectKept(read([bad], submittedAt(LOAD)), 'No file can be set aside: step  has already taken effect');
  }),
  fact('at most half of the files of a batch are set aside', () => {
    const half = submittedAt(LOAD, ofBatch({ ...sealed, files: 3, isolated: 1 }));
    assert.equal(read([bad], half).effect?.kind, 'ListAgain');
    const more = submittedAt(LOAD, ofBatch({ ...sealed, files: 2, isolated: 1 }));
    expectKept(
      read([bad], more),
      `Not set aside: more than half of the files of the batch would be. ${byHand}`,
    );
  }),
  fact('no file is set aside after a step took effect', () => {
    const late = at(NOW, {
      plan: { ...planWith(AUDIT, { usesFile: true, kind: 'session' }), isolateFiles: 3 },
    });
    expectKept(
      read([bad], submittedAt(AUDIT, atLoad), late),
      'No file can be set aside: step 40_commit.sql has already taken effect',
    );
  }),
  fact('while a session is rebuilt the step that the run goes on with says what took effect', () => {
    const rebuild = { resumeAt: AUDIT, attempt: 1, firstAttempt: 1, todo: [] };
    const decided = read([bad], submittedAt(LOAD, ofBatch(sealed, { rebuild })));
    assert.match(decided.run.error?.message ?? '', /step 40_commit\.sql has already taken effect$/);
  }),
];

const absorbed = restingAt(STAGE, 'ABSORBED', { sessionId: gone, pid: gone, epoch: gone, slot: gone });

const memberFacts = [
  fact('a file that left its batch fails with its own error, and has no slot to release', () => {
    const { run, save, effect } = flat(leaveBatch(parsed(absorbed), now, 'run-batch', bad));
    assert.deepStrictEqual(
      [run.state, run.error, run.pendingActions, run.into, save, effect],
      ['FAILED', isBad, ['publish'], undefined, 'version', { kind: 'PerformActions' }],
    );
  }),
  fact(
    'a file that left its batch since its rows cannot be loaded is to be cancelled: it has no step of its own',
    () => {
      const trigger = {
        kind: 's3',
        time: NOW_ISO,
        file: { bucket: 'b', key: 'k', size: 1, etag: 'e' },
      } as const;
      const run = { ...absorbed, trigger };
      const at = (step: string): Leaving => ({ ...bad, error: { ...isBad, step } });
      const commandAt = (step: string): string | undefined =>
        flat(leaveBatch(parsed(run), now, 'run-batch', at(step))).run.resumeWith?.command;
      assert.equal(commandAt('20_load.sql'), 'npx baton cancel run-1 --stage dev');
      assert.equal(commandAt('10_stage.sql'), 'npx baton resume run-1 --stage dev');
    },
  ),
  fact('a file that left because of a newer upload is superseded', () => {
    const { run, save, effect } = flat(leaveBatch(parsed(absorbed), now, 'run-batch', replaced));
    assert.deepStrictEqual(
      [run.state, run.endedAt, run.pendingActions, save, effect],
      ['SUPERSEDED', NOW_ISO, undefined, 'version', undefined],
    );
  }),
  fact('a file that belongs to another batch, or to none, is left alone', () => {
    const note = 'the file has left the batch before';
    for (const [run, batch] of [
      [absorbed, 'run-other'],
      [restingAt(STAGE, 'FAILED'), 'run-batch'],
      [readyAt(STAGE), 'run-batch'],
    ] as const)
      assert.deepStrictEqual(flat(leaveBatch(parsed(run), now, batch, bad)), { run, save: 'none', note });
  }),
  fact('a waiting file is superseded by a newer upload; one that waits no longer is left alone', () => {
    const queued = readyAt(STAGE, {
      state: 'QUEUED',
      nextCheckAt: gone,
      sessionId: gone,
      pid: gone,
      epoch: gone,
      slot: gone,
    });
    assert.equal(flat(supersedeWaiting(parsed(queued), now)).run.state, 'SUPERSEDED');
    assert.deepStrictEqual(flat(supersedeWaiting(parsed(absorbed), now)), {
      run: absorbed,
      save: 'none',
      note: 'the run is ABSORBED',
    });
  }),
];

const today: PlanView = { ...plan, hash: 'plan-2' };

function resumeWithout(more: Partial<NonNullable<ResumeRequest['without']>> = {}): ResumeRequest {
  const without = { from: 'hash-1', list: fewer, leaving: [changedFile], ...more };
  return { verb: 'resume', requestId: 'request-1', actor: 'mia', plan: today, without };
}

const cancel: CancelRequest = { verb: 'cancel', requestId: 'request-1', actor: 'mia' };

const failedBatch = (batch: StoredBatch, more: Changes = {}): StoredRun =>
  failedAt(LOAD, ofBatch(batch, more));

const requestFacts = [
  fact('a batch is resumed without a file at its load; who leaves is stored with the list', () => {
    const { run, answer, save } = decide(failedBatch(sealed), resumeWithout(), now);
    assert.deepStrictEqual(
      [run.state, run.cursor, run.attempt, run.batch, save, answer],
      [
        'RUNNING',
        LOAD,
        3,
        { phase: 'SEALED', ...fewer, seal: 2, leaving: [changedFile] },
        'version',
        { ok: true, message: 'resumes at 20_load.sql (attempt 3)' },
      ],
    );
  }),
  fact('files that left before, and were not told yet, are kept when more are taken out', () => {
    const { run } = decide(failedBatch({ ...sealed, leaving: [bad] }), resumeWithout(), now);
    assert.deepStrictEqual((run.batch as Listed).leaving, [bad, changedFile]);
  }),
  fact('a batch that failed after its load goes back to it in a new session', () => {
    const { run, answer } = decide(failedAt(CHECK, ofBatch(sealed)), resumeWithout(), now);
    assert.deepStrictEqual(
      [run.cursor, run.attempt, run.rebuildFrom, answer],
      [LOAD, 1, LOAD, { ok: true, message: 'restarts at 20_load.sql in a new session' }],
    );
  }),
  fact('a file is taken out only of a fixed list', () => {
    const message = 'run run-1 has no fixed list of files: resume it without --without';
    refused(failedBatch({ phase: 'GATHER' }), resumeWithout(), message);
    refused(failedBatch(marking), resumeWithout(), message);
    refused(failedAt(LOAD), resumeWithout(), message);
  }),
  fact('a file is not taken out of a list that has changed, nor the last one', () => {
    refused(
      failedBatch(sealed),
      resumeWithout({ from: 'hash-0' }),
      'the files of run run-1 have changed: send the request again',
    );
    const { list: _, ...none } = { from: 'hash-1', list: fewer, leaving: [changedFile] };
    const request: ResumeRequest = { ...resumeWithout(), without: none };
    refused(failedBatch(sealed), request, 'no file of run run-1 would be left: cancel it');
  }),
  fact('a file is not taken out after a step took effect', () => {
    refused(
      failedAt(AUDIT, ofBatch(sealed)),
      resumeWithout(),
      'no file can be taken out of run run-1: step 40_commit.sql has already taken effect',
    );
  }),
  fact('a resume without --without keeps the list', () => {
    const { without: _, ...request } = resumeWithout();
    assert.deepStrictEqual(decide(failedBatch(sealed), request, now).run.batch, {
      phase: 'SEALED',
      ...list,
      seal: 1,
    });
  }),
  fact('a file of a batch is neither cancelled nor resumed alone', () => {
    const its = 'the file of run run-1 is loaded by batch run run-batch';
    refused(absorbed, cancel, `${its}: cancel that run, or take this file out of it with resume --without`);
    const { without: _, ...request } = resumeWithout();
    refused(absorbed, request, `${its}: only a FAILED or PAUSED run can be resumed`);
  }),
  fact('a batch that is cancelled without a list has taken no file', () => {
    const { run } = decide(readyAt(STAGE, gathering), cancel, now);
    assert.deepStrictEqual(
      [run.state, run.pendingActions],
      ['CANCELLED', ['history', 'release', 'wake', 'publish', 'close']],
    );
  }),
  fact('a batch that is cancelled while it absorbs its files absorbs the rest first', () => {
    const { run, effect, answer } = decide(readyAt(STAGE, ofBatch(marking)), cancel, now);
    const message = 'cancelled run run-1 (was RUNNING)';
    assert.deepStrictEqual(
      [run.pendingActions, effect, answer, run.lastRequest],
      [
        ['members', 'history', 'release', 'wake', 'publish', 'close'],
        { kind: 'PerformActions' },
        { ok: true, message },
        asked('cancel', message),
      ],
    );
  }),
  fact('a batch that ends or stops tells the files that left first', () => {
    const leaving = ofBatch({ ...sealed, leaving: [bad] });
    assert.equal(decide(readyAt(STAGE, leaving), cancel, now).run.pendingActions?.[0], 'members');
    const late = at(NOW + plan.timeoutSeconds * 1000 + 1_000_000);
    const { run } = decide(readyAt(STAGE, leaving), { kind: 'Woken' }, late);
    assert.deepStrictEqual([run.state, run.pendingActions?.[0]], ['FAILED', 'members']);
    assert.equal(decide(readyAt(STAGE, atLoad), cancel, now).run.pendingActions?.[0], 'history');
  }),
  fact('when they were told they are stored no more', () => {
    const run = restingAt(
      LOAD,
      'FAILED',
      ofBatch({ ...sealed, leaving: [bad] }, { pendingActions: ['members'] }),
    );
    expectDecision(run, { kind: 'ActionsDone', actions: ['members'] }, now, {
      run: { batch: sealed, pendingActions: gone },
      save: 'version',
    });
  }),
  fact('where no list is stored there is nobody to tell', () => {
    for (const batch of [undefined, { phase: 'GATHER' } as const]) {
      const more: Changes = { pendingActions: ['members'], ...(batch === undefined ? {} : { batch }) };
      const run = restingAt(LOAD, 'CANCELLED', more);
      const event = { kind: 'ActionsDone', actions: ['members'] } as const;
      expectDecision(run, event, now, { run: { pendingActions: gone }, save: 'version' });
    }
  }),
  fact('files that are not all absorbed at an end are left to the next driver', () => {
    const run = restingAt(STAGE, 'CANCELLED', ofBatch(marking, { pendingActions: ['members', 'history'] }));
    const unfinished = marked({ from: '', list: 'unfinished' });
    expectDecision(run, unfinished, now, { note: 'the run is CANCELLED' });
    expectDecision(run, { kind: 'Woken' }, now, { effect: { kind: 'PerformActions' } });
  }),
  fact('an absorbed run is at rest: no driver does anything with it', () => {
    expectDecision(absorbed, { kind: 'Woken' }, now, { note: 'the run is ABSORBED' });
  }),
];

export const batchFacts = [
  ...gathered,
  ...markFacts,
  ...checkFacts,
  ...listFacts,
  ...isolationFacts,
  ...memberFacts,
  ...requestFacts,
];
