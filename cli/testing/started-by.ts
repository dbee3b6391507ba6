/** Which pipelines a file starts, and which follow those. */
import { markerFor, pipelinesFor, prefixesOf } from '../drop/key-of.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';

/** The landing bucket of the local AWS. */
const LANDING = 'baton-local-landing';

/** The pipelines that follow a success of one of `pipelines`, those included. */
function withFollowers(pipelines: readonly string[], plans: readonly Plan[]): string[] {
  const all = new Set(pipelines);
  // A set is walked to its end also while it grows.
  for (const upstream of all) for (const follower of followersOf(upstream, plans)) all.add(follower);
  return [...all];
}

/** The pipelines that start when a run of `upstream` succeeds. */
function followersOf(upstream: string, plans: readonly Plan[]): string[] {
  return plans
    .filter((plan) => plan.triggers.some((one) => one.kind === 'pipeline' && one.pipeline === upstream))
    .map((plan) => plan.pipeline);
}

/**
 * The pipelines of which a file makes a run, if all succeed. None for a file that waits for the marker of its folder;
 * undefined for a file that is nothing to any pipeline.
 */
export function startedBy(key: string, plans: readonly Plan[]): readonly string[] | undefined {
  const direct = pipelinesFor(key, plans, LANDING);
  if (direct.length > 0) return withFollowers(direct, plans);
  return markerFor(key, plans, LANDING) === undefined ? undefined : [];
}

/** What the keys of files must look like, for a message. */
export function startingKeys(plans: readonly Plan[], pipeline?: string): string {
  const of = plans.filter(
    (plan) => pipeline === undefined || withFollowers([plan.pipeline], plans).includes(pipeline),
  );
  const list = prefixesOf(of, LANDING);
  return list.length === 0
    ? `no file starts it: baton test can test pipelines that a file starts, or that follow one`
    : `keys that do (prefix, suffix, pipeline): ${list.join('; ')}`;
}
