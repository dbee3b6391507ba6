/** Requests to pause a pipeline and to end the pause. Only its pool knows of it; a run does not. */
import type { PauseAnswer, PauseRequest } from '../events/requests.ts';
import { defined } from '../run/defined.ts';
import type { Paused } from '../store/run-store.ts';
import type { Engine } from './ports.ts';
import { fillPool } from './slots.ts';

export async function pauseOrUnpause(request: PauseRequest, engine: Engine): Promise<PauseAnswer> {
  const { pipeline, verb } = request;
  // A pipeline that was removed may have waiting runs, or be paused still.
  const { epoch, paused } = await engine.store.loadPool(pipeline);
  if (engine.plans.today(pipeline) === undefined && epoch === 0 && paused === undefined) {
    const known = engine.plans.all().map((plan) => plan.pipeline);
    const message = `there is no pipeline "${pipeline}"; known pipelines: ${known.join(', ') || 'none'}`;
    return { ok: false, code: 'not-found', message };
  }
  const outcome = await (verb === 'pause' ? pause(request, engine) : unpause(request, engine));
  const waiting = await engine.store.countQueued(pipeline);
  return { ok: true, pipeline, waiting, ...outcome, message: `${outcome.message}; ${waiting} waiting` };
}

interface Outcome {
  readonly paused: boolean;
  readonly message: string;
}

async function pause(request: PauseRequest, engine: Engine): Promise<Outcome> {
  const { pipeline, requestId, actor: by, reason } = request;
  const mine: Paused = { by, at: new Date(engine.now()).toISOString(), ...defined({ reason }) };
  const inForce = await engine.store.pausePool(pipeline, mine, requestId);
  if (inForce === undefined) {
    const message = `request ${requestId} paused ${pipeline} before, and the pause has ended since`;
    return { paused: false, message };
  }
  const isMine = inForce.by === by && inForce.at === mine.at;
  const message = isMine
    ? `paused ${pipeline}: its active runs continue, later ones wait`
    : `${pipeline} is already paused ${pauseText(inForce)}`;
  return { paused: true, message };
}

/** Fills the slots even if there was no pause: the request may be the second delivery of one that was cut off. */
async function unpause({ pipeline, requestId }: PauseRequest, engine: Engine): Promise<Outcome> {
  const ended = await engine.store.unpausePool(pipeline, requestId);
  const { paused } = ended === undefined ? await engine.store.loadPool(pipeline) : { paused: undefined };
  if (paused !== undefined) {
    const message = `request ${requestId} ended an earlier pause of ${pipeline}; it is paused again ${pauseText(paused)}`;
    return { paused: true, message };
  }
  const { size } = await fillPool(pipeline, engine);
  const what =
    ended === undefined
      ? `${pipeline} is not paused`
      : `unpaused ${pipeline} (it was paused ${pauseText(ended)})`;
  return { paused: false, message: `${what}; ${size} started` };
}

/** By whom, since when and why. */
export function pauseText({ by, at, reason }: Paused): string {
  return `by ${by} since ${at}${reason === undefined ? '' : `: ${reason}`}`;
}
