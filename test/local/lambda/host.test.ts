import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { listenLocally } from '../../../local/http.ts';
import { createLambdaServer } from '../../../local/lambda/api.ts';
import { DEFAULT_CONCURRENCY } from '../../../local/lambda/pool.ts';
import { FunctionHost } from '../../../local/lambda/host.ts';
import type { Outcome } from '../../../local/lambda/instance.ts';
import type { FunctionSettings } from '../../../local/lambda/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'baton-lambda-'));
let host: FunctionHost;

function settings(name: string, more: Partial<FunctionSettings> = {}): FunctionSettings {
  return {
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    folder,
    handler: `index.${name}`,
    environment: { ONLY: name },
    timeoutSeconds: 5,
    memoryMb: 128,
    ...more,
  };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not come to pass in 10 s');
    await new Promise((done) => setTimeout(done, 10));
  }
}

function payload(outcome: Outcome): Record<string, unknown> {
  if (!outcome.ok) throw new Error(`${outcome.error.errorType}: ${outcome.error.errorMessage}`);
  return JSON.parse(outcome.payload) as Record<string, unknown>;
}

beforeAll(() => {
  writeFileSync(join(folder, 'index.mjs'), `export * from '${import.meta.dirname}/handlers.ts';\n`);
  writeFileSync(join(folder, 'syntax.mjs'), 'export const handler = ( => 1;\n');
  writeFileSync(join(folder, 'broken.mjs'), "throw new Error('BATON_TABLE is not set');\n");
  host = new FunctionHost({
    logFolder: join(folder, 'logs'),
    clockOffsetMs: 0,
  });
  host.configure({
    functions: [
      settings('echo'),
      settings('fails'),
      settings('throwsText'),
      settings('loops', { timeoutSeconds: 0.2 }),
      settings('never', { timeoutSeconds: 0.2 }),
      settings('leaves'),
      settings('throwsLater'),
      settings('eatsMemory', { memoryMb: 32, timeoutSeconds: 20 }),
      settings('circular'),
      settings('nothing'),
      settings('meets'),
      settings('reserved', { handler: 'index.meets', reservedConcurrency: 1 }),
      settings('notAFunction'),
      settings('missing', { handler: 'nowhere.handler' }),
      settings('syntax', { handler: 'syntax.handler' }),
      settings('broken', { handler: 'broken.handler' }),
    ],
  });
});
afterAll(() => {
  host.close();
  rmSync(folder, { recursive: true });
});

describe('an invocation', () => {
  test('gets its event, its own environment and a context, and its instance is reused', async () => {
    const first = payload(await host.invoke('echo', '{"name":"first"}', 'request-1'));
    expect(first).toMatchObject({
      event: { name: 'first' },
      invocations: 1,
      environment: { ONLY: 'echo' },
      sameClock: true,
      isDate: true,
      context: {
        awsRequestId: 'request-1',
        functionName: 'echo',
        memoryLimitInMB: '128',
        invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:echo',
      },
    });
    const { remaining } = first['context'] as { readonly remaining: number };
    expect(remaining).toBeGreaterThan(4000);
    expect(remaining).toBeLessThanOrEqual(5000);
    expect(payload(await host.invoke('echo', '{"name":"again"}'))).toMatchObject({ invocations: 2 });
  });

  test('sees nothing of the host environment', async () => {
    const { environment } = payload(await host.invoke('echo', '{"name":"x"}'));
    expect(environment).toEqual({
      ONLY: 'echo',
      _X_AMZN_TRACE_ID: expect.stringMatching(
        /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/,
      ),
    });
  });

  test('has its console lines in the log of the function, with request id and level', async () => {
    await host.invoke('echo', '{"name":"logged"}', 'request-log');
    const file = join(folder, 'logs', 'echo.log');
    await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('REPORT\t'));
    await until(() => /request-log\tREPORT\t[0-9.]+ ms ok/.test(readFileSync(file, 'utf8')));
    expect(readFileSync(file, 'utf8')).toMatch(
      /^\d{4}-\d\d-\d\dT[0-9:.]+Z\trequest-log\tINFO\tseen logged$/m,
    );
  });

  test('sees the local clock, also one moved while its instance is warm', async () => {
    await host.invoke('echo', '{"name":"x"}');
    host.moveClock(48 * 3_600_000);
    const { now, sameClock } = payload(await host.invoke('echo', '{"name":"x"}'));
    host.moveClock(0);
    const ahead = Date.parse(String(now)) - Date.now();
    expect(ahead).toBeGreaterThan(47.9 * 3_600_000);
    expect(sameClock).toBe(true);
  });

  test('without a result returns null', async () => {
    expect(await host.invoke('nothing', '{}')).toEqual({ ok: true, payload: 'null' });
  });

  test('with a new configuration starts a new instance', async () => {
    const other = new FunctionHost({
      logFolder: join(folder, 'other'),
      clockOffsetMs: 0,
    });
    other.configure({ functions: [settings('echo')] });
    await other.warmUp();
    await other.invoke('echo', '{}');
    other.configure({ functions: [settings('echo', { environment: { ONLY: 'new' } })] });
    expect(payload(await other.invoke('echo', '{}'))).toMatchObject({
      invocations: 1,
      environment: { ONLY: 'new' },
    });
    other.close();
  });
});

