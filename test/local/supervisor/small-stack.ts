/** A small template with one of everything, its functions, and ways to look into it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DynamoDBClient, GetItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';

import { buildFolder } from '../../../build/project.ts';

const folder = join(buildFolder, 'test-supervisor');
export const functionsFolder = join(folder, 'functions');
export const templateFile = join(folder, 'template.json');

const names = ['arrive', 'ended', 'tick', 'fails'];

const arn = (logicalId: string): unknown => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

function functionResource(name: string): unknown {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: `small-${name}`,
      Handler: `index.${name}`,
      Role: arn('Role'),
      Code: { S3Key: `small/${name}.zip` },
      Timeout: 10,
      MemorySize: 256,
      Environment: { Variables: { TABLE: { Ref: 'Table' } } },
    },
  };
}

export const template = {
  Resources: {
    Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'small-functions' } },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'small-table',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      },
    },
    Landing: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: 'small-landing',
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      },
    },
    Arrivals: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'small-arrivals' } },
    Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'small-dead' } },
    ...Object.fromEntries(names.map((name) => [name, functionResource(name)])),
    FailsInvoke: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'fails' },
        DestinationConfig: { OnFailure: { Destination: arn('Dead') } },
      },
    },
    ArriveMapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: arn('Arrivals'),
        FunctionName: { Ref: 'arrive' },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
    },
    ArrivalRule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['aws.s3'], 'detail-type': ['Object Created'] },
        Targets: [{ Id: 'queue', Arn: arn('Arrivals') }],
      },
    },
    EndRule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['aws.redshift-data'] },
        Targets: [{ Id: 'ended', Arn: arn('ended') }],
      },
    },
    Minutely: {
      Type: 'AWS::Events::Rule',
      Properties: {
        ScheduleExpression: 'rate(1 minute)',
        Targets: [{ Id: 'tick', Arn: arn('tick') }],
      },
    },
  },
};

/** Writes the template and the functions. */
export function build(): void {
  for (const name of names) {
    mkdirSync(join(functionsFolder, name), { recursive: true });
    writeFileSync(
      join(functionsFolder, name, 'index.mjs'),
      `export * from '${import.meta.dirname}/functions.ts';\n`,
    );
  }
  writeFileSync(templateFile, JSON.stringify(template));
}

/** Open to all, or PostgreSQL, which does not run as root, would have to live elsewhere. */
export function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'baton-home-'));
  chmodSync(home, 0o755);
  return home;
}

/** Asks until there is an answer. */
export async function eventually<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  withinMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`nothing came in ${String(withinMs)} ms: ${ask.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function clientSettings(endpoint: string) {
  return {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
}

/** What a function has noted under this key. */
export async function noted(
  endpoint: string,
  pk: string,
): Promise<Record<string, AttributeValue> | undefined> {
  const client = new DynamoDBClient(clientSettings(endpoint));
  try {
    const input = { TableName: 'small-table', Key: { pk: { S: pk } }, ConsistentRead: true };
    return (await client.send(new GetItemCommand(input))).Item;
  } finally {
    client.destroy();
  }
}

export interface Status {
  readonly processes: readonly { readonly name: string; readonly pid: number; readonly restarts: number }[];
}

export async function admin<T>(endpoint: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${endpoint}/_local/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}

export interface Up {
  readonly child: ChildProcess;
  readonly endpoint: string;
  readonly errors: () => string;
}

/** Starts the local AWS in a process of its own; rejects with what it printed when it does not come up. */
export async function up(home: string, port = 0): Promise<Up> {
  const program = join(import.meta.dirname, 'up-process.ts');
  const args = [program, home, String(port), templateFile, functionsFolder];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const exit = once(child, 'exit');
  const ready = eventually(() => /ready (\S+)/.exec(output)?.[1], 30_000);
  const endpoint = await Promise.race([
    ready,
    exit.then(() => {
      throw new Error(errors);
    }),
  ]);
  return { child, endpoint, errors: () => errors };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie is dead; only its parent has not looked yet.
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

/** Command lines that name the home: PostgreSQL, and the supervisor itself. */
export function processesOf(home: string): readonly string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes(home) && !line.startsWith('Z'));
}

export async function freePort(): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return {
    port: address.port,
    release: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
