/** The kinds of triggers that a pipeline may have (`on:`), each in a file of its own. */
import type { Trigger } from '../plan.ts';
import type { Key } from '../shape.ts';
import type { TriggerKind } from './kind.ts';
import { event } from './event.ts';
import { pipeline } from './pipeline.ts';
import { s3 } from './s3.ts';
import { schedule } from './schedule.ts';

type Kinds = { readonly [K in Trigger['kind']]: TriggerKind<Extract<Trigger, { kind: K }>> };

const KINDS: Kinds = { s3, schedule, pipeline, event };

export const triggerKinds: readonly TriggerKind<Trigger>[] = Object.values(KINDS);

export function kindOf(trigger: Trigger): TriggerKind<Trigger> {
  return KINDS[trigger.kind];
}

/** What may stand in `on:`. */
export const triggerKeys: Readonly<Record<string, Key>> = Object.fromEntries(
  Object.entries(KINDS).map(([name, { key }]) => [name, key]),
);

export type TriggerName = keyof Kinds;

/** Of the settings of a trigger the one key that they have, and what stands under it. */
export function settingOf(one: Readonly<Record<string, unknown>>): [TriggerName, unknown] {
  const [[name, setting] = ['', undefined]] = Object.entries(one);
  return [name as TriggerName, setting];
}

export function triggerOf(one: Readonly<Record<string, unknown>>): Trigger {
  const [name, setting] = settingOf(one);
  return KINDS[name].triggerOf(setting);
}
