/** Runs started by a request of a person or a program. */
import type { RequestTrigger } from '../../run/trigger.ts';
import type { RunTriggerKind } from './kind.ts';
import { fileWords } from './s3.ts';

export const request: RunTriggerKind<RequestTrigger> = {
  identity: ({ kind, requestId }) => [kind, requestId],
  words: ({ actor, file }) => (file === undefined ? `request of ${actor}` : fileWords(file)),
};
