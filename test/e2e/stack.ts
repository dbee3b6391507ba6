/**
 * A whole local AWS for a test file: started as a user starts it (`baton up`), with its own folder and port, and
 * spoken to with nothing but the plain AWS SDK.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { packageRoot as root } from '../../build/project.ts';
import { DynamoRunReader } from '../../cli/aws/dynamo-run-reader.ts';
import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { storedRun, type StoredRun } from '../../shared/store/stored-run.ts';

/** The project's folder. */
export { root };

const NODE = process.execPath;

export interface StackOptions {
  /** Pipelines beside the samples of `sql/`: name -> folder to copy. */
  readonly pipelines?: Readonly<Record<string, string>>;
  /** Folder to go on with; made anew otherwise. */
  readonly home?: string;
  /** Its folder in `home` where state is kept; absent: `state`. */
  readonly state?: string;
  /** Of the local AWS, beside this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Absent: `local`. Others take their parameters from the environment. */
  readonly stage?: string;
  /** Where files are dropped; absent: the stage's own bucket. */
  readonly landing?: string;
}

/** Calls `check` until it gives something; the limit is for a machine that is slow, not for the thing tested. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined>,
  limitMs = 30_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`after ${limitMs / 1000} s still not: ${what}`);
    await wait(50);
  }
}

/** The run ended, or stopped until a person acts, and no follow-up of it is left. */
export function isDone(run: StoredRun): boolean {
  return run.endedAt !== undefined && run.pendingActions === undefined;
}

/** As the local AWS fills in account and Region. */
function landingOf(stage: string): string {
  return stage === 'local' ? 'baton-local-landing' : `baton-${stage}-000000000000-us-east-1-landing`;
}

export class Stack {
  readonly home: string;
  readonly stage: string;
  readonly landing: string;
  readonly sql: string;
  readonly endpoint: string;
  readonly process: ChildProcess;
  readonly dynamodb: DynamoDBClient;
  readonly redshift: RedshiftDataClient;
  readonly s3: S3Client;
  readonly events: EventBridgeClient;
  readonly lambda: LambdaClient;
  readonly store: DynamoRunReader;
  readonly output: string[];

