/** A submission whose outcome is not known: it may have committed or not. Who can tell? */
import { commandLine } from './command.ts';
import type { Context, Decision } from './decision.ts';
import { ask, currentStep } from './decision.ts';
import { onSessionLost } from './rebuild.ts';
import type { Failure, Run } from './run.ts';
import { needDecision } from './stop.ts';
import { shortened } from './text.ts';

export function onDoubt(run: Run, context: Context, failure: Failure): Decision {
  const step = currentStep(run, context.plan);
  switch (step.kind) {
    case 'session':
    case 'check':
      // Whatever it did went with the session.
      return onSessionLost(run, context, failure);
    case 'durable':
      return ask(run, { kind: 'ProbeMarker', failure });
    case 'opaque':
      if (step.idempotent) return onSessionLost(run, context, failure);
      if (step.verify !== undefined) return ask(run, { kind: 'AskVerify', failure });
      return needDecision(
        run,
        context,
        undecided(run, context, failure, 'the step is opaque, has no marker and no verify: query'),
      );
    default:
      return step.kind satisfies never;
  }
}

/** The failure, with why it cannot be decided and what a person can say. */
export function undecided(run: Run, context: Context, failure: Failure, why: string): Failure {
  return {
    ...failure,
    message:
      `${shortened(failure.message, 500)}. Whether step ${run.step ?? '?'} was applied is not known: ${why}. Look at its tables, then say it: ` +
      `${commandLine(context.stage, `resolve ${run.id}`)} --applied | --not-applied | --abandon`,
  };
}
