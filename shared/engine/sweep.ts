/** Once a minute: drives due runs and fills the pools of pipelines with waiting runs. O(active runs), never O(history or waiting runs). */
import type { Run } from '../run/run.ts';
import { isAtRest } from '../run/run.ts';
import { inLanes } from '../lanes.ts';
import { messageOf } from '../errors.ts';
import { drive } from './drive.ts';
import type { Engine } from './ports.ts';
import { tendPool } from './slots.ts';
import { noteTrouble } from './trouble.ts';
import { hasRecovered } from './recovered.ts';

/** Runs read in one round; a warehouse has 500 sessions at most. */
const ROUND = 2_000;

/** Runs driven concurrently, so that one slow run does not delay the others; and pipelines looked at. */
const LANES = 10;

/** Time reserved at the end of an invocation. */
const RESERVE_MS = 10_000;

/** Returns how many runs were driven. One that throws is logged and left to the next sweep. */
export async function sweep(engine: Engine): Promise<number> {
  const due = await engine.store.findDue(Math.floor(engine.now() / 1000), ROUND);
  const pipelines = new Set([
    ...engine.plans.all().map((plan) => plan.pipeline),
    // Of removed ones, too.
    ...(await engine.store.findWaitingPipelines()),
  ]);
  const woken: string[] = [];
  await inLanes([...pipelines], LANES, async (pipeline) => {
    woken.push(...(await wakeWaiting(pipeline, engine)));
  });
  const all = [...new Set([...due, ...woken])];
  // Starts at a different run each time, so that rounds that run out of time do not always skip the same runs.
  const first = Math.floor(engine.randomFraction() * all.length);
  const waiting = [...all.slice(first), ...all.slice(0, first)];
  let driven = 0;
  let oldest = 0;
  await inLanes(waiting, LANES, async (runId) => {
    if (engine.driver.remainingMs() < RESERVE_MS) return;
    oldest = Math.max(oldest, await driveOne(runId, engine));
    driven += 1;
  });
  engine.meter('OldestUnfinishedRun', Math.round(oldest / 1000));
  return driven;
}

/** The age of the run if it is unfinished, in ms; else 0. */
async function driveOne(runId: string, engine: Engine): Promise<number> {
  try {
    const { before, run } = await drive(runId, { kind: 'Woken' }, engine);
    if (before === undefined || run === undefined) return 0;
    if (hasRecovered(before, run, engine.now())) engine.meter('SweepRecovered', 1, run.pipeline);
    return ageOf(run, engine.now());
  } catch (error) {
    engine.log('error', 'the run could not be driven', { run: runId, error });
    await noteTrouble(runId, messageOf(error), engine).catch((worse: unknown) => {
      engine.log('error', 'the failed drive could not be counted either', { run: runId, error: worse });
    });
    return 0;
  }
}

function ageOf(run: Run, now: number): number {
  return isAtRest(run) ? 0 : now - Date.parse(run.createdAt);
}

/** The waiting runs that have a slot now. Also counts the files that wait, and those that wait for a person. */
async function wakeWaiting(pipeline: string, engine: Engine): Promise<readonly string[]> {
  try {
    const waiting = await engine.store.countQueued(pipeline);
    if (waiting === 0) return [];
    engine.meter('FilesWaiting', waiting, pipeline);
    const { unaware, isHeldBack } = await tendPool(pipeline, engine);
    engine.meter('FilesHeldBack', isHeldBack ? waiting : 0, pipeline);
    return unaware;
  } catch (error) {
    engine.log('error', 'could not fill the slots of a pipeline', { pipeline, error });
    return [];
  }
}
