/** An event of the bus arrived for a pipeline: starts one run, however often it is delivered. */
import type { BusEvent } from '../events/bus-event.ts';
import { RefusedInputError } from '../events/read.ts';
import type { Trigger } from '../pipeline/plan.ts';
import { defined } from '../run/defined.ts';
import type { Engine } from './ports.ts';
import type { Started } from './start-run.ts';
import { startOrReplay } from './start-or-replay.ts';

/**
 * The detail is not matched again: EventBridge did that. An event may arrive late, after a deployment that changed the
 * pattern.
 * @throws RefusedInputError if the pipeline no longer exists or no longer has a trigger for such events
 */
export async function startByEvent(arrived: BusEvent, engine: Engine): Promise<Started | undefined> {
  const { pipeline, id, source, detailType, time, json, replayName, isOwn } = arrived;
  const plan = engine.plans.today(pipeline);
  const what = `event "${detailType}" from ${source} (${id})`;
  if (isOwn) {
    engine.log('warn', 'ignored an event that Baton caused itself: it would start runs in an endless loop', {
      pipeline,
      event: what,
    });
    return undefined;
  }
  if (plan === undefined)
    throw new RefusedInputError(`received ${what}, but pipeline ${pipeline} no longer exists`);
  if (!plan.triggers.some((trigger) => takes(trigger, source, detailType)))
    throw new RefusedInputError(`received ${what}, but pipeline ${pipeline} no longer has a trigger for it`);
  const event = { id, source, detailType, json };
  return startOrReplay(plan, defined({ kind: 'event' as const, time, event, replayName }), engine);
}

function takes(trigger: Trigger, source: string, detailType: string): boolean {
  if (trigger.kind !== 'event') return false;
  const { source: sources, 'detail-type': types } = trigger.pattern;
  return sources.includes(source) && types?.includes(detailType) !== false;
}
