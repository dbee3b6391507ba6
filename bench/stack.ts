/** A local AWS of the benchmark's own: started as a user starts it (`baton up`), with its own folder and port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';

import type { ClientSettings } from '../cli/aws/client-settings.ts';
import { clientSettings, openConnection } from '../cli/aws/connection.ts';
import { DynamoRunReader } from '../cli/aws/dynamo-run-reader.ts';
import { type LocalAdmin, localAdmin } from '../cli/local/admin.ts';
import { packageRoot } from '../build/project.ts';
import { errorOf } from '../cli/runs/run-parts.ts';
import { isAtRest, type Run } from '../shared/run/run.ts';

export const TABLE = 'baton-local';

export interface BenchStack {
  readonly endpoint: string;
  /** Of the SDK clients of anyone who measures. */
  readonly settings: ClientSettings;
  readonly home: string;
  /** Of the supervisor; its children are the rest of the stack. */
  readonly pid: number;
  readonly admin: LocalAdmin;
  readonly dynamodb: DynamoDBClient;
  readonly redshift: RedshiftDataClient;
  readonly store: DynamoRunReader;
  /** Starts a run without a file; gives its id. */
  start(pipeline: string): Promise<string>;
  /** Resolves with the run once it is at rest: ended, failed or undecided, with no pending actions. */
  atRest(runId: string, limitMs?: number): Promise<Run>;
  /** Starts a run and waits until it has succeeded. @throws Error with the run's own error where it did not */
  succeed(pipeline: string, limitMs?: number): Promise<Run>;
  /** The number that a query gives. */
  count(sql: string): Promise<number>;
  stop(): Promise<void>;
}

/** `writePipelines` fills the folder of pipelines; it has the project's `setup/` already. */
async function startStack(writePipelines: (sqlFolder: string) => void, root: string): Promise<BenchStack> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-bench-'));
  try {
    const sql = join(folder, 'sql');
    mkdirSync(sql);
    cpSync(join(root, 'sql', 'setup'), join(sql, 'setup'), { recursive: true });
    writePipelines(sql);
    const home = join(folder, 'home');
    const child = spawnUp(root, home, sql);
    const endpoint = await endpointOf(child);
    return new RunningStack(folder, home, endpoint, child);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function spawnUp(root: string, home: string, sql: string): ChildProcess {
  const baton = join(root, 'bin', 'baton.js');
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('BATON_') && !name.startsWith('AWS_')),
  );
  const options = ['up', '--json', '--home', home, '--port', '0', '--sql', sql];
  return spawn(process.execPath, [baton, ...options], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** @throws Error with what it printed where it ends before it is ready */
function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((ready, failed) => {
    let said = '';
    let facts = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      facts += chunk.toString();
      const endpoint = /"endpoint":\s*"([^"]+)"/.exec(facts)?.[1];
      if (endpoint !== undefined && facts.trimEnd().endsWith('}')) ready(endpoint);
    });
    child.once('error', failed);
    child.once('exit', (code) => {
      failed(new Error(`baton up ended with ${String(code)} before it was ready:\n${said}`));
    });
  });
}

class RunningStack implements BenchStack {
  readonly endpoint: string;
  readonly settings: ClientSettings;
  readonly home: string;
  readonly pid: number;
  readonly admin: LocalAdmin;
  readonly dynamodb: DynamoDBClient;
  readonly redshift: RedshiftDataClient;
  readonly store: DynamoRunReader;
  readonly #folder: string;
  readonly #child: ChildProcess;
  /** A benchmark that is broken off leaves no stack behind. */
  readonly #atExit = (): void => {
    this.#child.kill('SIGINT');
  };

  constructor(folder: string, home: string, endpoint: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
    this.home = home;
    this.endpoint = endpoint;
    this.pid = child.pid ?? 0;
    this.settings = clientSettings('local', {}, endpoint);
    this.admin = localAdmin(endpoint);
    this.dynamodb = new DynamoDBClient(this.settings);
    this.redshift = new RedshiftDataClient(this.settings);
    this.store = new DynamoRunReader(this.dynamodb, TABLE, (problem) => {
      throw new Error(problem);
    });
    process.once('exit', this.#atExit);
  }

  async start(pipeline: string): Promise<string> {
    const operator = await openConnection('local', {}, this.endpoint).operator();
    const answer = await operator.ask({
      verb: 'start',
      requestId: randomUUID(),
      pipeline,
      parameters: {},
      actor: 'bench',
    });
    if (!answer.ok) throw new Error(`${pipeline} was not started: ${answer.message}`);
    return answer.runId;
  }

  atRest(runId: string, limitMs = 60_000): Promise<Run> {
    return eventually(
      `${runId} is at rest`,
      async () => {
        const run = await this.store.load(runId);
        return run !== undefined && isAtRest(run) && run.life.pendingActions.length === 0 ? run : undefined;
      },
      limitMs,
    );
  }

  async succeed(pipeline: string, limitMs?: number): Promise<Run> {
    const run = await this.atRest(await this.start(pipeline), limitMs);
    if (run.life.state !== 'SUCCEEDED') {
      throw new Error(
        `${run.id} is ${run.life.state} at ${run.step || 'its end'}: ${errorOf(run)?.message ?? ''}`,
      );
    }
    return run;
  }

  async count(sql: string): Promise<number> {
    const { Id } = await this.redshift.send(
      new ExecuteStatementCommand({ WorkgroupName: 'local', Database: 'dev', Sql: sql, WaitTimeSeconds: 30 }),
    );
    const { Records } = await this.redshift.send(new GetStatementResultCommand({ Id }));
    return Number(Records?.[0]?.[0]?.longValue);
  }

  async stop(): Promise<void> {
    process.off('exit', this.#atExit);
    this.dynamodb.destroy();
    this.redshift.destroy();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise((done) => this.#child.once('exit', done));
      this.#child.kill('SIGINT');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const LOOK_EVERY_MS = 100;

/** Asks again until there is an answer. @throws Error after `limitMs` */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  limitMs = 60_000,
  everyMs = LOOK_EVERY_MS,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await look();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`timed out after ${String(limitMs / 1000)} s waiting for: ${what}`);
    await sleep(everyMs);
  }
}

/** With a stack that is stopped whatever happens. `root`: of another checkout of Baton, whose stack it is. */
export async function withStack<T>(
  writePipelines: (sqlFolder: string) => void,
  measure: (stack: BenchStack) => Promise<T>,
  root: string = packageRoot,
): Promise<T> {
  const stack = await startStack(writePipelines, root);
  try {
    return await measure(stack);
  } finally {
    await stack.stop();
  }
}
