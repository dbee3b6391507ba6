/** Publishes a wake-up event: `run-step` drives the run, or the sweep does if the event is lost. */
import type { Engine } from './ports.ts';

export async function wake(runId: string, engine: Engine): Promise<void> {
  await engine.publisher.publish([
    { source: 'baton.request', type: 'Run Woken', detail: { runId, stage: engine.settings.stage } },
  ]);
}
