/**
 * Requests to the `operate` function: by invocation (it returns the response), or by an event with source
 * `baton.request` (the response is stored on the run as `lastRequest`; that of a pause is logged).
 */
import type { CancelRequest, ResolveRequest, ResumeRequest } from '../run/request.ts';

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
  | (OfRun &
      Omit<ResumeRequest, 'plan' | 'replayName' | 'without'> & {
        /** Keys of files that are taken out of a batch. */
        readonly without?: readonly string[];
      })
  | (OfRun & CancelRequest)
  | (OfRun & ResolveRequest);

interface OfRun {
  readonly runId: string;
}

interface Refused {
  readonly ok: false;
  /** `invalid`: the request itself is wrong; `not-found`: no such run or pipeline; `refused`: not in this state. */
  readonly code: 'invalid' | 'not-found' | 'refused';
  readonly message: string;
}

export type OperateAnswer =
  | { readonly ok: true; readonly runId: string; readonly state: string; readonly message: string }
  | Refused;

/** While a pipeline is paused, none of its waiting runs starts. */
export type PauseRequest =
  | (OfPipeline & { readonly verb: 'pause' })
  | (OfPipeline & { readonly verb: 'unpause' });

interface OfPipeline {
  readonly requestId: string;
  readonly pipeline: string;
  readonly actor: string;
  readonly reason?: string;
}

export type PauseAnswer =
  | {
      readonly ok: true;
      readonly pipeline: string;
      /** Now, after the request. */
      readonly paused: boolean;
      /** Runs that wait for a slot. */
      readonly waiting: number;
      readonly message: string;
    }
  | Refused;

/** By invocation only. */
export interface CheckRequest {
  readonly verb: 'check';
  readonly requestId: string;
  readonly actor: string;
}

/** One check, made with the functions' own role. */
export interface Probe {
  readonly what:
    | 'sign-in'
    | 'marker'
    | 'transactions'
    | 'load-errors'
    | 'temporary-tables'
    /** Permissions on a table that pipelines name. */
    | 'table'
    /** HeadObject where files come from. */
    | 'files'
    /** PutObject of a manifest. */
    | 'artifacts'
    /** The warehouse's own role reads. */
    | 'copy';
  /** `unsure`: the check was inconclusive. */
  readonly status: 'ok' | 'failed' | 'unsure';
  /** Table, bucket and prefix. */
  readonly about?: string;
  /** Present if it is not the stage's own warehouse. */
  readonly warehouse?: string;
  /** The service's error message. */
  readonly said?: string;
  readonly ms: number;
}

export interface CheckAnswer {
  readonly ok: true;
  readonly message: string;
  /** As they were deployed. */
  readonly pipelines: readonly { readonly pipeline: string; readonly hash: string }[];
  readonly buckets: { readonly artifacts: string; readonly files: readonly string[] };
  readonly probes: readonly Probe[];
}
