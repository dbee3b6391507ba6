/** What a run costs elsewhere, from what was measured of it here: nothing for its start, its history or its warehouse. */
import { costOf } from '../prices.ts';
import { type Course, LIVE_POLL, LOOP, STEP_FUNCTIONS, type Work } from './ways.ts';

export interface Alternative {
  readonly name: string;
  /** The way whose course is priced. */
  readonly way: string;
  /** USD for one run; undefined where it cannot run so long. */
  readonly usd: (course: Pick<Course, 'ms' | 'transitions'>, work: Work) => number | undefined;
}

const HOLDING_GB = 128 / 1024;
const EXPRESS_GB = 64 / 1024;
/** A Lambda function runs for 15 minutes, an Express execution for 5. */
const LONGEST_FUNCTION_MS = 900_000;
const LONGEST_EXPRESS_MS = 300_000;
/**
 * Of a durable function, for one step: hold the call within one operation, or an operation that submits and a callback that an event's
 * function completes.
 */
const OPERATIONS_HOLDING = 1;
const OPERATIONS_CALLBACK = 2;
/** Of the two invocations of a callback (the event's function, the resumed one), in seconds: assumed. */
const CALLBACK_SECONDS = 0.1;

export const ALTERNATIVES: readonly Alternative[] = [
  {
    name: 'Step Functions Standard, `WaitTimeSeconds`',
    way: STEP_FUNCTIONS,
    usd: ({ transitions }) => costOf('transition', transitions),
  },
  {
    name: "Step Functions Standard, the article's loop",
    way: LOOP,
    usd: ({ transitions }) => costOf('transition', transitions),
  },
  {
    name: 'Step Functions Express, `WaitTimeSeconds`',
    way: STEP_FUNCTIONS,
    usd: ({ ms }) =>
      ms > LONGEST_EXPRESS_MS
        ? undefined
        : costOf('expressRequest', 1) + costOf('expressGbSecond', (Math.ceil(ms / 100) / 10) * EXPRESS_GB),
  },
  {
    name: 'Lambda durable function',
    way: LIVE_POLL,
    usd: ({ ms }, { steps }) => {
      const callback =
        costOf('durableOperation', steps * OPERATIONS_CALLBACK) +
        costOf('event', steps) +
        costOf('lambdaRequest', 2 * steps) +
        costOf('lambdaGbSecond', 2 * steps * CALLBACK_SECONDS * HOLDING_GB);
      const holding = costOf('durableOperation', steps * OPERATIONS_HOLDING) + held(ms);
      return ms > LONGEST_FUNCTION_MS ? callback : Math.min(callback, holding);
    },
  },
  {
    name: 'Lambda function of 128 MB that holds the call',
    way: LIVE_POLL,
    usd: ({ ms }) => (ms > LONGEST_FUNCTION_MS ? undefined : held(ms)),
  },
];

function held(ms: number): number {
  return costOf('lambdaRequest', 1) + costOf('lambdaGbSecond', (ms / 1000) * HOLDING_GB);
}
