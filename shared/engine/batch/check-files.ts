/** Compares the objects of a batch with those of the events: before their load is claimed, and after it. */
import { createHash } from 'node:crypto';

import { allInLanes } from '../../lanes.ts';
import { MOST_LEAVING } from '../../run/batch.ts';
import { defined } from '../../run/defined.ts';
import type { Finished } from '../../run/decision.ts';
import { changeOf } from '../../run/input.ts';
import type { FilesChecked } from '../../run/run-event.ts';
import type { Leaving, Listed, Run } from '../../run/run.ts';
import { underwayOf } from '../../run/run.ts';
import { list, map, optional, text } from '../../store/shape.ts';
import type { Read } from '../../store/shape.ts';
import { isSuperseded } from '../../store/key-item.ts';
import type { Engine, FoundFile } from '../ports.ts';
import type { ListedFile } from './list.ts';
import { LANES, readList } from './list.ts';

const snapshotBody = map({ files: list(map({ modified: optional(text), versionId: optional(text) })) });

type AtClaim = Read<typeof snapshotBody>['files'];

function snapshotKey(runId: string, hash: string): string {
  return `manifests/${runId}/seen-${hash}.json`;
}

export async function checkFiles(
  run: Run,
  { list: from }: Listed,
  about: Finished | undefined,
  engine: Engine,
): Promise<FilesChecked> {
  const files = await readList(run.id, from, engine.files);
  const before = about === undefined ? undefined : await atClaim(run, engine);
  const seen = await allInLanes(files, LANES, ({ bucket, key }) => engine.files.find(bucket, key));
  const wrong = files.flatMap((file, i) => {
    const change = changeOf(file, seen[i], before?.[i]);
    return change === undefined ? [] : [{ file, change }];
  });
  const leaving = await whyLeaving(run, wrong.slice(0, MOST_LEAVING), about, engine);
  const snapshot = about === undefined && wrong.length === 0 ? await keep(run, seen, engine) : undefined;
  return { kind: 'FilesChecked', from, wrong: leaving, ...defined({ snapshot, about }) };
}

/** Those with a newer upload that has a run of its own leave without an error. */
async function whyLeaving(
  run: Run,
  wrong: readonly { readonly file: ListedFile; readonly change: readonly [what: string, how: string] }[],
  about: Finished | undefined,
  engine: Engine,
): Promise<readonly Leaving[]> {
  const items = await engine.store.loadKeys(
    run.pipeline,
    wrong.map(({ file }) => file),
  );
  return wrong.map(({ file, change: [what, how] }, i) => {
    const { run: runId = run.id, sequencer } = file;
    if (isSuperseded(items[i], { run: runId, sequencer })) return { runId };
    const message = `${what} ${about === undefined ? 'before' : 'while'} it was loaded${how}. To load it, upload it again: that starts a new run`;
    return { runId, error: { class: 'input', message, step: run.step } };
  });
}

/** The same etag is not enough after the load: another object may have been there in between, and been read. */
async function keep(run: Run, seen: readonly (FoundFile | undefined)[], engine: Engine): Promise<string> {
  const files = seen.map((file) => defined({ modified: file?.modified, versionId: file?.versionId }));
  const body = JSON.stringify({ files });
  const hash = createHash('sha256').update(body).digest('hex');
  await engine.files.putArtifact(snapshotKey(run.id, hash), body);
  return hash;
}

async function atClaim(run: Run, engine: Engine): Promise<AtClaim | undefined> {
  const hash = underwayOf(run)?.fileAtClaim?.snapshot;
  if (hash === undefined) return undefined;
  const key = snapshotKey(run.id, hash);
  const body = await engine.files.getArtifact(key);
  if (body === undefined)
    throw new Error(
      `${key} is no longer in the artifacts bucket: cannot tell whether the files of run ${run.id} changed while they were loaded`,
    );
  return snapshotBody(JSON.parse(body), `${key}: `).files;
}
