/** Why a run waits, in words for people: true while it waits, and gone with that. */
import assert from 'node:assert/strict';

import { decide as decideEvent } from '../../shared/run/decide.ts';
import { waiting } from '../../shared/run/decision.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { active, decide, parsed } from './decide-any.ts';
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import { COMMIT, freshClaim, gone, now, NOW_SECONDS, readyAt, STAGE, submittedAt } from './samples.ts';

const waitingFor = 'the cluster is paused';

export const waitingFacts = [
  fact('a run that waits has its next check and its reason', () => {
    const run = waiting(active(readyAt(STAGE)), now, 5_000, waitingFor);
    assert.deepStrictEqual(storedRun(run), {
      ...readyAt(STAGE),
      state: 'WAITING',
      nextCheckAt: NOW_SECONDS + 5,
      waitingFor,
    });
  }),
  fact('the reason of a waiting run is cut to 500 bytes', () => {
    const kept = (length: number): unknown =>
      waiting(active(readyAt(STAGE)), now, 0, 'w'.repeat(length)).life.waitingFor;
    assert.equal(kept(500), 'w'.repeat(500));
    assert.equal(kept(501), `${'w'.repeat(480)}… [cut: 501 bytes]`);
  }),
  fact('a run that continues has no waiting reason', () =>
    expectDecision(
      readyAt(STAGE, { state: 'WAITING', nextCheckAt: NOW_SECONDS, waitingFor }),
      { kind: 'Woken' },
      now,
      {
        run: { ...freshClaim(STAGE), waitingFor: gone },
        save: 'version',
        effect: { kind: 'Submit', tries: 0 },
      },
    ),
  ),
  fact('a run that keeps waiting keeps its reason', () =>
    expectDecision(
      readyAt(STAGE, { state: 'WAITING', nextCheckAt: NOW_SECONDS + 1, waitingFor }),
      { kind: 'Woken' },
      now,
      { note: 'waiting before the next attempt' },
    ),
  ),
  fact('a run that did not wait is unchanged', () => {
    const run = parsed(submittedAt(COMMIT));
    assert.equal(decideEvent(run, { kind: 'SlotBusy' }, now)?.run, run);
  }),
  fact('a run that is cancelled while it waits has no waiting reason', () => {
    const run = submittedAt(COMMIT, { state: 'WAITING', waitingFor });
    const asked = { verb: 'cancel', requestId: 'request-1', actor: 'mia' } as const;
    const { run: cancelling } = decide(run, asked, now);
    assert.deepStrictEqual([cancelling.state, 'waitingFor' in cancelling], ['CANCELLING', false]);
  }),
];
