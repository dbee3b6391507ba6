/** What one run of Baton does, counted at the endpoint, and what that costs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { parse } from 'yaml';

import type { Call } from '../../local/gateway/call-log.ts';
import { callsSince, countsOf, isRead, isStepSubmission, lastCall, unitsOf } from '../calls.ts';
import { costOf } from '../prices.ts';
import type { BenchStack } from '../stack.ts';

/** The sweep is not one of them: it runs every minute, whatever the run does, and is in the price of an idle stage. */
const FUNCTIONS = ['start-run', 'run-step', 'operate'];

export interface Counts {
  /** Calls of the functions. */
  readonly calls: number;
  readonly invocations: number;
  readonly writeUnits: number;
  /** Each counted as one read unit. */
  readonly reads: number;
  /** Of steps; each has its completion event. */
  readonly submissions: number;
  /** How long the functions ran, by their names, in seconds. */
  readonly seconds: Readonly<Record<string, number>>;
  /** `dynamodb.PutItem` -> calls. */
  readonly byOperation: Readonly<Record<string, number>>;
}

/** The last events of a run come a moment after its end. */
const QUIET_MS = 1_200;
const LOOK_EVERY_MS = 200;

/** What the functions did from the beginning of `work` until they are quiet. Nothing else may run on the stack meanwhile. */
export async function countingRun<T>(
  stack: BenchStack,
  work: () => Promise<T>,
): Promise<{ readonly counts: Counts; readonly result: T }> {
  const from = await lastCall(stack);
  const result = await work();
  let calls = ofFunctions(await callsSince(stack, from));
  for (let quietMs = 0; quietMs < QUIET_MS; quietMs += LOOK_EVERY_MS) {
    await sleep(LOOK_EVERY_MS);
    const now = ofFunctions(await callsSince(stack, from));
    if (now.length > calls.length) quietMs = 0;
    calls = now;
  }
  return { counts: countsIn(calls), result };
}

function ofFunctions(calls: readonly Call[]): readonly Call[] {
  return calls.filter((call) => functionOf(call) !== undefined);
}

function isInvocation({ service, operation }: Call): boolean {
  return service === 'lambda' && operation === 'Invoke';
}

/** The function that made the call, or that was invoked by it. */
function functionOf(call: Call): string | undefined {
  const name = isInvocation(call) ? call.resource : call.caller;
  return FUNCTIONS.find((each) => name?.endsWith(`-${each}`) === true);
}

/** @throws Error where an invocation failed: the sweep or an event went on, and that is not what is measured */
function countsIn(all: readonly Call[]): Counts {
  const invocations = all.filter(isInvocation);
  const failed = invocations.find(({ outcome }) => outcome !== 'ok');
  if (failed !== undefined)
    throw new Error(`an invocation of ${String(failed.resource)} failed: ${failed.outcome}`);
  const calls = all.filter((call) => !isInvocation(call));
  const seconds: Record<string, number> = {};
  for (const call of invocations) {
    const name = functionOf(call) ?? '';
    seconds[name] = (seconds[name] ?? 0) + call.ms / 1000;
  }
  return {
    calls: calls.length,
    invocations: invocations.length,
    writeUnits: unitsOf(calls),
    reads: calls.filter(isRead).length,
    submissions: calls.filter(isStepSubmission).length,
    seconds,
    byOperation: countsOf(calls),
  };
}

/** Function -> GB of memory, by the `serverless.yml` of a project. @throws Error where one is not a number there */
export function memoryOf(root: string): Readonly<Record<string, number>> {
  const { functions, params } = parse(readFileSync(join(root, 'serverless.yml'), 'utf8'), {
    logLevel: 'silent',
  }) as {
    readonly functions: Readonly<Record<string, { readonly name: string; readonly memorySize: unknown }>>;
    readonly params: { readonly default: { readonly memory?: string } };
  };
  // `${env:BATON_MEMORY, '256'}`
  const byDefault = Number(/'(\d+)'/.exec(params.default.memory ?? '')?.[1]);
  return Object.fromEntries(
    FUNCTIONS.map((name) => {
      const set = Object.values(functions).find((each) => each.name.endsWith(`-${name}`))?.memorySize;
      const found = typeof set === 'number' ? set : byDefault;
      if (Number.isNaN(found)) throw new Error(`serverless.yml: memorySize of ${name} is not a number`);
      return [name, found / 1024];
    }),
  );
}

/** Baton's lines and Lambda's own (docs/cost.md), in KB. */
const LOGGED_KB = 1.5;
/** Of a file on its way to its run, at most (docs/cost.md). */
const SQS_REQUESTS = 3;

/** In USD, by what it is for: a run that a file starts. */
export function priceOf(
  counts: Counts,
  memory: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const { byOperation, invocations, seconds, submissions } = counts;
  const gbSeconds = Object.entries(seconds).reduce((sum, [name, s]) => sum + s * (memory[name] ?? 0), 0);
  const of = (operation: string): number => byOperation[operation] ?? 0;
  return {
    'Lambda requests': costOf('lambdaRequest', invocations),
    'Lambda GB-seconds': costOf('lambdaGbSecond', gbSeconds),
    'DynamoDB writes': costOf('writeUnit', counts.writeUnits),
    'DynamoDB reads': costOf('readUnit', counts.reads),
    // The file's own, those of ended statements, Baton's.
    events: costOf('event', 1 + submissions + of('events.PutEvents')),
    SQS: costOf('sqsRequest', SQS_REQUESTS),
    S3: costOf('s3Put', of('s3.PutObject')) + costOf('s3Get', of('s3.HeadObject') + of('s3.GetObject')),
    logs: costOf('logsGb', (invocations * LOGGED_KB) / 1e6),
  };
}

export function sumOf(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((sum, part) => sum + part, 0);
}
