/** The files that go with a batch: those that wait now, oldest first, up to the limits of the trigger. */
import { allInLanes } from '../../lanes.ts';
import type { Plan } from '../../pipeline/plan.ts';
import { supersedeWaiting } from '../../run/member.ts';
import type { FilesGathered } from '../../run/run-event.ts';
import type { Run } from '../../run/run.ts';
import { isQueued, queueOrder } from '../../run/run.ts';
import type { FileTrigger } from '../../run/trigger.ts';
import { isSuperseded } from '../../store/key-item.ts';
import { defined } from '../../run/defined.ts';
import { driveFrom } from '../drive.ts';
import type { Engine } from '../ports.ts';
import { batchTriggerOf } from '../triggers/s3.ts';
import { gatherFolder } from './folder.ts';
import { LANES, listedFileOf, putList } from './list.ts';

/** The index lags behind the runs: some of those it names wait no longer. */
const SLACK = 200;

export type WaitingFile = Run & { readonly trigger: FileTrigger };

/** The run of a file that has not begun: it can go with a batch. */
export function isWaitingFile(run: Run): run is WaitingFile {
  return isQueued(run) && run.trigger.kind === 's3' && run.batch === undefined && run.startedAt === undefined;
}

export async function gatherFiles(
  { id, pipeline, trigger }: Run,
  plan: Plan,
  engine: Engine,
): Promise<FilesGathered> {
  if (trigger.kind === 's3') return gatherFolder({ id, pipeline }, trigger, engine);
  const { store, settings } = engine;
  const most = Math.max(
    0,
    ...plan.triggers.map((each) => (each.kind === 's3' ? (each.batch?.files ?? 0) : 0)),
  );
  const queued = await store.findQueued(pipeline, most + SLACK);
  const { holders } = await store.loadPool(pipeline);
  const head = trigger.kind === 'batch' ? [trigger.head.runId] : [];
  const ids = [...new Set([...head, ...queued])].filter((runId) => holders[runId] === undefined);
  const waiting = (await store.loadAll(ids))
    .filter(isWaitingFile)
    .sort((a, b) => (queueOrder(a) < queueOrder(b) ? -1 : 1));
  const triggerOf = ({ trigger: { file } }: WaitingFile) =>
    batchTriggerOf(plan, file, settings.landingBucket);
  const common = waiting.map(triggerOf).find((each) => each !== undefined);
  if (common === undefined) return { kind: 'FilesGathered' };
  const current = await withoutSuperseded(
    waiting.filter((run) => triggerOf(run) === common),
    engine,
  );
  const taken = within(current, common.batch);
  const files = taken.map((run) => listedFileOf(run.trigger.file, run));
  return { kind: 'FilesGathered', ...defined({ list: await putList(id, files, engine.files) }) };
}

/** The runs whose file is the newest upload of its key; the others end as SUPERSEDED. */
async function withoutSuperseded(
  runs: readonly WaitingFile[],
  engine: Engine,
): Promise<readonly WaitingFile[]> {
  const [first] = runs;
  if (first === undefined) return [];
  const items = await engine.store.loadKeys(
    first.pipeline,
    runs.map(({ trigger: { file } }) => file),
  );
  const isOld = ({ id, trigger: { file } }: WaitingFile, i: number): boolean =>
    isSuperseded(items[i], { run: id, sequencer: file.sequencer });
  await allInLanes(runs.filter(isOld), LANES, (run) =>
    driveFrom(run.id, { kind: 'superseded', decide: supersedeWaiting }, engine),
  );
  return runs.filter((run, i) => !isOld(run, i));
}

/** The first of them, up to the limits; the oldest in any case. A manifest names no key twice. */
function within(
  runs: readonly WaitingFile[],
  { files, bytes }: { readonly files: number; readonly bytes: number },
): readonly WaitingFile[] {
  const taken: WaitingFile[] = [];
  const keys = new Set<string>();
  let total = 0;
  for (const run of runs) {
    const { file } = run.trigger;
    const name = `${file.bucket}/${file.key}`;
    if (keys.has(name)) continue;
    total += file.size;
    if (taken.length === files || (taken.length > 0 && total > bytes)) break;
    keys.add(name);
    taken.push(run);
  }
  return taken;
}
