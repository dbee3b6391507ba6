/** Runs from their flat form, for tests that look at one or two attributes: what the state asks for besides is filled in. */
import { defined } from '../../shared/run/defined.ts';
import type { Run, RunState, Work } from '../../shared/run/run.ts';
import { parseRun } from '../../shared/store/parse-run.ts';
import { storedRun, type StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf } from './world.ts';

const AT = '2026-11-24T08:00:00.000Z';

const BASE: StoredRun = {
  id: 'orders-1',
  pipeline: 'orders',
  planHash: 'plan',
  steps: 3,
  incarnationId: 'ab',
  trigger: { kind: 's3', time: AT, file: fileOf('orders/1.csv') },
  parameters: {},
  state: 'QUEUED',
  phase: 'READY',
  cursor: 0,
  step: '10_stage.sql',
  attempt: 1,
  firstAttempt: 1,
  generation: 1,
  createdAt: AT,
  version: 1,
  writerId: 'maker',
};

const error = { class: 'unknown', message: 'it did not work' } as const;
const stopped = { endedAt: AT, error, resumeWith: { command: 'baton resume orders-1', event: '{}' } };
const active = { nextCheckAt: Date.parse(AT) / 1000 };

const OF_STATE: Readonly<Record<RunState, Partial<StoredRun>>> = {
  QUEUED: {},
  RUNNING: active,
  WAITING: active,
  CANCELLING: { ...active, phase: 'CLAIMED' },
  FAILED: stopped,
  NEEDS_DECISION: stopped,
  PAUSED: { endedAt: AT, until: '10_stage.sql' },
  SUCCEEDED: { endedAt: AT },
  CANCELLED: { endedAt: AT, error },
  SUPERSEDED: { endedAt: AT },
  ABSORBED: { into: 'orders-batch', absorbedAt: AT },
};

const claim = { token: 'a'.repeat(52), claimedAt: AT };

const OF_PHASE: Readonly<Record<Work['phase'], Partial<StoredRun>>> = {
  READY: {},
  CLAIMED: claim,
  SUBMITTED: { ...claim, statementId: 'statement-1', submittedAt: AT },
};

/** A run with these attributes. */
export function runOf(flat: Partial<StoredRun> = {}): Run {
  const withState = { ...BASE, ...OF_STATE[flat.state ?? BASE.state], ...flat };
  return parseRun(defined({ ...OF_PHASE[withState.phase], ...withState }));
}

/** The run with these attributes changed. */
export function changed(run: Run, changes: Partial<StoredRun>): Run {
  return runOf({ ...storedRun(run), ...changes });
}
