/**
 * Something arrived: an SQS batch of files and of runs that succeeded, or a schedule that fell due. Creates runs and
 * wakes them; drives nothing itself.
 */
import type { Start } from '../shared/engine/arrivals.ts';
import { readArrival, readStartRunEvent } from '../shared/engine/arrivals.ts';
import { messageOf } from '../shared/errors.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';
import type { Tools } from '../shared/middleware/handler.ts';
import { withLossyWakeUps } from '../shared/middleware/wake-ups.ts';

/**
 * Of a batch answers which messages failed: those come again, and end in the dead-letter queue with nothing lost. What
 * was invoked directly and fails, throws: Lambda repeats it, and its on-failure destination keeps it.
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
