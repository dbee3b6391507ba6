/** Counts the failed drives of a run that the sweep could not drive; at the limit the run stops. */
import { drive } from './drive.ts';
import type { Engine } from './ports.ts';

export async function noteTrouble(runId: string, message: string, engine: Engine): Promise<void> {
  const { run } = await drive(runId, { kind: 'DriveFailed', message }, engine);
  if (run !== undefined) engine.meter('RunTroubles', 1, run.pipeline);
}
