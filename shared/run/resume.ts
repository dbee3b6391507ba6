/** Resume from the failed step, in the same session, with today's SQL. */
import type { Answer, Context, Decision } from './decision.ts';
import { epochSeconds, iso, without } from './decision.ts';
import type { PlanView } from './plan-view.ts';
import type { CancelRequested, ResolveRequested, ResumeRequested } from './run-event.ts';
import type { LastRequest, Run } from './run.ts';

export function onResumeRequested(run: Run, context: Context, event: ResumeRequested): Decision {
  const before = answeredBefore(run, event.requestId);
  if (before !== undefined) return before;
  const refusal = whyNot(run, context.plan, event);
  if (refusal !== undefined) return refuse(run, refusal);
  const message = `resumes at ${run.step ?? '?'} (attempt ${run.attempt + 1})`;
  const kept = without(run, 'error', 'resumeWith', 'endedAt', 'owed');
  const base: Run = {
    ...kept,
    phase: 'READY',
    state: 'RUNNING',
    attempt: run.attempt + 1,
    firstAttempt: run.attempt + 1,
    planHash: event.plan.hash,
    ...(run.sessionId === undefined ? {} : { proveSession: true }),
    lastRequest: lastRequest(event, context.now, message),
    next: epochSeconds(context.now),
  };
  const answer: Answer = { ok: true, message };
  if (run.slot === true) return { run: base, save: 'version', answer };
  return { run: { ...without(base, 'next'), state: 'QUEUED' }, save: 'version', answer };
}

/** A request that comes again has its effect once, and its first answer again. */
export function answeredBefore(run: Run, requestId: string): Decision | undefined {
  if (run.lastRequest?.requestId !== requestId) return undefined;
  const message = `request ${requestId} was carried out before: ${run.lastRequest.answer}`;
  return { run, save: 'none', answer: { ok: true, message } };
}

export function refuse(run: Run, message: string): Decision {
  return { run, save: 'none', answer: { ok: false, code: 'refused', message } };
}

const VERBS = { ResumeRequested: 'resume', CancelRequested: 'cancel', ResolveRequested: 'resolve' } as const;

export function lastRequest(
  event: ResumeRequested | CancelRequested | ResolveRequested,
  now: number,
  answer: string,
): LastRequest {
  const verb = VERBS[event.kind];
  return { requestId: event.requestId, verb, actor: event.actor, at: iso(now), answer };
}

function whyNot(run: Run, plan: PlanView, event: ResumeRequested): string | undefined {
  if (run.state !== 'FAILED') {
    return run.state === 'NEEDS_DECISION'
      ? `run ${run.id} needs a decision first: ${run.error?.message ?? ''}`
      : `run ${run.id} is ${run.state}: only a FAILED run can be resumed`;
  }
  if (event.from !== undefined && event.from !== run.step) {
    return `a resume can only go on at the failed step, ${run.step ?? '?'}; to run earlier steps again, start the file again`;
  }
  return changedSteps(run, plan, event.plan);
}

/** Steps that are done must be what they were; the failed step and later ones may change freely. */
function changedSteps(run: Run, before: PlanView, today: PlanView): string | undefined {
  if (today.hash === before.hash) return undefined;
  const changed = before.steps
    .slice(0, run.cursor)
    .filter((step, i) => today.steps[i]?.name !== step.name || today.steps[i].hash !== step.hash)
    .map((step) => step.name);
  if (changed.length > 0) {
    return `the pipeline changed in steps that are already done (${changed.join(', ')}): they cannot be taken back. Undo those changes, or start the file again`;
  }
  if (today.steps[run.cursor] === undefined)
    return `today's pipeline has no step number ${run.cursor + 1} any more; start the file again`;
  return undefined;
}
