/** Reads a test.yml: every mistake with file, line and what would be right. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Plan } from '../../shared/pipeline/plan.ts';
import { didYouMean } from '../../shared/pipeline/nearest.ts';
import type { Problem } from '../../shared/pipeline/problem.ts';
import { readYaml } from '../../shared/pipeline/read-yaml.ts';
import type { Shape } from '../../shared/pipeline/shape.ts';
import { decodeUtf8 } from '../../shared/pipeline/utf8.ts';
import type { FailureClass } from '../../shared/run/run.ts';
import { CsvError, parseCsv } from './csv.ts';
import { startedBy, startingKeys } from './started-by.ts';
import type { Action, ExpectedRun, TestCase, TestTable } from './test-case.ts';

const TIMEOUT_SECONDS = 120;

const CLASSES: readonly FailureClass[] = [
  'transient',
  'conflict',
  'session-lost',
  'sql',
  'data',
  'check',
  'permission',
  'timeout',
  'input',
  'unknown',
];

const tables: Shape = {
  kind: 'map',
  keyPattern: String.raw`^[^\s."';]+(\.[^\s."';]+)?$`,
  keyWords: 'the name of a table, like mart.stores',
  of: {
    kind: 'short',
    key: 'csv',
    of: {
      kind: 'object',
      keys: {
        csv: { shape: { kind: 'text' }, description: 'Its rows as CSV, with a line of column names.' },
        file: { shape: { kind: 'text' }, description: 'A CSV file, from the folder of the test.' },
      },
    },
  },
};

const shape: Shape = {
  kind: 'object',
  keys: {
    description: { shape: { kind: 'text' }, description: 'One line for people.' },
    given: { shape: tables, description: 'Rows that are inserted before, by table.' },
    when: {
      description: 'What happens, one after another.',
      required: true,
      shape: {
        kind: 'list',
        of: {
          kind: 'one-of',
          keys: {
            drop: {
              description: 'A file arrives in the landing bucket.',
              shape: {
                kind: 'object',
                keys: {
                  key: { shape: { kind: 'text' }, description: 'Its key.', required: true },
                  file: { shape: { kind: 'text' }, description: 'The file, from the folder of the test.' },
                  content: { shape: { kind: 'text' }, description: 'Its text.' },
                },
              },
            },
          },
        },
      },
    },
    expect: {
      description: 'What must be there afterwards.',
      shape: {
        kind: 'object',
        keys: {
          run: {
            description: 'The end of the last run of the pipeline. Default: it succeeds.',
            shape: {
              kind: 'short',
              key: 'state',
              of: {
                kind: 'object',
                keys: {
                  state: {
                    shape: { kind: 'choice', values: ['SUCCEEDED', 'FAILED', 'NEEDS_DECISION'] },
                    description: 'Its state.',
                  },
                  class: { shape: { kind: 'choice', values: CLASSES }, description: 'The failure class.' },
                  step: { shape: { kind: 'text' }, description: 'The step at which it stopped.' },
                },
              },
            },
          },
          tables: { shape: tables, description: 'Rows that must be there, by table.' },
        },
      },
    },
    timeout: {
      shape: { kind: 'duration', minSeconds: 1, maxSeconds: 3600 },
      description: 'How long the test may take.',
      default: '2m',
    },
  },
};

interface Source {
  readonly csv?: string;
  readonly content?: string;
  readonly file?: string;
}

interface Written {
  readonly given?: Readonly<Record<string, Source>>;
  readonly when: readonly { readonly drop: Source & { readonly key: string } }[];
  readonly expect?: {
    readonly run?: Partial<ExpectedRun>;
    readonly tables?: Readonly<Record<string, Source>>;
  };
  readonly timeout?: number;
}

type Path = readonly (string | number)[];

/** `when[0].drop`, as the other messages about the file have it. */
function placeOf(path: Path): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${part}`))
    .join('');
}

export interface TestPlace {
  readonly pipeline: string;
  readonly name: string;
  /** Its test.yml, below the SQL folder. */
  readonly file: string;
}

/**
 * The test, or its problems. Pipelines without errors: `plans`.
 */
export function readTest(
  sqlFolder: string,
  place: TestPlace,
  plans: readonly Plan[],
): { readonly test?: TestCase; readonly problems: readonly Problem[] } {
  return new TestReader(sqlFolder, place, plans).read();
}

class TestReader {
  readonly #folder: string;
  readonly #place: TestPlace;
  readonly #plans: readonly Plan[];
  readonly #problems: Problem[] = [];
  #at: (path: Path, message: string) => Problem = (_, message) => ({
    file: this.#place.file,
    line: 1,
    column: 1,
    severity: 'error',
    message,
  });

  constructor(sqlFolder: string, place: TestPlace, plans: readonly Plan[]) {
    this.#folder = sqlFolder;
    this.#place = place;
    this.#plans = plans;
  }

  read(): { test?: TestCase; problems: readonly Problem[] } {
    const { file } = this.#place;
    const text = this.#decoded(file, readFileSync(join(this.#folder, file)));
    const written = readYaml<Written>(text, shape, file, 'the test');
    this.#problems.push(...written.problems);
    const { settings } = written;
    if (settings === undefined) return { problems: this.#problems };
    this.#at = (path, message) => written.problemAt(path, message);
    const test: TestCase = {
      ...this.#place,
      given: this.#tables(settings.given, ['given']),
      when: this.#actions(settings.when),
      run: this.#run(settings.expect?.run),
      tables: this.#tables(settings.expect?.tables, ['expect', 'tables']),
      timeoutSeconds: settings.timeout ?? TIMEOUT_SECONDS,
    };
    return { ...(this.#problems.length === 0 && { test }), problems: this.#problems };
  }

  #say(path: Path, message: string): undefined {
    this.#problems.push(this.#at(path, message));
  }

  #decoded(file: string, bytes: Uint8Array): string {
    const { text, problem } = decodeUtf8(bytes);
    if (problem !== undefined) this.#problems.push({ file, ...problem });
    return text;
  }

  /** The bytes that stand in test.yml, or in a file beside it. `inline`: the key for the first. */
  #bytes(source: Source, inline: 'csv' | 'content', path: Path): Uint8Array | undefined {
    const { file, [inline]: text } = source;
    if ((file === undefined) === (text === undefined))
      return this.#say(path, `${placeOf(path)} needs exactly one of the keys ${inline} and file`);
    if (file === undefined) return Buffer.from(text ?? '');
    const below = join(dirname(this.#place.file), file);
    const found = statSync(join(this.#folder, below), { throwIfNoEntry: false });
    if (found?.isFile() !== true) return this.#say([...path, 'file'], `file ${below} not found`);
    return readFileSync(join(this.#folder, below));
  }

  #tables(written: Readonly<Record<string, Source>> | undefined, path: Path): TestTable[] {
    return Object.entries(written ?? {}).flatMap(([table, source]) => {
      const at = [...path, table];
      const bytes = this.#bytes(source, 'csv', at);
      if (bytes === undefined) return [];
      const file = source.file && join(dirname(this.#place.file), source.file);
      try {
        return [{ table, ...parseCsv(this.#decoded(file ?? this.#place.file, bytes)) }];
      } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        const { line, message } = error;
        if (file === undefined) this.#say(at, `line ${line} of the rows of ${table}: ${message}`);
        else this.#problems.push({ file, line, column: 1, severity: 'error', message });
        return [];
      }
    });
  }

  #actions(written: Written['when']): Action[] {
    const { pipeline } = this.#place;
    if (written.length === 0) this.#say(['when'], 'when must name at least one file: - drop: ...');
    const actions = written.flatMap(({ drop }, i): Action[] => {
      const path = ['when', i, 'drop'];
      if (startedBy(drop.key, this.#plans) === undefined)
        this.#say([...path, 'key'], `no pipeline starts for ${drop.key}; ${startingKeys(this.#plans)}`);
      const bytes = this.#bytes(drop, 'content', path);
      return bytes === undefined ? [] : [{ kind: 'drop', key: drop.key, bytes }];
    });
    const isStarted = written.some(({ drop }) => startedBy(drop.key, this.#plans)?.includes(pipeline));
    if (!isStarted && this.#problems.length === 0)
      this.#say(['when'], `none of the files starts ${pipeline}; ${startingKeys(this.#plans, pipeline)}`);
    return actions;
  }

  #run(written: Partial<ExpectedRun> = {}): ExpectedRun {
    const { class: failure, step } = written;
    const isFailure = failure !== undefined || step !== undefined;
    if (written.state === 'SUCCEEDED' && isFailure)
      this.#say(
        ['expect', 'run', 'state'],
        'a run that SUCCEEDED has neither class nor step: leave them out',
      );
    const steps =
      this.#plans.find((plan) => plan.pipeline === this.#place.pipeline)?.steps.map(({ name }) => name) ?? [];
    if (step !== undefined && !steps.includes(step))
      this.#say(
        ['expect', 'run', 'step'],
        `${this.#place.pipeline} has no step ${step}${didYouMean(step, steps)}; its steps: ${steps.join(', ')}`,
      );
    return { state: isFailure ? 'FAILED' : 'SUCCEEDED', ...written };
  }
}
