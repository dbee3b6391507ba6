/**
 * Resume with today's SQL: from the failed step in the same session; or from an earlier one in a new session, if no step in
 * between had permanent effects.
 */
import { firstLoad, lastingStep, smaller } from './batch.ts';
import { defined } from './defined.ts';
import { durationsOf, handoffOf } from './handoff.ts';
import { inNewSession } from './new-session.ts';
import type { Context, Decision } from './decision.ts';
import { epochSeconds, iso, READY, running, stepAt, without } from './decision.ts';
import type { PlanView, StepView } from './plan-view.ts';
import type { ResumeRequest, RunRequest } from './request.ts';
import type { LastRequest, Run } from './run.ts';

/** Replay names that are remembered at most. */
const MOST_REPLAYS = 10;

export function onResumeRequest(run: Run, context: Context, request: ResumeRequest): Decision {
  const before = answeredBefore(run, request.requestId);
  if (before !== undefined) return before;
  const { replayName, plan: today } = request;
  if (replayName !== undefined && run.replays.includes(replayName)) {
    return {
      run,
      save: 'none',
      answer: { ok: true, message: `replay ${replayName} already resumed this run` },
    };
  }
  const from = targetOf(run, context.plan, request);
  if (typeof from === 'string') return refuse(run, from);
  const { without: fewer } = request;
  const misfit = fewer && whyNotWithout(run, context.plan, fewer);
  if (misfit !== undefined) return refuse(run, misfit);
  // The session may have rows of the files that leave.
  const target = fewer === undefined ? from : Math.min(from, firstLoad(today));
  const failedAt = run.rebuild?.resumeAt ?? run.cursor;
  const goesBack = target < failedAt;
  const until = untilOf(run, request, goesBack ? target : failedAt);
  if (until !== undefined && 'refused' in until) return refuse(run, until.refused);
  const { cursor, step } = stepAt(goesBack ? target : run.cursor, { plan: today });
  // Of a run that paused, the next step was never tried.
  const isPaused = run.life.state === 'PAUSED';
  const attempt = goesBack ? 1 : isPaused ? run.attempt : run.attempt + 1;
  const how = goesBack
    ? `restarts at ${step} in a new session`
    : isPaused
      ? `continues at ${step}`
      : `resumes at ${step} (attempt ${attempt})${rolledBackWith(run, context.plan)}`;
  const message = until === undefined ? how : `${how}, and pauses after ${until.step}`;
  const resumed: Run = {
    ...without(goesBack ? without(run, 'rebuild') : run, 'until'),
    ...defined({ until: until?.step }),
    cursor,
    step,
    attempt,
    firstAttempt: attempt,
    planHash: today.hash,
    steps: today.steps.length,
    replays: replayName === undefined ? run.replays : [...run.replays, replayName].slice(-MOST_REPLAYS),
    // It may have failed before it reached a step whose marker was still to be read.
    ...(fewer === undefined || run.batch?.phase !== 'SEALED'
      ? {}
      : { batch: smaller(run.batch, fewer.list, fewer.leaving) }),
    ...(isPaused ? {} : { checkMarkerOf: Math.max(failedAt, run.checkMarkerOf ?? 0) }),
    lastRequest: lastRequest(request, context.now, message),
  };
  const adapted =
    today.hash === context.plan.hash
      ? resumed
      : {
          ...without(resumed, 'handoff', 'took'),
          ...handoffOf(today, durationsOf(run, context.plan) ?? {}, context),
        };
  const isRefilled = goesBack || isFilledForOther(run, context.plan, today);
  return {
    run: continued(isRefilled ? inNewSession(adapted, target) : adapted, context),
    save: 'version',
    answer: { ok: true, message },
  };
}

/** The steps of a group that failed as one, for the answer. */
function rolledBackWith({ life, cursor }: Run, { steps }: PlanView): string {
  const last = steps[cursor + groupThatFailed(life) - 1];
  return last === undefined || groupThatFailed(life) === 1
    ? ''
    : `: the steps up to ${last.name} were rolled back together, and run again`;
}

function groupThatFailed(life: Run['life']): number {
  return ('error' in life ? life.error.group : undefined) ?? 1;
}

/** Why these files cannot leave the run's batch; undefined if they can. */
function whyNotWithout(
  run: Run,
  plan: PlanView,
  { from, list }: NonNullable<ResumeRequest['without']>,
): string | undefined {
  if (run.batch?.phase !== 'SEALED')
    return `run ${run.id} has no fixed list of files: resume it without --without`;
  if (run.batch.list !== from) return `the files of run ${run.id} have changed: send the request again`;
  if (list === undefined) return `no file of run ${run.id} would be left: cancel it`;
  const kept = lastingStep(run, plan);
  return kept === undefined
    ? undefined
    : `no file can be taken out of run ${run.id}: step ${kept} has already taken effect`;
}

