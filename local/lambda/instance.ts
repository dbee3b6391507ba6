/** The host's side of one worker thread: start it, hand it one event at a time, end it when its time is up. */
import { extname, join } from 'node:path';
import process from 'node:process';
import { Worker } from 'node:worker_threads';

import { codeOf } from '../../shared/errors.ts';
import { defined } from '../../shared/run/defined.ts';
import type { FunctionSettings } from './settings.ts';
import {
  functionError,
  type FromWorker,
  type FunctionError,
  type ToWorker,
  type WorkerSettings,
} from './worker-messages.ts';

export type Outcome =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: FunctionError };

export interface InstanceSurroundings {
  readonly clockOffset: SharedArrayBuffer;
  readonly log: (requestId: string, entry: LogEntry) => void;
}

type LogEntry = Extract<FromWorker, { readonly kind: 'log' }>;

/** Lambda gives loading 10 s, beside the function's own timeout. */
const LONGEST_LOAD_MS = 10_000;

/** Compiled, as this file is, or not. */
const WORKER = new URL(`worker${extname(import.meta.filename)}`, import.meta.url);

export class Instance {
  readonly #settings: FunctionSettings;
  readonly #worker: Worker;
  readonly #log: InstanceSurroundings['log'];
  #settle: ((message: FromWorker) => void) | undefined;
  #requestId = 'init';
  #dead = false;
  #crash: unknown;

  constructor(settings: FunctionSettings, surroundings: InstanceSurroundings) {
    this.#settings = settings;
    this.#log = surroundings.log;
    const [file = '', exportName = ''] = splitHandler(settings.handler);
    const workerSettings: WorkerSettings = {
      functionName: settings.name,
      functionArn: settings.arn,
      memoryMb: settings.memoryMb,
      module: join(settings.folder, file),
      exportName,
      clockOffset: surroundings.clockOffset,
    };
    this.#worker = new Worker(WORKER, {
      env: { ...defined({ NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }), ...settings.environment },
      workerData: workerSettings,
      // A small nursery: several functions with several instances each share this machine's memory.
      resourceLimits: { maxOldGenerationSizeMb: settings.memoryMb, maxYoungGenerationSizeMb: 4 },
      execArgv: ['--no-warnings'],
    });
    this.#worker.on('message', (message: FromWorker) => {
      if (message.kind === 'log') this.#log(this.#requestId, message);
      else this.#settle?.(message);
    });
    this.#worker.on('error', (error) => {
      this.#crash = error;
    });
    this.#worker.on('exit', (code) => {
      this.#dead = true;
      this.#settle?.({ kind: 'broken', error: this.#lastWords(code) });
    });
  }

  /** False once the thread is gone: a crash, a timeout, an end. */
  get usable(): boolean {
    return !this.#dead;
  }

  /** Resolves when the handler is loaded, or with what went wrong; the instance is gone then. */
  async load(): Promise<FunctionError | undefined> {
    const message = await this.#next(LONGEST_LOAD_MS);
    if (message?.kind === 'ready') return undefined;
    await this.end();
    if (message?.kind === 'broken') return message.error;
    return {
      errorType: 'Sandbox.Timedout',
      errorMessage: `Error: the function did not load in ${String(LONGEST_LOAD_MS / 1000)} seconds`,
    };
  }

  /** One event; `payload` is JSON text. Never rejects. */
  async run(requestId: string, payload: string): Promise<Outcome> {
    const timeoutMs = this.#settings.timeoutSeconds * 1000;
    this.#requestId = requestId;
    const answer = this.#next(timeoutMs);
    const message: ToWorker = { requestId, payload, timeoutMs };
    this.#worker.postMessage(message, []);
    const reply = await answer;
    if (reply?.kind === 'done') return { ok: true, payload: reply.payload };
    if (reply?.kind === 'failed') return { ok: false, error: reply.error };
    await this.end();
    if (reply?.kind === 'broken') {
      const { errorType, errorMessage } = reply.error;
      const named = errorType === 'Runtime.ExitError';
      return {
        ok: false,
        error: named ? { errorType, errorMessage: `RequestId: ${requestId} ${errorMessage}` } : reply.error,
      };
    }
    const seconds = this.#settings.timeoutSeconds.toFixed(2);
    return {
      ok: false,
      error: {
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
      },
    };
  }

  async end(): Promise<void> {
    this.#dead = true;
    await this.#worker.terminate();
  }

  /** The next word of the worker; undefined when the time ran out. */
  #next(withinMs: number): Promise<FromWorker | undefined> {
    if (this.#dead) return Promise.resolve({ kind: 'broken', error: this.#lastWords(1) });
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        settle(undefined);
      }, withinMs);
      const settle = (message: FromWorker | undefined): void => {
        clearTimeout(timer);
        this.#settle = undefined;
        resolve(message);
      };
      this.#settle = settle;
    });
  }

  #lastWords(code: number): FunctionError {
    const crash = this.#crash;
    if (codeOf(crash) === 'ERR_WORKER_OUT_OF_MEMORY') {
      return { errorType: 'Runtime.OutOfMemory', errorMessage: 'Error: Runtime exited: out of memory' };
    }
    if (crash !== undefined) return functionError(crash);
    const errorMessage =
      code === 0
        ? 'Error: Runtime exited without providing a reason'
        : `Error: Runtime exited with error: exit status ${String(code)}`;
    return { errorType: 'Runtime.ExitError', errorMessage };
  }
}

function splitHandler(handler: string): readonly string[] {
  const dot = handler.lastIndexOf('.');
  return [handler.slice(0, dot), handler.slice(dot + 1)];
}
