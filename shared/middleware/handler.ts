/** The middy chain of every function: wires the ports, and logs one line for an error that leaves the function. */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';

import type { Driver, Engine } from '../engine/ports.ts';
import type { Config } from './config.ts';
import { beginInvocation, log } from './log.ts';
import { wiring } from './wiring.ts';

/** What a function uses in addition to its event. */
export interface Tools {
  readonly config: Config;
  readonly engine: Engine;
}

export type Work<Answer> = (event: unknown, tools: Tools) => Promise<Answer>;

/** A Lambda handler around `work`: the event stays unknown until `work` parses it. `waits`: as in `Driver`. */
export function handler<Answer>(work: Work<Answer>, more: Pick<Driver, 'waits'> = {}) {
  return middy<unknown, Answer>()
    .before((request) => {
      beginInvocation(request.context.awsRequestId);
    })
    .onError((request) => {
      log('error', 'the invocation failed', { error: request.error });
    })
    .handler(async (event: unknown, context: Context) => {
      const { config, ports, plans } = wiring();
      const driver = {
        ...more,
        // Enough of it to find the invocation in the log; it is stored with every write.
        id: context.awsRequestId.slice(0, 18),
        remainingMs: () => context.getRemainingTimeInMillis(),
      };
      return work(event, { config, engine: { ...ports, plans, driver } });
    });
}
