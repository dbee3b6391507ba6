/** One child process: started, watched, started again when it dies, ended with the supervisor. */
import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

import type { FromChild, ToChild } from '../process-protocol.ts';

export interface ChildOptions {
  /** `dynamodb`, `redshift`, `lambda`. */
  readonly name: string;
  /** The file of its program. */
  readonly program: string;
  /** File that takes what the child prints. */
  readonly logFile: string;
  /** Environment at each start, beside what every child inherits. */
  readonly environment: () => Readonly<Record<string, string>>;
  /** Done after each start, before anyone else may use the port. */
  readonly prepare?: (port: number) => Promise<void>;
  readonly onMessage?: (message: FromChild) => void;
  /** Between the wish that it end and a kill; 2 s when absent. */
  readonly endWithinMs?: number;
  /** Lines for people. */
  readonly log: (line: string) => void;
}

const READY_WITHIN_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A child that lived this long is started again at once: its end was an accident, not its program. */
const STEADY_MS = 2_000;
const END_WITHIN_MS = 2000;
/** A child that is busy longer follows the clock a little later. */
const CLOCK_WITHIN_MS = 2000;

/** Memory before speed: by default a heap may grow to four times of what is in use before it is collected. */
const SMALL_HEAP = ['--optimize-for-size'];

export class Child {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #ready: Promise<number>;
  #pauseMs = FIRST_PAUSE_MS;
  #restartTimer: NodeJS.Timeout | undefined;
  #stopping = false;
  #wasEverReady = false;
  #restarts = 0;
  #waitForRestart: ((port: number) => void) | undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
    this.#ready = this.#start();
    // Callers of port() receive the failure; no one else needs it.
    this.#ready.catch(() => undefined);
  }

  /** The port, once the child is ready: also while it is being started again. */
  port(): Promise<number> {
    return this.#ready;
  }

  status(): { readonly name: string; readonly pid: number | undefined; readonly restarts: number } {
    return { name: this.#options.name, pid: this.#process?.pid, restarts: this.#restarts };
  }

  /** Resolves when the child's clock stands there; at once when it is not running: it will start with that clock. */
  async moveClock(offsetMs: number): Promise<void> {
    const child = this.#process;
    if (child?.connected !== true) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(late);
        child.off('message', hear);
        child.off('exit', finish);
        resolve();
      };
      const hear = (message: FromChild): void => {
        if (message.kind === 'clock' && message.offsetMs === offsetMs) finish();
      };
      const late = setTimeout(finish, CLOCK_WITHIN_MS);
      child.on('message', hear);
      child.once('exit', finish);
      child.send({ kind: 'clock', offsetMs } satisfies ToChild, () => undefined);
    });
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
    });
    if (child.connected) child.disconnect();
    const kill = setTimeout(() => child.kill('SIGKILL'), this.#options.endWithinMs ?? END_WITHIN_MS);
    await gone;
    clearTimeout(kill);
  }

  async #start(): Promise<number> {
    const { name, program, logFile, environment, prepare } = this.#options;
    const output = openSync(logFile, 'a');
    const child = fork(program, [], {
      env: { ...inherited(), ...environment() },
      execArgv: SMALL_HEAP,
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    this.#process = child;
    let isReady = false;
    const begin = performance.now();
    child.once('exit', (code, signal) => {
      // The first start's failure is for its caller to deal with.
      if (!this.#stopping && this.#wasEverReady)
        this.#restartAfter(signal ?? `code ${String(code)}`, performance.now() - begin, isReady);
    });
    try {
      const port = await this.#firstWord(child);
      await prepare?.(port);
      isReady = true;
      this.#wasEverReady = true;
      return port;
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`${name}: ${(error as Error).message} ${lastLines(logFile)}`.trim(), { cause: error });
    }
  }

  /** The port that the child reports; rejects if it ends or does not report in time. */
  #firstWord(child: ChildProcess): Promise<number> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`the process was not ready after ${String(READY_WITHIN_MS / 1000)} s.`));
      }, READY_WITHIN_MS);
      child.on('message', (message: FromChild) => {
        this.#options.onMessage?.(message);
        if (message.kind === 'ready') {
          clearTimeout(late);
          resolve(message.port);
        }
      });
      child.on('error', reject);
      child.once('exit', (code, signal) => {
        clearTimeout(late);
        reject(new Error(`the process ended (${signal ?? `code ${String(code)}`}) before it was ready.`));
      });
    });
  }

  #restartAfter(how: string, livedMs: number, wasReady: boolean): void {
    if (livedMs > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    const pause = this.#pauseMs;
    this.#pauseMs = Math.min(pause * 2, LONGEST_PAUSE_MS);
    const { name, log } = this.#options;
    log(`${name}: the process ended (${how}); restarting in ${String(pause)} ms`);
    this.#restarts += 1;
    // Callers that come now wait for the new process.
    if (wasReady) {
      this.#ready = new Promise((resolve) => {
        this.#waitForRestart = resolve;
      });
    }
    this.#restartTimer = setTimeout(() => {
      void this.#startAgain();
    }, pause);
  }

  async #startAgain(): Promise<void> {
    try {
      const port = await this.#start();
      this.#waitForRestart?.(port);
      this.#waitForRestart = undefined;
      this.#options.log(`${this.#options.name}: running again`);
    } catch (error) {
      // Its end starts it once more, after a longer pause.
      this.#options.log((error as Error).message);
    }
  }
}

/** What a child may see of our environment: enough to run, nothing of a person's AWS settings. */
function inherited(): Record<string, string> {
  const kept: Record<string, string> = { TZ: 'UTC' };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !name.startsWith('AWS_') && name !== 'NODE_OPTIONS') kept[name] ??= value;
  }
  return kept;
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-5).join('\n');
  } catch {
    return '';
  }
}