describe('a failure has the form Lambda gives it', () => {
  test.each([
    ['fails', 'NoSuchRun', 'run r-1 does not exist'],
    ['throwsText', 'string', 'only text'],
    ['throwsLater', 'Error', 'thrown beside the handler'],
    ['circular', 'Runtime.MarshalError', 'circular'],
    ['leaves', 'Runtime.ExitError', 'RequestId: request-9 Error: Runtime exited with error: exit status 7'],
    ['loops', 'Sandbox.Timedout', 'RequestId: request-9 Error: Task timed out after 0.20 seconds'],
    ['never', 'Sandbox.Timedout', 'RequestId: request-9 Error: Task timed out after 0.20 seconds'],
    ['eatsMemory', 'Runtime.OutOfMemory', 'out of memory'],
    ['notAFunction', 'Runtime.HandlerNotFound', 'does not export a function named notAFunction'],
    ['missing', 'Runtime.ImportModuleError', 'Cannot find module'],
    ['syntax', 'Runtime.UserCodeSyntaxError', 'SyntaxError'],
    ['broken', 'Error', 'BATON_TABLE is not set'],
  ])('%s: %s', async (name, errorType, message) => {
    const outcome = await host.invoke(name, '{}', 'request-9');
    expect(outcome).toMatchObject({ ok: false, error: { errorType } });
    expect(outcome.ok ? '' : outcome.error.errorMessage).toContain(message);
    // The next event gets a fresh instance and the same answer.
    expect(await host.invoke(name, '{}', 'request-9')).toMatchObject({ ok: false, error: { errorType } });
  });
});

describe('many events at once', () => {
  test('each has an instance of its own, up to the limit of the machine; the rest wait and are served', async () => {
    const file = join(folder, 'meeting');
    const all = Array.from({ length: 12 }, () => host.invoke('meets', JSON.stringify({ file })));
    const inside = (): number => readFileSync(file, 'utf8').split('in').length - 1;
    await until(() => existsSync(file) && inside() === DEFAULT_CONCURRENCY);
    expect(inside()).toBe(DEFAULT_CONCURRENCY);
    writeFileSync(file, 'go\n', { flag: 'a' });
    expect((await Promise.all(all)).every((each) => each.ok)).toBe(true);
  });

  test('a function that reserves one place throttles the second event', async () => {
    const file = join(folder, 'reserved');
    const first = host.invoke('reserved', JSON.stringify({ file }));
    await until(() => existsSync(file));
    await expect(host.invoke('reserved', JSON.stringify({ file }))).rejects.toMatchObject({
      name: 'Throttled',
    });
    writeFileSync(file, 'go\n', { flag: 'a' });
    expect(await first).toEqual({ ok: true, payload: '"met"' });
  });
});

describe('over HTTP', () => {
  let client: LambdaClient;
  let server: ReturnType<typeof createLambdaServer>;

  beforeAll(async () => {
    server = createLambdaServer(host);
    const endpoint = `http://127.0.0.1:${String(await listenLocally(server))}`;
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    client = new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  });
  afterAll(() => {
    client.destroy();
    server.close();
  });

  test('Invoke answers with the payload, by name, by ARN and with a qualifier', async () => {
    for (const FunctionName of [
      'nothing',
      'arn:aws:lambda:us-east-1:000000000000:function:nothing',
      'nothing:$LATEST',
    ]) {
      const { StatusCode, Payload } = await client.send(new InvokeCommand({ FunctionName }));
      expect(StatusCode).toBe(200);
      expect(Payload?.transformToString()).toBe('null');
    }
  });

  test('a failure of the function is a 200 with its error', async () => {
    const { FunctionError, Payload } = await client.send(new InvokeCommand({ FunctionName: 'fails' }));
    expect(FunctionError).toBe('Unhandled');
    const error = JSON.parse(Payload?.transformToString() ?? '') as { readonly trace: readonly string[] };
    expect(error).toMatchObject({ errorType: 'NoSuchRun', errorMessage: 'run r-1 does not exist' });
    expect(error.trace[0]).toBe('NoSuchRun: run r-1 does not exist');
  });

  test('an unknown function, bad JSON and too many at once are errors of the service', async () => {
    await expect(client.send(new InvokeCommand({ FunctionName: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(
      client.send(new InvokeCommand({ FunctionName: 'nothing', Payload: Buffer.from('{') })),
    ).rejects.toMatchObject({ name: 'InvalidRequestContentException' });
    const file = join(folder, 'reserved-http');
    const Payload = Buffer.from(JSON.stringify({ file }));
    const first = client.send(new InvokeCommand({ FunctionName: 'reserved', Payload }));
    await until(() => existsSync(file));
    await expect(client.send(new InvokeCommand({ FunctionName: 'reserved', Payload }))).rejects.toMatchObject(
      { name: 'TooManyRequestsException' },
    );
    writeFileSync(file, 'go\n', { flag: 'a' });
    await first;
  });
});
