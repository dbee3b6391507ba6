/** Wake-up events: `run-step` drives the run, or the sweep does if the event is lost. */
import { defined } from '../run/defined.ts';
import type { Engine } from './ports.ts';

/** `statementId`: the driver only waits for that one. */
export async function wake(runId: string, engine: Engine, statementId?: string): Promise<void> {
  const detail = { runId, stage: engine.settings.stage, ...defined({ statementId }) };
  await engine.publisher.publish([{ source: 'baton.request', type: 'Run Woken', detail }]);
}
