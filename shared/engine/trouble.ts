/** A run that the sweep could not drive: its failed drives are counted on it, and one that never ends stops like any other. */
import { drive } from './drive.ts';
import type { Engine } from './ports.ts';

export async function noteTrouble(runId: string, message: string, engine: Engine): Promise<void> {
  const { run } = await drive(runId, { kind: 'DriveFailed', message }, engine);
  if (run !== undefined) engine.meter('RunTroubles', 1, run.pipeline);
}
