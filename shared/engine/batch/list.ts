/** The list of a batch and its COPY manifest: objects of the artifacts bucket under the hash of the list, so that none is ever overwritten. */
import { createHash } from 'node:crypto';

import { defined } from '../../run/defined.ts';
import type { FileList, Run } from '../../run/run.ts';
import type { RunFile } from '../../run/trigger.ts';
import type { Read } from '../../store/shape.ts';
import { count, list, map, optional, text } from '../../store/shape.ts';
import type { FileStore } from '../ports.ts';
import { batchManifestKey, manifestBody } from '../values.ts';

/** Calls for the files of a batch that are made at the same time. */
export const LANES = 25;

const listedFile = map({
  run: optional(text),
  version: optional(count),
  incarnation: optional(text),
  bucket: text,
  key: text,
  size: count,
  etag: text,
  versionId: optional(text),
  sequencer: optional(text),
});

const listBody = map({ files: list(listedFile) });

/** A file, and its run at the version at which it was listed; the files of a folder have no runs. */
export type ListedFile = Read<typeof listedFile>;

/** The key of a list. `hash`: of its content. */
export function listKey(runId: string, hash: string): string {
  return `manifests/${runId}/list-${hash}.json`;
}

export function listedFileOf(file: RunFile, run?: Run): ListedFile {
  const { bucket, key, size, etag, versionId, sequencer } = file;
  const member =
    run === undefined ? {} : { run: run.id, version: run.version, incarnation: run.incarnationId };
  return { ...member, bucket, key, size, etag, ...defined({ versionId, sequencer }) };
}

/** Stores a list and its manifest. Idempotent. Undefined: there are no files. */
export async function putList(
  runId: string,
  files: readonly ListedFile[],
  store: FileStore,
): Promise<FileList | undefined> {
  if (files.length === 0) return undefined;
  const body = JSON.stringify({ files });
  const hash = createHash('sha256').update(body).digest('hex');
  await Promise.all([
    store.putArtifact(listKey(runId, hash), body),
    store.putArtifact(batchManifestKey(runId, hash), manifestBody(files)),
  ]);
  return { list: hash, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

/** @throws Error if there is no such list: it expires some time after it was made. */
export async function readList(
  runId: string,
  hash: string,
  store: Pick<FileStore, 'getArtifact'>,
): Promise<readonly ListedFile[]> {
  const body = await store.getArtifact(listKey(runId, hash));
  if (body === undefined) throw new Error(listIsGone(runId, hash));
  return listBody(JSON.parse(body), `list ${hash} of run ${runId}: `).files;
}

export function listIsGone(runId: string, hash: string): string {
  return `the list of files of run ${runId} is no longer in the artifacts bucket (${listKey(runId, hash)}): cancel the run, then start its files again`;
}
