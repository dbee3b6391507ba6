/** A person cancels a run, in whatever phase it is. */
import { settle, stopIt } from './cancel.ts';
import type { Context, Decision } from './decision.ts';
import { epochSeconds, store } from './decision.ts';
import { answeredBefore, itsState, lastRequest, refuse } from './resume.ts';
import type { CancelRequest } from './request.ts';
import type { CancellingRun, Run } from './run.ts';
import { isAtEnd, underwayOf } from './run.ts';

export function onCancelRequest(run: Run, context: Context, request: CancelRequest): Decision {
  const before = answeredBefore(run, request.requestId);
  if (before !== undefined) return before;
  const { state } = run.life;
  if (isAtEnd(run)) return refuse(run, `run ${run.id} is already ${state}`);
  if (state === 'ABSORBED')
    return refuse(
      run,
      `${itsState(run)}: cancel that run, or take this file out of it with resume --without`,
    );
  if (state === 'CANCELLING') return refuse(run, `run ${run.id} is already being cancelled`);
  const because = request.reason === undefined ? '' : `: ${request.reason}`;
  const work = underwayOf(run);
  if (work === undefined) {
    const message = `cancelled run ${run.id} (was ${state})`;
    const asked = { ...run, lastRequest: lastRequest(request, context.now, message) };
    return {
      ...settle(asked, context, `cancelled by ${request.actor}${because}`),
      answer: { ok: true, message },
    };
  }
  const message = `cancelling run ${run.id}: stopping its step ${run.step}`;
  const cancelling: CancellingRun = {
    ...run,
    life: { state: 'CANCELLING', work, nextCheckAt: epochSeconds(context.now) },
    lastRequest: lastRequest(request, context.now, message),
  };
  return { ...store(cancelling), effect: stopIt(cancelling), answer: { ok: true, message } };
}
