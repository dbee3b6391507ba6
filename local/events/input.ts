/**
 * What a target receives of an event: all of it, a part, a constant, or a template with parts filled in.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
import { randomUUID } from 'node:crypto';

import { isJson } from '../json-object.ts';
import { ownEntry } from '../own-entry.ts';
import type { RuleResource, TargetResource } from '../template/resources.ts';

/** `event`: JSON text. Returns JSON text. */
export function inputOf(
  target: TargetResource,
  rule: Pick<RuleResource, 'name' | 'arn'>,
  event: string,
): string {
  if (target.input !== undefined) return target.input;
  if (target.inputPath !== undefined) {
    return JSON.stringify(valueAt(JSON.parse(event), target.inputPath) ?? null);
  }
  if (target.inputTransformer !== undefined) {
    return fillIn(
      target.inputTransformer.template,
      variablesOf(target.inputTransformer.paths, rule, JSON.parse(event)),
      event,
    );
  }
  return event;
}

/**
 * Scheduler's input with what it knows of the tick filled in. `time`: for which it was due.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export function scheduledInput(input: string, scheduleArn: string, time: string): string {
  const attributes: Readonly<Record<string, string>> = {
    'schedule-arn': scheduleArn,
    'scheduled-time': time,
    'execution-id': randomUUID(),
    'attempt-number': '1',
  };
  return input.replaceAll(
    /<aws\.scheduler\.([a-z-]+)>/g,
    (found, name: string) => ownEntry(attributes, name) ?? found,
  );
}

function variablesOf(
  paths: Readonly<Record<string, string>>,
  rule: Pick<RuleResource, 'name' | 'arn'>,
  event: unknown,
): ReadonlyMap<string, unknown> {
  const variables = new Map<string, unknown>([
    ['aws.events.rule-arn', rule.arn],
    ['aws.events.rule-name', rule.name],
    ['aws.events.event', withoutDetail(event)],
    ['aws.events.event.json', event],
    ['aws.events.event.ingestion-time', valueAt(event, '$.time')],
  ]);
  for (const [name, path] of Object.entries(paths)) variables.set(name, valueAt(event, path));
  return variables;
}

function withoutDetail(event: unknown): unknown {
  return Object.fromEntries(Object.entries(event as object).filter(([name]) => name !== 'detail'));
}

/**
 * Outside of quotes a value is JSON; inside them it becomes part of the text, and nothing of it is escaped: of an object or a
 * list the quotation marks are left out. What is not in the event is left out. A template need not be JSON: lines of text in
 * quotes are delivered as they are, quotes and all.
 */
function fillIn(template: string, variables: ReadonlyMap<string, unknown>, event: string): string {
  let quoted = false;
  return template.replaceAll(/\\.|"|<([A-Za-z0-9._-]+)>/g, (found, name: string | undefined) => {
    if (found === '"') quoted = !quoted;
    if (name === undefined || !variables.has(name)) return found;
    const value = variables.get(name);
    // As it was written, numbers and all.
    if (!quoted && name === 'aws.events.event.json') return event;
    if (!quoted) return JSON.stringify(value ?? null);
    if (value === undefined) return '';
    return typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '');
  });
}

/** The template says that the target gets JSON, and what was inserted broke it: EventBridge cannot deliver it. */
export function isBroken({ inputTransformer }: TargetResource, input: string): boolean {
  return inputTransformer !== undefined && /^\s*[[{]/.test(inputTransformer.template) && !isJson(input);
}

/** JSON path of names and indexes: `$.detail.a[0]['b c']`. Undefined when the event has no such place. */
function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const [, name, index, quoted] of path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = ownEntry(value as Record<string, unknown>, name ?? index ?? quoted ?? '');
  }
  return value;
}
