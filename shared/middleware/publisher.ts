/** The Publisher port over EventBridge's default bus. Loaded when first needed: most steps publish nothing. */
import type * as EventBridge from '@aws-sdk/client-eventbridge';

import type { Publication, Publisher } from '../engine/ports.ts';

type EventBridgeModule = typeof EventBridge;

/** The most entries that PutEvents accepts at once. */
const LARGEST_BATCH = 10;

export class EventBridgePublisher implements Publisher {
  #loaded:
    | Promise<{
        eventbridge: EventBridgeModule;
        client: InstanceType<EventBridgeModule['EventBridgeClient']>;
      }>
    | undefined;

  /** @throws Error if EventBridge rejects an entry: the caller is retried, and publishes again. */
  async publish(entries: readonly Publication[]): Promise<void> {
    this.#loaded ??= import('@aws-sdk/client-eventbridge').then((eventbridge) => ({
      eventbridge,
      client: new eventbridge.EventBridgeClient({}),
    }));
    const { eventbridge, client } = await this.#loaded;
    for (let from = 0; from < entries.length; from += LARGEST_BATCH) {
      const answer = await client.send(
        new eventbridge.PutEventsCommand({
          Entries: entries.slice(from, from + LARGEST_BATCH).map((entry) => ({
            Source: entry.source,
            DetailType: entry.type,
            Detail: JSON.stringify(entry.detail),
          })),
        }),
      );
      const refused = answer.Entries?.find((entry) => entry.ErrorCode !== undefined);
      if (refused !== undefined)
        throw new Error(
          `EventBridge rejected an event: ${refused.ErrorCode ?? ''} ${refused.ErrorMessage ?? ''}`,
        );
    }
  }
}
