/** Stopping: FAILED and NEEDS_DECISION, with a true reason and what to paste to go on; and the two-write ending. */
import { commandLine } from './command.ts';
import type { Context, Decision } from './decision.ts';
import { epochSeconds, iso, nothing, store, SUBMISSION, without } from './decision.ts';
import type { Duty, Failure, FinishedStep, Run } from './run.ts';
import { fileOf } from './trigger.ts';
import { shortened } from './text.ts';

/** Bytes of the error on a run. */
const LONGEST_MESSAGE = 1000;

export function fail(run: Run, context: Context, failure: Failure, row?: FinishedStep): Decision {
  return stop(run, context, 'FAILED', failure, row);
}

/** Nothing may be guessed from here: a person decides. */
export function needDecision(run: Run, context: Context, failure: Failure, row?: FinishedStep): Decision {
  return stop(run, context, 'NEEDS_DECISION', failure, row);
}

/**
 * A stopped run keeps its slot, so that later files wait in order; unless the pipeline says otherwise, or its own file is
 * gone or overwritten: then it can never go on.
 */
function stop(
  run: Run,
  context: Context,
  state: 'FAILED' | 'NEEDS_DECISION',
  failure: Failure,
  row?: FinishedStep,
): Decision {
  const letsGo = context.plan.onFailure === 'continue' || (state === 'FAILED' && failure.class === 'input');
  const owed: Duty[] = letsGo ? ['history', 'release', 'wake', 'publish'] : ['history', 'publish'];
  const kept = without(run, ...SUBMISSION, 'proveSession');
  const stopped: Run = {
    ...kept,
    state,
    phase: 'READY',
    error: onRun(failure),
    ...(row === undefined ? {} : { last: row }),
    resumeWith: state === 'FAILED' ? resumeWith(run, failure, context) : resolveWith(run, context),
    owed,
    next: epochSeconds(context.now),
    endedAt: iso(context.now),
  };
  return store(stopped, { kind: 'PerformDuty', duty: 'history' });
}

/** The history row of an attempt that ended now, by no answer of the warehouse. */
export function attemptEnded(run: Run, context: Context, failure: Failure): FinishedStep {
  return {
    index: run.cursor,
    name: run.step ?? '',
    generation: run.generation,
    attempt: run.attempt,
    status: 'FAILED',
    startedAt: run.submittedAt ?? run.claimedAt ?? iso(context.now),
    endedAt: iso(context.now),
    ...errorOf(failure),
  };
}

/** The failure, as a history row keeps it. */
export function errorOf({
  message: error,
  class: errorClass,
  place,
  rolledBack,
}: Failure): Pick<FinishedStep, 'error' | 'errorClass' | 'place' | 'rolledBack'> {
  return {
    error,
    errorClass,
    ...(place === undefined ? {} : { place }),
    ...(rolledBack === undefined ? {} : { rolledBack }),
  };
}

/** Given up before its end: by a person, while nothing of it is under way. */
export function giveUp(run: Run, context: Context, failure: Failure): Run {
  const kept = without(run, ...SUBMISSION, 'resumeWith', 'proveSession');
  return {
    ...kept,
    state: 'CANCELLED',
    phase: 'READY',
    error: onRun(run.error ?? failure),
    owed: ['history', 'release', 'wake', 'publish', 'close'],
    next: epochSeconds(context.now),
    endedAt: iso(context.now),
  };
}

/** All steps are done. Two writes: this one, and the one that removes `owed`. */
export function succeed(run: Run, context: Context, row: FinishedStep): Decision {
  const kept = without(run, ...SUBMISSION, 'step', 'error', 'resumeWith', 'proveSession', 'checkMarkerOf');
  const done: Run = {
    ...kept,
    state: 'SUCCEEDED',
    phase: 'READY',
    cursor: run.steps,
    last: row,
    owed: ['history', 'release', 'wake', 'publish', 'close'],
    next: epochSeconds(context.now),
    endedAt: iso(context.now),
  };
  return store(done, { kind: 'PerformDuty', duty: 'history' });
}

/** One duty after the other; the last one is followed by the write that takes the run out of the sweep's index. */
export function onDutyDone(run: Run, duty: Duty): Decision {
  if (run.owed?.[0] !== duty) return nothing(run, `duty ${duty} was not the next one owed`);
  const owed = run.owed.slice(1);
  const after = duty === 'history' ? without(run, 'last') : duty === 'release' ? without(run, 'slot') : run;
  const next = owed[0];
  if (next !== undefined)
    return { run: { ...after, owed }, save: 'none', effect: { kind: 'PerformDuty', duty: next } };
  return store(without(after, 'owed', 'next'));
}

function onRun(failure: Failure): Failure {
  return { ...failure, message: shortened(failure.message, LONGEST_MESSAGE) };
}

/**
 * The command, and the entry to paste into the EventBridge console's "Send events" page. A run whose own file is gone,
 * overwritten or bad has nothing to resume: when it is cancelled, the corrected file is next.
 */
function resumeWith(
  run: Run,
  { class: kind }: Failure,
  { plan, stage }: Context,
): { command: string; event: string } {
  const isBadFile = kind === 'data' && fileOf(run.trigger) !== undefined && plan.steps[run.cursor]?.usesFile;
  const verb = kind === 'input' || isBadFile === true ? 'cancel' : 'resume';
  return {
    command: commandLine(stage, `${verb} ${run.id}`),
    event: requestEvent(run, stage, verb, {}),
  };
}

/** Which of the three it is, only a person can say: pasted as it is, the event is refused. */
function resolveWith(run: Run, { stage }: Context): { command: string; event: string } {
  return {
    command: `${commandLine(stage, `resolve ${run.id}`)} --applied | --not-applied | --abandon`,
    event: requestEvent(run, stage, 'resolve', { verdict: 'applied | not-applied | abandon' }),
  };
}

const DETAIL_TYPES = {
  cancel: 'Cancel Requested',
  resume: 'Resume Requested',
  resolve: 'Resolve Requested',
} as const;

function requestEvent(run: Run, stage: string, verb: keyof typeof DETAIL_TYPES, more: object): string {
  return JSON.stringify({
    source: 'baton.request',
    'detail-type': DETAIL_TYPES[verb],
    detail: {
      requestId: `${verb}-${run.id}-${run.attempt + 1}`,
      stage,
      runId: run.id,
      actor: 'console',
      ...more,
    },
  });
}
