/**
 * Something arrived: an SQS batch of files and of runs that succeeded, or a schedule that fell due. Creates runs and
 * wakes them; drives nothing itself.
 */
import { admit } from '../shared/engine/admit.ts';
import { startFollowing } from '../shared/engine/start-following.ts';
import { startScheduled } from '../shared/engine/start-scheduled.ts';
import type { Arrival } from '../shared/events/arrival.ts';
import { parseArrival, parseStartRunEvent } from '../shared/events/arrival.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';
import type { Tools } from '../shared/middleware/handler.ts';
import { todaysPlans } from '../shared/middleware/todays-plans.ts';
import { withLossyWakeUps } from '../shared/middleware/wake-ups.ts';

/**
 * Of a batch answers which messages failed: those come again, and end in the dead-letter queue with nothing lost. What
 * was invoked directly and fails, throws: Lambda repeats it, and its on-failure destination keeps it.
 */
export const handler = wrap(async (value, tools) => {
  const event = parseStartRunEvent(value, tools.config.stage);
  if (event.kind === 'arrival') {
    await start(event.arrival, tools);
    return { batchItemFailures: [] };
  }
  const failed: { itemIdentifier: string }[] = [];
  for (const message of event.messages) {
    try {
      await start(parseArrival(message.body, tools.config.stage), tools);
    } catch (error) {
      tools.ports.log('error', 'this event started nothing', {
        messageId: message.id,
        error: error instanceof Error ? error.message : String(error),
        body: message.body.slice(0, 500),
      });
      failed.push({ itemIdentifier: message.id });
    }
  }
  return { batchItemFailures: failed };
});

async function start(arrival: Arrival, { ports: strict, plans, driver }: Tools): Promise<void> {
  const ports = withLossyWakeUps(strict);
  switch (arrival.kind) {
    case 'file':
      await admit(arrival.created, todaysPlans(), ports, plans, driver);
      return;
    case 'upstream':
      await startFollowing(arrival.runId, todaysPlans(), ports, plans, driver);
      return;
    case 'schedule':
      await startScheduled(arrival.due, todaysPlans(), ports, plans, driver);
      return;
    default:
      arrival satisfies never;
  }
}
