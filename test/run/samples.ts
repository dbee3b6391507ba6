/** Runs, steps and answers to try the core with. Where an attribute may differ from its neighbor, it does. */
import type { Context, Effect, Failed, Finished, StatementEnd, Unknown } from '../../shared/run/decision.ts';
import type { PlanView, StepView } from '../../shared/run/plan-view.ts';
import type { SeenFile } from '../../shared/run/run-event.ts';
import type { Failure, FinishedStep } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';

/** Half a second past, so that whole seconds are another number. */
export const NOW = Date.parse('2026-11-24T08:10:00.500Z');
export const NOW_ISO = '2026-11-24T08:10:00.500Z';
export const NOW_SECONDS = Date.parse('2026-11-24T08:10:00Z') / 1000;

export const OLD_TOKEN = `abcdefghij${'k'.repeat(42)}`;
export const FRESH_TOKEN = `zyxwvutsrq${'p'.repeat(42)}`;

/** An attribute that is not there (any more). */
export const gone = Symbol('gone');

export type Changes = { readonly [K in keyof StoredRun]?: StoredRun[K] | typeof gone };

export function changed(run: StoredRun, changes: Changes): StoredRun {
  const copy: Record<string, unknown> = { ...run };
  for (const [name, value] of Object.entries(changes)) {
    if (value === gone) delete copy[name];
    else copy[name] = value;
  }
  return copy as unknown as StoredRun;
}

function step(name: string, kind: StepView['kind'], more: Partial<StepView> = {}): StepView {
  return {
    name,
    kind,
    send: kind === 'durable' ? 'transaction' : 'single',
    timeoutSeconds: 1000,
    retry: { attempts: 3, baseSeconds: 4, maxSeconds: 300 },
    usesFile: false,
    conflictRetry: true,
    idempotent: false,
    hash: `hash of ${name}`,
    ...more,
  };
}

export const STAGE = 0;
export const LOAD = 1;
export const CHECK = 2;
export const COMMIT = 3;
export const CALL = 4;
export const CALL_AGAIN = 5;
export const CALL_VERIFIED = 6;
export const AUDIT = 7;

export const plan: PlanView = {
  hash: 'plan-1',
  steps: [
    step('10_stage.sql', 'session'),
    step('20_load.sql', 'session', { usesFile: true }),
    step('30_check.sql', 'check'),
    step('40_commit.sql', 'durable', { conflictRetry: false }),
    step('50_call.sql', 'opaque'),
    step('60_call_again.sql', 'opaque', { idempotent: true }),
    step('70_call_verified.sql', 'opaque', { verify: { parts: ['SELECT 1'] } }),
    step('80_audit.sql', 'durable'),
  ],
  session: { keepAliveSeconds: 1800 },
  onFailure: 'hold',
  timeoutSeconds: 43_200,
};

/** The plan with one of its steps changed. */
export function planWith(index: number, more: Partial<StepView>): PlanView {
  return {
    ...plan,
    hash: 'plan-2',
    steps: plan.steps.map((step, i) => (i === index ? { ...step, ...more } : step)),
  };
}

export function at(ms: number, more: Partial<Context> = {}): Context {
  return { plan, now: ms, chance: { token: FRESH_TOKEN, fraction: 0.5 }, stage: 'dev', ...more };
}

export const now: Context = at(NOW);

const ready: StoredRun = {
  id: 'run-1',
  pipeline: 'orders',
  planHash: 'plan-1',
  steps: plan.steps.length,
  incarnationId: 'b1'.repeat(16),
  trigger: {
    kind: 's3',
    time: '2026-11-24T07:59:00.000Z',
    file: { bucket: 'landing', key: 'orders/1.csv', size: 10, etag: 'etag-1' },
  },
  parameters: {},
  state: 'RUNNING',
  phase: 'READY',
  cursor: STAGE,
  step: '10_stage.sql',
  attempt: 2,
  generation: 2,
  firstAttempt: 1,
  sessionId: 'session-1',
  pid: 77,
  epoch: 5,
  slot: true,
  createdAt: '2026-11-24T08:00:00.000Z',
  startedAt: '2026-11-24T08:01:00.000Z',
  timeoutFrom: '2026-11-24T08:02:00.000Z',
  nextCheckAt: NOW_SECONDS - 10,
  version: 7,
  writerId: 'driver-1',
};

export function readyAt(cursor: number, changes: Changes = {}): StoredRun {
  const name = plan.steps[cursor]?.name;
  return changed(ready, { cursor, step: name ?? gone, ...changes });
}

/** Claimed two minutes ago. */
export function claimedAt(cursor: number, changes: Changes = {}): StoredRun {
  return readyAt(cursor, {
    phase: 'CLAIMED',
    token: OLD_TOKEN,
    claimedAt: '2026-11-24T08:08:00.000Z',
    ...changes,
  });
}

