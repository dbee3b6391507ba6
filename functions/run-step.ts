/** Drives the run whose statement ended, or which was woken; then the one that its slot went to. */
import { drive } from '../shared/engine/drive.ts';
import { parseWakeUp } from '../shared/events/statement-ended.ts';
import { handler as wrap, type Tools } from '../shared/middleware/handler.ts';

async function runStep(event: unknown, { config, engine }: Tools) {
  const news = parseWakeUp(event, config.stage, config.roleName);
  if ('ignored' in news) {
    const { recordArrival } = await import('../shared/engine/check/record-arrival.ts');
    if (await recordArrival(event, engine)) return { recorded: true };
    engine.log('info', `ignored: ${news.ignored}`, {});
    return { ignored: news.ignored };
  }
  const ours = { ...engine, taken: [] };
  const { run } = await drive(news.runId, news.event, ours);
  // It ended, and its slot went to the next run.
  if (ours.taken.length > 0) await (await import('../shared/engine/taken.ts')).driveTaken(ours);
  return { runId: news.runId, state: run?.life.state };
}

export const handler = wrap(runStep, { waits: true });
