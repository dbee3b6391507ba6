/** Creates a run. Creating it is the deduplication, so every step here may be repeated by a redelivery. */
import { createHash, randomBytes } from 'node:crypto';

import type { Plan } from '../pipeline/plan.ts';
import { defined } from '../run/defined.ts';
import type { Run } from '../run/run.ts';
import type { RunTrigger } from '../run/trigger.ts';
import { fileOf } from '../run/trigger.ts';
import { isLarge } from '../store/trigger-item.ts';
import { manifestBody, manifestKey } from './values.ts';
import type { Engine } from './ports.ts';
import { batchTriggerOf, completesFolder } from './triggers/s3.ts';
import { kindOfRun } from './triggers/table.ts';

export interface Started {
  readonly run: Run;
  /** False: the same trigger created it before. */
  readonly created: boolean;
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** `<pipeline>-` and 26 base32 characters of SHA-256 over service, stage and the trigger's identity. */
export function runIdOf(
  plan: Plan,
  trigger: RunTrigger,
  settings: { service: string; stage: string },
): string {
  const digest = createHash('sha256')
    .update(
      JSON.stringify([
        settings.service,
        settings.stage,
        plan.pipeline,
        ...kindOfRun(trigger).identity(trigger, plan.onReplay),
      ]),
    )
    .digest();
  let text = '';
  for (let bit = 0; text.length < 26; bit += 5) {
    const byte = bit >> 3;
    const pair = ((digest[byte] ?? 0) << 8) | (digest[byte + 1] ?? 0);
    text += BASE32[(pair >> (11 - (bit & 7))) & 31];
  }
  return `${plan.pipeline}-${text}`;
}

/**
 * Admits the upload of an s3 event, and creates the run. Of an upload that a backfill admitted before its event arrived, it is
 * the backfill's run.
 * @throws Error if two different triggers have one identity: that must reach the dead-letter queue, not pass as a duplicate
 */
export async function startRun(
  plan: Plan,
  trigger: RunTrigger,
  parameters: Readonly<Record<string, string>>,
  engine: Engine,
  until?: string,
): Promise<Started> {
  if (trigger.kind !== 's3' || trigger.file.sequencer === undefined)
    return createRun(plan, trigger, parameters, true, engine, until);
  const { pipeline } = plan;
  const { bucket, key, size, etag, sequencer } = trigger.file;
  const name = { pipeline, bucket, key };
  const run = runIdOf(plan, trigger, engine.settings);
  const upload = { etag, size, at: trigger.time, run, via: 'event' as const };
  const refused = await engine.store.admitKey(name, sequencer, upload);
  if (refused === undefined) return createRun(plan, trigger, parameters, true, engine);
  const { admitAgainst } = await import('./backfill/admit-event.ts');
  const { admitted, newest } = await admitAgainst(refused, name, upload, trigger, plan, engine);
  return createRun(plan, admitted, parameters, newest, engine);
}

/**
 * Stores manifest, plan and run, in this order. A run that exists must have the same trigger. `newest`: false: it is SUPERSEDED.
 * `until`: of a request: the step after which the run pauses.
 */
export async function createRun(
  plan: Plan,
  trigger: RunTrigger,
  parameters: Readonly<Record<string, string>>,
  newest: boolean,
  engine: Engine,
  until?: string,
): Promise<Started> {
  const { store, files, settings } = engine;
  const id = runIdOf(plan, trigger, settings);
  const file = fileOf(trigger);
  const isFolder = trigger.kind === 's3' && completesFolder(plan, trigger.file, settings.landingBucket);
  // Most files of a pipeline with batches need no manifest of their own: it is put when the run gets a slot.
  const isBatched = file !== undefined && batchTriggerOf(plan, file, settings.landingBucket) !== undefined;
  if (file !== undefined && !isFolder && !isBatched && plan.steps.some((step) => step.usesManifest))
    await files.putArtifact(manifestKey(id), manifestBody([file]));
  await engine.plans.put(plan);
  const made = { ...newRun(id, plan, trigger, parameters, engine), ...defined({ until }) };
  const steps = plan.steps.map(({ name }) => name);
  // The run of a file that goes with a batch is written a few times only.
  const fresh: Run = { ...made, ...(!isBatched && isLarge(made, steps) && { triggerApart: true }) };
  const waiting: Run = isFolder
    ? { ...fresh, batch: { phase: 'GATHER' } }
    : { ...fresh, ...(newest && !isBatched && (await beginsAtOnce(plan, engine))) };
  const run: Run = newest
    ? waiting
    : { ...waiting, life: { state: 'SUPERSEDED', endedAt: waiting.createdAt, pendingActions: [] } };
  const created = await store.create(run);
  const there = created.outcome === 'created' ? run : created.run;
  if (created.outcome === 'exists' && !sameTrigger(there.trigger, trigger)) {
    throw new Error(
      `run ${id} exists for another trigger (${JSON.stringify(there.trigger)}): two different events have one identity`,
    );
  }
  if (created.outcome === 'created') engine.meter('RunsStarted', 1, plan.pipeline);
  engine.log('info', created.outcome === 'created' ? 'run created' : 'run already exists', {
    run: id,
    pipeline: plan.pipeline,
    key: file?.key,
    state: there.life.state,
  });
  return { run: there, created: created.outcome === 'created' };
}

/** Looked at by the sweep after so many seconds, should its driver die. */
const DRIVER_SECONDS = 90;

/** Most likely a slot is free, and no run is older: so the run is not put into the queue, only to be taken out of it a moment later. */
async function beginsAtOnce({ pipeline }: Plan, engine: Engine): Promise<Pick<Run, 'life'> | undefined> {
  if (engine.alone !== true || engine.plans.crowded.has(pipeline)) return undefined;
  if ((await engine.store.findQueued(pipeline, 1)).length > 0) return undefined;
  const nextCheckAt = Math.floor(engine.now() / 1000) + DRIVER_SECONDS;
  return { life: { state: 'QUEUED', nextCheckAt } };
}

/** A run that waits for its slot. */
export function newRun(
  id: string,
  plan: Plan,
  trigger: RunTrigger,
  parameters: Readonly<Record<string, string>>,
  engine: Engine,
): Run {
  const now = new Date(engine.now()).toISOString();
  return {
    id,
    pipeline: plan.pipeline,
    planHash: plan.hash,
    steps: plan.steps.length,
    incarnationId: randomBytes(16).toString('hex'),
    trigger,
    parameters,
    life: { state: 'QUEUED' },
    session: { state: 'none' },
    cursor: 0,
    step: plan.steps[0]?.name ?? '',
    attempt: 1,
    firstAttempt: 1,
    generation: 1,
    rebuilds: 0,
    failedDrives: 0,
    failures: 0,
    replays: [],
    createdAt: now,
    version: 1,
    writerId: engine.driver.id,
  };
}

/** Compares two triggers with one identity: a bucket with suspended versioning gives every upload the same version. */
function sameTrigger(a: RunTrigger, b: RunTrigger): boolean {
  const [fileA, fileB] = [fileOf(a), fileOf(b)];
  const isListed = (trigger: RunTrigger): boolean => trigger.kind === 's3' && trigger.backfill === true;
  return (
    fileA?.bucket === fileB?.bucket &&
    fileA?.key === fileB?.key &&
    // A repeated request is the same even if its file was uploaded again in between.
    (a.kind === 'request' ||
      (fileA?.etag === fileB?.etag &&
        // A listing has no sequencer.
        (isListed(a) || isListed(b) || fileA?.sequencer === fileB?.sequencer)))
  );
}
