/** What the Lambda process and the worker threads of its functions say to each other. */

export interface WorkerSettings {
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  /** Path of the handler's module, without its extension. */
  readonly module: string;
  /** Name of the export. */
  readonly exportName: string;
  /** One 64-bit integer: the local clock's offset from real time in milliseconds, written by the host at any time. */
  readonly clockOffset: SharedArrayBuffer;
}

export interface ToWorker {
  readonly requestId: string;
  /** JSON text. */
  readonly payload: string;
  /** Milliseconds from now; the host ends the worker then. */
  readonly timeoutMs: number;
}

export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly error: FunctionError }
  | { readonly kind: 'done'; readonly payload: string }
  | { readonly kind: 'failed'; readonly error: FunctionError }
  /** `level` is absent for what was written to a stream directly. `time`: local clock, ms since the epoch. */
  | { readonly kind: 'log'; readonly time: number; readonly level?: LogLevel; readonly text: string };

/** Lambda's form of an error: the payload of a failed invocation. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export function functionError(error: unknown, errorType?: string): FunctionError {
  if (error instanceof Error) {
    return {
      errorType: errorType ?? error.name,
      errorMessage: error.message,
      trace: (error.stack ?? '').split('\n'),
    };
  }
  return { errorType: errorType ?? typeof error, errorMessage: String(error), trace: [] };
}
