/** Reads the gateway's record of calls: who asked what, when it began and ended. */
import type { Call, CallCounts } from '../local/gateway/call-log.ts';
import { type BenchStack, eventually } from './stack.ts';

export const RUN_STEP = 'baton-local-run-step';
export const SWEEP = 'baton-local-sweep';

type DetailedCounts = CallCounts & { readonly calls: readonly Call[] };

/** A place in the record, to read on from. */
export async function lastCall(stack: BenchStack): Promise<number> {
  return ((await stack.admin.get('calls')) as CallCounts).last;
}

/** @throws Error where the gateway has forgotten some of them */
export async function callsSince(stack: BenchStack, seq: number): Promise<readonly Call[]> {
  const { calls, incomplete } = (await stack.admin.get(
    `calls?since=${String(seq)}&detail`,
  )) as DetailedCounts;
  if (incomplete) throw new Error('the gateway has forgotten calls that were to be counted');
  return calls;
}

export function isSubmission({ operation }: Call): boolean {
  return operation === 'ExecuteStatement' || operation === 'BatchExecuteStatement';
}

/** A submission of a step: the session's opener, probes and closing statement have other names, or none. */
export function isStepSubmission(call: Call): boolean {
  return isSubmission(call) && /^baton:[^:]+:[^:]+:\d+:\d+:/.test(call.resource ?? '');
}

export function isRead({ service, operation }: Call): boolean {
  return service === 'dynamodb' && /^(GetItem|Query|Scan|BatchGetItem)$/.test(operation);
}

export function isWrite({ service, operation }: Call): boolean {
  return service === 'dynamodb' && /^(PutItem|UpdateItem|DeleteItem|BatchWriteItem)$/.test(operation);
}

/** Milliseconds since the epoch. */
export function beginOf(call: Call): number {
  return Date.parse(call.time) - call.ms;
}

export function endOf(call: Call): number {
  return Date.parse(call.time);
}

export function middleOf(call: Call): number {
  return Date.parse(call.time) - call.ms / 2;
}

export function unitsOf(calls: readonly Call[]): number {
  return calls.reduce((sum, { writeUnits }) => sum + (writeUnits ?? 0), 0);
}

/** `dynamodb.PutItem` -> calls, sorted by name. */
export function countsOf(calls: readonly Call[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { service, operation } of calls) {
    const name = `${service}.${operation}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What a function did since: its invocations and the calls it made, once it is quiet. An invocation is recorded when it
 * has ended, a moment after the last thing that it did.
 */
export async function workSince(
  stack: BenchStack,
  seq: number,
  functionName: string,
): Promise<{ invocations: readonly Call[]; calls: readonly Call[] }> {
  let before = -1;
  return eventually(`${functionName} is quiet`, async () => {
    const all = await callsSince(stack, seq);
    const invocations = all.filter(
      ({ service, operation, resource }) =>
        service === 'lambda' && operation === 'Invoke' && resource === functionName,
    );
    const calls = all.filter(({ caller }) => caller === functionName);
    const quiet = invocations.length > 0 && invocations.length + calls.length === before;
    before = invocations.length + calls.length;
    return quiet ? { invocations, calls } : undefined;
  });
}

export interface FaultWish {
  readonly [member: string]: unknown;
}

/** With faults put in, which are taken out again. */
export async function withFaults<T>(
  stack: BenchStack,
  faults: readonly FaultWish[],
  measure: () => Promise<T>,
): Promise<T> {
  for (const fault of faults) await stack.admin.post('faults', fault);
  try {
    return await measure();
  } finally {
    await stack.admin.remove('faults');
  }
}

/** Completion events reach their rule so much later. Otherwise they are there within a millisecond or two. */
export function lateEvents(delayMs: number): FaultWish {
  return {
    target: 'event',
    match: { source: 'aws.redshift-data' },
    effect: { kind: 'delay', ms: delayMs },
  };
}

/** A service's calls by run-step wait first, so that concurrent calls can be distinguished. */
export function slowCalls(service: string, operation: string, delayMs: number): FaultWish {
  return { target: 'call', how: 'none', service, operation, caller: RUN_STEP, delayMs, times: null };
}
