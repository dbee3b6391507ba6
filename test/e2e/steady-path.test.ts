/** While nothing goes wrong nobody asks for a marker, a statement's name or a session: counted where the calls arrive. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { DescribeStatementCommand } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { fileOf } from '../../shared/run/trigger.ts';
import { eventually, isDone, root, Stack } from './stack.ts';

interface Call {
  readonly service: string;
  readonly operation: string;
  readonly caller: string;
  readonly resource?: string;
  readonly details?: { readonly session?: string };
  readonly writeUnits?: number;
}

let stack: Stack;

beforeAll(async () => {
  const fixture = (name: string): string => join(root, 'test/fixtures/lost-sessions', name);
  stack = await Stack.start({
    pipelines: {
      article_one_commit: fixture('article_one_commit'),
      ...fiveSteps(),
      setup: fixture('setup'),
    },
  });
});
afterAll(async () => {
  await stack.stop();
});

async function lastCall(): Promise<number> {
  return ((await stack.admin('GET', 'calls?since=0')) as { last: number }).last;
}

/** What the functions asked of the warehouse since then, in order. */
async function askedSince(last: number): Promise<string[]> {
  const { calls } = (await stack.admin('GET', `calls?since=${last}&detail`)) as { calls: Call[] };
  return calls
    .filter(({ service, caller }) => service === 'redshift-data' && caller.startsWith('baton-local-'))
    .map(nameOf);
}

function nameOf({ operation, resource = '', details }: Call): string {
  if (!operation.endsWith('ExecuteStatement')) return operation;
  if (resource.startsWith('baton:local:open:')) return 'opener';
  if (resource !== '') return operation;
  // Without a name: in the run's own session the last one, which closes it; else a question.
  return details?.session === undefined ? 'question' : 'close';
}

const STORES = 'store_id,name,city,country,opened_on\n1,One,Lyon,FR,2020-01-01\n';
const PRODUCTS = 'product_id,name,category,price\n1,Bean,Food,1.00\n';
const ITEMS = 'id,name\n1,One\n2,Two\n';

/**
 * A step is waited for, and nothing is asked again; by events only a transaction's row counts are asked for. A check's verdict
 * is the number of its rows, which the description has.
 */
it.each([
  [
    'stores',
    'stores/steady.csv',
    STORES,
    [
      'opener',
      'ExecuteStatement',
      'DescribeStatement',
      'ExecuteStatement',
      'DescribeStatement',
      'BatchExecuteStatement',
      'DescribeStatement',
      'close',
    ],
  ],
  [
    'product_dimension',
    'products/steady.csv',
    PRODUCTS,
    [
      'opener',
      'ExecuteStatement',
      'DescribeStatement',
      'ExecuteStatement',
      'DescribeStatement',
      'ExecuteStatement',
      'DescribeStatement',
      'ExecuteStatement',
      'DescribeStatement',
      'BatchExecuteStatement',
      'DescribeStatement',
      'close',
    ],
  ],
  [
    'article_one_commit',
    'one_commit/steady.csv',
    ITEMS,
    [
      'opener',
      'ExecuteStatement',
      'ExecuteStatement',
      'ExecuteStatement',
      'BatchExecuteStatement',
      'DescribeStatement',
      'close',
    ],
  ],
])(
  'a run of %s in which nothing goes wrong makes one submission per step',
  async (pipeline, key, body, expected) => {
    const from = await lastCall();
    await stack.put(key, body);
    expect((await stack.runFor(pipeline, key)).state).toBe('SUCCEEDED');
    const asked = await askedSince(from);
    expect(asked.filter(isSubmission)).toEqual(expected.filter(isSubmission));
    // Two drivers may read the same at once: the event's, and the sweep's, which comes every minute whatever runs.
    const reads = (calls: readonly string[]): string[] => [
      ...new Set(calls.filter((call) => !isSubmission(call))),
    ];
    expect(reads(asked)).toEqual(reads(expected));
    expect(asked.length - expected.length).toBeLessThanOrEqual(1);
  },
);

function isSubmission(call: string): boolean {
  return call !== 'DescribeStatement' && call !== 'GetStatementResult';
}

/** How steps are handed on: what `pipeline.yml` says, and what a run may cost at most. */
const MODES = {
  event: { settings: 'handoff: event\nfuse: off', calls: 40, invocations: 6, units: 35 },
  wait: { settings: 'handoff: wait\nfuse: off', calls: 42, invocations: 7, units: 27 },
  fused: { settings: 'handoff: wait', calls: 26, invocations: 3, units: 18 },
} as const;

