/** Lets the pauses of a function pass at once, so that tests need not wait for them. Timeouts of calls and of the function stay. */
import module from 'node:module';
import process from 'node:process';
import timers from 'node:timers/promises';

/** Set in the environment of functions whose pauses pass at once. */
export const QUICK_PAUSES = 'BATON_LOCAL_QUICK_PAUSES';

const LONGEST_MS = 5;

/** Before the function is loaded; the variable is not the function's. */
export function passPauses(): void {
  const isWanted = process.env[QUICK_PAUSES] === '1';
  delete process.env[QUICK_PAUSES];
  if (!isWanted) return;
  const { setTimeout: pause } = timers;
  timers.setTimeout = (ms, ...rest) => pause(Math.min(ms ?? 0, LONGEST_MS), ...rest);
  module.syncBuiltinESMExports();
}
