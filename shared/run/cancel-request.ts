/** A person cancels a run, in whatever phase it is. */
import { settle, stopIt } from './cancel.ts';
import type { Context, Decision } from './decision.ts';
import { epochSeconds, store } from './decision.ts';
import { answeredBefore, lastRequest, refuse } from './resume.ts';
import type { CancelRequested } from './run-event.ts';
import type { Run } from './run.ts';
import { isAtEnd } from './run.ts';

export function onCancelRequested(run: Run, context: Context, event: CancelRequested): Decision {
  const before = answeredBefore(run, event.requestId);
  if (before !== undefined) return before;
  if (isAtEnd(run)) return refuse(run, `run ${run.id} is ${run.state} already`);
  if (run.state === 'CANCELLING') return refuse(run, `run ${run.id} is being cancelled already`);
  const because = event.reason === undefined ? '' : `: ${event.reason}`;
  if (run.phase === 'READY') {
    const message = `gave up ${run.id}, which was ${run.state}`;
    const asked = { ...run, lastRequest: lastRequest(event, context.now, message) };
    return {
      ...settle(asked, context, `given up by ${event.actor}${because}`),
      answer: { ok: true, message },
    };
  }
  const message = `cancelling ${run.id}: its step ${run.step ?? '?'} is being stopped`;
  const cancelling: Run = {
    ...run,
    state: 'CANCELLING',
    lastRequest: lastRequest(event, context.now, message),
    next: epochSeconds(context.now),
  };
  return { ...store(cancelling), effect: stopIt(cancelling), answer: { ok: true, message } };
}
