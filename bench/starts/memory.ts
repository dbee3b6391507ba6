/**
 * What a memory setting of Lambda costs and takes. Lambda gives processor time in proportion to memory, one processor at 1,769 MB
 * (Lambda developer guide: Configure Lambda function memory); waiting for calls takes as long at every setting, and is billed.
 * So an invocation takes its waits, as they are on AWS, and its processor time divided by that share.
 */
import { costOf } from '../prices.ts';

const ONE_PROCESSOR_MB = 1_769;

export const SETTINGS_MB = [128, 256, 512, 1_024] as const;

/** Mean latencies of calls on AWS, in ms: those of `bench/peers`. */
const CALL_MS = { dynamodb: 7.5, other: 45 } as const;

export interface Invocation {
  readonly cpuMs: number;
  /** Operations. */
  readonly calls: readonly string[];
}

/** In ms. */
export function durationOf({ cpuMs, calls }: Invocation, memoryMb: number): number {
  const isItem = (call: string): boolean => /Item$|^Query$|^Scan$/.test(call);
  const waits = calls.reduce((sum, call) => sum + (isItem(call) ? CALL_MS.dynamodb : CALL_MS.other), 0);
  return waits + cpuMs * Math.max(1, ONE_PROCESSOR_MB / memoryMb);
}

/** USD for a million of them. */
export function priceOfMillion(invocation: Invocation, memoryMb: number): number {
  const seconds = durationOf(invocation, memoryMb) / 1000;
  return costOf('lambdaGbSecond', 1e6 * seconds * (memoryMb / 1024)) + costOf('lambdaRequest', 1e6);
}
