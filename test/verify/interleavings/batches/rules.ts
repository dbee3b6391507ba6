/** What must hold in every state of the files of a batch, and at the end; each gives what is broken, in words. */
import { isAtEnd, isAtRest } from '../../../../shared/run/run.ts';
import type { Run } from '../../../../shared/run/run.ts';
import type { State } from './state.ts';
import { fileNamed } from './state.ts';

/** The objects that a manifest names. */
export function filesOfManifest({ artifacts }: State, manifest: string): readonly string[] {
  const { entries } = JSON.parse(artifacts.get(manifest) ?? '{"entries":[]}') as {
    entries: { url: string }[];
  };
  return entries.map(({ url }) => url.slice('s3://'.length));
}

/** The runs whose files a run loads by this manifest. */
function membersOf({ artifacts }: State, run: string, manifest: string): readonly string[] {
  const list = artifacts.get(manifest.replace(/([0-9a-f]{64})\.json$/, 'list-$1.json'));
  if (list === undefined || manifest === `manifests/${run}.json`) return [run];
  const { files } = JSON.parse(list) as { files: { run: string }[] };
  return files.map((file) => file.run);
}

/** A load was submitted: every file of its manifest belongs to its run, and each key is in it once. */
export function brokenBySubmission(state: State): string | undefined {
  const { run, manifest } = state.warehouse.statements.at(-1) ?? { run: '' };
  if (manifest === undefined) return undefined;
  const files = filesOfManifest(state, manifest);
  if (new Set(files).size !== files.length) return `a manifest names a key twice: ${files.join()}`;
  for (const member of membersOf(state, run, manifest)) {
    const life = state.store.runs.get(member)?.life;
    const isIts = member === run || (life?.state === 'ABSORBED' && life.into === run);
    if (!isIts) return `run ${run} loads the file of ${member}, which is ${life?.state ?? 'gone'}`;
  }
  return undefined;
}

export function brokenIn(state: State, concurrency: number): string | undefined {
  const holders = Object.keys(state.store.pools.get('orders')?.holders ?? {});
  if (holders.length > concurrency) return `${holders.length} slots are held`;
  for (const run of state.store.runs.values()) {
    const isLookedAt = isAtRest(run) ? run.life.pendingActions.length === 0 : true;
    if (isAtRest(run) && !isLookedAt) continue;
    if (run.life.state === 'NEEDS_DECISION' && state.left.overwrites > 0)
      return `no file was overwritten, and ${run.id} needs a decision`;
  }
  const uploads = state.warehouse.commits.flatMap((commit) => commit.uploads);
  if (new Set(uploads).size !== uploads.length) return `an upload is loaded twice: ${uploads.join()}`;
  for (const [name, runId] of state.runIds) {
    const { life } = state.store.runs.get(runId) ?? {};
    const by = loadedBy(state, name);
    const isRight =
      by === undefined || (life?.state === 'ABSORBED' ? by === life.into : by === runId && isOwn(life));
    if (!isRight) return `${name} is ${life?.state ?? 'gone'}, and was loaded by ${by ?? ''}`;
  }
  return undefined;
}

/** Its own run may be on its way to its end. */
function isOwn(life: Run['life'] | undefined): boolean {
  return !['SUPERSEDED', 'QUEUED', 'FAILED'].includes(life?.state ?? '');
}

function loadedBy({ warehouse }: State, name: string): string | undefined {
  const { bucket, key, etag } = fileNamed(name);
  return warehouse.commits.find(({ uploads }) => uploads.includes(`${bucket}/${key} ${etag}`))?.run;
}

/** All that is to be done was done: no slot is taken, and every file is at exactly one end. */
export function brokenAtEnd(state: State): string | undefined {
  const holders = Object.keys(state.store.pools.get('orders')?.holders ?? {});
  if (holders.length > 0) return `at the end the slot of ${holders.join()} is still taken`;
  for (const [name, runId] of state.runIds) {
    const { life } = state.store.runs.get(runId) ?? {};
    const by = loadedBy(state, name);
    if (life?.state === 'SUCCEEDED' && by !== runId)
      return `${name} SUCCEEDED, and was loaded by ${by ?? 'no run'}`;
    if (life?.state !== 'ABSORBED') continue;
    const batch = state.store.runs.get(life.into);
    if (batch?.batch === undefined || batch.batch.phase === 'GATHER')
      return `${name} belongs to ${life.into}, which has no list`;
    const list = `manifests/${batch.id}/${batch.batch.list}.json`;
    if (!membersOf(state, batch.id, list).includes(runId))
      return `${name} belongs to ${life.into} (${batch.life.state}), which does not name it`;
    if (batch.life.state === 'SUCCEEDED' && by !== batch.id)
      return `the batch of ${name} SUCCEEDED, and it was loaded by ${by ?? 'no run'}`;
  }
  return undefined;
}

/** Nothing is left to do; a file that was set aside stays FAILED. */
export function isOver({ store, arriving, warehouse }: State): boolean {
  if (arriving.length > 0 || warehouse.running() !== undefined) return false;
  return [...store.runs.values()].every(
    (run) =>
      run.life.state === 'ABSORBED' ||
      ((isAtEnd(run) || (run.life.state === 'FAILED' && run.slot?.held !== true)) &&
        isAtRest(run) &&
        run.life.pendingActions.length === 0 &&
        // A batch ends: its files share its fate.
        (run.trigger.kind !== 'batch' || isAtEnd(run))),
  );
}
