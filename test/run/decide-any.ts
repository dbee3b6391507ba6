/** Both doors of the core as one, for facts that tell of events and requests alike. */
import { decide as decideEvent } from '../../shared/run/decide.ts';
import { decideRequest } from '../../shared/run/decide-request.ts';
import type { Context, Decision } from '../../shared/run/decision.ts';
import type { PersonRequest, RunEvent } from '../../shared/run/run-event.ts';
import type { Run } from '../../shared/run/run.ts';

export type AnyEvent = RunEvent | PersonRequest;

export function decide(run: Run, event: AnyEvent, context: Context): Decision {
  switch (event.kind) {
    case 'ResumeRequested':
    case 'CancelRequested':
    case 'ResolveRequested':
      return decideRequest(run, event, context);
    default:
      return decideEvent(run, event, context);
  }
}
