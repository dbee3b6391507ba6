/** A whole decision is what was expected: the run, what is saved, the effect, the answer, the note; and nothing else. */
import assert from 'node:assert/strict';

import type { AnyEvent } from './decide-any.ts';
import { decide } from './decide-any.ts';
import type { Answer, Context, Decision } from '../../shared/run/decision.ts';
import type { Effect } from '../../shared/run/effect.ts';
import type { Run } from '../../shared/run/run.ts';
import type { Changes } from './samples.ts';
import { changed } from './samples.ts';

export interface Expected {
  /** Attributes of the run that differ from before; `gone`: removed. */
  readonly run?: Changes;
  /** Default: none. */
  readonly save?: Decision['save'];
  readonly effect?: Effect;
  readonly answer?: Answer;
  readonly note?: string;
}

/** @throws AssertionError where the decision is another one. */
export function expectDecision(run: Run, event: AnyEvent, context: Context, expected: Expected): void {
  const { run: changes = {}, save = 'none', ...rest } = expected;
  assert.deepStrictEqual(decide(run, event, context), { run: changed(run, changes), save, ...rest });
}

/** The answer that a stopped run gives up with: its state, its reason and what it owes. */
export function expectStop(
  run: Run,
  event: AnyEvent,
  context: Context,
  state: 'FAILED' | 'NEEDS_DECISION',
  message: string,
): void {
  const { run: stopped, save, effect } = decide(run, event, context);
  assert.deepStrictEqual(
    { state: stopped.state, message: stopped.error?.message, save, effect },
    { state, message, save: 'version', effect: { kind: 'PerformDuty', duty: 'history' } },
  );
}
