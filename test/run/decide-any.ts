/**
 * The core as the facts see it: runs go in and come out in their stored form, which is flat; events and requests alike come
 * through one door.
 */
import { decide as decideEvent } from '../../shared/run/decide.ts';
import { decideRare } from '../../shared/run/decide-rare.ts';
import { decideRequest } from '../../shared/run/decide-request.ts';
import type { Context, Decision } from '../../shared/run/decision.ts';
import type { RunRequest } from '../../shared/run/request.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { ActiveRun, Claimed, Run, Submitted } from '../../shared/run/run.ts';
import { isActive, isClaimed, isSubmitted } from '../../shared/run/run.ts';
import { parseRun } from '../../shared/store/parse-run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { storedRun } from '../../shared/store/stored-run.ts';

export type AnyEvent = RunEvent | RunRequest;

export interface Decided extends Omit<Decision, 'run'> {
  readonly run: StoredRun;
}

export function decide(stored: StoredRun, event: AnyEvent, context: Context): Decided {
  const run = parsed(stored);
  if ('verb' in event) return flat(decideRequest(run, event, context));
  return flat(decideEvent(run, event, context) ?? decideRare(run, event, context));
}

export function flat(decision: Decision): Decided {
  return { ...decision, run: storedRun(decision.run) };
}

export function parsed(stored: StoredRun): Run {
  return parseRun({ ...stored });
}

export function active(stored: StoredRun): ActiveRun {
  return of(parsed(stored), isActive);
}

export function claimed(stored: StoredRun): ActiveRun<Claimed> {
  return of(active(stored), isClaimed);
}

export function submitted(stored: StoredRun): ActiveRun<Submitted> {
  return of(active(stored), isSubmitted);
}

function of<R extends Run, S extends R>(run: R, is: (run: R) => run is S): S {
  if (!is(run)) throw new Error(`run ${run.id} is in another state: ${JSON.stringify(run.life)}`);
  return run;
}
