/**
 * What docs/operations.md quotes is what the product writes: its log lines are written here by the code that writes them, its
 * log queries find them, and every other name in it exists.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { packageRoot as root } from '../../build/project.ts';
import { alarmsOf } from '../../build/serverless/alarms.cjs';
import { dashboardOf } from '../../build/serverless/dashboard.cjs';
import { QUERIES } from '../../build/serverless/log-queries.cjs';
import { verbNames } from '../../cli/verbs.ts';
import { handler as runStep } from '../../functions/run-step.ts';
import { handler as startRun } from '../../functions/start-run.ts';
import { handler as sweep } from '../../functions/sweep.ts';
import {
  arrivalOf,
  batchOf,
  breakPorts,
  type Held,
  invoke,
  type Line,
  type Stage,
  stageFor,
} from './function-lines.ts';

const held = vi.hoisted((): Held => ({ wiring: undefined, plans: [] }));
vi.mock('../../shared/middleware/wiring.ts', () => ({ wiring: () => held.wiring }));

const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const prose = operations.replaceAll(/```[\s\S]*?```/g, '');
const spans = [...new Set([...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span))];
const functions = ['start-run', 'run-step', 'sweep', 'operate'].map((name) => `baton-dev-${name}`);
const stageOfAlarms = {
  stage: 'dev',
  name: 'baton-dev',
  functions,
  oldestRunHours: 13,
  pipelineMetrics: true,
  watching: { on: true, topic: '', email: '', format: 'chat' as const },
};

function wakeUpOf(runId: string): unknown {
  return { source: 'baton.request', 'detail-type': 'Run Woken', detail: { runId, stage: 'test' } };
}

/** How each quoted line comes about: by which function, and what goes wrong. */
const LINES: Readonly<Record<string, { by: string; happen: (stage: Stage) => Promise<unknown> }>> = {
  'this event started nothing': {
    by: 'start-run',
    happen: () =>
      invoke(startRun, batchOf({ source: 'aws.s3', 'detail-type': 'Object Created', detail: {} })),
  },
  'the run was not woken, the sweep drives it': {
    by: 'start-run',
    happen: () => {
      breakPorts(held, { publisher: { publish: () => Promise.reject(new Error('no EventBridge')) } });
      // One that comes alone is driven at once.
      return invoke(startRun, batchOf(arrivalOf('orders/a.csv'), arrivalOf('orders/b.csv')));
    },
  },
  'the run could not be driven': {
    by: 'sweep',
    happen: async ({ world }) => {
      vi.spyOn(world.warehouse, 'open').mockRejectedValue(new Error('no credentials'));
      await invoke(startRun, batchOf(arrivalOf('orders/a.csv')));
      world.time += 100_000;
      return invoke(sweep, {});
    },
  },
  'the invocation failed': {
    by: 'run-step',
    happen: ({ world }) => {
      vi.spyOn(world.store, 'load').mockRejectedValue(new Error('the table throttles'));
      return invoke(runStep, wakeUpOf('orders-1')).catch(() => undefined);
    },
  },
};

let stage: Stage;

beforeEach(() => {
  stage = stageFor(held);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The lines written while the function does what leads to a quoted line. */
async function linesOf(quoted: string): Promise<readonly Line[]> {
  const { by, happen } = LINES[quoted] ?? {};
  if (by === undefined || happen === undefined) throw new Error(`nothing is known to write "${quoted}"`);
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', `baton-test-${by}`);
  await happen(stage);
  return stage.lines;
}

/** Three words and more, nothing but words: a line of the log. */
const isSentence = (span: string): boolean =>
  /^[a-z]+ [a-z]+ [a-z, ]+$/.test(span) && !span.startsWith('aws ');

describe('the log lines that operations.md quotes', () => {
  test('are exactly those that this test produces', () => {
    const sentences = spans.filter((span) => isSentence(span) && !span.startsWith('npx baton '));
    expect(sentences.sort()).toEqual(Object.keys(LINES).sort());
  });

  test.each(Object.keys(LINES))('are written with their error: %s', async (quoted) => {
    const found = (await linesOf(quoted)).filter(({ message }) => message === quoted);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      level: expect.stringMatching(/^(ERROR|WARN)$/),
      error: {
        name: expect.stringMatching(/Error$/) as string,
        message: expect.any(String),
        stack: expect.any(String),
      },
    });
  });

  test('for a message that started nothing have its id and body', async () => {
    const [line] = await linesOf('this event started nothing');
    expect(line).toMatchObject({ messageId: 'm1', body: expect.stringContaining('Object Created') });
  });
});

/** `aws logs tail LOG-GROUP ... --filter-pattern '{ $.message = "TEXT" }'`. */
const FILTERS = [
  ...operations.matchAll(/aws logs tail \/aws\/lambda\/baton-STAGE-([\w-]+) .*--filter-pattern '([^']*)'/g),
].map(([, by = '', pattern = '']) => ({ by, pattern }));

