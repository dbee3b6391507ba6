/** Threads that hunt mutants. One that does not answer any more, or dies, has killed its mutant. */
import { Worker } from 'node:worker_threads';

import type { Job, Report, Start } from './worker.ts';

/** A single item takes some milliseconds: a thread that is silent for so long goes round for ever. */
const LONGEST_SILENCE_MS = 15_000;

const MOST_MEMORY_MB = 700;

export type Outcome =
  | { readonly status: 'killed'; readonly by: string; readonly how: string }
  | { readonly status: 'timeout'; readonly by: string; readonly how: string }
  | { readonly status: 'survived' };

export class Thread {
  readonly #program: string;
  readonly #schedules: number;
  #worker: Worker | undefined;
  #active = -1;

  constructor(program: string, schedules: number) {
    this.#program = program;
    this.#schedules = schedules;
  }

  /** Runs every item without a mutant. @throws Error when one of them does not hold. */
  survey(each: (report: Report & { kind: 'met' }) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ask(-1, { kind: 'survey' }, (report) => {
        if (report.kind === 'met') each(report);
        if (report.kind === 'wrong')
          reject(new Error(`${report.item} does not hold without any mutant: ${report.message}`));
        if (report.kind === 'surveyed') resolve();
        if (report.kind === 'killed') reject(new Error(report.message));
        return report.kind === 'surveyed' || report.kind === 'killed';
      });
    });
  }

  /** `atLoad`: the mutant is in what the core does when it is loaded, so it is loaded anew. */
  async hunt(mutant: number, atLoad: boolean, items: readonly string[]): Promise<Outcome> {
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#ask(atLoad ? mutant : -1, { kind: 'hunt', mutant, items }, (report) => {
        if (report.kind === 'survived') resolve({ status: 'survived' });
        if (report.kind === 'killed') {
          const { by, message: how } = report;
          resolve({ status: by === 'silence' ? 'timeout' : 'killed', by, how });
        }
        return report.kind === 'survived' || report.kind === 'killed';
      });
    });
    if (atLoad || outcome.status === 'timeout') await this.end();
    return outcome;
  }

  async end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #ask(active: number, job: Job, onReport: (report: Report) => boolean): void {
    if (this.#worker !== undefined && this.#active !== active) {
      void this.#worker.terminate();
      this.#worker = undefined;
    }
    const worker = (this.#worker ??= this.#started(active));
    let silence: NodeJS.Timeout | undefined;
    const finish = (report: Report): void => {
      clearTimeout(silence);
      worker.removeAllListeners('message').removeAllListeners('error');
      worker.on('error', () => undefined);
      onReport(report);
    };
    const listen = (): void => {
      clearTimeout(silence);
      silence = setTimeout(
        () => finish({ kind: 'killed', by: 'silence', message: 'it never ended' }),
        LONGEST_SILENCE_MS,
      );
    };
    worker.on('message', (report: Report) => {
      listen();
      if (['survived', 'killed', 'surveyed'].includes(report.kind)) finish(report);
      else onReport(report);
    });
    worker.on('error', (error: Error) => {
      if (this.#worker === worker) this.#worker = undefined;
      finish({ kind: 'killed', by: 'thread', message: error.message });
    });
    listen();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(job);
  }

  #started(active: number): Worker {
    this.#active = active;
    const workerData: Start = { schedules: this.#schedules, active };
    return new Worker(this.#program, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MB },
    });
  }
}
