/**
 * Every call of the endpoint, counted in memory and written as one JSON line to `logs/calls.jsonl`. Lines are kept
 * back for a moment and written together: the log must not slow down what is being measured.
 */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { CallDetails } from './call-details.ts';

export interface Call {
  /** Counts up from 1 since start. */
  readonly seq: number;
  /** Local clock, ISO 8601. */
  readonly time: string;
  readonly service: string;
  readonly operation: string;
  readonly caller: string;
  /** Table, function, statement name, or bucket and key. */
  readonly resource?: string;
  /** Further details that permissions depend on: index, version, warehouse, session, event sources. */
  readonly details?: CallDetails;
  readonly status: number;
  /** `ok`, or the error's type. */
  readonly outcome: string;
  /** Real milliseconds from the request's head to the end of the reply. */
  readonly ms: number;
  /** DynamoDB: write request units. */
  readonly writeUnits?: number;
  /** Id of the injected fault that hit the call. */
  readonly fault?: string;
}

export interface CallCounts {
  /** Sequence number of the last call counted: give it as `since` next time. */
  readonly last: number;
  /** `dynamodb.PutItem` -> calls. */
  readonly counts: Readonly<Record<string, number>>;
  /** `dynamodb.PutItem ConditionalCheckFailedException` -> calls. */
  readonly errors: Readonly<Record<string, number>>;
  readonly writeUnits: number;
  /** True when calls after `since` are no longer remembered: count sooner. */
  readonly incomplete: boolean;
}

/** At least; about 15 MB. */
const REMEMBERED = 25_000;
const FLUSH_AFTER_MS = 200;
/** A longer log of earlier starts is put aside; the one before it goes. */
const LONG_FILE_BYTES = 64 * 1024 * 1024;

export class CallLog {
  readonly #file: string;
  #calls: Call[] = [];
  #last = 0;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    const { size = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
    if (size > LONG_FILE_BYTES) renameSync(file, `${file}.old`);
    this.#file = file;
  }

  record(call: Omit<Call, 'seq'>): void {
    this.#last += 1;
    const numbered: Call = { seq: this.#last, ...call };
    this.#calls.push(numbered);
    if (this.#calls.length >= REMEMBERED * 2) this.#calls = this.#calls.slice(-REMEMBERED);
    this.#lines.push(`${JSON.stringify(numbered)}\n`);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, FLUSH_AFTER_MS);
  }

  /** Sequence number of the last call that ended. */
  get last(): number {
    return this.#last;
  }

  since(seq: number): readonly Call[] {
    const first = this.#calls[0]?.seq ?? 1;
    return this.#calls.slice(Math.max(0, seq + 1 - first));
  }

  counts(since: number): CallCounts {
    const counts: Record<string, number> = {};
    const errors: Record<string, number> = {};
    let writeUnits = 0;
    for (const call of this.since(since)) {
      const name = `${call.service}.${call.operation}`;
      counts[name] = (counts[name] ?? 0) + 1;
      if (call.outcome !== 'ok') {
        errors[`${name} ${call.outcome}`] = (errors[`${name} ${call.outcome}`] ?? 0) + 1;
      }
      writeUnits += call.writeUnits ?? 0;
    }
    const first = this.#calls[0]?.seq ?? 1;
    return { last: this.#last, counts, errors, writeUnits, incomplete: since + 1 < first };
  }

  /** Writes what is held back, now. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length > 0) appendFileSync(this.#file, this.#lines.splice(0).join(''));
  }

  #flush(): void {
    const text = this.#lines.splice(0).join('');
    this.#writing = this.#writing
      .then(() => appendFile(this.#file, text))
      .catch((error: unknown) => {
        process.stderr.write(`calls.jsonl: ${String(error)}\n`);
      });
  }
}
