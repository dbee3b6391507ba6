/** The outcome of the current step is unknown, or its session is gone: how to find out, and whether the session is rebuilt. */
import { commandLine } from './command.ts';
import type { Context, Decision, Problem } from './decision.ts';
import { ask, currentStep } from './decision.ts';
import { inNewSession } from './new-session.ts';
import { finishedStep } from './finished-step.ts';
import type { ActiveRun, Failure, Run } from './run.ts';
import { isReady } from './run.ts';
import { needDecision } from './stop.ts';
import { clause } from './text.ts';

/** It may have committed or not. */
export function onUnknownOutcome(run: ActiveRun, context: Context, problem: Problem): Decision {
  const step = currentStep(run, context.plan);
  switch (step.kind) {
    case 'session':
    case 'check':
      // Its effects are lost with the session.
      return onSessionLost(run, context, problem);
    case 'durable':
      return ask(run, { kind: 'ProbeMarker', about: problem });
    case 'opaque': {
      if (step.idempotent) return onSessionLost(run, context, problem);
      if (step.verify !== undefined) return ask(run, { kind: 'RunVerifyQuery', about: problem });
      const why = 'the step is opaque, has no marker and no verify: query';
      return needDecision(run, context, undecided(run, problem.error, why));
    }
    default:
      return step.kind satisfies never;
  }
}

/** The failure, with why Baton cannot decide. */
export function undecided(run: Run, failure: Failure, why: string): Failure {
  return {
    ...failure,
    outcome: { is: 'unknown', because: why },
    message: `${clause(failure.message, 500)}. Cannot tell whether step ${run.step} was applied: ${why}`,
  };
}

/** A step that loses its session this many times in a row has another problem. */
const MOST_REBUILDS = 10;

/** The next attempt needs a new session, and too many in a row have not helped. */
export function isRebuiltTooOften({ session, rebuilds }: Run): boolean {
  return session.state === 'lost' && rebuilds >= MOST_REBUILDS;
}

/** The session is gone, and the current step certainly had no lasting effect. */
export function onSessionLost(run: ActiveRun, context: Context, problem: Problem): Decision {
  if (run.rebuilds < MOST_REBUILDS) return ask(run, { kind: 'PlanRebuild', about: problem });
  const { error } = problem;
  const tooOften = {
    ...error,
    message: `${clause(error.message, 500)}; the session was rebuilt ${MOST_REBUILDS} times in a row and lost again. Find the cause, then run: ${commandLine(context.stage, `resolve ${run.id}`)} --not-applied | --abandon`,
  };
  if (isReady(run)) return needDecision(inNewSession(run), context, tooOften);
  // One row at a time.
  if (run.lastStep !== undefined) return ask(run, { kind: 'WriteHistory' });
  const row = finishedStep(run, { status: 'UNKNOWN', error }, context);
  return needDecision(inNewSession(run), context, tooOften, row);
}
