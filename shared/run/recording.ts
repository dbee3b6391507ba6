/** CLAIMED to SUBMITTED: the statement id is recorded, by any driver that gets to know it. */
import type { Context, Decision } from './decision.ts';
import { ask, nothing, running, working } from './decision.ts';
import { isToPassOn, waitSecondsOf } from './handoff.ts';
import type { Submitted as SubmittedEvent } from './run-event.ts';
import type { ActiveRun, Submitted } from './run.ts';
import { isClaimed, submitted } from './run.ts';

export const RECORDED = 'another driver recorded the claim';

/** Where the end is waited for, the record is left out till then: an end that comes first makes it needless, and the event has the token. */
export function onSubmitted(run: ActiveRun, context: Context, event: SubmittedEvent): Decision {
  if (!isClaimed(run) || run.life.work.token !== event.token) return nothing(run, RECORDED);
  const { lastStep: _, ...written } = run;
  const { statementId } = event;
  const going = event.historyWritten ? written : run;
  const work = submitted(run.life.work, statementId);
  const seconds = waitSecondsOf(run, context);
  if (seconds !== 0) return ask(working(going, work), { kind: 'Await', statementId, seconds });
  const recorded = record(going, work);
  return isToPassOn(run, context) ? { ...recorded, effect: { kind: 'PassOn', statementId } } : recorded;
}

/** A record leaves the stored state alone: cancellation may be in progress. A run that was backing off continues. */
export function record(run: ActiveRun, work: Submitted): Decision {
  const save = run.life.state === 'WAITING' ? 'version' : 'record';
  return { run: running(run, work, run.life.nextCheckAt), save };
}
