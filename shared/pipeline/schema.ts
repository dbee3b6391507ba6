/**
 * The structure of `pipeline.yml` as data: the single source for its validation and for the JSON Schema that editors
 * use. The compiler uses the defaults given here.
 */
import type { Shape } from './shape.ts';
import { triggerKeys } from './triggers/table.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

export const DEFAULTS = {
  description: '',
  concurrency: 1,
  onFailure: 'hold',
  onReplay: 'resume',
  onBadFile: 'fail',
  handoff: 'auto',
  isolateFiles: 10,
  fuse: 'auto',
  /** Of the run. */
  timeout: '12h',
  stepTimeout: '1h',
  keepAlive: '30m',
  attempts: 3,
  base: '5s',
  max: '5m',
} as const;

const retry: Shape = {
  kind: 'object',
  keys: {
    attempts: {
      shape: { kind: 'whole', min: 1, max: 10 },
      description: 'The total number of attempts, including the first.',
      default: DEFAULTS.attempts,
    },
    base: {
      shape: { kind: 'duration', minSeconds: 1, maxSeconds: HOUR },
      description: 'The first delay; it doubles with each retry, with full jitter.',
      default: DEFAULTS.base,
    },
    max: {
      shape: { kind: 'duration', minSeconds: 1, maxSeconds: DAY },
      description: 'The maximum delay.',
      default: DEFAULTS.max,
    },
  },
};

const tables: Shape = {
  kind: 'list',
  of: {
    kind: 'text',
    pattern: '^(?:[^\\s."]+|"[^"]+")(?:\\.(?:[^\\s."]+|"[^"]+")){0,2}$',
    words: 'a table name like dim or mart.dim',
  },
};

const handoff: Shape = { kind: 'choice', values: ['auto', 'event', 'wait'] };

const step: Shape = {
  kind: 'object',
  keys: {
    kind: {
      shape: { kind: 'choice', values: ['session', 'durable', 'check', 'opaque'] },
      description:
        'The kind of the step, if the compiler cannot infer it or should treat it with more care. Default: inferred from the SQL. A single query is a check; `kind: session` makes it a step whose result is discarded.',
    },
    expect: {
      shape: { kind: 'choice', values: ['no_rows', 'rows', 'true'] },
      description:
        'For a check: no rows, at least one row, or one row whose first column is true. Anything else fails the run.',
      default: 'no_rows',
    },
    timeout: {
      shape: { kind: 'duration', minSeconds: 1, maxSeconds: DAY },
      description:
        'How long one attempt may run before it is cancelled. It is checked once a minute, so an attempt may run up to a minute longer. The Data API ends any statement after 24h.',
      default: DEFAULTS.stepTimeout,
    },
    retry: {
      shape: retry,
      description: 'For transient failures: throttling, connections, conflicts.',
    },
    idempotent: {
      shape: { kind: 'flag' },
      description:
        'Running this opaque step twice has the same effect as once, so after an unknown outcome it may be run again. Always true for VACUUM, ANALYZE, REFRESH MATERIALIZED VIEW and UNLOAD … ALLOWOVERWRITE.',
      default: false,
    },
    repeatable: {
      shape: { kind: 'flag' },
      description:
        'The inputs of this session step (permanent tables, also through views; S3 addresses; user-defined functions) do not change during a run, so it may be re-run to rebuild a lost session.',
      default: false,
    },
    reads: {
      shape: tables,
      description: 'Tables that the step reads in addition to those found in its SQL.',
    },
    writes: {
      shape: tables,
      description:
        'Tables that the step writes in addition to those found in its SQL. A CALL with this is durable: its procedure must not COMMIT or TRUNCATE.',
    },
    handoff: {
      shape: handoff,
      description:
        'How the run goes on after this step. event: by its completion event. wait: the function waits up to 2 s for its end (5 s for steps that are sent together), and goes on at once. auto: it waits where the step took about a second at most in earlier runs.',
      default: DEFAULTS.handoff,
    },
    verify: {
      shape: { kind: 'text' },
      description:
        'A query that returns one boolean: whether this step was applied. It runs when the outcome is unknown.',
    },
  },
};

const parameter: Shape = {
  kind: 'object',
  keys: {
    type: {
      shape: { kind: 'choice', values: ['string', 'number', 'boolean', 'date', 'timestamp'] },
      description: 'How the value is validated and rendered into the SQL.',
      required: true,
    },
    default: {
      shape: { kind: 'scalar' },
      description:
        'Without a default the value is required at start. A string may contain {run_id}, {event_date}, {stage}.',
    },
    description: { shape: { kind: 'text' }, description: 'What it is for.' },
  },
};

