/** The trigger of a run that a backfill admits. */
import { defined } from '../../run/defined.ts';
import type { FileTrigger } from '../../run/trigger.ts';
import type { ListedFile } from '../ports.ts';

export function listedTrigger(listed: Omit<ListedFile, 'sequencer'>): FileTrigger & { backfill: true } {
  const { bucket, key, size, etag, versionId, modified } = listed;
  const version = hasVersion(versionId) ? versionId : undefined;
  const file = { bucket, key, size, etag, ...defined({ versionId: version }) };
  return { kind: 's3', time: modified, file, backfill: true };
}

/** Objects without versioning have none, or `null`: that one is overwritten in place. */
export function hasVersion(versionId: string | undefined): boolean {
  return versionId !== undefined && versionId !== 'null';
}
