/** Files that leave a batch: a list without them, and the news for their own runs. */
import { allInLanes } from '../../lanes.ts';
import { defined } from '../../run/defined.ts';
import { leaveBatch } from '../../run/member.ts';
import { listOf } from '../../run/batch.ts';
import type { ResumeRequest } from '../../run/request.ts';
import type { Failed } from '../../run/decision.ts';
import type { FilesListed, RunEvent } from '../../run/run-event.ts';
import type { Leaving, Listed, Run } from '../../run/run.ts';
import { driveFrom } from '../drive.ts';
import type { Engine } from '../ports.ts';
import type { ListedFile } from './list.ts';
import { LANES, listIsGone, listKey, putList, readList } from './list.ts';

export async function listAgain(
  { id }: Run,
  { list: from }: Listed,
  leaving: readonly Leaving[],
  about: Failed | undefined,
  engine: Engine,
): Promise<FilesListed> {
  const files = await readList(id, from, engine.files);
  const gone = new Set(leaving.map(({ runId }) => runId));
  const list = await putList(
    id,
    files.filter(({ run }) => run === undefined || !gone.has(run)),
    engine.files,
  );
  return { kind: 'FilesListed', from, leaving, ...defined({ list, about }) };
}

/** Why a run cannot continue with the files it had; undefined if it can. */
export async function whyNoList(run: Run, engine: Engine): Promise<string | undefined> {
  const batch = listOf(run);
  if (batch === undefined) return undefined;
  const body = await engine.files.getArtifact(listKey(run.id, batch.list));
  return body === undefined ? listIsGone(run.id, batch.list) : undefined;
}

/** The list without these files, for a request; a text says why there is none. `names`: keys or addresses. */
export async function listWithout(
  run: Run,
  names: readonly string[],
  actor: string,
  engine: Engine,
): Promise<NonNullable<ResumeRequest['without']> | string> {
  const batch = listOf(run);
  if (batch === undefined) return `run ${run.id} has no list of files: resume it without --without`;
  const files = await readList(run.id, batch.list, engine.files);
  const isNamed = ({ bucket, key }: ListedFile, name: string): boolean =>
    key === name || `s3://${bucket}/${key}` === name;
  const unknown = names.find((name) => !files.some((file) => isNamed(file, name)));
  if (unknown !== undefined) return `run ${run.id} has no file with the key "${unknown}"`;
  const isGone = (file: ListedFile): boolean => names.some((name) => isNamed(file, name));
  const list = await putList(
    run.id,
    files.filter((file) => !isGone(file)),
    engine.files,
  );
  const message = `taken out of batch run ${run.id} by ${actor}`;
  const leaving = files.filter(isGone).flatMap(({ run: runId }): Leaving[] =>
    // The files of a folder have no runs.
    runId === undefined ? [] : [{ runId, error: { class: 'input', message } }],
  );
  return { from: batch.list, leaving, ...defined({ list }) };
}

/** Idempotent: a run that left before, whatever became of it since, is left alone. */
export async function tellLeaving(run: Run, { list, leaving }: Listed, engine: Engine): Promise<RunEvent> {
  await allInLanes(leaving, LANES, (each) =>
    driveFrom(
      each.runId,
      { kind: 'left its batch', decide: (member, context) => leaveBatch(member, context, run.id, each) },
      engine,
    ),
  );
  return { kind: 'LeavingTold', list };
}
