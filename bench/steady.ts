/**
 * What one step more costs, counted where the calls arrive: a run of 20 steps minus a run of 10, divided by 10. So
 * what a run costs once (its start, its session, its end) falls out, and nothing else does. By events, and with waits.
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
import { pipelineSchema } from '../shared/pipeline/schema.ts';
import { stepFile, type Steps, writePipeline, writeSetup } from './pipelines.ts';
import { figure, type PartReport } from './report.ts';
import { type BenchStack, eventually, withStack } from './stack.ts';

/** Concurrent calls are ordered by their midpoints: that of the slow one is later. */
const SLOW_MS = 20;
/** On AWS a completion event takes 60 ms and more: the submission's record is made by then. A wait has its answer, too; also on a busy machine. */
const EVENT_MS = { event: 300, wait: 1_000 } as const;
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

export const BOTH: readonly Sending[] = ['single', 'transaction'];

/** `handoff:` of the pipelines. */
export type Mode = 'event' | 'wait';

export const MODES: readonly Mode[] = ['event', 'wait'];

export type SteadyPath = Readonly<Record<Mode, Readonly<Record<Sending, StepCost>>>>;

const BY_EVENT: StepCost = {
  invocations: 1,
  reads: 1,
  writesBefore: 1,
  writesAfter: 2,
  submissions: 1,
  describesBefore: 0,
  describesAfter: 0,
  others: 0,
};

/** The record is left out, and the wait is the one description. The invocation and its read are of the event, which comes too late. */
const WAITED: StepCost = { ...BY_EVENT, writesAfter: 1, describesAfter: 1 };

/** What a step may cost at most. */
export const ALLOWED: SteadyPath = {
  event: { single: BY_EVENT, transaction: { ...BY_EVENT, describesAfter: 1 } },
  wait: { single: WAITED, transaction: WAITED },
};

/** The pipelines that `measureSteadyPath` runs, into the folder that a stack is started with. */
export function writeSteadyPipelines(sqlFolder: string): void {
  writeSetup(sqlFolder, 'CREATE TABLE IF NOT EXISTS bench_steady (n INTEGER);');
  for (const mode of MODES) {
    for (const steps of [SHORT, LONG]) {
      for (const sending of BOTH)
        writePipeline(sqlFolder, pipelineOf(mode, sending, steps), stepsOf(sending, steps), settingsOf(mode));
    }
  }
}

/** Each step by itself. */
function settingsOf(mode: Mode): string {
  return `handoff: ${mode}\n${Object.hasOwn(pipelineSchema.keys, 'fuse') ? 'fuse: off\n' : ''}`;
}

/** Short: with a longer name the longer run only would have its trigger in an item of its own (shared/store/trigger-item.ts). */
function pipelineOf(mode: Mode, sending: Sending, steps: number): string {
  return `s_${mode.slice(0, 1)}${sending.slice(0, 1)}_${String(steps)}`;
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
  const costOf = (mode: Mode) =>
    withFaults(
      stack,
      [
        lateEvents(EVENT_MS[mode]),
        slowCalls('dynamodb', 'PutItem', SLOW_MS),
        slowCalls('redshift-data', 'DescribeStatement', SLOW_MS),
      ],
      async () => ({
        single: await costOfAStep(stack, mode, 'single'),
        transaction: await costOfAStep(stack, mode, 'transaction'),
      }),
    );
  return { event: await costOf('event'), wait: await costOf('wait') };
}

async function costOfAStep(stack: BenchStack, mode: Mode, sending: Sending): Promise<StepCost> {
  const short = await costOfARun(stack, pipelineOf(mode, sending, SHORT), SHORT);
  const long = await costOfARun(stack, pipelineOf(mode, sending, LONG), LONG);
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

async function costOfARun(stack: BenchStack, pipeline: string, steps: number): Promise<StepCost> {
  const from = await lastCall(stack);
  await stack.succeed(pipeline);
  // The events of steps that were waited for come after the run's end.
  const { invocations, calls } = await eventually('all events are delivered', async () => {
    const work = await workSince(stack, from, RUN_STEP);
    return work.invocations.length < steps ? undefined : work;
  });
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
 * Early: a submission of the same invocation begins later, and since the one before it an end is known, which it waited for. What begins
 * together with a submission and takes longer is beside it, and delays nothing.
 */
function beforeItsSubmission(invocations: readonly Call[], calls: readonly Call[]): (call: Call) => boolean {
  const submissions = calls.filter(isStepSubmission).map(beginOf);
  const ends = calls.filter(isDescribe).map(endOf);
  // Late events of steps that were waited for are invocations within the one that drives the run.
  const oldestFirst = invocations.toSorted((a, b) => beginOf(a) - beginOf(b));
  return (call) => {
    const at = middleOf(call);
    const own = oldestFirst.find((invocation) => beginOf(invocation) <= at && at <= endOf(invocation));
    if (own === undefined) return false;
    const latest = (times: readonly number[]): number =>
      Math.max(beginOf(own), ...times.filter((time) => time <= at));
    const isNext = submissions.some((begin) => at < begin && begin <= endOf(own));
    return isNext && (latest(submissions) === beginOf(own) || latest(ends) > latest(submissions));
  };
}

export async function steady(): Promise<PartReport> {
  const path = await withStack(writeSteadyPipelines, measureSteadyPath);
  const members = Object.keys(WORDS) as (keyof StepCost)[];
  return {
    part: 'steady',
    title: `calls of a step: (a run of ${String(LONG)} steps - a run of ${String(SHORT)}) / ${String(LONG - SHORT)}`,
    columns: ['', ...MODES.flatMap((mode) => [`${mode}: single`, 'transaction', 'at most'])],
    rows: members.map((member) => [
      WORDS[member],
      ...MODES.flatMap((mode) => [
        figure(path[mode].single[member]),
        figure(path[mode].transaction[member]),
        allowedOf(mode, member),
      ]),
    ]),
    notes: [],
    bars: MODES.flatMap((mode) =>
      BOTH.map((sending) => {
        const over = members.filter((member) => path[mode][sending][member] > ALLOWED[mode][sending][member]);
        return {
          what: `handoff ${mode}: a step sent as ${sending === 'single' ? 'one statement' : 'a transaction'} costs no more than that`,
          seen:
            over.length === 0 ? 'nothing more' : `more: ${over.map((member) => WORDS[member]).join(', ')}`,
          ok: over.length === 0,
        };
      }),
    ),
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

function allowedOf(mode: Mode, member: keyof StepCost): string {
  const { single, transaction } = ALLOWED[mode];
  const [one, other] = [String(single[member]), String(transaction[member])];
  return one === other ? one : `${one} / ${other}`;
}
