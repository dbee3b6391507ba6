/** Runs started by a file. */
import type { BatchLimits, Plan, S3Trigger, Trigger } from '../../pipeline/plan.ts';
import type { FileTrigger, RunFile } from '../../run/trigger.ts';
import type { RunTriggerKind } from './kind.ts';

export const s3: RunTriggerKind<FileTrigger> = {
  identity: ({ kind, file, time, replayName, backfill }, onReplay) => [
    kind,
    file.bucket,
    file.key,
    // A listing has no sequencer: without a version its upload has an identity of its own.
    ...(backfill === true && file.versionId === undefined
      ? [file.etag, 'listed', time]
      : [file.versionId ?? `${file.etag}/${file.sequencer ?? ''}`]),
    // With onReplay: rerun each replay is a trigger of its own.
    ...(onReplay === 'rerun' && replayName !== undefined ? [replayName] : []),
  ],
  words: ({ file, backfill }) => `${fileWords(file)}${backfill === true ? ' (backfill)' : ''}`,
  example: (trigger, time, { landingBucket }) => {
    if (trigger.kind !== 's3') return undefined;
    const { bucket = landingBucket, prefix, suffix, marker } = trigger;
    const name = marker === undefined ? `example${suffix}` : `example/${marker}`;
    return { kind: 's3', time, file: { bucket, key: `${prefix}${name}`, size: 0, etag: '' } };
  },
};

/** The first trigger of the pipeline that takes the file, if it loads files in batches. */
export function batchTriggerOf(
  plan: Plan,
  file: Pick<RunFile, 'bucket' | 'key'>,
  landingBucket: string,
): (S3Trigger & { readonly batch: BatchLimits }) | undefined {
  const trigger = s3TriggerOf(plan, file, landingBucket);
  return trigger !== undefined && loadsBatches(trigger) ? trigger : undefined;
}

/** The file is the marker of a folder that the pipeline loads as a whole. */
export function completesFolder(
  plan: Plan,
  file: Pick<RunFile, 'bucket' | 'key'>,
  landingBucket: string,
): boolean {
  return s3TriggerOf(plan, file, landingBucket)?.marker !== undefined;
}

function s3TriggerOf(
  plan: Plan,
  file: Pick<RunFile, 'bucket' | 'key'>,
  landingBucket: string,
): S3Trigger | undefined {
  return plan.triggers
    .filter((trigger) => trigger.kind === 's3')
    .find((trigger) => matches(trigger, file, landingBucket));
}

function loadsBatches(trigger: S3Trigger): trigger is S3Trigger & { readonly batch: BatchLimits } {
  return trigger.batch !== undefined;
}

export function fileWords({ bucket, key }: RunFile): string {
  return `s3://${bucket}/${key}`;
}

/** Matches exactly: the EventBridge rule filters by bucket and prefix only. A trigger with a marker matches only the marker files. */
export function matches(
  trigger: Trigger,
  { bucket, key }: Pick<RunFile, 'bucket' | 'key'>,
  landingBucket: string,
): boolean {
  return (
    trigger.kind === 's3' &&
    bucket === (trigger.bucket ?? landingBucket) &&
    key.startsWith(trigger.prefix) &&
    key.endsWith(trigger.suffix) &&
    key.length >= trigger.prefix.length + trigger.suffix.length &&
    (trigger.marker === undefined || key.slice(key.lastIndexOf('/') + 1) === trigger.marker)
  );
}
