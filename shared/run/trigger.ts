/** What started a run: the object of an S3 event, several of them, a request, a schedule, the success of an upstream run, an event. */

/** Has the stored shape: runs of earlier versions are read unchanged. */
export type RunTrigger =
  | FileTrigger
  | BatchTrigger
  | RequestTrigger
  | ScheduleTrigger
  | PipelineTrigger
  | EventTrigger;

interface Common {
  /**
   * `s3`, `event`: the event's time, or LastModified of a file that a backfill admitted; `batch`: that of its oldest file;
   * `request`: when it was sent; `schedule`: when it was due; `pipeline`: that of the upstream
   * run, so that a whole chain has one time. ISO 8601, UTC.
   */
  readonly time: string;
  /** Present if the event came from an EventBridge replay. */
  readonly replayName?: string;
}

export interface FileTrigger extends Common {
  readonly kind: 's3';
  readonly file: RunFile;
  /** Admitted by a backfill: `time` is the object's LastModified, and the file has no sequencer. */
  readonly backfill?: true;
}

/** Several files that waited at the same time. */
export interface BatchTrigger extends Common {
  readonly kind: 'batch';
  /** The oldest of them, at this version of its run: so that one batch is made, however many drivers try. */
  readonly head: { readonly runId: string; readonly version: number };
}

export interface RequestTrigger extends Common {
  readonly kind: 'request';
  /** Makes the request idempotent. */
  readonly requestId: string;
  readonly actor: string;
  readonly file?: RunFile;
}

export interface ScheduleTrigger extends Common {
  readonly kind: 'schedule';
  /** The expression that was due. */
  readonly schedule: string;
}

export interface PipelineTrigger extends Common {
  readonly kind: 'pipeline';
  /** The run that succeeded. */
  readonly upstream: { readonly pipeline: string; readonly runId: string };
}

export interface EventTrigger extends Common {
  readonly kind: 'event';
  readonly event: {
    readonly id: string;
    readonly source: string;
    readonly detailType: string;
    /** The whole event. Its size was limited when it arrived, so that it can be stored here. */
    readonly json: string;
  };
}

export interface RunFile {
  readonly bucket: string;
  /** Verbatim: EventBridge does not URL-encode keys. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly versionId?: string;
  /** Hex; orders uploads of one key. */
  readonly sequencer?: string;
}

/** The file that the run works on, if its trigger has one. */
export function fileOf(trigger: RunTrigger): RunFile | undefined {
  // No narrowing by kind: every byte of this is loaded by the step function.
  return (trigger as { readonly file?: RunFile }).file;
}
