/** What a run of the tests prints, writes and ends with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { messageOf } from '../../shared/errors.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { Output } from '../output.ts';
import { countOf, duration } from '../runs/units.ts';
import { junitXml } from './junit.ts';
import type { TestResult } from './run-test.ts';
import { resultJson, resultLines } from './show-result.ts';
import { updateTest, type Updated } from './update.ts';

export interface ReportOptions {
  /** Of the pipelines. */
  readonly folder: string;
  readonly json: boolean;
  /** Writes what was found as the expectation. */
  readonly update: boolean;
  /** A file for JUnit XML. */
  readonly junit?: string;
}

interface Reported {
  readonly result: TestResult;
  /** With `--update`, if it failed for what can be updated. */
  readonly updated: Updated | undefined;
}

export class Report {
  readonly #out: Output;
  readonly #options: ReportOptions;
  readonly #results: Reported[] = [];
  readonly #startedAt = Date.now();

  constructor(out: Output, options: ReportOptions) {
    this.#out = out;
    this.#options = options;
  }

  /** A test has ended. */
  add(result: TestResult): void {
    const { folder, json, update } = this.#options;
    const updated = update ? updateTest(folder, result) : undefined;
    this.#results.push({ result, updated });
    for (const line of resultLines(result, this.#out.style, updated))
      (json ? this.#out.say : this.#out.data)(line);
  }

  /** All have. Answers whether each of them passed, or was updated. @throws CommandError where the file cannot be written */
  end(untested: readonly string[] = []): boolean {
    const { json, junit } = this.#options;
    const changed = this.#results.filter(isUpdated).length;
    const failed = this.#results.filter((one) => one.result.mismatches.length > 0 && !isUpdated(one)).length;
    const passed = this.#results.length - failed - changed;
    if (json) {
      const tests = this.#results.map(({ result, updated }) => resultJson(result, updated));
      this.#out.json({ passed, failed, ...(this.#options.update && { updated: changed }), tests });
    }
    if (untested.length > 0) this.#out.say(`without a test: ${untested.join(', ')}`);
    const also = changed > 0 ? `, ${changed} updated` : '';
    const time = duration(Date.now() - this.#startedAt);
    const total = `${passed} of ${countOf(this.#results.length, 'test')} passed${also} in ${time}`;
    this.#out.say(failed === 0 ? this.#out.style.good(total) : this.#out.style.bad(total));
    if (junit !== undefined)
      writeJunit(
        junit,
        this.#results.map((one) => (isUpdated(one) ? { ...one.result, mismatches: [] } : one.result)),
      );
    return failed === 0;
  }
}

function isUpdated({ updated }: Reported): boolean {
  return updated !== undefined && updated.refused === undefined;
}

function writeJunit(file: string, results: readonly TestResult[]): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, junitXml(results));
  } catch (error) {
    throw new CommandError(EXIT.usage, `--junit ${file} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
