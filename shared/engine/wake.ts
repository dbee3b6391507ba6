/** A wake-up is an event of our own: `run-step` drives the run, or the sweep does if the event is lost. */
import type { Ports } from './ports.ts';

export async function wake(runId: string, ports: Ports): Promise<void> {
  await ports.publisher.publish([
    { source: 'baton.request', type: 'Run Woken', detail: { runId, stage: ports.settings.stage } },
  ]);
}
