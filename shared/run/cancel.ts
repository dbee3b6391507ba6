/** A person gives a run up that waits, failed, or needs a decision. A run that is under way is not cancelled yet. */
import type { Context, Decision } from './decision.ts';
import { answeredBefore, lastRequest, refuse } from './resume.ts';
import type { CancelRequested } from './run-event.ts';
import type { Run } from './run.ts';
import { giveUp } from './stop.ts';

export function onCancelRequested(run: Run, context: Context, event: CancelRequested): Decision {
  const before = answeredBefore(run, event.requestId);
  if (before !== undefined) return before;
  if (run.state !== 'QUEUED' && run.state !== 'FAILED' && run.state !== 'NEEDS_DECISION') {
    const message =
      run.state === 'RUNNING' || run.state === 'WAITING'
        ? `run ${run.id} is under way: only a run that waits, failed or needs a decision can be given up`
        : `run ${run.id} is ${run.state} already`;
    return refuse(run, message);
  }
  const message = `gave up ${run.id}, which was ${run.state}`;
  const given = giveUp(run, context, {
    class: 'cancelled',
    message: `given up by ${event.actor}${event.reason === undefined ? '' : `: ${event.reason}`}`,
    ...(run.step === undefined ? {} : { step: run.step }),
  });
  return {
    run: { ...given, lastRequest: lastRequest(event, context.now, message) },
    save: 'version',
    effect: { kind: 'PerformDuty', duty: 'history' },
    answer: { ok: true, message },
  };
}
