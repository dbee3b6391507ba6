/** A test.yml while it is read: the files that it names, and its mistakes with their places. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { codeOf, messageOf } from '../../shared/errors.ts';
import { didYouMean } from '../../shared/pipeline/nearest.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Problem } from '../../shared/pipeline/problem.ts';
import { decodeUtf8 } from '../../shared/pipeline/utf8.ts';
import type { Source } from './test-shape.ts';

export type Path = readonly (string | number)[];

export interface TestPlace {
  readonly pipeline: string;
  readonly name: string;
  /** Its test.yml, below the SQL folder. */
  readonly file: string;
}

/** Text that stands in test.yml, or in a file beside it. */
export interface SourceText {
  readonly text: string;
  /** Below the SQL folder; absent: test.yml. */
  readonly file?: string;
  /** Of the text in test.yml. */
  readonly path: Path;
}

export class TestSource {
  readonly folder: string;
  readonly place: TestPlace;
  readonly plans: readonly Plan[];
  readonly problems: Problem[] = [];
  at: (path: Path, message: string) => Problem = (_, message) => ({
    file: this.place.file,
    line: 1,
    column: 1,
    severity: 'error',
    message,
  });

  /** @param plans of the pipelines without errors */
  constructor(folder: string, place: TestPlace, plans: readonly Plan[]) {
    this.folder = folder;
    this.place = place;
    this.plans = plans;
  }

  get plan(): Plan | undefined {
    return this.plans.find(({ pipeline }) => pipeline === this.place.pipeline);
  }

  say(path: Path, message: string): undefined {
    this.problems.push(this.at(path, message));
  }

  /** At an offset of a file, or of a text in test.yml, whose own line is named then. `what`: of whom it is. */
  sayIn({ text, file, path }: SourceText, offset: number, what: string, message: string): void {
    const before = text.slice(0, offset).split('\n');
    const [line, column] = [before.length, (before.at(-1) ?? '').length + 1];
    if (file === undefined) this.say(path, `line ${line} of ${what}: ${message}`);
    else this.problems.push({ file, line, column, severity: 'error', message });
  }

  /** Says so unless the pipeline of the test has the step. */
  sayUnknownStep(path: Path, step: string): void {
    const steps = this.plan?.steps.map(({ name }) => name) ?? [];
    if (steps.includes(step)) return;
    const known = `; its steps: ${steps.join(', ')}`;
    this.say(path, `${this.place.pipeline} has no step ${step}${didYouMean(step, steps)}${known}`);
  }

  decoded(file: string, bytes: Uint8Array): string {
    const { text, problem } = decodeUtf8(bytes);
    if (problem !== undefined) this.problems.push({ file, ...problem });
    return text;
  }

  /** False, and said so, unless exactly one of the keys is there. */
  hasOne(written: object, keys: readonly string[], path: Path): boolean {
    const there = keys.filter((key) => Object.hasOwn(written, key));
    if (there.length === 1) return true;
    const names = keys.join(', ').replace(/, (?=[^,]*$)/, ' and ');
    this.say(path, `${placeOf(path)} needs exactly one of the keys ${names}`);
    return false;
  }

  /** Below the SQL folder. */
  below(file: string): string {
    return join(dirname(this.place.file), file);
  }

  /** Undefined, and said so, where there is no such file. */
  bytesOf(file: string, path: Path): Uint8Array | undefined {
    const below = this.below(file);
    try {
      return readFileSync(join(this.folder, below));
    } catch (error) {
      const isThere = !['ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_INVALID_ARG_VALUE'].includes(codeOf(error) ?? '');
      const what = isThere ? `cannot be read: ${messageOf(error)}` : 'not found';
      return this.say([...path, 'file'], `file ${below} ${what}`);
    }
  }

  /** Of a source of which `hasOne` is true. */
  textOf<K extends string>(source: Source<K>, inline: K, path: Path): SourceText | undefined {
    const { file } = source;
    if (file === undefined) return { text: source[inline] ?? '', path: [...path, inline] };
    const bytes = this.bytesOf(file, path);
    return bytes && { text: this.decoded(this.below(file), bytes), file: this.below(file), path };
  }
}

/** `when[0].drop`, as the other messages about the file have it. */
function placeOf(path: Path): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${part}`))
    .join('');
}
