/**
 * What one step more costs, counted where the calls arrive: a run of 20 steps minus a run of 10, divided by 10. So
 * what a run costs once (its start, its session, its end) falls out, and nothing else does.
 */
import type { Call } from '../local/gateway/call-log.ts';
import {
  beginOf,
  endOf,
  isRead,
  isStepSubmission,
  isSubmission,
  isWrite,
  lastCall,
  lateEvents,
  middleOf,
  RUN_STEP,
  slowCalls,
  withFaults,
  workSince,
} from './calls.ts';
import { stepFile, type Steps, writePipeline, writeSetup } from './pipelines.ts';
import { figure, type PartReport } from './report.ts';
import { type BenchStack, withStack } from './stack.ts';

/** Concurrent calls are ordered by their midpoints: that of the slow one is later. */
const SLOW_MS = 20;
/** On AWS a completion event takes 60 ms and more: the submission's record is made by then. */
const EVENT_MS = 100;
const SHORT = 10;
const LONG = 20;

/** How a step is sent: one statement, or a transaction (here a durable step with its marker). */
type Sending = 'single' | 'transaction';

/** Calls of one step; fractions show that not every step costs the same. */
export interface StepCost {
  readonly invocations: number;
  readonly reads: number;
  readonly writesBefore: number;
  readonly writesAfter: number;
  readonly submissions: number;
  readonly describesBefore: number;
  readonly describesAfter: number;
  /** Anything else. */
  readonly others: number;
}

export type SteadyPath = Readonly<Record<Sending, StepCost>>;

/** What a step may cost at most. */
export const ALLOWED: SteadyPath = {
  single: {
    invocations: 1,
    reads: 1,
    writesBefore: 1,
    writesAfter: 2,
    submissions: 1,
    describesBefore: 0,
    describesAfter: 0,
    others: 0,
  },
  transaction: {
    invocations: 1,
    reads: 1,
    writesBefore: 1,
    writesAfter: 2,
    submissions: 1,
    describesBefore: 0,
    describesAfter: 1,
    others: 0,
  },
};

/** The pipelines that `measureSteadyPath` runs, into the folder that a stack is started with. */
export function writeSteadyPipelines(sqlFolder: string): void {
  writeSetup(sqlFolder, 'CREATE TABLE IF NOT EXISTS bench_steady (n INTEGER);');
  for (const steps of [SHORT, LONG]) {
    for (const sending of ['single', 'transaction'] as const) {
      writePipeline(sqlFolder, pipelineOf(sending, steps), stepsOf(sending, steps));
    }
  }
}

function pipelineOf(sending: Sending, steps: number): string {
  return `bench_steady_${sending}_${String(steps)}`;
}

function stepsOf(sending: Sending, count: number): Steps {
  const steps = Array.from({ length: count }, (_, i) => {
    const n = String(i + 1);
    const sql =
      sending === 'single'
        ? `CREATE TEMP TABLE step_${n} AS SELECT ${n} AS n`
        : `INSERT INTO bench_steady (n) VALUES (${n})`;
    return [stepFile(i + 1), sql] as const;
  });
  return Object.fromEntries(steps);
}

/** Needs the pipelines of `writeSteadyPipelines`; no other runs may be active meanwhile. */
export async function measureSteadyPath(stack: BenchStack): Promise<SteadyPath> {
  const faults = [
    lateEvents(EVENT_MS),
    slowCalls('dynamodb', 'PutItem', SLOW_MS),
    slowCalls('redshift-data', 'DescribeStatement', SLOW_MS),
  ];
  return withFaults(stack, faults, async () => ({
    single: await costOfAStep(stack, 'single'),
    transaction: await costOfAStep(stack, 'transaction'),
  }));
}

async function costOfAStep(stack: BenchStack, sending: Sending): Promise<StepCost> {
  const short = await costOfARun(stack, pipelineOf(sending, SHORT));
  const long = await costOfARun(stack, pipelineOf(sending, LONG));
  const step = (member: keyof StepCost): number => (long[member] - short[member]) / (LONG - SHORT);
  return {
    invocations: step('invocations'),
    reads: step('reads'),
    writesBefore: step('writesBefore'),
    writesAfter: step('writesAfter'),
    submissions: step('submissions'),
    describesBefore: step('describesBefore'),
    describesAfter: step('describesAfter'),
    others: step('others'),
  };
}

async function costOfARun(stack: BenchStack, pipeline: string): Promise<StepCost> {
  const from = await lastCall(stack);
  await stack.succeed(pipeline);
  const { invocations, calls } = await workSince(stack, from, RUN_STEP);
  const writes = calls.filter(isWrite);
  const describes = calls.filter(isDescribe);
  const isEarly = beforeItsSubmission(invocations, calls);
  return {
    invocations: invocations.length,
    reads: calls.filter(isRead).length,
    writesBefore: writes.filter(isEarly).length,
    writesAfter: writes.filter((call) => !isEarly(call)).length,
    submissions: calls.filter(isSubmission).length,
    describesBefore: describes.filter(isEarly).length,
    describesAfter: describes.filter((call) => !isEarly(call)).length,
    others: calls.filter(
      (call) => !isRead(call) && !isWrite(call) && !isDescribe(call) && !isSubmission(call),
    ).length,
  };
}

function isDescribe({ operation }: Call): boolean {
  return operation === 'DescribeStatement';
}

/**
 * Early: the submission of the same invocation begins later. What begins together with it and takes longer is beside
 * it, and delays nothing.
 */
function beforeItsSubmission(invocations: readonly Call[], calls: readonly Call[]): (call: Call) => boolean {
  const submissions = calls.filter(isStepSubmission).map(beginOf);
  return (call) => {
    const at = middleOf(call);
    const own = invocations.find((invocation) => beginOf(invocation) <= at && at <= endOf(invocation));
    return own !== undefined && submissions.some((begin) => at < begin && begin <= endOf(own));
  };
}

export async function steady(): Promise<PartReport> {
  const path = await withStack(writeSteadyPipelines, measureSteadyPath);
  const members = Object.keys(WORDS) as (keyof StepCost)[];
  return {
    part: 'steady',
    title: `calls of a step: (a run of ${String(LONG)} steps - a run of ${String(SHORT)}) / ${String(LONG - SHORT)}`,
    columns: ['', 'single', 'transaction', 'at most'],
    rows: members.map((member) => [
      WORDS[member],
      figure(path.single[member]),
      figure(path.transaction[member]),
      allowedOf(member),
    ]),
    notes: [],
    bars: (['single', 'transaction'] as const).map((sending) => {
      const over = members.filter((member) => path[sending][member] > ALLOWED[sending][member]);
      return {
        what: `a step sent as ${sending === 'single' ? 'one statement' : 'a transaction'} costs no more than that`,
        seen: over.length === 0 ? 'nothing more' : `more: ${over.map((member) => WORDS[member]).join(', ')}`,
        ok: over.length === 0,
      };
    }),
    figures: { ...path, allowed: ALLOWED },
  };
}

const WORDS: Readonly<Record<keyof StepCost, string>> = {
  invocations: 'invocations of run-step',
  reads: 'reads',
  writesBefore: 'writes before the submission',
  writesAfter: 'writes during and after it',
  submissions: 'submissions',
  describesBefore: 'DescribeStatement before it',
  describesAfter: 'DescribeStatement during and after it',
  others: 'other calls',
};

function allowedOf(member: keyof StepCost): string {
  const { single, transaction } = ALLOWED;
  const [one, other] = [String(single[member]), String(transaction[member])];
  return one === other ? one : `${one} / ${other}`;
}
