/** Requests of people and programs to a run: one spelling, from the event to the core. */
import type { PlanView } from './plan-view.ts';
import type { FileList, Leaving } from './run.ts';

export type RunRequest = ResumeRequest | CancelRequest | ResolveRequest;

interface Request {
  readonly requestId: string;
  readonly actor: string;
  readonly reason?: string;
}

export interface ResumeRequest extends Request {
  readonly verb: 'resume';
  /** Name of the step to continue from; absent: the failed one. */
  readonly from?: string;
  /** Name of the step after which the run pauses again; absent: a failed run pauses where it was to pause before, a paused one does not. */
  readonly until?: string;
  /** The EventBridge replay that sent the request. */
  readonly replayName?: string;
  /** A list without files that a person takes out of the batch: made from list `from`; `list` absent: no file would be left. */
  readonly without?: {
    readonly from: string;
    readonly list?: FileList;
    readonly leaving: readonly Leaving[];
  };
  /** Today's plan of the pipeline: a resume adopts it. */
  readonly plan: PlanView;
}

export interface CancelRequest extends Request {
  readonly verb: 'cancel';
}

export interface ResolveRequest extends Request {
  readonly verb: 'resolve';
  readonly verdict: 'applied' | 'not-applied' | 'abandon';
}
