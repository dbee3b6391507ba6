/** The values of the placeholders of a run: the built-in ones, and the pipeline's parameters. */
import type { Plan } from '../pipeline/plan.ts';
import type { ParameterValue } from '../pipeline/render.ts';
import { listOf } from '../run/batch.ts';
import type { Run } from '../run/run.ts';
import { fileOf } from '../run/trigger.ts';
import type { Settings } from './ports.ts';

/** The key of a run's COPY manifest in the artifacts bucket; contains no part of a user's key. */
export function manifestKey(runId: string): string {
  return `manifests/${runId}.json`;
}

/** A COPY manifest that names exactly these files (Redshift developer guide: Using a manifest). */
export function manifestBody(
  files: readonly { readonly bucket: string; readonly key: string; readonly size: number }[],
): string {
  return JSON.stringify({
    entries: files.map(({ bucket, key, size }) => ({
      url: `s3://${bucket}/${key}`,
      mandatory: true,
      meta: { content_length: size },
    })),
  });
}

/** The value of a placeholder that only other kinds of triggers have. */
const NULL: ParameterValue = { type: 'word', text: 'NULL' };

/** The key of the manifest of a batch's list. */
export function batchManifestKey(runId: string, list: string): string {
  return `manifests/${runId}/${list}.json`;
}

export function placeholderValues(run: Run, plan: Plan, settings: Settings): Map<string, ParameterValue> {
  const { trigger } = run;
  const file = run.batch === undefined ? fileOf(trigger) : undefined;
  const list = listOf(run);
  const builtIn: Record<string, ParameterValue> = {
    run_id: string(run.id),
    // Of a batch and of a lone file: the run that loads it.
    batch_id: string(run.id),
    run_started_at: timestamp(run.startedAt ?? run.createdAt),
    event_time: timestamp(trigger.time),
    upstream_run_id: trigger.kind === 'pipeline' ? string(trigger.upstream.runId) : NULL,
    event: trigger.kind === 'event' ? string(trigger.event.json) : NULL,
    copy_role:
      settings.copyRole === 'default' ? { type: 'word', text: 'default' } : string(settings.copyRole),
    ...(list === undefined
      ? {}
      : { manifest: string(`s3://${settings.artifactsBucket}/${batchManifestKey(run.id, list.list)}`) }),
    ...(file === undefined
      ? {}
      : {
          manifest: string(`s3://${settings.artifactsBucket}/${manifestKey(run.id)}`),
          file_uri: string(`s3://${file.bucket}/${file.key}`),
          bucket: string(file.bucket),
          key: string(file.key),
        }),
  };
  const values = new Map(Object.entries(builtIn));
  for (const parameter of plan.parameters) {
    const given = run.parameters[parameter.name] ?? parameter.default;
    if (given === undefined) continue;
    values.set(parameter.name, {
      type: parameter.type,
      text: parameter.type === 'string' ? filledIn(given, run, settings) : given,
    });
  }
  return values;
}

function string(text: string): ParameterValue {
  return { type: 'string', text };
}

function filledIn(text: string, run: Run, settings: Settings): string {
  return text
    .replaceAll('{run_id}', run.id)
    .replaceAll('{event_date}', run.trigger.time.slice(0, 10))
    .replaceAll('{stage}', settings.stage);
}

/** Redshift's text form, UTC, to the microsecond that JavaScript has: `2026-01-02 03:04:05.678`. */
function timestamp(isoInstant: string): ParameterValue {
  return { type: 'timestamp', text: isoInstant.replace('T', ' ').replace('Z', '') };
}
