/**
 * Counts the calls of the functions over a long time: the gateway remembers the last hundred thousand calls only, so they are
 * read every now and then.
 */
import type { Call } from '../local/gateway/call-log.ts';
import { callsSince, countsOf, isSubmission, lastCall, unitsOf } from './calls.ts';
import { messageOf } from '../shared/errors.ts';
import type { BenchStack } from './stack.ts';

const READ_EVERY_MS = 1_000;

export interface Counted {
  /** Submissions to the warehouse. */
  readonly statements: number;
  readonly calls: number;
  readonly invocations: number;
  /** DynamoDB write units. */
  readonly units: number;
  /** `dynamodb.PutItem` -> calls. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface CallMeter {
  stop(): Promise<Counted>;
}

/** From now on. */
export async function meterCalls(stack: BenchStack): Promise<CallMeter> {
  let last = await lastCall(stack);
  let sum: Counted = { statements: 0, calls: 0, invocations: 0, units: 0, counts: {} };
  const read = async (): Promise<void> => {
    const all = await callsSince(stack, last);
    last = all.at(-1)?.seq ?? last;
    sum = added(sum, all);
  };
  let failure: Error | undefined;
  let reading: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    reading = reading.then(read).catch((error: unknown) => {
      failure ??= new Error(messageOf(error));
    });
  }, READ_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await reading;
      if (failure !== undefined) throw failure;
      await read();
      return sum;
    },
  };
}

function added(sum: Counted, all: readonly Call[]): Counted {
  const calls = all.filter(({ caller }) => caller.startsWith('baton-local-'));
  const counts: Record<string, number> = { ...sum.counts };
  for (const [name, count] of Object.entries(countsOf(calls))) counts[name] = (counts[name] ?? 0) + count;
  return {
    statements: sum.statements + calls.filter(isSubmission).length,
    calls: sum.calls + calls.length,
    invocations: sum.invocations + all.filter(({ operation }) => operation === 'Invoke').length,
    units: sum.units + unitsOf(calls),
    counts,
  };
}