/** The same five steps, once for each mode: name -> folder. */
function fiveSteps(): Record<string, string> {
  const made = mkdtempSync(join(tmpdir(), 'baton-modes-'));
  return Object.fromEntries(
    Object.entries(MODES).map(([mode, { settings }]) => {
      const folder = join(made, mode);
      cpSync(join(root, 'test/fixtures/lost-sessions/five_steps'), folder, { recursive: true });
      const yml = readFileSync(join(folder, 'pipeline.yml'), 'utf8').replace('five/', `${mode}/`);
      writeFileSync(join(folder, 'pipeline.yml'), `${yml}${settings}\n`);
      return [`five_steps_${mode}`, folder];
    }),
  );
}

/** The functions' calls of everything since then, and how often they were invoked. */
async function costSince(last: number): Promise<{ calls: number; invocations: number; units: number }> {
  const { calls } = (await stack.admin('GET', `calls?since=${last}&detail`)) as { calls: Call[] };
  const isSweep = ({ caller, resource = '' }: Call): boolean => /sweep/.test(caller + resource);
  const made = calls.filter((call) => /^baton-local-(start-run|run-step)$/.test(call.caller));
  return {
    calls: made.length,
    invocations: calls.filter((call) => call.operation === 'Invoke' && !isSweep(call)).length,
    units: made.reduce((sum, { writeUnits = 0 }) => sum + writeUnits, 0),
  };
}

it.each(Object.entries(MODES))(
  'a file that comes alone takes few calls, invocations and write units, its steps handed on by: %s',
  async (mode, most) => {
    // As late as on AWS: after the record of the submission.
    await stack.admin('POST', 'faults', {
      target: 'event',
      match: { source: 'aws.redshift-data' },
      effect: { kind: 'delay', ms: 150 },
    });
    const run = async (key: string): Promise<void> => {
      await stack.put(key, ITEMS);
      expect((await stack.runFor(`five_steps_${mode}`, key)).state).toBe('SUCCEEDED');
      // The last invocations end a moment after the run.
      await wait(700);
    };
    // The first ones store the plan, and how long the steps take.
    for (const n of ['0', '1', '2']) await run(`${mode}/${n}.csv`);
    const from = await lastCall();
    await run(`${mode}/3.csv`);
    const cost = await costSince(from);
    await stack.admin('DELETE', 'faults');
    const names = ['calls', 'invocations', 'units'] as const;
    const over = names.filter((name) => cost[name] > most[name]).map((name) => `${name}: ${cost[name]}`);
    expect(over).toEqual([]);
  },
);

it('a run whose session is lost uses all three look-ups', async () => {
  const pattern = { detail: { statementName: [{ wildcard: 'baton:local:article*:1:2:*' }] } };
  await stack.admin('POST', 'faults', {
    target: 'event',
    match: { source: 'aws.redshift-data', pattern: JSON.stringify(pattern) },
    effect: { kind: 'drop' },
  });
  const from = await lastCall();
  const key = 'one_commit/lost.csv';
  await stack.put(key, 'id,name\n3,Three\n');
  const { id, sessionId, statementId } = await eventually('the changes made', async () =>
    (await stack.runs('article_one_commit')).find(
      (run) => fileOf(run.trigger)?.key === key && run.cursor === 2 && run.phase === 'SUBMITTED',
    ),
  );
  // Killed under the statement, its temporary effects would go with the session, and nobody need ask.
  await eventually('the end of the changes', async () => {
    const { Status } = await stack.redshift.send(new DescribeStatementCommand({ Id: statementId }));
    return Status === 'FINISHED' ? true : undefined;
  });
  await stack.admin('POST', 'kill-session', { sessionId });
  await stack.admin('DELETE', 'faults');
  await eventually(
    'the run at its end',
    async () => {
      const run = await stack.run(id);
      if (run !== undefined && isDone(run)) return run;
      await stack.sweep();
      return undefined;
    },
    50_000,
  );
  expect((await stack.run(id))?.state).toBe('SUCCEEDED');
  expect(await askedSince(from)).toEqual(
    expect.arrayContaining(['ListSessions', 'ListStatements', 'question']),
  );
});
