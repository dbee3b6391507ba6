/**
 * One execution environment of a function: a thread that loads the handler once and then takes one event at a time.
 * Behaves as the `nodejs24.x` runtime: asynchronous handlers, errors in Lambda's form, console lines with a level.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';

import { LoadError } from './load-error.ts';
import { followLocalClock } from './local-date.ts';
import { passPauses } from './quick-pauses.ts';
import {
  functionError,
  type FromWorker,
  type LogLevel,
  type ToWorker,
  type WorkerSettings,
} from './worker-messages.ts';

type Handler = (event: unknown, context: unknown) => unknown;

// Not the function's: compiled code is kept between instances, which saves time and half of the memory of each.
delete process.env['NODE_COMPILE_CACHE'];

const settings = workerData as WorkerSettings;
const offset = new BigInt64Array(settings.clockOffset);
followLocalClock(() => Number(Atomics.load(offset, 0)));
captureConsole();
passPauses();

/** AWS's limit of a synchronous response, in bytes. */
const LARGEST_RESPONSE = 6_291_556;

try {
  const handler = await loadHandler();
  module.flushCompileCache();
  parentPort?.on('message', (message: ToWorker) => {
    void serve(handler, message).then(say);
  });
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'broken', error: error instanceof LoadError ? error.report : functionError(error) });
}

function say(message: FromWorker): void {
  parentPort?.postMessage(message, []);
}

async function serve(handler: Handler, { requestId, payload, timeoutMs }: ToWorker): Promise<FromWorker> {
  const deadline = performance.now() + timeoutMs;
  process.env['_X_AMZN_TRACE_ID'] = traceOf();
  let result: unknown;
  try {
    result = await handler(JSON.parse(payload), contextOf(requestId, deadline));
  } catch (error) {
    return { kind: 'failed', error: functionError(error) };
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(result);
  } catch (error) {
    return { kind: 'failed', error: functionError(error, 'Runtime.MarshalError') };
  }
  if (text !== undefined && Buffer.byteLength(text) > LARGEST_RESPONSE) {
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${String(LARGEST_RESPONSE)} bytes).`;
    return { kind: 'failed', error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
  }
  return { kind: 'done', payload: text ?? 'null' };
}

/** The tracing header of an invocation that is not traced (X-Ray developer guide: trace ID format). */
function traceOf(): string {
  const time = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${time}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}

function contextOf(awsRequestId: string, deadline: number): unknown {
  return {
    awsRequestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: settings.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: settings.functionArn,
    memoryLimitInMB: String(settings.memoryMb),
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  };
}

async function loadHandler(): Promise<Handler> {
  const path = ['.mjs', '.js', '.cjs']
    .map((extension) => settings.module + extension)
    .find((each) => existsSync(each));
  if (path === undefined) {
    throw new LoadError('Runtime.ImportModuleError', `Error: Cannot find module '${settings.module}'`);
  }
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new LoadError('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`, error);
    }
    throw error;
  }
  const handler = loaded[settings.exportName];
  if (typeof handler !== 'function') {
    throw new LoadError(
      'Runtime.HandlerNotFound',
      `${path} does not export a function named ${settings.exportName}`,
    );
  }
  return handler as Handler;
}

function captureConsole(): void {
  console.log = consoleLine('INFO');
  console.info = consoleLine('INFO');
  console.warn = consoleLine('WARN');
  console.error = consoleLine('ERROR');
  console.debug = consoleLine('DEBUG');
  console.trace = consoleLine('TRACE');
  process.stdout.write = writeLine;
  process.stderr.write = writeLine;
}

function consoleLine(level: LogLevel): (...given: unknown[]) => void {
  return (...given) => {
    say({ kind: 'log', time: Date.now(), level, text: format(...given) });
  };
}

function writeLine(chunk: string | Uint8Array): boolean {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
  say({ kind: 'log', time: Date.now(), text: text.replace(/\n$/, '') });
  return true;
}
