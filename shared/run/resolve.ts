/** A person's word on a run that needs a decision: the step was applied, was not, or the run is given up. */
import type { Context, Decision } from './decision.ts';
import { epochSeconds, iso, without } from './decision.ts';
import { behindRebuilt } from './rebuild.ts';
import { answeredBefore, lastRequest, refuse } from './resume.ts';
import type { ResolveRequested } from './run-event.ts';
import type { FinishedStep, Run } from './run.ts';
import { giveUp, succeed } from './stop.ts';

export function onResolveRequested(run: Run, context: Context, event: ResolveRequested): Decision {
  const before = answeredBefore(run, event.requestId);
  if (before !== undefined) return before;
  if (run.state !== 'NEEDS_DECISION')
    return refuse(run, `run ${run.id} is ${run.state}: it needs no decision`);
  if (run.owed !== undefined)
    return refuse(run, `run ${run.id} is just being stopped: ask again in a moment`);
  const words = {
    applied: 'was applied',
    'not-applied': 'was not applied',
    abandon: 'is given up with its run',
  }[event.verdict];
  const message = `step ${run.step ?? '?'} ${words}, says ${event.actor}`;
  const answer = { ok: true as const, message };
  const asked = { ...run, lastRequest: lastRequest(event, context.now, message) };
  switch (event.verdict) {
    case 'abandon': {
      const given = giveUp(asked, context, { class: 'cancelled', message });
      return { run: given, save: 'version', effect: { kind: 'PerformDuty', duty: 'history' }, answer };
    }
    case 'not-applied':
      return {
        run: goOn(asked, context, {
          attempt: run.attempt + 1,
          firstAttempt: run.attempt + 1,
          checkMarkerOf: Math.max(run.rebuild?.resumeAt ?? run.cursor, run.checkMarkerOf ?? 0),
          // A step that gave other rows did run: in the session that it ran in it cannot be repeated.
          ...(run.rebuild === undefined ? {} : { rebuildFrom: run.rebuild.resumeAt }),
        }),
        save: 'version',
        answer,
      };
    case 'applied': {
      const row = declaredRow(run, context, event.actor);
      if (run.rebuild !== undefined) {
        // What comes next in the plan may be committed long since: the rebuild knows what is left of it.
        const behind = { ...behindRebuilt(asked, context, run.rebuild), last: row };
        return { run: goOn(behind, context, {}), save: 'version', answer };
      }
      if (run.cursor + 1 >= run.steps) return { ...succeed(asked, context, row), answer };
      const step = context.plan.steps[run.cursor + 1]?.name;
      const next = {
        cursor: run.cursor + 1,
        attempt: 1,
        firstAttempt: 1,
        last: row,
        ...(step === undefined ? {} : { step }),
        // A session that is to be opened anew is filled for the next step.
        ...(run.rebuildFrom === run.cursor ? { rebuildFrom: run.cursor + 1 } : {}),
      };
      return { run: goOn(asked, context, next), save: 'version', answer };
    }
    default:
      return event.verdict satisfies never;
  }
}

function goOn(run: Run, context: Context, change: Partial<Run>): Run {
  const kept = without(run, 'error', 'resumeWith', 'endedAt', 'rebuilds');
  const next: Run = {
    ...kept,
    ...change,
    state: 'RUNNING',
    phase: 'READY',
    ...(run.sessionId === undefined ? {} : { proveSession: true }),
    countsFrom: iso(context.now),
    next: epochSeconds(context.now),
  };
  return run.slot === true ? next : { ...without(next, 'next'), state: 'QUEUED' };
}

function declaredRow(run: Run, context: Context, actor: string): FinishedStep {
  return {
    index: run.cursor,
    name: run.step ?? '',
    generation: run.generation,
    attempt: run.attempt,
    status: 'FINISHED',
    startedAt: run.endedAt ?? iso(context.now),
    endedAt: iso(context.now),
    error: `declared applied by ${actor}`,
  };
}
