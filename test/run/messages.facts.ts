/** Messages that are cut keep what a person needs: the commands behind them. */
import assert from 'node:assert/strict';

import { commandLine } from '../../shared/run/command.ts';
import { decide } from './decide-any.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { Failure } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { bounded, LONGEST_NAME, LONGEST_TEXT, shortened, utf8Bytes } from '../../shared/run/text.ts';
import { fact } from './fact.ts';
import { CALL, COMMIT, failedWith, finished, LOAD, now, submittedAt, unknown } from './samples.ts';

const failureOf = (message: string): Failure => ({ class: 'session-lost', message, step: '40_commit.sql' });

/** What is said where the failure's own words have so many characters. */
function saidOf(run: StoredRun, event: (failure: Failure) => RunEvent, length: number): string {
  return decide(run, event(failureOf('x'.repeat(length))), now).run.error?.message ?? '';
}

/** So many bytes of a text of `whole` times one letter. */
function cut(letter: string, longest: number, whole: number): string {
  const note = `… [cut: ${whole} bytes]`;
  return `${letter.repeat(longest - Buffer.byteLength(note))}${note}`;
}

function isCutAt(longest: number, run: StoredRun, event: (failure: Failure) => RunEvent): void {
  assert.ok(saidOf(run, event, longest).startsWith('x'.repeat(longest)));
  assert.ok(saidOf(run, event, longest + 1).startsWith(cut('x', longest, longest + 1)));
}

const refused =
  (reasons: readonly string[]) =>
  (failure: Failure): RunEvent => ({
    kind: 'RebuildPlanned',
    verdict: 'refused',
    todo: [],
    reasons,
    about: unknown(failure),
  });

export const messageFacts = [
  fact('a text that fits is unchanged; a longer one is cut with a note of its length', () => {
    assert.equal(shortened('a'.repeat(100), 100), 'a'.repeat(100));
    assert.equal(shortened('a'.repeat(101), 100), cut('a', 100, 101));
    assert.equal(shortened('', 1), '');
  }),
  fact('a text is measured in bytes of UTF-8, and cut between two characters', () => {
    for (const letter of ['a', 'é', '€', '𐍈', '😀']) {
      assert.equal(utf8Bytes(letter.repeat(5)), Buffer.byteLength(letter.repeat(5)));
      const fits = letter.repeat(Math.floor(100 / Buffer.byteLength(letter)));
      assert.equal(shortened(fits, 100), fits);
      for (let most = 50; most < 60; most += 1) {
        const short = shortened(letter.repeat(1000), most);
        assert.ok(Buffer.byteLength(short) <= most && Buffer.byteLength(short) > most - 4, short);
        const [head = ''] = short.split('… [cut: ');
        assert.equal(head.replaceAll(letter, ''), '');
      }
    }
  }),
  fact('a text that is cut again keeps the note of its first length', () => {
    const twice = shortened(shortened('a'.repeat(5000), 1000), 100);
    assert.equal(twice, cut('a', 100, 5000));
  }),
  fact('every text of an event is cut when it enters: messages at 8,000 bytes, names at 256', () => {
    const long = 'é'.repeat(10_000);
    const event = {
      kind: 'VerdictRead',
      message: long,
      about: { statementId: long, error: { message: long, step: 'short' }, rows: 3 },
      reasons: ['short', long],
      plan: { hash: long },
      absent: undefined,
      none: null,
    };
    const message = shortened(long, LONGEST_TEXT);
    assert.deepStrictEqual(bounded(event), {
      ...event,
      message,
      about: {
        statementId: shortened(long, LONGEST_NAME),
        error: { message, step: 'short' },
        rows: 3,
      },
      reasons: ['short', message],
    });
    assert.equal(event.message, long);
    const small = { kind: 'Woken', list: [{ a: 'b' }], more: { message: '€' } };
    assert.equal(bounded(small), small);
  }),
  fact('an unpaired surrogate is replaced when it enters', () =>
    assert.deepStrictEqual(bounded({ message: 'a\uD83Db', actor: '\uDE00', whole: '😀' }), {
      message: 'a\uFFFDb',
      actor: '\uFFFD',
      whole: '😀',
    }),
  ),
  fact('load error details are cut together with the text of their COPY', () => {
    const end = { ...failedWith('data', 'x'.repeat(7_000)), statementId: 'statement-1' };
    const { run } = decide(
      submittedAt(LOAD),
      { kind: 'LoadErrorsRead', message: 'y'.repeat(7_000), about: end },
      now,
    );
    assert.equal(run.lastStep?.error, shortened(`${'x'.repeat(7_000)}\n${'y'.repeat(7_000)}`, LONGEST_TEXT));
    assert.equal(utf8Bytes(run.lastStep.error), LONGEST_TEXT);
    assert.equal(utf8Bytes(run.error?.message ?? ''), 1_000);
  }),
  fact('a command has its --stage option, unless the stage is local', () => {
    assert.equal(commandLine('local', 'run x'), 'npx baton run x');
    assert.equal(commandLine('prod', 'run x'), 'npx baton run x --stage prod');
  }),
  fact('the failure in an unknown outcome is cut to 500 bytes', () =>
    isCutAt(500, submittedAt(COMMIT), (failure) => ({
      kind: 'MarkerProbed',
      marker: 'unreadable',
      session: 'CLOSED',
      open: 'none',
      about: unknown(failure),
    })),
  ),
  fact('the failure of a session lost too often is cut to 500 bytes', () =>
    isCutAt(500, submittedAt(COMMIT, { rebuilds: 10 }), (failure) => ({
      kind: 'MarkerProbed',
      marker: 'absent',
      session: 'AVAILABLE',
      open: 'none',
      about: unknown(failure),
    })),
  ),
  fact('a refused rebuild has at most 300 bytes of the failure and 400 of its reasons', () => {
    isCutAt(300, submittedAt(COMMIT), refused(['dim was changed']));
    const whole = saidOf(submittedAt(COMMIT), refused(['r'.repeat(400)]), 3);
    assert.ok(whole.endsWith('r'.repeat(400)));
    const long = saidOf(submittedAt(COMMIT), refused(['r'.repeat(401)]), 3);
    assert.ok(long.endsWith(cut('r', 400, 401)));
  }),
  fact('a file overwritten while a rebuild loaded it restarts the rebuild for the same target', () => {
    const rebuild = {
      resumeAt: CALL,
      attempt: 1,
      firstAttempt: 1,
      todo: [{ index: LOAD, compare: false }],
    };
    const event: RunEvent = { kind: 'InputChecked', seen: { etag: 'etag-2' }, about: finished };
    assert.equal(decide(submittedAt(LOAD, { rebuild }), event, now).run.rebuildFrom, CALL);
  }),
];
