/** Files arrived: an SQS batch of S3 "Object Created" events. Creates runs and wakes them; drives nothing itself. */
import { admit } from '../shared/engine/admit.ts';
import { parseObjectCreated } from '../shared/events/object-created.ts';
import { parseQueueBatch } from '../shared/events/queue-batch.ts';
import { parseJson } from '../shared/events/read.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';
import { todaysPlans } from '../shared/middleware/todays-plans.ts';

/** Answers which messages failed: those come again, and end in the dead-letter queue with nothing lost. */
export const handler = wrap(async (event, { ports, plans, driver }) => {
  const failed: { itemIdentifier: string }[] = [];
  for (const message of parseQueueBatch(event)) {
    try {
      await admit(
        parseObjectCreated(parseJson(message.body, 'the message')),
        todaysPlans(),
        ports,
        plans,
        driver,
      );
    } catch (error) {
      ports.log('error', 'this event started nothing', {
        message: message.id,
        error: error instanceof Error ? error.message : String(error),
        body: message.body.slice(0, 500),
      });
      failed.push({ itemIdentifier: message.id });
    }
  }
  return { batchItemFailures: failed };
});
