/** The shape of a test.yml. */
import type { Key, Shape } from '../../shared/pipeline/shape.ts';
import type { FailureClass } from '../../shared/run/run.ts';
import type { ExpectedRun } from './test-case.ts';

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

const text: Shape = { kind: 'text' };

const MOST_ROWS = 1_000_000_000;

/** The keys under which rows are written. */
const rows: Readonly<Record<string, Key>> = {
  csv: { shape: text, description: 'Rows as CSV, with a line of column names.' },
  json: {
    shape: { kind: 'list', of: { kind: 'json' } },
    description: 'Rows as a list of objects: - { column: value }.',
  },
  file: {
    shape: text,
    description:
      'A file with the rows, from the folder of the test: .json, .jsonl (one object a line), else CSV.',
  },
};

function tables(more: Readonly<Record<string, Key>> = {}): Shape {
  return {
    kind: 'map',
    keyPattern: String.raw`^[^\s."';]+(\.[^\s."';]+)?$`,
    keyWords: 'the name of a table, like mart.stores',
    of: { kind: 'short', key: 'csv', of: { kind: 'object', keys: { ...rows, ...more } } },
  };
}

const columns: Key = {
  description: 'How columns are compared, by their names. Default: values must be equal.',
  shape: {
    kind: 'map',
    keyPattern: String.raw`^\S+$`,
    keyWords: 'the name of a column',
    of: {
      kind: 'one-of',
      keys: {
        within: {
          shape: { kind: 'scalar' },
          description: 'How far a value may be from the expected one: 0.01, 1%, or for times 5s.',
        },
        matches: {
          shape: text,
          description:
            'A regular expression that the value of every row must match; the rows leave the column out.',
        },
      },
    },
  },
};

export const testShape: Shape = {
  kind: 'object',
  keys: {
    description: { shape: text, description: 'One line for people.' },
    setup: {
      description: 'SQL that is run before, after sql/setup/.',
      shape: {
        kind: 'short',
        key: 'sql',
        of: {
          kind: 'object',
          keys: {
            sql: { shape: text, description: 'Statements, each ended by a semicolon.' },
            file: { shape: text, description: 'A file with the statements, from the folder of the test.' },
          },
        },
      },
    },
    given: { shape: tables(), description: 'Rows that are inserted before, by table.' },
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
                  key: { shape: text, description: 'Its key.', required: true },
                  file: { shape: text, description: 'The file, from the folder of the test.' },
                  content: { shape: text, description: 'Its text.' },
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
                  step: { shape: text, description: 'The step at which it stopped.' },
                },
              },
            },
          },
          steps: {
            description: 'Steps of the last run of the pipeline, by their files.',
            shape: {
              kind: 'map',
              keyPattern: String.raw`^\S+$`,
              keyWords: 'the file of a step, like 20_load.sql',
              of: {
                kind: 'object',
                keys: {
                  rows: {
                    shape: { kind: 'whole', min: 0, max: MOST_ROWS },
                    description:
                      'How many rows its statements returned or changed, as `baton run` shows them.',
                    required: true,
                  },
                },
              },
            },
          },
          tables: { shape: tables({ columns }), description: 'Rows that must be there, by table.' },
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

/** Under one of the keys, or in a file. */
export type Source<Inline extends string> = { readonly file?: string } & {
  readonly [K in Inline]?: string;
};

export type WrittenRows = Source<'csv'> & { readonly json?: readonly unknown[] };

interface WrittenColumn {
  readonly within?: string;
  readonly matches?: string;
}

export type WrittenTable = WrittenRows & { readonly columns?: Readonly<Record<string, WrittenColumn>> };

export type WrittenAction = { readonly drop: Source<'content'> & { readonly key: string } };

export interface WrittenExpect {
  readonly run?: Partial<ExpectedRun>;
  readonly steps?: Readonly<Record<string, { readonly rows: number }>>;
  readonly tables?: Readonly<Record<string, WrittenTable>>;
}

/** What the shape describes. */
export interface WrittenTest {
  readonly setup?: Source<'sql'>;
  readonly given?: Readonly<Record<string, WrittenRows>>;
  readonly when: readonly WrittenAction[];
  readonly expect?: WrittenExpect;
  readonly timeout?: number;
}