/** A person lets the run continue: at once if it holds its slot, else from the queue. Its session was idle in the meantime. */
export function continued(run: Run, context: Context): Run {
  const { session } = run;
  const next: Run = {
    ...run,
    session: session.state === 'open' ? { ...session, mustVerify: true } : session,
    rebuilds: 0,
    timeoutFrom: iso(context.now),
  };
  return run.slot?.held === true
    ? running(next, READY, epochSeconds(context.now))
    : { ...next, life: { state: 'QUEUED' } };
}

/** A rebuilt session has only the tables that the steps of the earlier plan needed; other steps may need more. */
function isFilledForOther(run: Run, before: PlanView, today: PlanView): boolean {
  if (run.generation === 1) return false;
  return before.steps.length !== today.steps.length || changedSteps(before.steps, today).length > 0;
}

/** The steps that differ from today's: compares what the author wrote, not what the compiler derived from it. */
function changedSteps(steps: readonly StepView[], today: PlanView): { index: number; name: string }[] {
  return steps.flatMap(({ name, hash }, index) => {
    const now = today.steps[index];
    return now?.name === name && now.hash === hash ? [] : [{ index, name }];
  });
}

/** A repeated request has its effect once and returns its first answer. */
export function answeredBefore(run: Run, requestId: string): Decision | undefined {
  if (run.lastRequest?.requestId !== requestId) return undefined;
  const message = `request ${requestId} was already carried out: ${run.lastRequest.answer}`;
  return { run, save: 'none', answer: { ok: true, message } };
}

/** For answers: `run X is RUNNING`; of a file of a batch, which run decides about it. */
export function itsState({ id, life }: Run): string {
  return life.state === 'ABSORBED'
    ? `the file of run ${id} is loaded by batch run ${life.into}`
    : `run ${id} is ${life.state}`;
}

export function refuse(run: Run, message: string): Decision {
  return { run, save: 'none', answer: { ok: false, code: 'refused', message } };
}

export function lastRequest(request: RunRequest, now: number, answer: string): LastRequest {
  const { requestId, verb, actor } = request;
  return { requestId, verb, actor, at: iso(now), answer };
}

/**
 * After which step the resumed run pauses. `first`: index of the step with which it continues. The last step of a plan is none: the run
 * then succeeds.
 */
function untilOf(
  { id, life, until }: Run,
  { until: asked, plan }: ResumeRequest,
  first: number,
): { readonly step: string } | { readonly refused: string } | undefined {
  const step = asked ?? (life.state === 'PAUSED' ? undefined : until);
  if (step === undefined) return undefined;
  const index = plan.steps.findIndex(({ name }) => name === step);
  const again = asked === undefined ? `; run ${id} was to pause after it: name another with --until` : '';
  if (index === -1) return { refused: `today's pipeline has no step ${step}${again}` };
  if (index < first)
    return {
      refused: `${step} has already run, the next step is ${plan.steps[first]?.name ?? ''}: name that or a later one with --until`,
    };
  return index === plan.steps.length - 1 ? undefined : { step };
}

/** Index of the step to continue from, or why the run cannot be resumed. */
function targetOf(run: Run, plan: PlanView, request: ResumeRequest): number | string {
  const { life } = run;
  if (life.state !== 'FAILED' && life.state !== 'PAUSED') {
    if (life.state !== 'NEEDS_DECISION')
      return `${itsState(run)}: only a FAILED or PAUSED run can be resumed`;
    const { command } = { command: undefined, ...life.resumeWith };
    const then = command === undefined ? '' : `. Check the tables of its step, then run: ${command}`;
    return `run ${run.id} needs a decision first: ${life.error.message}${then}`;
  }
  // Its slot may be released already, though that is not stored yet.
  if (life.pendingActions.includes('release'))
    return `run ${run.id} is still being stopped: try again in a moment`;
  const failedAt = run.rebuild?.resumeAt ?? run.cursor;
  const today = request.plan.steps;
  const failed = today[failedAt]?.name;
  if (failed === undefined)
    return `today's pipeline no longer has a step number ${failedAt + 1}; start the file again`;
  const from = request.from ?? failed;
  const asked = today.findIndex(({ name }) => name === from);
  if (asked === -1) return `today's pipeline has no step ${from}`;
  // All steps of a group that failed run again.
  if (asked >= failedAt + groupThatFailed(life))
    return `${from} comes after the ${life.state === 'PAUSED' ? 'next' : 'failed'} step, ${failed}: the steps in between have not run`;
  const done = plan.steps.slice(0, failedAt);
  const changed = changedSteps(done, request.plan);
  const target = Math.min(asked, failedAt, ...changed.map(({ index }) => index));
  const lasting = done
    .filter((step) => step.kind === 'durable' || step.kind === 'opaque')
    .map((step) => step.name);
  const passed = done
    .slice(target)
    .filter((step) => lasting.includes(step.name))
    .map((step) => step.name);
  if (changed.length > 0 && lasting.length > 0) {
    const names = changed.map(({ name }) => name).join(', ');
    return `steps that have already run were changed (${names}), and ${lasting.join(', ')} has taken permanent effect since. Undo those changes, or start the file again`;
  }
  if (passed.length > 0)
    return `${passed.join(', ')} has already taken effect and is never repeated: resume from a later step, or start the file again`;
  return target;
}
