/** `baton pause` and `unpause`: what they request and print; and how `baton runs` shows a paused pipeline. */
import { expect, it } from 'vitest';

import { readArguments } from '../../cli/arguments.ts';
import type { Connection } from '../../cli/aws/connection.ts';
import { CommandError } from '../../cli/exit.ts';
import { createOutput } from '../../cli/output.ts';
import type { Verb } from '../../cli/verb.ts';
import { pause, unpause } from '../../cli/verbs/pause.ts';
import { runs } from '../../cli/verbs/runs.ts';
import type { PauseAnswer, PauseRequest } from '../../shared/events/requests.ts';

const ANSWER: PauseAnswer = {
  ok: true,
  pipeline: 'stores',
  paused: true,
  waiting: 2,
  message: 'paused stores',
};

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly requests: readonly PauseRequest[];
}

async function told(verb: Verb, words: readonly string[], answer: PauseAnswer = ANSWER): Promise<Told> {
  let stdout = '';
  let stderr = '';
  const requests: PauseRequest[] = [];
  const paused = { by: 'ann', at: '2026-11-24T08:00:00.123Z', reason: 'schema change' };
  const connection = {
    runs: async () => ({
      newestRuns: async function* newestRuns() {
        // There are none.
      },
      loadPool: async (name: string) => ({ holders: {}, epoch: 0, ...(name === 'stores' && { paused }) }),
      countQueued: async () => 1,
    }),
    operator: async () => ({
      pause: async (request: PauseRequest) => {
        requests.push(request);
        return answer;
      },
    }),
  } as unknown as Connection;
  const code = await verb
    .run({
      args: readArguments(verb, words),
      out: createOutput(
        { write: (text) => (stdout += text) },
        { write: (text) => (stderr += text) },
        { NO_COLOR: '1' },
      ),
      env: {},
      stage: 'local',
      json: words.includes('--json'),
      connect: async () => connection,
      signal: new AbortController().signal,
    })
    .catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      stderr += `${error.message}\n`;
      return error.code;
    });
  return { code, stdout, stderr, requests };
}

it('pause and unpause send one request with the reason, and print the answer', async () => {
  const paused = await told(pause, ['stores', '--reason', 'schema change']);
  expect(paused).toMatchObject({ code: 0, stdout: 'paused stores\n' });
  expect(paused.requests).toMatchObject([{ verb: 'pause', pipeline: 'stores', reason: 'schema change' }]);
  const { requests } = await told(unpause, ['stores']);
  expect(requests).toMatchObject([{ verb: 'unpause', pipeline: 'stores' }]);
  expect(requests[0]?.requestId).not.toBe(paused.requests[0]?.requestId);
});

it('pause prints what programs need with --json', async () => {
  const { stdout } = await told(pause, ['stores', '--json']);
  expect(JSON.parse(stdout)).toEqual({
    pipeline: 'stores',
    paused: true,
    waiting: 2,
    message: 'paused stores',
  });
});

it('pause ends with exit code 2 and the reason if it is refused', async () => {
  const message = 'there is no pipeline "oders"';
  const refused = await told(pause, ['oders'], { ok: false, code: 'not-found', message });
  expect(refused).toMatchObject({ code: 2, stdout: '', stderr: `${message}\n` });
});

it('runs shows a line for each paused pipeline, apart from the data', async () => {
  const line = 'stores is paused by ann since 2026-11-24T08:00:00Z (schema change); 1 run waiting';
  const { stdout, stderr } = await told(runs, []);
  expect(`${stdout}${stderr}`.split('\n').filter((text) => text.includes('paused'))).toEqual([line]);
  expect((await told(runs, ['--pipeline', 'sales'])).stderr).not.toContain('paused');
  expect((await told(runs, ['--json'])).stdout).not.toContain('paused by');
});
