/**
 * Does a step cost more the longer a run or a history is? Calls and write units of a step at the beginning and at the
 * end of a run of 500 steps, of a whole run beside 10^2 and beside 10^5 stored runs, and what a sweep reads there.
 */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

import type { Call } from '../local/gateway/call-log.ts';
import { DynamoDbRunStore } from '../shared/store/dynamodb-run-store.ts';
import {
  beginOf,
  countsOf,
  endOf,
  isStepSubmission,
  lastCall,
  lateEvents,
  RUN_STEP,
  SWEEP,
  unitsOf,
  withFaults,
  workSince,
} from './calls.ts';
import { readMeter } from './read-meter.ts';
import { storeFinishedRuns } from './fill.ts';
import { stepFile, type Steps, writePipeline } from './pipelines.ts';
import { type Bar, figure, type PartReport } from './report.ts';
import { type BenchStack, eventually, TABLE, withStack } from './stack.ts';

const LONG = 500;
const SHORT = 10;
/** Steps that are looked at, at the beginning and at the end; the middle one of them counts. */
const WINDOW = 15;
/** How often a small thing is measured; the cheapest counts. */
const SAMPLES = 3;
const FEW = 100;
const MANY = 100_000;
/** Runs that wait behind a failed one while the sweep is looked at. */
const WAITING = 5;
/** An event comes after its submission was recorded, as on AWS. */
const EVENT_MS = 20;
const LONG_LIMIT_MS = 180_000;

const LONG_PIPELINE = 'bench_long';
const SHORT_PIPELINE = 'bench_short';
const HELD_PIPELINE = 'bench_held';

/** Calls and write units, of a step or of a whole run. */
interface Cost {
  readonly calls: number;
  readonly units: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** What one sweep asks and gets. */
interface SweepCost {
  readonly calls: number;
  /** Index entries and items that its searches look at. */
  readonly looked: number;
  /** Read units of these. */
  readonly units: number;
}

interface Growth {
  readonly first: Cost;
  readonly last: Cost;
  readonly few: AtHistory;
  readonly many: AtHistory;
}

interface AtHistory {
  readonly run: Cost;
  readonly sweep: SweepCost;
}

export async function growth(): Promise<PartReport> {
  return reportOf(await withStack(writePipelines, measure));
}

function writePipelines(sqlFolder: string): void {
  const steps = (count: number): Steps =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        stepFile(i + 1),
        `CREATE TEMP TABLE step_${String(i + 1)} AS SELECT ${String(i + 1)} AS n`,
      ]),
    );
  writePipeline(sqlFolder, LONG_PIPELINE, steps(LONG));
  writePipeline(sqlFolder, SHORT_PIPELINE, steps(SHORT));
  writePipeline(
    sqlFolder,
    HELD_PIPELINE,
    { [stepFile(1)]: 'SELECT 1 AS n WHERE 1 = 1' },
    `steps:\n  ${stepFile(1)}: { expect: no_rows }\n`,
  );
}

async function measure(stack: BenchStack): Promise<Growth> {
  return withFaults(stack, [lateEvents(EVENT_MS)], async () => {
    const model = await stack.succeed(SHORT_PIPELINE);
    await holdRuns(stack);
    await storeFinishedRuns(stack, model, 0, FEW);
    const few = await atHistory(stack);
    const { first, last } = await alongTheRun(stack);
    await storeFinishedRuns(stack, model, FEW, MANY);
    const many = await atHistory(stack);
    return { first, last, few, many };
  });
}

/** One run fails and keeps its slot; the others wait for it. They are what a sweep has to look at. */
async function holdRuns(stack: BenchStack): Promise<void> {
  await stack.atRest(await stack.start(HELD_PIPELINE));
  for (let i = 0; i < WAITING; i += 1) await stack.start(HELD_PIPELINE);
  await eventually('the runs wait', async () => {
    const runs = await stack.store.listRuns(HELD_PIPELINE, WAITING + 1);
    return runs.filter(({ life }) => life.state === 'QUEUED').length === WAITING ? true : undefined;
  });
}

async function atHistory(stack: BenchStack): Promise<AtHistory> {
  // Of several runs the cheapest: where two drivers happen to meet, one asks once more for nothing.
  const runs: Cost[] = [];
  for (let i = 0; i < SAMPLES; i += 1) runs.push(await runCost(stack));
  return { run: cheapest(runs), sweep: await sweepCost(stack) };
}

async function runCost(stack: BenchStack): Promise<Cost> {
  const from = await lastCall(stack);
  await stack.succeed(SHORT_PIPELINE);
  const { calls } = await workSince(stack, from, RUN_STEP);
  return costOf(calls);
}

function cheapest<T extends { readonly calls: number }>(costs: readonly T[]): T {
  const [first] = costs.toSorted((a, b) => a.calls - b.calls);
  if (first === undefined) throw new Error('nothing was measured');
  return first;
}

