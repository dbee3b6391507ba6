/** An UNLOAD must not write where its own files would start runs. */
import type { S3Trigger, Trigger } from './plan.ts';

/** The trigger's words where a file of the UNLOAD to `target` (`s3://bucket/prefix`) would start a run. */
export function startedBy(target: string, triggers: readonly Trigger[]): string | undefined {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(target) ?? [];
  const hit = triggers.find(
    (trigger): trigger is S3Trigger =>
      trigger.kind === 's3' && sameBucket(bucket, trigger) && underPrefix(path, trigger.prefix),
  );
  return hit === undefined ? undefined : `s3://${hit.bucket ?? '<landing bucket>'}/${hit.prefix}`;
}

function sameBucket(bucket: string, trigger: S3Trigger): boolean {
  // The landing bucket's name depends on the stage: baton-<stage>-landing.
  return trigger.bucket === undefined
    ? bucket.includes('landing') || bucket.includes('{')
    : bucket === trigger.bucket;
}

/** UNLOAD appends `0000_part_00`, `manifest` or `column=value/` to its path. */
function underPrefix(path: string, prefix: string): boolean {
  if (path.startsWith(prefix)) return true;
  if (!prefix.startsWith(path)) return false;
  const rest = prefix.slice(path.length);
  return /^\d/.test(rest) || 'manifest'.startsWith(rest) || rest.includes('=');
}
