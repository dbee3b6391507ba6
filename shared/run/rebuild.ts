/** A lost session is replaced and rebuilt: only with the steps needed, and only if they are proved to give the same result. */
import { inNewSession } from './new-session.ts';
import { defined } from './defined.ts';
import type { Context, Decision } from './decision.ts';
import { epochSeconds, READY, running, stepAt, store, without } from './decision.ts';
import { finishedStep } from './finished-step.ts';
import type { RebuildPlanned } from './run-event.ts';
import type { ActiveRun, Failure } from './run.ts';
import { isReady, rebuildTarget } from './run.ts';
import { needDecision } from './stop.ts';
import { clause, shortened } from './text.ts';

/** PlanRebuild wrote the pending history row: `lastStep` becomes the row of the attempt that was lost. */
export function onRebuildPlanned(planned: ActiveRun, context: Context, event: RebuildPlanned): Decision {
  const target = rebuildTarget(planned);
  const { error } = event.about;
  const run = without(planned, 'lastStep');
  // The row of an attempt that ended with its session.
  const lost = isReady(planned) ? undefined : finishedStep(planned, { status: 'UNKNOWN', error }, context);
  if (event.verdict === 'refused') return needDecision(inNewSession(run), context, refusal(event), lost);
  const [first] = event.todo;
  const { attempt, firstAttempt } =
    run.rebuild ?? (run.cursor === target ? run : { attempt: 1, firstAttempt: 1 });
  const next = {
    ...without(run, 'rebuild'),
    session: { state: 'none' as const },
    failedDrives: 0,
    generation: run.generation + 1,
    rebuilds: run.rebuilds + 1,
    ...defined({ lastStep: lost }),
    ...stepAt(first?.index ?? target, context),
    ...(first === undefined
      ? { attempt, firstAttempt }
      : {
          attempt: 1,
          firstAttempt: 1,
          rebuild: { resumeAt: target, attempt, firstAttempt, todo: event.todo },
        }),
  };
  return store(running(next, READY, epochSeconds(context.now) + 90), { kind: 'OpenSession', tries: 0 });
}

function refusal({ about, reasons }: RebuildPlanned): Failure {
  const why = shortened(reasons.join('; '), 400);
  return {
    ...about.error,
    message: `${clause(about.error.message, 300)}. The session cannot be rebuilt: ${why}`,
  };
}
