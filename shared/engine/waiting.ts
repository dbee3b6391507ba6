/** Whether an invocation may wait for statements: its time, its kind, and how many invocations there may be. */
import type { Engine } from './ports.ts';

/** With less time than this no wait begins: one of five seconds, and a call that hangs, end long before the function does. */
const TIME_TO_WAIT_MS = 20_000;

/** Invocations that are kept free for completion events, beside one that waits for each run. */
const SPARE_INVOCATIONS = 5;

export function mayWait({ driver }: Engine): boolean {
  return driver.waits === true && driver.remainingMs() >= TIME_TO_WAIT_MS;
}

/**
 * Up to which average duration `handoff: auto` waits, in ms. 0: not at all. Where waiting invocations could use up the reserved
 * concurrency of the function, completion events would be throttled.
 */
export function autoWaitMs(engine: Pick<Engine, 'settings' | 'plans'>): number {
  return tooFew(engine) === undefined ? (engine.settings.autoWaitMs ?? 0) : 0;
}

/** The reserved concurrency, and what waiting would need; undefined if it is enough, or no step is left to `auto`. */
export function tooFew({
  settings,
  plans,
}: Pick<Engine, 'settings' | 'plans'>): { reserved: number; needed: number } | undefined {
  const { runStepConcurrency: reserved } = settings;
  if (reserved === undefined) return undefined;
  const waiting = plans.all().filter(({ steps }) => steps.some(({ handoff }) => handoff !== 'event'));
  if (waiting.every(({ steps }) => steps.every(({ handoff }) => handoff !== undefined))) return undefined;
  const needed = waiting.reduce((sum, { concurrency }) => sum + concurrency, SPARE_INVOCATIONS);
  return reserved < needed ? { reserved, needed } : undefined;
}
