/** Where `decide` and its rare part meet, and what neither changes. */
import assert from 'node:assert/strict';

import { decideRare } from '../../shared/run/decide-rare.ts';
import { decide, parsed } from './decide-any.ts';
import { expectDecision } from './expect-decision.ts';
import { fact } from './fact.ts';
import type { Fact } from './fact.ts';
import { failedAt } from './request-samples.ts';
import {
  claimedAt,
  COMMIT,
  finished,
  gone,
  now,
  plan,
  planWith,
  readyAt,
  sameFile,
  STAGE,
} from './samples.ts';

const closed = { kind: 'SessionSeen', status: 'CLOSED', why: 'unavailable' } as const;

export const rareFacts: readonly Fact[] = [
  fact('the rare part of decide leaves a run at rest alone, and says its state', () => {
    const run = parsed(failedAt(COMMIT));
    const decision = decideRare(run, closed, now);
    assert.deepStrictEqual(decision, { run, save: 'none', note: 'the run is FAILED' });
  }),
  fact('the rare part of decide leaves an event of the steady path alone', () => {
    const run = parsed(readyAt(COMMIT));
    const decision = decideRare(run, { kind: 'SlotBusy' }, now);
    assert.deepStrictEqual(decision, { run, save: 'none', note: 'SlotBusy does not apply here' });
  }),
  fact('only a wake-up performs the pending actions of a run at rest', () =>
    expectDecision(failedAt(COMMIT, { pendingActions: ['publish'] }), { kind: 'SlotBusy' }, now, {
      note: 'the run is FAILED',
    }),
  ),
  fact('the end of a statement is ignored by a run without a recorded one', () =>
    expectDecision(
      claimedAt(COMMIT),
      { kind: 'StatementSeen', statementId: 'statement-1', status: 'FINISHED', end: finished },
      now,
      { note: 'the run no longer waits for this statement' },
    ),
  ),
  fact(
    'the file of a load that its marker shows to be applied is compared with the event only, without a claim',
    () => {
      const context = { ...now, plan: planWith(COMMIT, { usesFile: true }) };
      const event = { kind: 'InputChecked', seen: sameFile, about: finished } as const;
      const { save, run } = decide(readyAt(COMMIT), event, context);
      assert.deepStrictEqual([save, run.cursor], ['version', COMMIT + 1]);
    },
  ),
  fact('resume: a run that never had a slot waits for one', () => {
    const run = failedAt(COMMIT, { slot: gone, epoch: gone });
    const request = { verb: 'resume', requestId: 'request-1', actor: 'mia', plan } as const;
    const decision = decide(run, request, now);
    assert.deepStrictEqual(
      [decision.run.state, decision.run.slot, decision.save],
      ['QUEUED', undefined, 'version'],
    );
  }),
  fact('a session lost too often before a submission leaves no history row', () => {
    const { run, save } = decide(readyAt(STAGE, { verifySession: true, rebuilds: 10 }), closed, now);
    assert.deepStrictEqual([run.state, run.lastStep, save], ['NEEDS_DECISION', undefined, 'version']);
  }),
];
