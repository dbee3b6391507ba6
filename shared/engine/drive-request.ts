/** Brings a run as far as it can go now, beginning with what a person or program asks of it. */
import { decideRequest } from '../run/decide-request.ts';
import type { PersonRequest } from '../run/run-event.ts';
import type { Driven, First } from './drive.ts';
import { driveFrom } from './drive.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, Ports } from './ports.ts';

/** @throws what `drive` throws */
export async function driveRequest(
  runId: string,
  request: PersonRequest,
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<Driven> {
  const first: First = {
    kind: request.kind,
    decide: (run, context) => decideRequest(run, request, context),
  };
  return driveFrom(runId, first, ports, plans, driver);
}
