/** Which pipelines something that happens starts, and which follow those. */
import { markerFor, pipelinesFor, prefixesOf } from '../drop/key-of.ts';
import { needsFile } from '../../shared/engine/given-parameters.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Action } from './test-case.ts';

/** The landing bucket of the local AWS. */
export const LANDING = 'baton-local-landing';

/** The pipelines that follow a success of one of `pipelines`, those included. */
function withFollowers(pipelines: readonly string[], plans: readonly Plan[]): string[] {
  const all = new Set(pipelines);
  // A set is walked to its end also while it grows.
  for (const upstream of all) for (const follower of followersOf(upstream, plans)) all.add(follower);
  return [...all];
}

/** The pipelines that start when a run of `upstream` succeeds. */
export function followersOf(upstream: string, plans: readonly Plan[]): string[] {
  return plans
    .filter((plan) => plan.triggers.some((one) => one.kind === 'pipeline' && one.pipeline === upstream))
    .map((plan) => plan.pipeline);
}

interface Place {
  readonly bucket: string;
  readonly key: string;
}

/** The pipelines that a file starts. */
export function startedByFile({ bucket, key }: Place, plans: readonly Plan[]): string[] {
  return pipelinesFor(key, plans, LANDING, bucket);
}

/** Whether the file waits for the marker of its folder. */
export function waitsForMarker({ bucket, key }: Place, plans: readonly Plan[]): boolean {
  return markerFor(key, plans, LANDING, bucket) !== undefined;
}

/** The pipelines of which an action starts a run by itself, or continues it. */
export function directlyStartedBy(action: Action, plans: readonly Plan[]): readonly string[] {
  switch (action.kind) {
    case 'drop':
      return startedByFile(action, plans);
    case 'drop-all':
      return [...new Set(action.files.flatMap((file) => startedByFile(file, plans)))];
    case 'start':
    case 'schedule':
    case 'resume':
      return [action.pipeline];
    case 'upstream':
      return followersOf(action.upstream, plans);
    case 'event':
      return action.pipelines;
    case 'put':
    case 'sql':
    case 'clock':
    case 'advance':
      return [];
    default:
      return action satisfies never;
  }
}

/** The pipelines of which an action makes or continues a run, if all succeed. */
export function startedBy(action: Action, plans: readonly Plan[]): readonly string[] {
  return withFollowers(directlyStartedBy(action, plans), plans);
}

/** What the keys of files must look like, for a message. */
export function startingKeys(plans: readonly Plan[]): string {
  const list = prefixesOf(plans, LANDING);
  return list.length === 0
    ? 'no pipeline has a trigger for the landing bucket'
    : `keys that do (prefix, suffix, pipeline): ${list.join('; ')}`;
}

/** What starts a run of a pipeline, for a message: the actions that a test may have. */
export function startersOf(pipeline: string, plans: readonly Plan[]): string {
  const plan = plans.find((one) => one.pipeline === pipeline);
  const upstream = plans.filter((one) => withFollowers([one.pipeline], plans).includes(pipeline));
  const ways = [
    ...prefixesOf(upstream, LANDING).map((one) => `drop a file (prefix, suffix, pipeline): ${one}`),
    ...(plan?.triggers ?? []).flatMap((trigger) => {
      if (trigger.kind === 'schedule') return [`schedule: a time of ${trigger.expression}`];
      if (trigger.kind === 'pipeline') return [`upstream: ${trigger.pipeline}`];
      if (trigger.kind === 'event') return [`event: one from ${trigger.pattern.source.join(' or ')}`];
      if (trigger.bucket === undefined || trigger.bucket === LANDING) return [];
      return [`drop: { bucket: ${trigger.bucket}, key: ${trigger.prefix}... }`];
    }),
    plan !== undefined && needsFile(plan) ? 'start: { file: KEY }' : 'start: {}',
  ];
  return ways.join('; ');
}
