/** Handlers for the tests of the local Lambda, bundled as functions are: each shows one behavior. */
import { appendFileSync, readFileSync } from 'node:fs';
import process from 'node:process';

interface Context {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

class NoSuchRun extends Error {
  override readonly name = 'NoSuchRun';
}

let invocations = 0;

export async function echo(event: { readonly name: string }, context: Context): Promise<unknown> {
  invocations += 1;
  console.log('seen %s', event.name);
  return {
    event,
    invocations,
    environment: { ...process.env },
    now: new Date().toISOString(),
    sameClock: Math.abs(Date.now() - new Date().getTime()) < 1000,
    isDate: new Date() instanceof Date,
    context: { ...context, remaining: context.getRemainingTimeInMillis() },
  };
}

export async function fails(): Promise<never> {
  throw new NoSuchRun('run r-1 does not exist');
}

export async function throwsText(): Promise<never> {
  // oxlint-disable-next-line typescript/only-throw-error -- what the host must bear
  throw 'only text';
}

export function loops(): never {
  for (;;);
}

export function never(): Promise<never> {
  return new Promise(() => undefined);
}

export function leaves(): never {
  process.exit(7);
}

export function throwsLater(): Promise<never> {
  setImmediate(() => {
    throw new Error('thrown beside the handler');
  });
  return never();
}

export function eatsMemory(): never {
  const kept: unknown[] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, () => kept.length));
}

export function circular(): unknown {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}

export function nothing(): void {
  invocations += 1;
}

/** Tells when it is running, and ends when the file says so. */
export async function meets({ file }: { readonly file: string }): Promise<string> {
  appendFileSync(file, 'in\n');
  while (!readFileSync(file, 'utf8').includes('go')) await new Promise((resolve) => setTimeout(resolve, 5));
  return 'met';
}

export const notAFunction = 1;
