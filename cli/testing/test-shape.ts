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

const statements: Shape & { kind: 'object' } = {
  kind: 'object',
  keys: {
    sql: { shape: text, description: 'Statements, each ended by a semicolon.' },
    file: { shape: text, description: 'A file with the statements, from the folder of the test.' },
  },
};

const file: Shape = {
  kind: 'object',
  keys: {
    bucket: { shape: text, description: 'Default: the landing bucket.' },
    key: { shape: text, description: 'Its key.', required: true },
    file: { shape: text, description: 'The file, from the folder of the test.' },
    content: { shape: text, description: 'Its text.' },
  },
};

const pipeline: Key = { shape: text, description: 'Default: the pipeline of the test.' };

const time: Shape = {
  kind: 'text',
  pattern: String.raw`^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$`,
  words: 'a time like 2026-03-01T04:00:00Z, or a day (its midnight, UTC)',
};

const files: Readonly<Record<string, Key>> = {
  csv: { shape: text, description: 'Rows of all files whose keys begin so, with a line of column names.' },
  content: {
    shape: text,
    description: 'The text of the files, one after another in the order of their keys.',
  },
  file: { shape: text, description: 'A file from the folder of the test: rows in a .csv, else the content.' },
  header: {
    shape: { kind: 'flag' },
    description: 'The files have a line of column names. Default: columns are compared in their order.',
    default: false,
  },
  delimiter: {
    shape: { kind: 'text', pattern: '^[^"\r\n]$', words: 'one character' },
    description: 'Between the values in the files.',
    default: ',',
  },
  columns,
};

export const testShape: Shape = {
  kind: 'object',
  keys: {
    description: { shape: text, description: 'One line for people.' },
    setup: {
      description: 'SQL that is run before, after sql/setup/.',
      shape: { kind: 'short', key: 'sql', of: statements },
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
              description: 'A file arrives and starts runs; or several files of a list at once.',
              shape: { kind: 'list', orOne: true, of: file },
            },
            put: { description: 'A file is uploaded that starts no run.', shape: file },
            start: {
              description: 'A run is started by request, as `baton start` does.',
              shape: {
                kind: 'object',
                keys: {
                  pipeline,
                  file: {
                    shape: text,
                    description: 'The file to process: a key of the landing bucket, or s3://bucket/key.',
                  },
                  params: {
                    description: 'Parameters, by name.',
                    shape: {
                      kind: 'map',
                      keyPattern: String.raw`^\S+$`,
                      keyWords: 'the name of a parameter',
                      of: { kind: 'scalar' },
                    },
                  },
                },
              },
            },
            schedule: {
              description: 'A time of a schedule comes.',
              shape: {
                kind: 'short',
                key: 'time',
                of: {
                  kind: 'object',
                  keys: {
                    time: {
                      shape: time,
                      description: 'The scheduled time: 2026-03-01T04:00:00Z.',
                      required: true,
                    },
                    pipeline,
                  },
                },
              },
            },
            upstream: {
              description: 'A run of another pipeline succeeds (on: - pipeline), without being run.',
              shape: {
                kind: 'short',
                key: 'pipeline',
                of: {
                  kind: 'object',
                  keys: {
                    pipeline: { shape: text, description: 'The other pipeline.', required: true },
                    run: {
                      shape: { kind: 'text', pattern: '^[A-Za-z0-9_-]{1,100}$', words: 'the id of a run' },
                      description:
                        'The id of its run, :upstream_run_id. Default: its name, then -upstream-1, -upstream-2.',
                    },
                  },
                },
              },
            },
            event: {
              description: 'An event arrives on the bus (on: - event).',
              shape: {
                kind: 'object',
                keys: {
                  source: { shape: text, description: 'Its source.', required: true },
                  'detail-type': { shape: text, description: 'Its detail-type.', required: true },
                  detail: { shape: { kind: 'json' }, description: 'Its detail. Default: empty.' },
                  time: { shape: time, description: "Its time. Default: the clock's." },
                },
              },
            },
            resume: {
              description: 'The failed run of the pipeline is resumed, as `baton resume` does.',
              shape: {
                kind: 'object',
                keys: {
                  from: {
                    shape: text,
                    description: 'An earlier step to resume at. Default: the failed one.',
                  },
                },
              },
            },
            sql: {
              description: 'SQL is run.',
              shape: { kind: 'short', key: 'sql', of: statements },
            },
            clock: { description: 'The clock is set to a time, before anything starts a run.', shape: time },
            advance: {
              description: 'The clock moves on.',
              shape: { kind: 'duration', minSeconds: 1, maxSeconds: 365 * 86_400 },
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
          files: {
            description:
              'Files that must be there, by s3://bucket/key, or by their key in the landing bucket.',
            shape: {
              kind: 'map',
              keyPattern: String.raw`^(s3://[a-z0-9][a-z0-9.-]+/)?[^/\s][^\r\n]*$`,
              keyWords: 'a key or the beginning of keys, like exports/ or s3://bucket/exports/',
              of: { kind: 'short', key: 'csv', of: { kind: 'object', keys: files } },
            },
          },
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

export type WrittenFile = Source<'content'> & { readonly bucket?: string; readonly key: string };

/** What stands under each key of an action, of which there is one. */
export interface WrittenActions {
  readonly drop: readonly WrittenFile[];
  readonly put: WrittenFile;
  readonly start: {
    readonly pipeline?: string;
    readonly file?: string;
    readonly params?: Readonly<Record<string, string>>;
  };
  readonly schedule: { readonly time: string; readonly pipeline?: string };
  readonly upstream: { readonly pipeline: string; readonly run?: string };
  readonly event: {
    readonly source: string;
    readonly 'detail-type': string;
    readonly detail?: Readonly<Record<string, unknown>>;
    readonly time?: string;
  };
  readonly resume: { readonly from?: string };
  readonly sql: Source<'sql'>;
  readonly clock: string;
  /** Seconds. */
  readonly advance: number;
}

export type WrittenAction = Partial<WrittenActions>;

export interface WrittenExpect {
  readonly run?: Partial<ExpectedRun>;
  readonly steps?: Readonly<Record<string, { readonly rows: number }>>;
  readonly tables?: Readonly<Record<string, WrittenTable>>;
  readonly files?: Readonly<Record<string, WrittenFiles>>;
}

export type WrittenFiles = Source<'csv' | 'content'> & {
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly columns?: WrittenTable['columns'];
};

/** What the shape describes. */
export interface WrittenTest {
  readonly setup?: Source<'sql'>;
  readonly given?: Readonly<Record<string, WrittenRows>>;
  readonly when: readonly WrittenAction[];
  readonly expect?: WrittenExpect;
  readonly timeout?: number;
}
