/** CLAIMED to SUBMITTED: the statement id is recorded, by any driver that gets to know it. */
import type { Decision } from './decision.ts';
import { nothing, running } from './decision.ts';
import type { Submitted as SubmittedEvent } from './run-event.ts';
import type { ActiveRun, Submitted } from './run.ts';
import { isClaimed, submitted } from './run.ts';

export const RECORDED = 'another driver recorded the claim';

export function onSubmitted(run: ActiveRun, event: SubmittedEvent): Decision {
  if (!isClaimed(run) || run.life.work.token !== event.token) return nothing(run, RECORDED);
  const { lastStep: _, ...written } = run;
  return record(event.historyWritten ? written : run, submitted(run.life.work, event.statementId));
}

/** A record leaves the stored state alone: cancellation may be in progress. A run that was backing off continues. */
export function record(run: ActiveRun, work: Submitted): Decision {
  const save = run.life.state === 'WAITING' ? 'version' : 'record';
  return { run: running(run, work, run.life.nextCheckAt), save };
}
