/**
 * Creates runs for an SQS batch of file and run-succeeded events, or for a due schedule. Of those that get a slot it drives one up
 * to its first submission, and wakes the others.
 */
import { readArrival, readStartRunEvent } from '../shared/engine/arrivals.ts';
import type { Engine } from '../shared/engine/ports.ts';
import { startAll } from '../shared/engine/start-all.ts';
import { RefusedInputError } from '../shared/events/read.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';
import { withLossyWakeUps } from '../shared/middleware/wake-ups.ts';

/**
 * For a batch it returns the failed messages: the queue redelivers them, and finally moves them to the dead-letter queue.
 * A direct invocation that fails throws: Lambda retries it, then sends it to the on-failure destination.
 */
export const handler = wrap(async (value, tools) => {
  const { stage } = tools.config;
  const engine: Engine = { ...withLossyWakeUps(tools.engine), taken: [] };
  const event = readStartRunEvent(value, stage);
  if (event.kind === 'arrival') {
    const [outcome] = await startAll([event.start], engine);
    await driveGiven(engine);
    if (outcome?.status === 'rejected') throw outcome.reason;
    return { batchItemFailures: [] };
  }
  const starts = event.messages.map(
    ({ body }) =>
      async (toStart: typeof engine) =>
        readArrival(body, stage)(toStart),
  );
  const outcomes = await startAll(starts, engine);
  const failed = event.messages.flatMap((message, i) => {
    const outcome = outcomes[i];
    return outcome?.status === 'rejected' ? [{ message, error: outcome.reason as unknown }] : [];
  });
  for (const { message, error } of failed) {
    engine.log('error', 'this event started nothing', {
      messageId: message.id,
      error,
      body: message.body.slice(0, 500),
    });
    // A text that cannot be understood stays so: people are told at once, and once. Everything else may pass.
    if (error instanceof RefusedInputError && message.receives === 1) {
      const { publishRefused } = await import('../shared/engine/publish-refused.ts');
      await publishRefused(message, error, engine).catch((unsent: unknown) => {
        engine.log('warn', 'the refused event could not be published', {
          messageId: message.id,
          error: unsent,
        });
      });
    }
  }
  await driveGiven(engine);
  return { batchItemFailures: failed.map(({ message }) => ({ itemIdentifier: message.id })) };
});

/** Most invocations give no slot: they load nothing of this. */
async function driveGiven(engine: Engine): Promise<void> {
  if (engine.taken?.length === 0) return;
  await (await import('../shared/engine/taken.ts')).driveTaken(engine);
}
