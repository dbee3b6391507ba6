/** Stopping: FAILED and NEEDS_DECISION, with the reason and what to paste to continue; and the end in two writes. */
import { defined } from './defined.ts';
import { commandLine } from './command.ts';
import { settled } from './batch.ts';
import type { Context, Decision } from './decision.ts';
import { ask, epochSeconds, iso, nothing, store, without } from './decision.ts';
import type {
  Ended,
  Failure,
  FinishedStep,
  Paused,
  PendingAction,
  RestingRun,
  Run,
  RunIn,
  Stopped,
} from './run.ts';
import { fileOf } from './trigger.ts';
import { shortened } from './text.ts';

/** Bytes of the error on a run. */
const LONGEST_MESSAGE = 1000;

/** How long pending actions of a dead driver may wait for the sweep, in seconds. */
const SOON = 90;

/** The follow-ups of a run that ended. */
const ALL: readonly PendingAction[] = ['history', 'release', 'wake', 'publish', 'close'];

export function fail(run: Run, context: Context, failure: Failure, row?: FinishedStep): Decision {
  return stop(run, context, 'FAILED', failure, row);
}

/** The run cannot continue without a guess: a person decides. */
export function needDecision(run: Run, context: Context, failure: Failure, row?: FinishedStep): Decision {
  return stop(run, context, 'NEEDS_DECISION', failure, row);
}

/**
 * A stopped run keeps its slot, so that later files wait in order; unless the pipeline sets `onFailure: continue`, or its file
 * is deleted or overwritten: then it can never continue.
 */
function stop(
  run: Run,
  context: Context,
  state: Stopped['state'],
  failure: Failure,
  row?: FinishedStep,
): Decision {
  const letsGo = context.plan.onFailure === 'continue' || (state === 'FAILED' && failure.class === 'input');
  const actions: PendingAction[] = letsGo
    ? ['history', 'release', 'wake', 'publish']
    : ['history', 'publish'];
  return storeAtRest(atRest(run, stopped(run, context, state, failure, withMembers(run, actions)), row));
}

/** As a person asked (`until`). It keeps its slot and its session; nobody is told, since nothing failed. */
export function pause(run: Run, context: Context): Decision {
  const pendingActions = withMembers(run, ['history']);
  const life: Paused = { state: 'PAUSED', endedAt: iso(context.now), pendingActions };
  return storeAtRest(atRest(run, life));
}

/** The run of a file that left its batch because of this. It has no step and no slot: only people are told. */
export function setAside(run: Run, context: Context, failure: Failure): Decision {
  return storeAtRest(atRest(run, stopped(run, context, 'FAILED', failure, ['publish'])));
}

function stopped(
  run: Run,
  context: Context,
  state: Stopped['state'],
  failure: Failure,
  pendingActions: readonly PendingAction[],
): Stopped {
  return {
    state,
    error: onRun(failure),
    resumeWith: state === 'FAILED' ? resumeWith(run, failure, context) : resolveWith(run, context),
    endedAt: iso(context.now),
    pendingActions,
  };
}

/** Stores a run that ends or stops, and performs its follow-ups. */
export function storeAtRest(run: RestingRun): Decision {
  return run.life.pendingActions.length === 0 ? store(run) : store(run, { kind: 'PerformActions' });
}

/** First the runs of files that left a batch learn it: they would wait for ever. */
function withMembers({ batch }: Run, actions: readonly PendingAction[]): readonly PendingAction[] {
  const { leaving } = { leaving: [], ...batch };
  return leaving.length > 0 ? ['members', ...actions] : actions;
}

/** Cancels a run that has no statement under way. */
export function giveUp(run: Run, context: Context, failure: Failure): RunIn<Ended> {
  const error = 'error' in run.life ? run.life.error : onRun(failure);
  // Of a batch that is cancelled while its files are absorbed, all listed files are cancelled, not those that happened to be absorbed.
  const pendingActions = run.batch?.phase === 'MARK' ? (['members', ...ALL] as const) : withMembers(run, ALL);
  return atRest(run, { state: 'CANCELLED', error, endedAt: iso(context.now), pendingActions });
}

/** All steps are done. Two writes: this one, and the one that removes the pending actions. */
export function succeed(run: Run, context: Context, row: FinishedStep): Decision {
  const done = { ...without(run, 'checkMarkerOf'), cursor: run.steps, step: '' };
  const life: Ended = { state: 'SUCCEEDED', endedAt: iso(context.now), pendingActions: ALL };
  return storeAtRest(atRest(done, life, row));
}

/** A session that was still to be verified needs no flag: a resume verifies every session. */
function atRest<L extends Stopped | Paused | Ended>(run: Run, life: L, row?: FinishedStep): RunIn<L> {
  const { session } = run;
  return {
    ...run,
    life: { ...life, ...defined({ nextCheckAt: checkedAsBefore(run, life) }) },
    session: session.state === 'open' ? without(session, 'mustVerify') : session,
    failedDrives: 0,
    failures: run.failures + ('resumeWith' in life ? 1 : 0),
    ...defined({ lastStep: row }),
  };
}

/** The time of the next check is in an index: it is kept where that is soon enough for what is pending. */
function checkedAsBefore(
  { life: before }: Run,
  { endedAt, pendingActions }: Stopped | Paused | Ended,
): number | undefined {
  if (pendingActions.length === 0 || !('nextCheckAt' in before)) return undefined;
  return Math.min(before.nextCheckAt ?? Infinity, epochSeconds(Date.parse(endedAt)) + SOON);
}

/** Pending actions were performed; after the last one, a write removes the run from the sweep's index. */
export function onActionsDone(run: Run, done: readonly PendingAction[]): Decision {
  const { life } = run;
  if (
    !('pendingActions' in life) ||
    !done.every((action) => life.pendingActions.some((one) => one === action))
  )
    return nothing(run, `${done.join(', ')}: not all of them are pending`);
  const pendingActions = life.pendingActions.filter((action) => !done.includes(action));
  const { nextCheckAt: _, ...rest } = { nextCheckAt: undefined, ...life };
  const isDone = pendingActions.length === 0;
  const left = { ...after(run, done), life: { ...(isDone ? rest : life), pendingActions } } as RestingRun;
  return isDone ? store(left) : ask(left, { kind: 'PerformActions' });
}

function after(run: Run, done: readonly PendingAction[]): Run {
  const told = done.includes('members') ? settled(run) : run;
  const written = done.includes('history') ? without(told, 'lastStep') : told;
  return done.includes('release') && run.slot !== undefined
    ? { ...written, slot: { ...run.slot, held: false } }
    : written;
}

function onRun(failure: Failure): Failure {
  return { ...failure, message: shortened(failure.message, LONGEST_MESSAGE) };
}

/**
 * The command, and the entry to paste into the EventBridge console's "Send events" page. A run whose file is deleted,
 * overwritten or invalid cannot be resumed usefully: cancelling it lets the corrected file start.
 */
function resumeWith(
  run: Run,
  { class: kind, step = run.step }: Failure,
  { plan, stage }: Context,
): { command: string; event: string } {
  const isBadFile =
    kind === 'data' &&
    fileOf(run.trigger) !== undefined &&
    // A file that left its batch has no step of its own.
    plan.steps.find(({ name }) => name === step)?.usesFile === true;
  const verb = kind === 'input' || isBadFile ? 'cancel' : 'resume';
  return {
    command: commandLine(stage, `${verb} ${run.id}`),
    event: requestEvent(run, stage, verb, {}),
  };
}

/** Only a person can choose one of the three: pasted unchanged, the event is refused. */
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