/** The whole file. */
export const pipelineSchema: Shape & { kind: 'object' } = {
  kind: 'object',
  keys: {
    description: {
      shape: { kind: 'text' },
      description: 'One line that describes the pipeline.',
      default: DEFAULTS.description,
    },
    on: {
      shape: {
        kind: 'list',
        of: {
          kind: 'one-of',
          keys: triggerKeys,
        },
      },
      description: 'What starts a run. An empty list: only a request does.',
      required: true,
    },
    steps: {
      shape: {
        kind: 'map',
        of: step,
        keyPattern: '^[0-9]+[A-Za-z0-9_.-]*\\.sql$',
        keyWords: 'the name of a step file like 30_check.sql',
      },
      description: 'Options of steps. All .sql files run in the order of their numbers, named here or not.',
    },
    session: {
      shape: {
        kind: 'object',
        keys: {
          keepAlive: {
            shape: { kind: 'duration', minSeconds: 60, maxSeconds: DAY },
            description:
              'How long an idle session stays open: the time to fix a failed step and resume in the same session. At most 24h; over 1h Serverless may close it first.',
            default: DEFAULTS.keepAlive,
          },
          set: {
            shape: {
              kind: 'map',
              of: { kind: 'scalar' },
              keyPattern: '^[a-z_][a-z0-9_]*$',
              keyWords: 'the name of a session setting like search_path',
            },
            description:
              'Session settings, applied when a session opens and again when it is rebuilt, for example search_path: mart.',
          },
        },
      },
      description: 'The warehouse session that all steps of a run share.',
    },
    parameters: {
      shape: {
        kind: 'map',
        of: parameter,
        keyPattern: '^[a-z_][a-z0-9_]*$',
        keyWords: "a parameter's name like region (lower case)",
      },
      description: 'Values that the SQL uses as :name.',
    },
    concurrency: {
      shape: { kind: 'whole', min: 1, max: 100 },
      description: 'How many runs may be in progress at once; others wait, oldest first.',
      default: DEFAULTS.concurrency,
    },
    onFailure: {
      shape: { kind: 'choice', values: ['hold', 'continue'] },
      description:
        'hold: a failed run keeps its slot and later files wait in order. continue: later files run.',
      default: DEFAULTS.onFailure,
    },
    onReplay: {
      shape: { kind: 'choice', values: ['resume', 'rerun', 'skip'] },
      description:
        'What a replayed event does if its run already exists: resume it if it failed, rerun it as a new run, or skip it.',
      default: DEFAULTS.onReplay,
    },
    onBadFile: {
      shape: { kind: 'choice', values: ['fail', 'isolate'] },
      description:
        'What happens if a load fails and the warehouse names one file of the batch. fail: the run fails. isolate: that file becomes a failed run of its own, and the batch continues without it.',
      default: DEFAULTS.onBadFile,
    },
    isolate: {
      shape: {
        kind: 'object',
        keys: {
          files: {
            shape: { kind: 'whole', min: 1, max: 100 },
            description:
              'How many files of one batch are set aside at most; each costs one failed load. With one more the run fails.',
            default: DEFAULTS.isolateFiles,
          },
        },
      },
      description: 'Limits of onBadFile: isolate.',
    },
    startedEvent: {
      shape: { kind: 'flag' },
      description: 'Also publish the event Run Started, for a rule of your own (docs/events.md).',
      default: false,
    },
    fuse: {
      shape: { kind: 'choice', values: ['auto', 'off'] },
      description:
        'auto: short session steps one after the other, and the checks behind them, are sent as one transaction: if one fails, all of them are rolled back and run again. off: each step is sent alone.',
      default: DEFAULTS.fuse,
    },
    timeout: {
      shape: { kind: 'duration', minSeconds: 1, maxSeconds: 14 * DAY },
      description: 'The time limit of the whole run; checked once a minute.',
      default: DEFAULTS.timeout,
    },
    retry: { shape: retry, description: 'The default for every step.' },
    handoff: {
      shape: handoff,
      description: 'The default for every step: how the run goes on after it.',
      default: DEFAULTS.handoff,
    },
    warehouse: {
      shape: {
        kind: 'text',
        pattern: '^[a-z][a-z0-9-]{0,62}$',
        words: 'the name of a workgroup or cluster',
      },
      description: "A workgroup or cluster other than the stage's own.",
    },
  },
};
