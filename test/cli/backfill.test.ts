/** `baton backfill` and `baton start --from`: page after page, what they say, and how they go on. */
import { describe, expect, it } from 'vitest';

import { readArguments } from '../../cli/arguments.ts';
import type { Connection } from '../../cli/aws/connection.ts';
import { CommandError } from '../../cli/exit.ts';
import { createOutput } from '../../cli/output.ts';
import type { Verb } from '../../cli/verb.ts';
import { backfill } from '../../cli/verbs/backfill.ts';
import { start } from '../../cli/verbs/start.ts';
import type { BackfillAnswer, BackfillCounts } from '../../shared/events/requests.ts';

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly requests: readonly object[];
}

type Answers = readonly (object | Error)[];

interface Terminal {
  readonly isTTY?: boolean;
  /** Ctrl-C while this request is under way, from 1. */
  readonly interruptedAt?: number;
}

async function run(verb: Verb, words: string[], answers: Answers, terminal: Terminal = {}): Promise<Told> {
  let stdout = '';
  let stderr = '';
  const requests: object[] = [];
  const interruption = new AbortController();
  const next = (request: object): Promise<unknown> => {
    const answer = answers[requests.length];
    requests.push(request);
    if (requests.length === terminal.interruptedAt) interruption.abort();
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const connection = {
    operator: () => Promise.resolve({ backfill: next, startDue: next }),
  } as unknown as Connection;
  const code = await verb.run({
    args: readArguments(verb, words),
    out: createOutput(
      { write: (text) => (stdout += text) },
      { write: (text) => (stderr += text), ...(terminal.isTTY === true && { isTTY: true }) },
      {},
    ),
    env: {},
    stage: 'dev',
    json: words.includes('--json'),
    connect: () => Promise.resolve(connection),
    signal: interruption.signal,
  });
  return { code, stdout, stderr, requests };
}

function page(counts: Partial<BackfillCounts>, next?: string): BackfillAnswer {
  const none = { listed: 0, new: 0, loadedBefore: 0, superseded: 0, unclear: 0, ignored: 0 };
  return { ok: true, message: '', counts: { ...none, ...counts }, ...(next === undefined ? {} : { next }) };
}

describe('baton backfill', () => {
  it('asks for page after page, and prints the sums', async () => {
    const told = await run(
      backfill,
      ['stores', '--prefix', 'stores/2026/'],
      [
        page({ listed: 500, new: 400, loadedBefore: 99, ignored: 1 }, 's3://landing/stores/2026/x'),
        page({ listed: 3, superseded: 1, new: 2 }),
      ],
    );
    expect(told).toMatchObject({
      code: 0,
      stdout: 'stores: 503 objects listed: 402 new, 99 loaded before, 1 superseded, 1 ignored\n',
      stderr:
        '  500 objects listed: 400 new, 99 loaded before, 0 superseded, 1 ignored\nfollow the runs with: baton runs --pipeline stores\n',
    });
    expect(told.requests).toMatchObject([
      { verb: 'backfill', pipeline: 'stores', prefix: 'stores/2026/', again: false, dryRun: false },
      { after: 's3://landing/stores/2026/x' },
    ]);
    expect(told.requests[0]).not.toHaveProperty('after');
  });

  it('shows its progress in one line on a terminal', async () => {
    const { stderr } = await run(
      backfill,
      ['stores'],
      [page({ listed: 1, new: 1 }, 's3://b/1'), page({ listed: 1, new: 1 }, 's3://b/2'), page({})],
      { isTTY: true },
    );
    const plain = stderr.replaceAll('\u001B[2m', '').replaceAll('\u001B[0m', '');
    expect(plain.split('\r\u001B[2K')).toEqual([
      '',
      '  1 object listed: 1 new, 0 loaded before, 0 superseded, 0 ignored',
      '  2 objects listed: 2 new, 0 loaded before, 0 superseded, 0 ignored',
      'follow the runs with: baton runs --pipeline stores\n',
    ]);
  });

  it('ends with the page under way after Ctrl-C, and says how to go on', async () => {
    const told = await run(
      backfill,
      ['stores', '--since', '2026-01-01', '--again'],
      [page({ listed: 500, new: 500 }, "s3://landing/stores/it's.csv"), page({ listed: 1 })],
      { interruptedAt: 1 },
    );
    expect(told.code).toBe(1);
    expect(told.requests).toHaveLength(1);
    expect(told.stdout).toBe(
      'stores: 500 objects listed: 500 new, 0 loaded before, 0 superseded, 0 ignored\n',
    );
    expect(told.stderr).toContain(
      `stopped; what was admitted stays. To continue:\n       npx baton backfill stores --since '2026-01-01T00:00:00.000Z' --again --after 's3://landing/stores/it'\\''s.csv' --stage dev\n`,
    );
  });

  it('starts again from the beginning where a terminal would not show the key', async () => {
    const { stderr } = await run(backfill, ['stores'], [page({ listed: 1 }, 's3://b/a\nb')], {
      interruptedAt: 1,
    });
    expect(stderr).toContain('To continue:\n       npx baton backfill stores --stage dev\n');
  });

  it('prints what was done before a request failed, and how to go on', async () => {
    const pages = [page({ listed: 5, new: 5 }, 's3://b/5'), new CommandError(3, 'no connection')];
    let stdout = '';
    await expect(
      backfill.run({
        args: readArguments(backfill, ['stores', '--json']),
        out: createOutput({ write: (text) => (stdout += text) }, { write: () => undefined }, {}),
        env: {},
        stage: 'dev',
        json: true,
        signal: new AbortController().signal,
        connect: async () =>
          ({
            operator: async () => ({
              backfill: async () => {
                const answer = pages.shift();
                if (answer instanceof Error) throw answer;
                return answer;
              },
            }),
          }) as unknown as Connection,
      }),
    ).rejects.toThrow('no connection');
    expect(JSON.parse(stdout)).toEqual({
      pipeline: 'stores',
      dryRun: false,
      complete: false,
      counts: { listed: 5, new: 5, loadedBefore: 0, superseded: 0, unclear: 0, ignored: 0 },
      next: 's3://b/5',
    });
  });

  it('says of unclear files why they are, and what admits them', async () => {
    const told = await run(backfill, ['stores', '--dry-run'], [page({ listed: 2, unclear: 2 })]);
    expect(told.stdout).toContain('2 unclear');
    expect(told.stderr).toContain('2 files: it is not known whether they were loaded');
    expect(told.stderr).toContain('dry run: nothing was changed');
  });

  it('passes a refusal on', async () => {
    const refusal = { ok: false, code: 'not-found', message: 'there is no pipeline "x"' };
    await expect(run(backfill, ['x'], [refusal])).rejects.toThrow('there is no pipeline "x"');
    await expect(run(backfill, ['x', '--since', '2026-02-01', '--until', '2026-01-01'], [])).rejects.toThrow(
      '--since 2026-02-01T00:00:00.000Z must be before --until 2026-01-01T00:00:00.000Z',
    );
  });
});

describe('baton start --from', () => {
  const words = ['audit', '--from', '2026-08-01', '--to', '2026-08-08'];

  it('asks until all due times are done, and prints those that it started', async () => {
    const told = await run(start, words, [
      {
        ok: true,
        message: '',
        started: ['2026-08-01T06:00:00.000Z'],
        before: 1,
        next: '2026-08-03T06:00:00.000Z',
      },
      { ok: true, message: '', started: ['2026-08-04T06:00:00.000Z'], before: 4 },
    ]);
    expect(told).toMatchObject({
      code: 0,
      stdout: '2026-08-01T06:00:00Z\n2026-08-04T06:00:00Z\n',
      stderr: '2 due times without a run started, 5 had a run\n',
    });
    expect(told.requests).toMatchObject([
      { verb: 'start-due', from: '2026-08-01T00:00:00.000Z', to: '2026-08-08T00:00:00.000Z', dryRun: false },
      { from: '2026-08-03T06:00:00.000Z', to: '2026-08-08T00:00:00.000Z' },
    ]);
  });

  it('starts none in a dry run, and has one JSON document', async () => {
    const answer = { ok: true, message: '', started: ['2026-08-01T06:00:00.000Z'], before: 0 };
    const told = await run(start, [...words, '--dry-run', '--json'], [answer]);
    expect(told.requests).toMatchObject([{ dryRun: true }]);
    expect(told.stderr).toContain('(dry run: no run was started)');
    expect(JSON.parse(told.stdout)).toEqual({
      pipeline: 'audit',
      dryRun: true,
      started: ['2026-08-01T06:00:00.000Z'],
      before: 0,
      complete: true,
    });
  });

  it.each([
    [['audit', '--to', '2026-08-08'], '--to and --dry-run are for due times: add --from'],
    [[...words, '--file', 's3://b/k'], '--file and --from cannot be combined'],
    [['audit', '--from', '2026-08-08', '--to', '2026-08-01'], 'must be before --to 2026-08-01T00:00:00Z'],
  ])('refuses what has no meaning: %j', async (given, message) => {
    await expect(run(start, given, [])).rejects.toThrow(message);
  });
});
