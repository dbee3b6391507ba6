/**
 * What people use instead of Baton, each as a short program over the same statements: every one has a process that lives as long as
 * the run.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  type StatusString,
} from '@aws-sdk/client-redshift-data';

import type { BenchStack } from '../stack.ts';
import { type Gap, gapsOf } from './gaps.ts';
import { connect, statementOf, timedStatement } from './warehouse.ts';

/** One run of a way. */
export interface Course {
  readonly gaps: readonly Gap[];
  /** From the first call to the end of the last statement, as the process sees it. */
  readonly ms: number;
  /** Of the Data API. */
  readonly calls: number;
  /** States entered, for the ways that are state machines. */
  readonly transitions: number;
}

/** What a run consists of. */
export interface Work {
  readonly seconds: number;
  readonly steps: number;
}

/** For one state to the next: assumed. */
const TRANSITION_MS = 50;
const LOOP_WAIT_MS = 1000;
/** `poll_interval` of Airflow's RedshiftDataOperator, by default. */
const AIRFLOW_POLL_MS = 10_000;

/** One statement of a session, until it has ended. */
type Step = (one: Statements, sql: string) => Promise<void>;

/** The strongest peer: a process that holds each call open. */
const livePoll: Step = async (one, sql) => {
  let ended = await one.execute(sql, 30);
  while (!ended) ended = await one.describe(30);
};

/** A state machine whose tasks wait in the call: submit, choice; describe and choice again after 30 s. */
const stepFunctionsPoll: Step = async (one, sql) => {
  await one.transition();
  let ended = await one.execute(sql, 30);
  await one.transition();
  while (!ended) {
    await one.transition();
    ended = await one.describe(30);
    await one.transition();
  }
};

/** The article's state machine: submit; then wait a second, describe, choice, until it has ended. */
const articleLoop: Step = async (one, sql) => {
  await one.transition();
  await one.execute(sql);
  for (let ended = false; !ended;) {
    await one.transition();
    await sleep(LOOP_WAIT_MS);
    await one.transition();
    ended = await one.describe();
    await one.transition();
  }
};

/** Airflow's operator, without its scheduler: describes at once, then every ten seconds. */
const airflow: Step = async (one, sql) => {
  await one.execute(sql);
  while (!(await one.describe())) await sleep(AIRFLOW_POLL_MS);
};

export const LIVE_POLL = 'live long poll (`WaitTimeSeconds`)';
export const STEP_FUNCTIONS = 'Step Functions, `WaitTimeSeconds`';
export const LOOP = "Step Functions, the article's loop";
export const DIRECT = 'direct connection';
export const AIRFLOW = 'Airflow operator (10 s)';

const STEPS: Readonly<Record<string, Step>> = {
  [LIVE_POLL]: livePoll,
  [STEP_FUNCTIONS]: stepFunctionsPoll,
  [LOOP]: articleLoop,
  [AIRFLOW]: airflow,
};

export const PEERS: readonly string[] = [DIRECT, ...Object.keys(STEPS)];

/** @throws Error where a statement does not succeed */
export async function courseOf(
  peer: string,
  stack: BenchStack,
  work: Work,
  connectionMs: number,
): Promise<Course> {
  const step = STEPS[peer];
  if (step === undefined) return byConnection(stack, work, connectionMs);
  const one = new Statements(stack, work.steps);
  const begin = performance.now();
  for (let n = 1; n <= work.steps; n += 1) await step(one, statementOf(work.seconds, n));
  const ms = performance.now() - begin;
  const { calls, transitions } = one;
  return { gaps: await gapsOf(stack, one.ids), ms, calls, transitions };
}

/** The limit: a program that speaks to the warehouse itself. */
async function byConnection(
  stack: BenchStack,
  { seconds, steps }: Work,
  connectionMs: number,
): Promise<Course> {
  const client = await connect(stack);
  try {
    const gaps: Gap[] = [];
    let last = Number.NaN;
    const begin = performance.now();
    for (let n = 1; n <= steps; n += 1) {
      if (connectionMs > 0) await sleep(connectionMs);
      const { rows } = await client.query<{ began: number; ended: number }>(timedStatement(seconds, n));
      const [row] = rows;
      if (row === undefined) throw new Error('the warehouse returned no times');
      if (n > 1) gaps.push({ ms: row.began - last, isInside: false });
      last = row.ended;
    }
    return { gaps, ms: performance.now() - begin, calls: 0, transitions: 0 };
  } finally {
    await client.end();
  }
}

/** The calls of one run, in one session. */
class Statements {
  readonly ids: string[] = [];
  calls = 0;
  transitions = 0;
  readonly #stack: BenchStack;
  readonly #steps: number;
  #session: string | undefined;

  constructor(stack: BenchStack, steps: number) {
    this.#stack = stack;
    this.#steps = steps;
  }

  async transition(): Promise<void> {
    this.transitions += 1;
    await sleep(TRANSITION_MS);
  }

  /** True where it has ended already. */
  async execute(sql: string, waitSeconds?: number): Promise<boolean> {
    this.calls += 1;
    const target =
      this.#session === undefined
        ? { WorkgroupName: 'local', Database: 'dev' }
        : { SessionId: this.#session };
    const { Id, SessionId, Status } = await this.#stack.redshift.send(
      new ExecuteStatementCommand({
        ...target,
        ...(waitSeconds !== undefined && { WaitTimeSeconds: waitSeconds }),
        Sql: sql,
        // The last one closes the session.
        SessionKeepAliveSeconds: this.ids.length + 1 < this.#steps ? 300 : 1,
      }),
    );
    this.#session ??= SessionId;
    this.ids.push(Id ?? '');
    return hasEnded(Status);
  }

  async describe(waitSeconds?: number): Promise<boolean> {
    this.calls += 1;
    const { Status } = await this.#stack.redshift.send(
      new DescribeStatementCommand({
        Id: this.ids.at(-1),
        ...(waitSeconds !== undefined && { WaitTimeSeconds: waitSeconds }),
      }),
    );
    return hasEnded(Status);
  }
}

function hasEnded(status: StatusString | undefined): boolean {
  if (status === 'FAILED' || status === 'ABORTED') throw new Error(`a statement is ${status}`);
  return status === 'FINISHED';
}
