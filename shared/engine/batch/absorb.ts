/** Absorbs the runs of the listed files into their batch, and fixes the list of those that it got. */
import { allInLanes } from '../../lanes.ts';
import { defined } from '../../run/defined.ts';
import type { FilesMarked } from '../../run/run-event.ts';
import type { Listed, Run } from '../../run/run.ts';
import type { Plan } from '../../pipeline/plan.ts';
import type { Engine } from '../ports.ts';
import { fillPool } from '../slots.ts';
import { wake } from '../wake.ts';
import type { ListedFile } from './list.ts';
import { LANES, putList, readList } from './list.ts';

/** With less time than this the next driver continues. */
const RESERVE_MS = 10_000;

/** `fresh`: the list was stored just now, so no other driver has absorbed any of its files. */
export async function markFiles(
  run: Run,
  { list: from }: Listed,
  fresh: boolean,
  plan: Plan,
  engine: Engine,
): Promise<FilesMarked> {
  const mine = await absorbAll(run, from, fresh, engine);
  if (mine === 'unfinished') {
    await wake(run.id, engine);
    return { kind: 'FilesMarked', from, list: mine };
  }
  const list = await putList(run.id, mine, engine.files);
  // The files that are not in this batch may start: no driver gave them a slot while it was made. The one that it was made
  // for is among them if older ones came first, or if it refused, which is final.
  if (plan.concurrency > 1) await fillPool(run.pipeline, engine, { answered: run.id });
  return { kind: 'FilesMarked', from, ...defined({ list }) };
}

/**
 * The files whose runs belong to the batch now. A run is absorbed only at the version that the list names: so every driver gets
 * the same answer for it, for ever.
 */
export async function absorbAll(
  run: Run,
  hash: string,
  fresh: boolean,
  engine: Engine,
): Promise<readonly ListedFile[] | 'unfinished'> {
  const files = await readList(run.id, hash, engine.files);
  const known = fresh ? new Set<string>() : await absorbedBefore(run, files, engine);
  const at = new Date(engine.now()).toISOString();
  const answers = await allInLanes(files, LANES, async (file) => {
    const { run: member, version, incarnation } = file;
    if (member === undefined || version === undefined || incarnation === undefined) return 'absorbed';
    if (known.has(member)) return 'absorbed';
    if (engine.driver.remainingMs() < RESERVE_MS) return 'unfinished';
    const listed = { run: member, version, incarnation };
    return engine.store.absorb(listed, run.id, at, engine.driver.id);
  });
  return answers.includes('unfinished') ? 'unfinished' : files.filter((_, i) => answers[i] === 'absorbed');
}

/** So that each driver gets further than the one before it. */
async function absorbedBefore(
  { id }: Run,
  files: readonly ListedFile[],
  engine: Engine,
): Promise<ReadonlySet<string>> {
  const members = await engine.store.loadAll(files.flatMap(({ run }) => run ?? []));
  const mine = members.filter(({ life }) => life.state === 'ABSORBED' && life.into === id);
  return new Set(mine.map((member) => member.id));
}
