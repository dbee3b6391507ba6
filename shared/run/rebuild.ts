/** A lost session is opened anew and filled again: only with what is needed, and only where that is proved to be the same. */
import { claim } from './claim.ts';
import type { Context, Decision } from './decision.ts';
import { ask, epochSeconds, store, SUBMISSION, without } from './decision.ts';
import type { RebuildPlanned, RunEvent, StatementEnd } from './run-event.ts';
import type { Failure, FinishedStep, Run } from './run.ts';
import { needDecision } from './stop.ts';

/** A run whose session is lost so often has another problem. */
const MOST_REBUILDS = 3;

/** The session is gone, and no effect of the current step is in doubt. */
export function onSessionLost(run: Run, context: Context, failure: Failure): Decision {
  if (run.generation > MOST_REBUILDS) {
    return needDecision(run, context, {
      ...failure,
      message: `${failure.message}; the session was rebuilt ${MOST_REBUILDS} times already`,
    });
  }
  return ask(run, { kind: 'PlanRebuild', target: run.rebuild?.resumeAt ?? run.cursor, failure });
}

export function onRebuildPlanned(run: Run, context: Context, event: RebuildPlanned): Decision {
  if (event.verdict === 'refused') return needDecision(run, context, refusal(run, event));
  const kept = without(
    run,
    ...SUBMISSION,
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
    next: epochSeconds(context.now) + 90,
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

/** A step that was run again has finished: the same rows as the first time, or nothing goes on. */
export function finishRebuilt(
  run: Run,
  context: Context,
  event: RunEvent,
  end: StatementEnd,
  row: FinishedStep,
): Decision {
  const { rebuild } = run;
  const [done, following] = rebuild?.todo ?? [];
  if (rebuild === undefined || done === undefined) throw new Error(`run ${run.id} is not rebuilding`);
  // The event of a transaction has no row count that means anything.
  if (done.compare && end.rows === undefined && event.kind === 'StatementEnded') {
    return ask(run, { kind: 'Describe', statementId: end.statementId });
  }
  if (done.compare && (end.rows === undefined || end.rows !== done.rows)) {
    return needDecision(run, context, diverged(run, done.rows, end.rows), row);
  }
  if (following !== undefined) {
    const left = { ...rebuild, todo: rebuild.todo.slice(1) };
    const next = {
      ...run,
      ...position(context, following.index),
      attempt: 1,
      firstAttempt: 1,
      rebuild: left,
    };
    return claim({ ...next, last: row }, context);
  }
  const { resumeAt, attempt, firstAttempt } = rebuild;
  return claim(
    { ...without(run, 'rebuild'), ...position(context, resumeAt), attempt, firstAttempt, last: row },
    context,
  );
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

function refusal(run: Run, { failure, reasons }: RebuildPlanned): Failure {
  return {
    ...failure,
    message:
      `${failure.message}. The session cannot be rebuilt: ${reasons.join('; ')}. ` +
      `To decide: baton run ${run.id} shows what is done; baton resolve ${run.id} --applied | --not-applied | --abandon`,
  };
}
