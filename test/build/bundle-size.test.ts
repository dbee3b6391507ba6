/**
 * What the functions load, and that they run: as Lambda runs them, in a process of their own, against an endpoint that
 * answers nothing.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { ensureFunctionBundles, functionNames } from '../../build/bundle-functions.ts';

const run = promisify(execFile);

/** The bar for what the step function loads at its start. */
const STEP_FUNCTION_BYTES = 150_000;

/** They do more, and nobody waits for their start as a run waits for that of the step function. */
const OTHER_FUNCTION_BYTES = 160_000;

/** What may be in the part that is loaded at the start: commands of the SDK, its parts, the middleware. */
const EXPECTED_PACKAGES =
  /^(@aws-sdk\/client-(dynamodb|eventbridge|redshift-data|s3|sqs)|@aws-sdk\/core|@smithy\/(core|node-http-handler|signature-v4|types)|@middy\/core)$/;

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly path: string | undefined;
}

let server: Server;
let calls: Call[] = [];
let bundles: string;
let report: Awaited<ReturnType<typeof ensureFunctionBundles>>['report'];

beforeAll(async () => {
  ({ folder: bundles, report } = await ensureFunctionBundles());
  server = createServer((request, response) => {
    calls.push({ headers: request.headers, path: request.url });
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}');
    });
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

/** Prints what `script` (a module in which `bundle` is a file's URL) gives as its default answer. */
async function inProcess(file: string, script: string): Promise<string> {
  calls = [];
  const url = pathToFileURL(join(bundles, file)).href;
  const { port } = server.address() as AddressInfo;
  const source = `const bundle = ${JSON.stringify(url)};\n${script}`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], {
    env: {
      AWS_ACCESS_KEY_ID: 'AKIDENVIRONMENT',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'session',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${String(port)}`,
      BATON_STAGE: 'local',
      BATON_TABLE: 'baton-local',
      BATON_LANDING_BUCKET: 'baton-local-landing',
      BATON_ARTIFACTS_BUCKET: 'baton-local-artifacts',
      BATON_WORKGROUP: 'local',
      BATON_ROLE_NAME: 'baton-local-functions',
    },
  });
  return stdout;
}

test('the step function loads less than 150 KB at its start', () => {
  const { eagerBytes = Infinity } = report['run-step'] ?? {};
  expect(eagerBytes).toBeLessThan(STEP_FUNCTION_BYTES);
});

test('the other functions load not much more', () => {
  const large = Object.entries(report).filter(([, { eagerBytes }]) => eagerBytes >= OTHER_FUNCTION_BYTES);
  expect(large.map(([name]) => name)).toEqual([]);
});

test('no function loads a schema library or another unexpected module at its start', () => {
  const surprises = Object.entries(report).flatMap(([name, { eagerPackages }]) =>
    eagerPackages.filter((each) => !EXPECTED_PACKAGES.test(each)).map((each) => `${name}: ${each}`),
  );
  expect(surprises).toEqual([]);
});

test('what is loaded when needed has no client of its own', () => {
  for (const name of functionNames) {
    const lazy = readdirSync(join(bundles, name)).filter(
      (file) => file.endsWith('.mjs') && file !== 'index.mjs',
    );
    const signing = lazy.filter((file) =>
      readFileSync(join(bundles, name, file), 'utf8').includes('AWS4-HMAC'),
    );
    expect(signing).toEqual([]);
  }
});

test('every function exports a handler', async () => {
  for (const name of functionNames) {
    const printed = await inProcess(
      join(name, 'index.mjs'),
      'console.log(Object.keys(await import(bundle)), typeof (await import(bundle)).handler);',
    );
    expect(printed).toBe("[ 'handler' ] function\n");
  }
});

test('the step function signs its calls with the credentials of the environment', async () => {
  await inProcess(
    'run-step/index.mjs',
    `const { handler } = await import(bundle);
     const event = { source: 'baton.request', 'detail-type': 'Run Woken', detail: { runId: 'stores-${'a'.repeat(26)}' } };
     const context = { awsRequestId: 'one', getRemainingTimeInMillis: () => 60000 };
     await handler(event, context);`,
  );
  expect(calls.length).toBeGreaterThan(0);
  const [{ headers } = { headers: {} as IncomingHttpHeaders }] = calls;
  expect(headers['x-amz-target']).toMatch(/^DynamoDB_20120810\./);
  expect(headers.authorization).toMatch(
    /Credential=AKIDENVIRONMENT\/\d{8}\/eu-central-1\/dynamodb\/aws4_request, .*Signature=[0-9a-f]{64}$/,
  );
  expect(headers['x-amz-security-token']).toBe('session');
});
