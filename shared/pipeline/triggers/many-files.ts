/** Rules of pipelines that load many files in one run: batches (`batch:`), folders (`marker:`), and bad files among them. */
import type { S3Trigger, Trigger } from '../plan.ts';
import type { PipelineSettings } from '../settings.ts';
import type { SettingProblem } from './kind.ts';

interface Placed {
  readonly i: number;
  readonly trigger: S3Trigger;
}

/** @param usesManifest a step reads the files by `:manifest` */
export function manyFilesProblems(
  settings: PipelineSettings,
  triggers: readonly Trigger[],
  usesManifest: boolean,
): SettingProblem[] {
  const files = triggers.flatMap((trigger, i): Placed[] => (trigger.kind === 's3' ? [{ i, trigger }] : []));
  return [
    ...(usesManifest ? [] : files.flatMap(neverLoaded)),
    ...files.flatMap((one) => loadedTwice(one, files)),
    ...badFileProblems(settings, files),
  ];
}

/** The files would count as loaded, and no step would read them. */
function neverLoaded({ i, trigger: { batch, marker } }: Placed): SettingProblem[] {
  const load = 'no step loads its files: use COPY … FROM :manifest … MANIFEST';
  if (batch !== undefined)
    return [
      { path: ['on', i, 's3', 'batch'], message: `${load}, or remove batch to run once for each file` },
    ];
  if (marker === undefined) return [];
  const message = `${load}, or write suffix: ${marker} instead of marker if the run needs only the event`;
  return [{ path: ['on', i, 's3', 'marker'], message }];
}

/** A trigger for single files or batches that also matches files of a folder with a marker. */
function loadedTwice({ i, trigger }: Placed, files: readonly Placed[]): SettingProblem[] {
  if (trigger.marker !== undefined) return [];
  const folder = files.find(
    ({ trigger: { marker, bucket, prefix } }) =>
      marker !== undefined &&
      bucket === trigger.bucket &&
      (prefix.startsWith(trigger.prefix) || trigger.prefix.startsWith(prefix)),
  );
  if (folder === undefined) return [];
  const message = `this also matches files that on[${folder.i}] loads with their folder, and the ${folder.trigger.marker} file itself: each would be loaded twice; use prefixes that do not overlap`;
  return [{ path: ['on', i, 's3', 'prefix'], message, severity: 'warning' }];
}

function badFileProblems(
  { onBadFile, isolate }: PipelineSettings,
  files: readonly Placed[],
): SettingProblem[] {
  if (onBadFile !== 'isolate')
    return isolate === undefined
      ? []
      : [{ path: ['isolate'], message: 'isolate needs onBadFile: isolate: add it, or remove isolate' }];
  if (files.some(({ trigger }) => trigger.batch !== undefined)) return [];
  const why = files.some(({ trigger }) => trigger.marker !== undefined)
    ? 'a file of a folder (marker) has no run of its own, so it cannot be set aside'
    : 'onBadFile: isolate sets a file of a batch aside, and no s3 trigger has batch';
  return [{ path: ['onBadFile'], message: `${why}: load the files with batch: {}, or remove onBadFile` }];
}
