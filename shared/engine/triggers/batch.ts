/** Runs that load several files at once. */
import type { BatchTrigger } from '../../run/trigger.ts';
import type { RunTriggerKind } from './kind.ts';

export const batch: RunTriggerKind<BatchTrigger> = {
  identity: ({ kind, head: { runId, version } }) => [kind, runId, String(version)],
  words: ({ head }) => `batch of files from ${head.runId} on`,
};
