/** Messages that are cut keep what a person needs: the commands behind them. */
import assert from 'node:assert/strict';

import { commandLine, shortened } from '../../shared/run/command.ts';
import { decide } from '../../shared/run/decide.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { Failure, Run } from '../../shared/run/run.ts';
import { fact } from './fact.ts';
import { CALL, changed, COMMIT, finished, gone, LOAD, now, submittedAt } from './samples.ts';

const failureOf = (message: string): Failure => ({ class: 'session-lost', message, step: '40_commit.sql' });

/** What is said where the failure's own words have so many characters. */
function saidOf(run: Run, event: (failure: Failure) => RunEvent, length: number): string {
  return decide(run, event(failureOf('x'.repeat(length))), now).run.error?.message ?? '';
}

function isCutAt(longest: number, run: Run, event: (failure: Failure) => RunEvent): void {
  assert.ok(saidOf(run, event, longest).startsWith('x'.repeat(longest)));
  assert.ok(saidOf(run, event, longest + 1).startsWith(`${'x'.repeat(longest - 1)}…`));
}

const refused =
  (reasons: readonly string[]) =>
  (failure: Failure): RunEvent => ({
    kind: 'RebuildPlanned',
    target: COMMIT,
    verdict: 'refused',
    todo: [],
    reasons,
    failure,
  });

export const messageFacts = [
  fact('a text that fits is left alone; a longer one is cut, and shows it', () => {
    assert.equal(shortened('abc', 3), 'abc');
    assert.equal(shortened('abcd', 3), 'ab…');
    assert.equal(shortened('', 1), '');
  }),
  fact('a command names its stage, unless it is the one of this machine', () => {
    assert.equal(commandLine('local', 'run x'), 'npx baton run x');
    assert.equal(commandLine('prod', 'run x'), 'npx baton run x --stage prod');
  }),
  fact('of a doubt 500 characters of the failure are kept', () =>
    isCutAt(500, submittedAt(COMMIT), (failure) => ({
      kind: 'MarkerProbed',
      marker: 'unreadable',
      session: 'CLOSED',
      open: 'none',
      failure,
    })),
  ),
  fact('of a session that is lost again and again 500 characters of the failure are kept', () =>
    isCutAt(500, submittedAt(COMMIT, { rebuilds: 10 }), (failure) => ({
      kind: 'MarkerProbed',
      marker: 'absent',
      session: 'AVAILABLE',
      open: 'none',
      failure,
    })),
  ),
  fact('of a refused rebuild 300 characters of the failure and 400 of its reasons are kept', () => {
    isCutAt(300, submittedAt(COMMIT), refused(['dim was changed']));
    const whole = saidOf(submittedAt(COMMIT), refused(['r'.repeat(400)]), 3);
    assert.ok(whole.includes(`${'r'.repeat(400)}. To decide`));
    const cut = saidOf(submittedAt(COMMIT), refused(['r'.repeat(401)]), 3);
    assert.ok(cut.includes(`${'r'.repeat(399)}…. To decide`));
  }),
  fact('a refused rebuild of a step without a name says so', () =>
    assert.ok(
      saidOf(changed(submittedAt(COMMIT), { step: gone }), refused(['why']), 3).includes(
        'what step ? would do',
      ),
    ),
  ),
  fact(
    'a file overwritten while a rebuild loaded it: the rebuild begins anew for the step it was for',
    () => {
      const rebuild = {
        resumeAt: CALL,
        attempt: 1,
        firstAttempt: 1,
        todo: [{ index: LOAD, compare: false }],
      };
      const event: RunEvent = { kind: 'InputChecked', outcome: 'changed', end: finished };
      assert.equal(decide(submittedAt(LOAD, { rebuild }), event, now).run.rebuildFrom, CALL);
    },
  ),
];