describe('the log queries', () => {
  test('exist in operations.md', () => {
    expect(FILTERS.length).toBeGreaterThanOrEqual(3);
    expect(operations.match(/--filter-pattern/g)).toHaveLength(FILTERS.length);
  });

  test.each(FILTERS)('in operations.md find their line: $by $pattern', async ({ by, pattern }) => {
    const [, member = '', text = ''] = /^\{ \$\.(\w+) = "([^"]+)" \}$/.exec(pattern) ?? [];
    const found = (await linesOf(text)).filter((line) => line[member] === text);
    expect(found.map((line) => line['function_name'])).toEqual([`baton-test-${by}`]);
  });

  /** Of the lines that this file makes, all functions together. */
  async function allLines(): Promise<readonly Line[]> {
    const lines: Line[] = [];
    for (const quoted of Object.keys(LINES)) {
      stage = stageFor(held);
      lines.push(...(await linesOf(quoted)));
      vi.restoreAllMocks();
    }
    return lines;
  }

  test('on the dashboard show every warning and error', async () => {
    const { Dashboard } = dashboardOf(stageOfAlarms) as {
      Dashboard: { Properties: { DashboardBody: { 'Fn::Sub': string } } };
    };
    const { widgets } = JSON.parse(Dashboard.Properties.DashboardBody['Fn::Sub']) as {
      widgets: { properties: { query?: string } }[];
    };
    const [query = ''] = widgets.flatMap(({ properties }) => properties.query ?? []);
    const [, levels = ''] = /filter level in (\[[^\]]*\])/.exec(query) ?? [];
    const chosen = new Set(JSON.parse(levels) as string[]);
    const missed = (await allLines()).filter(
      ({ level, _aws }) => _aws === undefined && !chosen.has(String(level)),
    );
    expect(missed.filter(({ level }) => level !== 'INFO')).toEqual([]);
    expect(chosen).toEqual(new Set(['ERROR', 'WARN']));
  });

  /**
   * Members of lines that this file does not make (a run's own), and of Lambda's `platform.report`
   * (https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html).
   */
  const OTHER_MEMBERS = [
    'step',
    'attempt',
    'status',
    'rows',
    'class',
    'bucket',
    'key',
    '@timestamp',
    '@log',
    'type',
    ...['durationMs', 'maxMemoryUsedMB', 'initDurationMs'].map((name) => `record.metrics.${name}`),
  ];

  test('that are saved in the stack ask only for members and messages that lines have', async () => {
    const lines = await allLines();
    const errors = lines.flatMap(({ error }) => Object.keys(error ?? {}));
    const members = new Set([
      ...lines.flatMap((line) => Object.keys(line)),
      ...errors.map((name) => `error.${name}`),
      ...OTHER_MEMBERS,
    ]);
    const source = wordsOfSource();
    for (const [name, commands] of Object.entries(QUERIES)) {
      const own = commands.flatMap((command) => [...command.matchAll(/ as (\w+)/g)].map(([, as = '']) => as));
      const bare = commands.map((command) => command.replaceAll(/"[^"]*"| as \w+/g, ''));
      const words = bare.flatMap((command) => command.match(/(?<![\w.])@?[A-Za-z_][\w.]*(?![\w.(])/g) ?? []);
      const keywords = ['fields', 'filter', 'sort', 'limit', 'stats', 'by', 'in', 'and', 'desc'];
      const unknown = words.filter(
        (word) =>
          ![...keywords, ...own].includes(word) &&
          !members.has(word) &&
          !/^(?:count|latest|pct|max)$/.test(word),
      );
      expect({ name, unknown }).toEqual({ name, unknown: [] });
      const quoted = commands.flatMap((command) =>
        [...command.matchAll(/"([^"]+)"/g)].map(([, text = '']) => text),
      );
      const inSource = (text: string): boolean =>
        text.split(/[ ,]+/).every((word) => source.has(word)) ||
        /^(?:RUN|REQUEST)-ID$|^platform\.report$/.test(text);
      expect({ name, missing: quoted.filter((text) => !inSource(text)) }).toEqual({ name, missing: [] });
    }
  });
});

/** Every word of the product's source, comments apart. */
function wordsOfSource(): ReadonlySet<string> {
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(?:ts|cjs|yml)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  const files = ['functions', 'shared', 'build', 'cli', 'local'].flatMap(below);
  const text = [...files, join(root, 'serverless.yml')]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*(?:\/\/|#).*$/gm, '');
  // A resource's name follows the stage's: `${name}-arrivals`.
  return new Set(text.replaceAll('}-', '} ').match(/[A-Za-z][\w-]*/g));
}

describe('every other name that operations.md quotes', () => {
  const alarms = new Set(Object.keys(alarmsOf(stageOfAlarms)));
  const text = wordsOfSource();

  /** Is it there? Undefined where nothing of ours says so (the AWS CLI, SQL). */
  function exists(span: string): boolean | undefined {
    if (/^aws(?: |$)/.test(span) || /^(?:SELECT|ALTER) /.test(span)) return undefined;
    const command = /^(?:npx )?baton (.+)$/.exec(span)?.[1];
    if (command !== undefined) return verbNames.some((name) => `${command} `.startsWith(`${name} `));
    if (alarms.has(span.replace('<function>', 'operate'))) return true;
    if (span === 'baton-<stage>-') return true;
    // `retry:`, `onFailure: hold`, `session: { keepAlive: 2h }`: keys of a pipeline. `baton-STAGE-arrivals`: a queue.
    const words = span.replaceAll('baton-STAGE-', '').match(/(?<!\d)[A-Za-z][\w-]*/g) ?? [];
    return words.length > 0 && words.every((word) => text.has(word));
  }

  test('exists', () => {
    const named = spans.filter((span) => LINES[span] === undefined);
    expect(named.length).toBeGreaterThan(60);
    expect(named.filter((span) => exists(span) === false)).toEqual([]);
  });

  test('is checked: an unknown name is reported', () => {
    expect(['swept-away', 'npx baton revive ID', 'RunsLost', 'dead-letters-lost'].map(exists)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
