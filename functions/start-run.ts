/**
 * Creates runs and wakes them, for an SQS batch of file and run-succeeded events, or for a due schedule. It does not
 * drive runs itself.
 */
import type { Start } from '../shared/engine/arrivals.ts';
import { readArrival, readStartRunEvent } from '../shared/engine/arrivals.ts';
import { messageOf } from '../shared/errors.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';
import type { Tools } from '../shared/middleware/handler.ts';
import { withLossyWakeUps } from '../shared/middleware/wake-ups.ts';

/**
 * For a batch it returns the failed messages: the queue redelivers them, and finally moves them to the dead-letter queue.
 * A direct invocation that fails throws: Lambda retries it, then sends it to the on-failure destination.
 */
export const handler = wrap(async (value, tools) => {
  const event = readStartRunEvent(value, tools.config.stage);
  if (event.kind === 'arrival') {
    await begin(event.start, tools);
    return { batchItemFailures: [] };
  }
  const failed: { itemIdentifier: string }[] = [];
  for (const message of event.messages) {
    try {
      await begin(readArrival(message.body, tools.config.stage), tools);
    } catch (error) {
      tools.engine.log('error', 'this event started nothing', {
        messageId: message.id,
        error: messageOf(error),
        body: message.body.slice(0, 500),
      });
      failed.push({ itemIdentifier: message.id });
    }
  }
  return { batchItemFailures: failed };
});

function begin(start: Start, { engine }: Tools): Promise<unknown> {
  return start(withLossyWakeUps(engine));
}
