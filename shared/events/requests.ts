/**
 * What a person or a program may ask of the `operate` function: by invoking it (the answer comes back), or by an
 * event with source `baton.request` (the answer is left on the run as `lastRequest`).
 */

export type OperateRequest =
  | {
      readonly verb: 'start';
      readonly requestId: string;
      readonly pipeline: string;
      /** `s3://bucket/key`; it must exist. */
      readonly file?: string;
      readonly parameters?: Readonly<Record<string, string>>;
      readonly actor: string;
      readonly reason?: string;
    }
  | {
      readonly verb: 'resume';
      readonly requestId: string;
      readonly runId: string;
      /** Name of the step to go on from; absent: the failed one. */
      readonly from?: string;
      readonly actor: string;
      readonly reason?: string;
    }
  /** Gives a run up that waits, failed, or needs a decision. */
  | {
      readonly verb: 'cancel';
      readonly requestId: string;
      readonly runId: string;
      readonly actor: string;
      readonly reason?: string;
    }
  /** A person's word on a run that needs a decision. */
  | {
      readonly verb: 'resolve';
      readonly requestId: string;
      readonly runId: string;
      readonly verdict: 'applied' | 'not-applied' | 'abandon';
      readonly actor: string;
      readonly reason?: string;
    };

export type OperateAnswer =
  | { readonly ok: true; readonly runId: string; readonly state: string; readonly message: string }
  | {
      readonly ok: false;
      /** `invalid`: the request itself is wrong; `not-found`: no such run or pipeline; `refused`: not in this state. */
      readonly code: 'invalid' | 'not-found' | 'refused';
      readonly message: string;
    };
