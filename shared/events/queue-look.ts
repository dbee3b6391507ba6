/** A delayed message of Baton's own: the first waiting file of a pipeline has waited long enough for others. */
import type { JsonObject } from './read.ts';
import { LONGEST_NAME, text } from './read.ts';

export const QUEUE_LOOK_SOURCE = 'baton.queue';

/** Gives the pipeline's name. @throws RefusedInputError */
export function parseQueueLook(message: JsonObject): string {
  return text(message, 'pipeline', LONGEST_NAME);
}