/** Invokes the sweep; then asks what it asks once more, with the read units counted. */
async function sweepCost(stack: BenchStack): Promise<SweepCost> {
  // The first call fills the function's cache of plans.
  await invokeSweep(stack);
  const sweeps: { calls: number }[] = [];
  for (let i = 0; i < SAMPLES; i += 1) {
    const from = await lastCall(stack);
    await invokeSweep(stack);
    const { calls } = await workSince(stack, from, SWEEP);
    sweeps.push({ calls: calls.length });
  }
  const { client, read } = readMeter(stack.settings);
  const store = new DynamoDbRunStore(client, TABLE);
  await store.findDue(Math.floor(Date.now() / 1000), 100);
  await store.findWaitingPipelines();
  for (const pipeline of [LONG_PIPELINE, SHORT_PIPELINE, HELD_PIPELINE]) await store.countQueued(pipeline);
  client.destroy();
  // The minute's own sweep may come between: the cheapest is one alone.
  return { ...cheapest(sweeps), looked: read.items, units: read.units };
}

async function invokeSweep(stack: BenchStack): Promise<void> {
  const lambda = new LambdaClient(stack.settings);
  const answer = await lambda.send(new InvokeCommand({ FunctionName: SWEEP }));
  lambda.destroy();
  if (answer.FunctionError !== undefined) {
    throw new Error(`the sweep failed: ${Buffer.from(answer.Payload ?? []).toString('utf8')}`);
  }
}

/** The first step opens the session: the next ones are the beginning. */
async function alongTheRun(stack: BenchStack): Promise<{ first: Cost; last: Cost }> {
  const from = await lastCall(stack);
  await stack.succeed(LONG_PIPELINE, LONG_LIMIT_MS);
  const { invocations, calls } = await workSince(stack, from, RUN_STEP);
  return {
    first: usual(costsOfSteps(invocations, calls, 2, WINDOW)),
    last: usual(costsOfSteps(invocations, calls, LONG - WINDOW, WINDOW)),
  };
}

/** Of `count` steps from `first`, counted from 1: what each cost from its invocation's begin to that of the next. */
function costsOfSteps(
  invocations: readonly Call[],
  calls: readonly Call[],
  first: number,
  count: number,
): readonly Cost[] {
  const submissions = calls.filter(isStepSubmission);
  const beginOfStep = (step: number): number => {
    const at = endOf(submissions[step - 1] ?? missing(step));
    const own = invocations.find((each) => beginOf(each) <= at && at <= endOf(each));
    return beginOf(own ?? missing(step));
  };
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [beginOfStep(first + i), beginOfStep(first + i + 1)];
    return costOf(calls.filter((call) => endOf(call) >= from && endOf(call) < to));
  });
}

function missing(step: number): never {
  throw new Error(`step ${String(step)} is not in the record of calls`);
}

/** The middle one: where an event outran the record of its submission, a driver looks once more. */
function usual(costs: readonly Cost[]): Cost {
  return costs.toSorted((a, b) => a.calls - b.calls)[Math.floor(costs.length / 2)] ?? missing(0);
}

function costOf(calls: readonly Call[]): Cost {
  return { calls: calls.length, units: unitsOf(calls), counts: countsOf(calls) };
}

function reportOf(growth: Growth): PartReport {
  const { first, last, few, many } = growth;
  return {
    part: 'growth',
    title: 'calls and write units of a step, of a run and of a sweep, as runs and history grow',
    columns: ['', 'at first', 'later', 'ratio'],
    rows: [
      line(`calls of a step, step 1 and step ${String(LONG)}`, first.calls, last.calls),
      line('write units of a step', first.units, last.units),
      line(
        `calls of a run of ${String(SHORT)} steps, 10^2 and 10^5 stored runs`,
        few.run.calls,
        many.run.calls,
      ),
      line('write units of such a run', few.run.units, many.run.units),
      line(`calls of a sweep with ${String(WAITING)} runs that wait`, few.sweep.calls, many.sweep.calls),
      line('index entries it looks at', few.sweep.looked, many.sweep.looked),
      line('read units of that', few.sweep.units, many.sweep.units),
    ],
    notes: [],
    bars: [
      same(`a step costs the same at step 1 and step ${String(LONG)}`, first, last),
      same('a run costs the same beside 10^2 and 10^5 stored runs', few.run, many.run),
      same('a sweep reads what is active, whatever is stored', few.sweep, many.sweep),
    ],
    figures: { ...growth },
  };
}

function line(what: string, before: number, after: number): readonly string[] {
  return [what, figure(before), figure(after), `${(after / before).toFixed(2)}x`];
}

function same(what: string, before: unknown, after: unknown): Bar {
  const ok = JSON.stringify(before) === JSON.stringify(after);
  return {
    what,
    seen: ok ? 'the same' : `${JSON.stringify(before)}, then ${JSON.stringify(after)}`,
    ok,
  };
}
