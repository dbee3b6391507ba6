/** Drives a run as far as it can go now, starting with a request of a person or program. */
import { decideRequest } from '../run/decide-request.ts';
import type { RunRequest } from '../run/request.ts';
import type { Driven, First } from './drive.ts';
import { driveFrom } from './drive.ts';
import type { Engine } from './ports.ts';

/** @throws what `drive` throws */
export async function driveRequest(runId: string, request: RunRequest, engine: Engine): Promise<Driven> {
  const first: First = {
    kind: request.verb,
    decide: (run, context) => decideRequest(run, request, context),
  };
  return driveFrom(runId, first, engine);
}
