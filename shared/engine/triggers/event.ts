/** Runs started by an event of the bus. */
import type { EventTrigger } from '../../run/trigger.ts';
import type { RunTriggerKind } from './kind.ts';

export const event: RunTriggerKind<EventTrigger> = {
  identity: ({ kind, event: { id }, replayName }, onReplay) => [
    kind,
    id,
    // With onReplay: rerun each replay is a trigger of its own.
    ...(onReplay === 'rerun' && replayName !== undefined ? [replayName] : []),
  ],
  words: ({ event: { source, detailType, id } }) => `event "${detailType}" from ${source}, ${id}`,
  example: (trigger, time) => {
    if (trigger.kind !== 'event') return undefined;
    const [source = ''] = trigger.pattern.source;
    const [detailType = 'Example'] = trigger.pattern['detail-type'] ?? [];
    const id = '00000000-0000-4000-8000-000000000000';
    const rest = { account: '', time, region: 'us-east-1', resources: [], detail: {} };
    const json = JSON.stringify({ version: '0', id, 'detail-type': detailType, source, ...rest });
    return { kind: 'event', time, event: { id, source, detailType, json } };
  },
};
