/** A run that the sweep could not drive: its trouble is counted on it, and one that never ends is told to people. */
import { onTrouble } from '../run/trouble.ts';
import { isAtRest } from '../run/run.ts';
import { publish } from './duties.ts';
import type { Driver, Ports } from './ports.ts';

export async function noteTrouble(
  runId: string,
  message: string,
  ports: Ports,
  driver: Driver,
): Promise<void> {
  const run = await ports.store.load(runId);
  const noted = run === undefined ? undefined : onTrouble(run, message, ports.now());
  if (run === undefined || noted === undefined) return;
  ports.meter('RunTroubles', 1, run.pipeline);
  const saved = await ports.store.save(noted, run.version, driver.id);
  if (saved === 'conflict' || !isAtRest(saved)) return;
  const metric = saved.state === 'FAILED' ? 'RunsFailed' : 'RunsNeedingDecision';
  ports.meter(metric, 1, run.pipeline);
  ports.log('error', `run ${saved.state}`, { run: run.id, error: saved.error?.message });
  await publish(saved, ports);
}
