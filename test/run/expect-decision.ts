/** A whole decision is what was expected: the run, what is saved, the effect, the answer, the note; and nothing else. */
import assert from 'node:assert/strict';

import type { Answer, Context, Decision, Effect } from '../../shared/run/decision.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import type { AnyEvent } from './decide-any.ts';
import { decide, parsed } from './decide-any.ts';
import type { Changes } from './samples.ts';
import { changed } from './samples.ts';

export interface Expected {
  /** Attributes of the run that differ from before; `gone`: removed. */
  readonly run?: Changes;
  /** Default: none. */
  readonly save?: Decision['save'];
  readonly effect?: Effect;
  readonly pauseMs?: number;
  readonly answer?: Answer;
  readonly note?: string;
}

/** @throws AssertionError where the decision is another one. */
export function expectDecision(run: StoredRun, event: AnyEvent, context: Context, expected: Expected): void {
  const { run: changes = {}, save = 'none', ...rest } = expected;
  // As it is stored: attributes that mean nothing in the new state are not there.
  const after = storedRun(parsed(changed(run, changes)));
  assert.deepStrictEqual(decide(run, event, context), { run: after, save, ...rest });
}

/** The answer that a stopped run gives up with: its state, its reason and what it owes. */
export function expectStop(
  run: StoredRun,
  event: AnyEvent,
  context: Context,
  state: 'FAILED' | 'NEEDS_DECISION',
  message: string,
): void {
  const { run: stopped, save, effect } = decide(run, event, context);
  assert.deepStrictEqual(
    { state: stopped.state, message: stopped.error?.message, save, effect },
    { state, message, save: 'version', effect: { kind: 'PerformActions' } },
  );
}
