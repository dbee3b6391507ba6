/** The Publisher port over EventBridge's default bus. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';

import type { Publication, Publisher } from '../engine/ports.ts';

/** The most entries that PutEvents accepts at once. */
const LARGEST_BATCH = 10;

export class EventBridgePublisher implements Publisher {
  readonly #client = new EventBridgeClient({});

  /** @throws Error if EventBridge rejects an entry: the caller is retried, and publishes again. */
  async publish(entries: readonly Publication[]): Promise<void> {
    for (let from = 0; from < entries.length; from += LARGEST_BATCH) {
      const answer = await this.#client.send(
        new PutEventsCommand({
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
