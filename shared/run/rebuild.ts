/** A lost session is opened anew and filled again: only with what is needed, and only where that is proved to be the same. */
import { claim } from './claim.ts';
import { commandLine } from './command.ts';
import type { Context, Decision } from './decision.ts';
import { ask, epochSeconds, store, SUBMISSION, without } from './decision.ts';
import type { RebuildPlanned, RunEvent, StatementEnd } from './run-event.ts';
import type { Failure, FinishedStep, Rebuilding, Run } from './run.ts';
import { attemptEnded, needDecision } from './stop.ts';
import { shortened } from './text.ts';

/** A step that loses its session so often in a row has another problem. */
const MOST_REBUILDS = 10;

function isRebuiltTooOften(run: Run): boolean {
  return (run.rebuilds ?? 0) >= MOST_REBUILDS;
}

/** The next attempt needs a new session, and too many in a row have not helped. */
export function isRebuiltInVain(run: Run): boolean {
  return run.rebuildFrom !== undefined && isRebuiltTooOften(run);
}

/** The session is gone, and no effect of the current step is in doubt. */
export function onSessionLost(run: Run, context: Context, failure: Failure): Decision {
  const target = run.rebuild?.resumeAt ?? run.cursor;
  if (isRebuiltTooOften(run)) {
    const tooOften = {
      ...failure,
      message: `${shortened(failure.message, 500)}; the session was rebuilt ${MOST_REBUILDS} times in a row and lost again. Find out why, then: ${commandLine(context.stage, `resolve ${run.id}`)} --not-applied | --abandon`,
    };
    // One row at a time: that of the step before, where it is still to be written.
    const row = run.last === undefined ? lostAttempt(run, context, failure) : undefined;
    return needDecision(inNewSession(run, target), context, tooOften, row);
  }
  return ask(run, { kind: 'PlanRebuild', target, failure });
}

/** Whatever a person says: the session that was lost, or whose tables are stale, is not gone on with. */
export function inNewSession(run: Run, target: number): Run {
  return { ...run, rebuildFrom: target };
}

/** Whoever planned it has written the history row of the step before: `last` is that of the attempt that is lost now. */
export function onRebuildPlanned(run: Run, context: Context, event: RebuildPlanned): Decision {
  const lost = lostAttempt(run, context, event.failure);
  if (event.verdict === 'refused')
    return needDecision(
      inNewSession(without(run, 'last'), event.target),
      context,
      refusal(run, context, event),
      lost,
    );
  const kept = without(
    run,
    ...SUBMISSION,
    'last',
    'sessionId',
    'pid',
    'proveSession',
    'rebuild',
    'rebuildFrom',
    'error',
  );
  const [first] = event.todo;
  const atTarget = run.rebuild ?? (run.cursor === event.target ? run : { attempt: 1, firstAttempt: 1 });
  const { attempt, firstAttempt } = atTarget;
  const next: Run = {
    ...kept,
    state: 'RUNNING',
    phase: 'READY',
    generation: run.generation + 1,
    rebuilds: (run.rebuilds ?? 0) + 1,
    next: epochSeconds(context.now) + 90,
    ...(lost === undefined ? {} : { last: lost }),
    ...position(context, first?.index ?? event.target),
    ...(first === undefined
      ? { attempt, firstAttempt }
      : {
          attempt: 1,
          firstAttempt: 1,
          rebuild: { resumeAt: event.target, attempt, firstAttempt, todo: event.todo },
        }),
  };
  return store(next, { kind: 'OpenSession', tries: 0 });
}

/** What there is to say of an attempt that ended with its session; undefined: none was claimed. */
function lostAttempt(run: Run, context: Context, failure: Failure): FinishedStep | undefined {
  if (run.phase === 'READY') return undefined;
  const { statementId } = run;
  return {
    ...attemptEnded(run, context, failure),
    ...(statementId === undefined ? {} : { statementId }),
  };
}

/** A step that was run again has finished: the same rows as the first time, or nothing goes on. */
export function finishRebuilt(
  run: Run,
  context: Context,
  event: RunEvent,
  end: StatementEnd,
  row: FinishedStep,
): Decision {
  const { rebuild } = run;
  const done = rebuild?.todo[0];
  if (rebuild === undefined || done === undefined) throw new Error(`run ${run.id} is not rebuilding`);
  // The event of a transaction has no row count that means anything.
  if (done.compare && end.rows === undefined && event.kind === 'StatementEnded') {
    return ask(run, { kind: 'Describe', statementId: end.statementId });
  }
  if (done.compare && (end.rows === undefined || end.rows !== done.rows)) {
    return needDecision(run, context, diverged(run, done.rows, end.rows), row);
  }
  return claim({ ...behindRebuilt(run, context, rebuild), last: row }, context);
}

/** Behind a step that was run again: the next one to run again, or the step that the run goes on from. */
export function behindRebuilt(run: Run, context: Context, rebuild: Rebuilding): Run {
  const todo = rebuild.todo.slice(1);
  const [following] = todo;
  if (following !== undefined) {
    return {
      ...run,
      ...position(context, following.index),
      attempt: 1,
      firstAttempt: 1,
      rebuild: { ...rebuild, todo },
    };
  }
  const { resumeAt, attempt, firstAttempt } = rebuild;
  return { ...without(run, 'rebuild'), ...position(context, resumeAt), attempt, firstAttempt };
}

function position(context: Context, cursor: number): { cursor: number; step?: string } {
  const name = context.plan.steps[cursor]?.name;
  return name === undefined ? { cursor } : { cursor, step: name };
}

function diverged(run: Run, before: number | undefined, now: number | undefined): Failure {
  const rows = (count: number | undefined): string =>
    count === undefined ? 'an unknown number of' : String(count);
  return {
    class: 'session-lost',
    message:
      `REPLAY_DIVERGED: rebuilding the session, step ${run.step ?? '?'} gave ${rows(now)} rows; the first time it gave ${rows(before)}. ` +
      'Nothing later was run. Give the run up (baton cancel) and start its file again, or look at what changed its sources',
    ...(run.step === undefined ? {} : { step: run.step }),
  };
}

function refusal(run: Run, context: Context, { failure, reasons }: RebuildPlanned): Failure {
  const command = (words: string): string => commandLine(context.stage, `${words} ${run.id}`);
  return {
    ...failure,
    message:
      `${shortened(failure.message, 300)}. The session cannot be rebuilt: ${shortened(reasons.join('; '), 400)}. ` +
      `To decide: ${command('run')} shows what is done; do by hand what step ${run.step ?? '?'} would do, then ` +
      `${command('resolve')} --applied; or give it up: --abandon (--not-applied asks the same again)`,
  };
}