/** Submitted almost two minutes ago. */
export function submittedAt(cursor: number, changes: Changes = {}): StoredRun {
  return claimedAt(cursor, {
    phase: 'SUBMITTED',
    statementId: 'statement-1',
    submittedAt: '2026-11-24T08:08:10.000Z',
    ...changes,
  });
}

/** Ended or stopped five minutes ago, and nothing is left to do for it. */
export function restingAt(cursor: number, state: StoredRun['state'], changes: Changes = {}): StoredRun {
  const error: Failure = { class: 'sql', message: 'ERROR: so it said', step: '40_commit.sql' };
  return readyAt(cursor, {
    state,
    ...(state === 'ABSORBED'
      ? { into: 'run-batch', absorbedAt: '2026-11-24T08:05:00.000Z' }
      : { endedAt: '2026-11-24T08:05:00.000Z' }),
    nextCheckAt: gone,
    ...(['SUCCEEDED', 'SUPERSEDED', 'PAUSED', 'ABSORBED'].includes(state) ? {} : { error }),
    ...changes,
  });
}

/** What belongs to one submission, and goes with it. */
export const submissionGone: Changes = {
  token: gone,
  claimedAt: gone,
  nonce: gone,
  refusedSince: gone,
  fileAtClaim: gone,
  failedDrives: gone,
  statementId: gone,
  submittedAt: gone,
  timedOut: gone,
  outcomeUnknownSince: gone,
};

/** A submission with all that it can carry. */
export const laden: Changes = {
  nonce: 2,
  refusedSince: '2026-11-24T08:09:00.000Z',
  fileAtClaim: { modified: '2026-11-24T07:58:59.000Z' },
  failedDrives: 3,
  timedOut: true,
  outcomeUnknownSince: '2026-11-24T08:09:30.000Z',
};

/** No end was seen. */
export function unknown(error: Failure): Unknown {
  return { status: 'UNKNOWN', error };
}

/** Reported as not applied: what was rolled back has no rows. */
export function reported(end: StatementEnd, error: Failure): Failed {
  const { rows: _, ...withoutRows } = end;
  return { ...withoutRows, status: end.status === 'FINISHED' ? 'FAILED' : end.status, error };
}

export const finished: Finished = {
  statementId: 'statement-1',
  status: 'FINISHED',
  endedAt: '2026-11-24T08:09:59.000Z',
  rows: 12,
};

export function failedWith(failure: Failure['class'], message = 'ERROR: so it said'): Failed {
  return {
    statementId: 'statement-1',
    status: 'FAILED',
    endedAt: '2026-11-24T08:09:59.000Z',
    error: { class: failure, message },
  };
}

/** The history row of a step that was submitted by `submittedAt`. */
export function rowOf(cursor: number, more: Partial<FinishedStep> = {}): FinishedStep {
  return {
    index: cursor,
    name: plan.steps[cursor]?.name ?? '',
    generation: 2,
    attempt: 2,
    status: 'FINISHED',
    startedAt: '2026-11-24T08:08:10.000Z',
    endedAt: '2026-11-24T08:09:59.000Z',
    statementId: 'statement-1',
    ...more,
  };
}

/** What the end of a finished step leaves on the run: its row, and how long it took. */
export function doneAt(
  cursor: number,
  more: Partial<FinishedStep> = {},
): { lastStep: FinishedStep; took: readonly number[] } {
  const lastStep = rowOf(cursor, more);
  const ms = Math.min(120_000, Date.parse(lastStep.endedAt) - Date.parse(lastStep.startedAt));
  return { lastStep, took: [...Array.from({ length: cursor }, () => 0), Math.round(ms / 10) * 10] };
}

/** The row of a step before, not written yet. */
export const rowBefore: FinishedStep = {
  index: 0,
  name: '10_stage.sql',
  generation: 2,
  attempt: 1,
  status: 'FINISHED',
  startedAt: '2026-11-24T08:03:00.000Z',
  endedAt: '2026-11-24T08:04:00.000Z',
  statementId: 'statement-0',
};

/** The run's file, as it is seen while nobody touches it. */
export const sameFile: SeenFile = { etag: 'etag-1', modified: '2026-11-24T07:58:59.000Z' };

/** Another upload of it. */
export const newerFile: SeenFile = { etag: 'etag-2', modified: '2026-11-24T08:09:00.000Z' };

export const looksAtFile: Effect = { kind: 'CheckInput' };

/** Where the step that comes next loads the file: that is looked at before anything is stored. */
export function beforeClaim(cursor: number): Changes {
  return { ...submissionGone, phase: 'READY', cursor, step: plan.steps[cursor]?.name ?? gone };
}

/** How the claim of a step looks, made now. */
export function freshClaim(cursor: number): Changes {
  return {
    ...submissionGone,
    state: 'RUNNING',
    phase: 'CLAIMED',
    cursor,
    step: plan.steps[cursor]?.name ?? gone,
    token: FRESH_TOKEN,
    claimedAt: NOW_ISO,
  };
}
