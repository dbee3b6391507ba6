/** How long calls and events take: not at all, or about as on AWS, in values drawn with a seed. */
import { Random } from '../../test/sim/random.ts';
import type { FaultWish } from '../calls.ts';

export interface Latencies {
  readonly name: 'immediate' | 'as on AWS';
  /** Says the distributions. */
  readonly words: string;
  readonly faults: readonly FaultWish[];
  /** Of a connection to the warehouse: one message and its answer, in ms. */
  readonly connectionMs: number;
}

/** In ms, each value equally likely. Others' measurements: docs/performance.md. */
const RANGES = { event: [100, 150], dynamodb: [5, 10], dataApi: [30, 60] } as const;
const CONNECTION_MS = 2;
/** A prime, lest the values go in step with the calls of a run. */
const VALUES = 199;

export const IMMEDIATE: Latencies = {
  name: 'immediate',
  words: 'calls and events take what they take on this machine',
  faults: [],
  connectionMs: 0,
};

/** `eventMs`: in place of the range of events. */
export function asOnAws(seed: number, eventMs?: number): Latencies {
  const random = new Random(seed);
  const drawn = ([least, most]: readonly [number, number]): readonly number[] =>
    Array.from({ length: VALUES }, () => random.between(least, most));
  const calls = (service: string, delayMs: readonly number[]): FaultWish => ({
    target: 'call',
    how: 'none',
    service,
    delayMs,
    times: null,
  });
  return {
    name: 'as on AWS',
    words: `events take ${eventMs === undefined ? range(RANGES.event) : String(eventMs)} ms, calls of DynamoDB ${range(RANGES.dynamodb)} ms, of the Data API ${range(RANGES.dataApi)} ms more than on this machine, each value equally likely (seed ${String(seed)}); a database connection ${String(CONNECTION_MS)} ms`,
    faults: [
      calls('dynamodb', drawn(RANGES.dynamodb)),
      calls('redshift-data', drawn(RANGES.dataApi)),
      { target: 'event', match: {}, effect: { kind: 'delay', ms: eventMs ?? drawn(RANGES.event) } },
    ],
    connectionMs: CONNECTION_MS,
  };
}

function range([least, most]: readonly [number, number]): string {
  return `${String(least)} to ${String(most)}`;
}
