/**
 * Finish -> next submission: Baton beside the loops that people write, over the same statements on the same local
 * AWS, one after another in turns. The warehouse's own record says when a statement ended and when the next was taken.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandOutput,
} from '@aws-sdk/client-redshift-data';

import { lateEvents, withFaults } from './calls.ts';
import { NUMBERS, stepFile, type Steps, work, writePipeline } from './pipelines.ts';
import { figure, type PartReport, times } from './report.ts';
import { type BenchStack, withStack } from './stack.ts';
import { type Spread, spreadOf } from './statistics.ts';

const PIPELINE = 'bench_handoff';
const ROUNDS = 3;
/** Thousands of rows joined; some milliseconds to some hundred. */
const WORK = [10, 200, 2000, 10, 1000, 600, 3000, 100, 1500, 10, 2500];
/** What EventBridge takes to deliver, as its users report it (docs/performance.md). */
const EVENTBRIDGE_MS = 100;
const BAR = 20;

const STATEMENTS: readonly string[] = [
  NUMBERS,
  ...WORK.map((thousands, i) => work(`work_${String(i + 1)}`, thousands)),
];

type Way = 'baton' | 'wait 1 s and describe' | 'long poll (WaitTimeSeconds)' | 'baton, events 100 ms late';

export async function handoff(): Promise<PartReport> {
  const gaps = await withStack(writeStatements, measure);
  const spreads = new Map([...gaps].map(([way, values]) => [way, spreadOf(values)]));
  return reportOf(spreads);
}

function writeStatements(sqlFolder: string): void {
  const steps: Steps = Object.fromEntries(STATEMENTS.map((sql, i) => [stepFile(i + 1), sql]));
  writePipeline(sqlFolder, PIPELINE, steps);
}

async function measure(stack: BenchStack): Promise<Map<Way, number[]>> {
  // The first run of each loads code and fills caches; it is not counted.
  await byBaton(stack);
  await byLongPoll(stack);
  const gaps = new Map<Way, number[]>();
  const add = (way: Way, values: readonly number[]): void => {
    gaps.set(way, [...(gaps.get(way) ?? []), ...values]);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    add('baton', await byBaton(stack));
    add('wait 1 s and describe', await byWaitAndDescribe(stack));
    add('long poll (WaitTimeSeconds)', await byLongPoll(stack));
    const late = [lateEvents(EVENTBRIDGE_MS)];
    add('baton, events 100 ms late', await withFaults(stack, late, () => byBaton(stack)));
  }
  return gaps;
}

async function byBaton(stack: BenchStack): Promise<number[]> {
  const run = await stack.succeed(PIPELINE);
  const history = await stack.store.history(run.id);
  return gapsBetween(
    stack,
    history.map(({ statementId }) => statementId ?? ''),
  );
}

/** The article's way, as a state machine has it: execute, wait a second, describe, until it has ended; then the next. */
function byWaitAndDescribe(stack: BenchStack): Promise<number[]> {
  return oneAfterAnother(stack, async (execute) => {
    const { Id } = await execute({});
    for (;;) {
      await sleep(1000);
      const { Status } = await stack.redshift.send(new DescribeStatementCommand({ Id }));
      if (isEnd(Status, Id)) return;
    }
  });
}

/** The strongest peer: a process that lives as long as the run and holds a call open. */
function byLongPoll(stack: BenchStack): Promise<number[]> {
  return oneAfterAnother(stack, async (execute) => {
    const { Id, Status } = await execute({ WaitTimeSeconds: 30 });
    let status: string | undefined = Status;
    while (!isEnd(status, Id)) {
      ({ Status: status } = await stack.redshift.send(
        new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }),
      ));
    }
  });
}

type Execute = (options: { WaitTimeSeconds?: number }) => Promise<ExecuteStatementCommandOutput>;

async function oneAfterAnother(
  stack: BenchStack,
  until: (execute: Execute) => Promise<void>,
): Promise<number[]> {
  const ids: string[] = [];
  let session: string | undefined;
  for (const [i, sql] of STATEMENTS.entries()) {
    await until(async (options) => {
      const target =
        session === undefined ? { WorkgroupName: 'local', Database: 'dev' } : { SessionId: session };
      const answer = await stack.redshift.send(
        new ExecuteStatementCommand({
          ...target,
          ...options,
          Sql: sql,
          SessionKeepAliveSeconds: i + 1 < STATEMENTS.length ? 300 : 1,
        }),
      );
      session ??= answer.SessionId;
      ids.push(answer.Id ?? '');
      return answer;
    });
  }
  return gapsBetween(stack, ids);
}

function isEnd(status: string | undefined, id: string | undefined): boolean {
  if (status === 'FAILED' || status === 'ABORTED') throw new Error(`statement ${id ?? ''} is ${status}`);
  return status === 'FINISHED';
}

/** From the end of each statement to the acceptance of the next, in ms. */
async function gapsBetween(stack: BenchStack, ids: readonly string[]): Promise<number[]> {
  if (ids.length !== STATEMENTS.length) throw new Error(`${String(ids.length)} statements were run`);
  const seen = await Promise.all(ids.map((Id) => stack.redshift.send(new DescribeStatementCommand({ Id }))));
  return seen.slice(1).map((next, i) => {
    const ended = seen[i]?.UpdatedAt?.getTime() ?? Number.NaN;
    return (next.CreatedAt?.getTime() ?? Number.NaN) - ended;
  });
}

function reportOf(spreads: ReadonlyMap<Way, Spread>): PartReport {
  const baton = spreads.get('baton');
  const loop = spreads.get('wait 1 s and describe');
  if (baton === undefined || loop === undefined) throw new Error('a way was not measured');
  const ratio = loop.mean / baton.mean;
  return {
    part: 'handoff',
    title: `finish -> next submission, ${String(ROUNDS)} runs of ${String(STATEMENTS.length)} statements each way, in turns`,
    columns: ['', 'mean', 'p50', 'p99', 'mean ms', 'p50 ms', 'p99 ms'],
    rows: [...spreads].map(([way, { mean, p50, p99 }]) => [
      way,
      times(mean / baton.mean),
      times(p50 / baton.p50),
      times(p99 / baton.p99),
      figure(mean),
      figure(p50),
      figure(p99),
    ]),
    notes: [
      'the first three columns are ratios to Baton; the loops have a process that lives as long as the run',
    ],
    bars: [
      {
        what: `at least ${String(BAR)} times sooner than wait 1 s and describe (mean)`,
        seen: times(ratio),
        ok: ratio >= BAR,
      },
    ],
    figures: { ratio, ways: Object.fromEntries(spreads) },
  };
}