  private constructor(
    { stage = 'local', landing = landingOf(stage) }: StackOptions,
    home: string,
    endpoint: string,
    child: ChildProcess,
    output: string[],
  ) {
    this.home = home;
    this.stage = stage;
    this.landing = landing;
    this.sql = join(home, 'sql');
    this.endpoint = endpoint;
    this.process = child;
    this.output = output;
    const settings = {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'tester', secretAccessKey: 'any' },
    };
    this.dynamodb = new DynamoDBClient(settings);
    this.redshift = new RedshiftDataClient(settings);
    this.s3 = new S3Client(settings);
    this.events = new EventBridgeClient(settings);
    this.lambda = new LambdaClient(settings);
    this.store = new DynamoRunReader(this.dynamodb, `baton-${stage}`, (problem) => {
      throw new Error(problem);
    });
  }

  static async start(options: StackOptions = {}): Promise<Stack> {
    const home = options.home ?? mkdtempSync(join(tmpdir(), 'baton-e2e-'));
    const sql = join(home, 'sql');
    mkdirSync(sql, { recursive: true });
    copySampleSql(sql);
    for (const [name, folder] of Object.entries(options.pipelines ?? {}))
      cpSync(folder, join(sql, name), { recursive: true });
    const child = spawn(
      NODE,
      [
        join(root, 'bin/baton.js'),
        'up',
        '--json',
        '--home',
        join(home, options.state ?? 'state'),
        '--port',
        '0',
        '--sql',
        sql,
        '--stage',
        options.stage ?? 'local',
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...options.environment, BATON_HOME: '', BATON_PORT: '' },
      },
    );
    const output: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => {
      output.push(chunk.toString());
      if (process.env['BATON_DEBUG'] === '1') process.stderr.write(chunk);
    });
    const ready = await new Promise<{ endpoint: string }>((started, failed) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        try {
          started(JSON.parse(text) as { endpoint: string });
        } catch {
          // Not all of it has come yet.
        }
      });
      child.once('exit', (code) => {
        failed(new Error(`baton up ended with ${code}:\n${output.join('')}`));
      });
    });
    return new Stack(options, home, ready.endpoint, child, output);
  }

  async stop(options: { keep?: boolean } = {}): Promise<void> {
    for (const client of [this.dynamodb, this.redshift, this.s3, this.events, this.lambda]) client.destroy();
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((done) => this.process.once('exit', done));
      this.process.kill('SIGINT');
      await ended;
    }
    if (options.keep !== true) rmSync(this.home, { recursive: true, force: true });
  }

  async put(key: string, body: string | Uint8Array): Promise<void> {
    await this.s3.send(new PutObjectCommand({ Bucket: this.landing, Key: key, Body: body }));
  }

  /** Every run of the pipeline made so far, oldest first; the newest `most` of them. */
  async runs(pipeline: string, most = 1000): Promise<StoredRun[]> {
    return (await this.store.listRuns(pipeline, most)).map(storedRun).toReversed();
  }

  async run(id: string): Promise<StoredRun | undefined> {
    const run = await this.store.load(id);
    return run && storedRun(run);
  }

  /** The run that the file's newest upload made, once it is at rest. */
  async runFor(pipeline: string, key: string, known: readonly string[] = []): Promise<StoredRun> {
    const { id } = await eventually(`a run for ${key}`, async () =>
      (await this.runs(pipeline)).find((run) => fileOf(run.trigger)?.key === key && !known.includes(run.id)),
    );
    return this.atRest(id);
  }

  /** The run once `isDone`. */
  async atRest(id: string, limitMs = 60_000): Promise<StoredRun> {
    return eventually(
      `${id} at rest`,
      async () => {
        const run = await this.run(id);
        return run !== undefined && isDone(run) ? run : undefined;
      },
      limitMs,
    );
  }

  /** Runs a query in a session of its own; rows as text. */
  async query(sql: string): Promise<(string | null)[][]> {
    const { Id } = await this.redshift.send(
      new ExecuteStatementCommand({ WorkgroupName: 'local', Database: 'dev', Sql: sql, WaitTimeSeconds: 30 }),
    );
    const seen = await this.redshift.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
    if (seen.Status !== 'FINISHED') throw new Error(`${sql}: ${seen.Status ?? ''} ${seen.Error ?? ''}`);
    if (seen.HasResultSet !== true) return [];
    const rows: (string | null)[][] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.redshift.send(
        new GetStatementResultCommand({ Id, ...(NextToken === undefined ? {} : { NextToken }) }),
      );
      for (const record of page.Records ?? []) {
        rows.push(
          record.map((field) =>
            field.isNull === true
              ? null
              : String(field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue),
          ),
        );
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined && NextToken !== '');
    return rows;
  }

  /** One number. */
  async count(sql: string): Promise<number> {
    return Number((await this.query(sql))[0]?.[0]);
  }

  async admin(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.endpoint}/_local/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.json();
  }

  async advance(ms: number): Promise<void> {
    await this.admin('POST', 'clock', { advanceMs: ms });
  }

  /** A minute passes, and the sweep has done its round. */
  async sweep(): Promise<void> {
    const rounds = async (): Promise<number> => {
      const { calls } = (await this.admin('GET', 'calls?since=0&detail')) as {
        calls: { operation: string; resource?: string }[];
      };
      return calls.filter(
        (call) => call.operation === 'Invoke' && call.resource === `baton-${this.stage}-sweep`,
      ).length;
    };
    const before = await rounds();
    await this.advance(60_000);
    await eventually('a round of the sweep', async () => ((await rounds()) > before ? true : undefined));
  }

  /** Runs the command against this stack; gives what it printed and its exit code. */
  async baton(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    // The command has its own for the local stage.
    const account =
      this.stage === 'local'
        ? {}
        : { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' };
    const child = spawn(NODE, [join(root, 'bin/baton.js'), ...words], {
      cwd: this.home,
      env: {
        ...process.env,
        ...account,
        AWS_ENDPOINT_URL: this.endpoint,
        BATON_HOME: join(this.home, 'state'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number>((ended) => child.once('close', (exit) => ended(exit ?? -1)));
    return { code, stdout, stderr };
  }
}
