/** A run that the sweep could not drive: its failed drives are counted on it, and one that never ends stops like any other. */
import { drive } from './drive.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, Ports } from './ports.ts';

export async function noteTrouble(
  runId: string,
  message: string,
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<void> {
  const { run } = await drive(runId, { kind: 'DriveFailed', message }, ports, plans, driver);
  if (run !== undefined) ports.meter('RunTroubles', 1, run.pipeline);
}
