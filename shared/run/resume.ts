/**
 * Resume with today's SQL: from the failed step in the same session; or, while nothing lasting was done in between, from an
 * earlier one in a new session.
 */
import type { Answer, Context, Decision } from './decision.ts';
import { epochSeconds, iso, without } from './decision.ts';
import type { PlanView, StepView } from './plan-view.ts';
import type { CancelRequested, ResolveRequested, ResumeRequested } from './run-event.ts';
import type { LastRequest, Run } from './run.ts';

/** So many replay names are remembered. */
const MOST_REPLAYS = 10;

export function onResumeRequested(run: Run, context: Context, event: ResumeRequested): Decision {
  const before = answeredBefore(run, event.requestId);
  if (before !== undefined) return before;
  const { replayName } = event;
  if (replayName !== undefined && (run.replays ?? []).includes(replayName)) {
    return {
      run,
      save: 'none',
      answer: { ok: true, message: `replay ${replayName} has resumed the run before` },
    };
  }
  const target = targetOf(run, context.plan, event);
  if (typeof target === 'string') return refuse(run, target);
  const failedAt = run.rebuild?.resumeAt ?? run.cursor;
  const goesBack = target < failedAt;
  const step = event.plan.steps[goesBack ? target : run.cursor]?.name;
  const attempt = goesBack ? 1 : run.attempt + 1;
  const message = goesBack
    ? `goes on from ${step ?? '?'} in a new session`
    : `resumes at ${step ?? '?'} (attempt ${attempt})`;
  const kept = without(run, 'error', 'resumeWith', 'endedAt', 'owed', 'proveSession', 'rebuilds');
  const base: Run = {
    ...(goesBack ? without(kept, 'rebuild') : kept),
    phase: 'READY',
    state: 'RUNNING',
    attempt,
    firstAttempt: attempt,
    planHash: event.plan.hash,
    steps: event.plan.steps.length,
    ...(step === undefined ? {} : { step }),
    ...(goesBack
      ? { cursor: target, rebuildFrom: target }
      : isFilledForOther(run, context.plan, event.plan)
        ? { rebuildFrom: failedAt }
        : run.sessionId === undefined
          ? {}
          : { proveSession: true }),
    ...(replayName === undefined
      ? {}
      : { replays: [...(run.replays ?? []), replayName].slice(-MOST_REPLAYS) }),
    // It may have failed on its way to a step whose marker was still to be read.
    checkMarkerOf: Math.max(failedAt, run.checkMarkerOf ?? 0),
    lastRequest: lastRequest(event, context.now, message),
    countsFrom: iso(context.now),
    next: epochSeconds(context.now),
  };
  const answer: Answer = { ok: true, message };
  if (run.slot === true) return { run: base, save: 'version', answer };
  return { run: { ...without(base, 'next'), state: 'QUEUED' }, save: 'version', answer };
}

/** A rebuilt session has only what the steps of that time still needed; other steps may need more. */
function isFilledForOther(run: Run, before: PlanView, today: PlanView): boolean {
  if (run.generation === 1) return false;
  return before.steps.length !== today.steps.length || changedSteps(before.steps, today).length > 0;
}

/** Indices of the steps that are not today's: what a step is, is what its author wrote, whatever a compiler makes of it. */
function changedSteps(steps: readonly StepView[], today: PlanView): number[] {
  return steps.flatMap((step, i) => {
    const now = today.steps[i];
    return now?.name === step.name && now.hash === step.hash ? [] : [i];
  });
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

/** Index of the step to go on from, or why there is none. */
function targetOf(run: Run, plan: PlanView, event: ResumeRequested): number | string {
  if (run.state !== 'FAILED') {
    return run.state === 'NEEDS_DECISION'
      ? `run ${run.id} needs a decision first: ${run.error?.message ?? ''}`
      : `run ${run.id} is ${run.state}: only a FAILED run can be resumed`;
  }
  // Its slot may be given back already, though the run does not say so yet.
  if (run.owed?.includes('release') === true)
    return `run ${run.id} is just being stopped: ask again in a moment`;
  const failedAt = run.rebuild?.resumeAt ?? run.cursor;
  const today = event.plan.steps;
  if (today[failedAt] === undefined)
    return `today's pipeline has no step number ${failedAt + 1} any more; start the file again`;
  const asked = event.from === undefined ? failedAt : today.findIndex((step) => step.name === event.from);
  if (asked === -1) return `today's pipeline has no step ${event.from ?? ''}`;
  if (asked > failedAt)
    return `${event.from ?? ''} comes after the failed step, ${today[failedAt].name}: what lies between was not done`;
  const done = plan.steps.slice(0, failedAt);
  const changed = changedSteps(done, event.plan);
  const target = Math.min(asked, ...changed);
  const lasting = done
    .filter((step) => step.kind === 'durable' || step.kind === 'opaque')
    .map((step) => step.name);
  const passed = done
    .slice(target)
    .filter((step) => lasting.includes(step.name))
    .map((step) => step.name);
  if (changed.length > 0 && lasting.length > 0) {
    const names = changed.map((i) => plan.steps[i]?.name ?? '').join(', ');
    return `the pipeline changed in steps that are already done (${names}), and ${lasting.join(', ')} took effect since: that cannot be taken back. Undo those changes, or start the file again`;
  }
  if (passed.length > 0)
    return `${passed.join(', ')} took effect already and is never repeated: go on from a later step, or start the file again`;
  return target;
}
