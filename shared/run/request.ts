/** Requests of people and programs to a run: one spelling, from the event to the core. */
import type { PlanView } from './plan-view.ts';

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
  /** The EventBridge replay that sent the request. */
  readonly replayName?: string;
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
