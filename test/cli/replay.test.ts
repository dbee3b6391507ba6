import { createServer, type Server } from 'node:http';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { runCommand } from '../../cli/command.ts';
import { parseInstant } from '../../cli/instant.ts';
import { listenLocally } from '../../local/http.ts';

const NOW = Date.parse('2026-08-22T12:00:00.400Z');

describe('a time for replay', () => {
  it.each([
    ['2h', '2026-08-22T10:00:00.400Z'],
    ['2026-08-22', '2026-08-22T00:00:00.000Z'],
    ['2026-08-22T10:00Z', '2026-08-22T10:00:00.000Z'],
    ['2026-08-22T10:00:00+02:00', '2026-08-22T08:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(new Date(parseInstant(text, '--from', NOW)).toISOString()).toBe(expected);
  });

  it.each(['yesterday', '2026-08-22T10:00:00', '2026-13-01', '08/22/2026', ''])(
    'is refused: "%s"',
    (text) => {
      expect(() => parseInstant(text, '--from', NOW)).toThrow(`--from ${text}: must be a time`);
    },
  );
});

describe('baton replay on a deployed stage', () => {
  let server: Server;
  let endpoint: string;
  let asked: { operation: string; input: Record<string, unknown> }[];
  /** Answers of DescribeReplay, one after another. */
  let states: object[];
  let archive: boolean;

  beforeEach(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'any');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'any');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    asked = [];
    states = [{ State: 'COMPLETED' }];
    archive = true;
    server = createServer((request, response) => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push({ operation, input: JSON.parse(body) as Record<string, unknown> });
        response.setHeader('content-type', 'application/x-amz-json-1.1');
        if (operation === 'DescribeArchive' && !archive) {
          response.statusCode = 400;
          response.end(JSON.stringify({ __type: 'ResourceNotFoundException', message: 'no' }));
          return;
        }
        response.end(JSON.stringify(answer(operation)));
      });
    });
    endpoint = `http://127.0.0.1:${String(await listenLocally(server))}`;
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function answer(operation: string): object {
    switch (operation) {
      case 'DescribeArchive':
        return { ArchiveArn: 'arn:archive', EventSourceArn: 'arn:bus' };
      case 'ListRules':
        return asked.at(-1)?.input['NextToken'] === undefined
          ? { Rules: [{ Name: 'baton-dev-arrivals', Arn: 'arn:1' }], NextToken: 'more' }
          : {
              Rules: [
                { Name: 'baton-dev-arrivals-2', Arn: 'arn:2' },
                // Of the stage `dev-arrivals`.
                { Name: 'baton-dev-arrivals-run-woken', Arn: 'arn:other' },
              ],
            };
      case 'StartReplay':
        return { State: 'STARTING' };
      default:
        return states.shift() ?? { State: 'COMPLETED' };
    }
  }

  async function replay(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    let stdout = '';
    let stderr = '';
    const code = await runCommand(['replay', '--stage', 'dev', '--endpoint', endpoint, ...words], {
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      env: {},
      signal: new AbortController().signal,
    });
    return { code, stdout, stderr };
  }

  const span = ['--from', '2026-08-22T10:00:00.7Z', '--to', '2026-08-22T11:00:00.2Z', '--name', 'again'];

  it('requests the stage’s archive, its bus and its arrivals rules, in whole seconds', async () => {
    const { code, stdout } = await replay(...span, '--no-wait');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'again  STARTING\n' });
    expect(asked[0]).toEqual({ operation: 'DescribeArchive', input: { ArchiveName: 'baton-dev-files' } });
    expect(asked.at(-1)).toEqual({
      operation: 'StartReplay',
      input: {
        ReplayName: 'again',
        EventSourceArn: 'arn:archive',
        EventStartTime: Date.parse('2026-08-22T10:00:00Z') / 1000,
        EventEndTime: Date.parse('2026-08-22T11:00:01Z') / 1000,
        Destination: { Arn: 'arn:bus', FilterArns: ['arn:1', 'arn:2'] },
      },
    });
  });

  it('waits for the end, reports its progress, and exits with 1 if it failed', async () => {
    const upTo = Date.parse('2026-08-22T10:30:00Z') / 1000;
    states = [
      { State: 'RUNNING', EventLastReplayedTime: upTo },
      { State: 'RUNNING', EventLastReplayedTime: upTo },
      { State: 'FAILED', StateReason: 'no more', EventLastReplayedTime: upTo },
    ];
    const { code, stdout, stderr } = await replay(...span, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      name: 'again',
      state: 'FAILED',
      reason: 'no more',
      upTo: '2026-08-22T10:30:00.000Z',
    });
    expect(stderr.split('\n')).toEqual([
      'replay again: files from 2026-08-22T10:00:00Z to 2026-08-22T11:00:00Z',
      '  STARTING',
      '  RUNNING  up to 2026-08-22T10:30:00Z',
      '  FAILED  up to 2026-08-22T10:30:00Z  no more',
      '',
    ]);
  });

  it('reports that the stage has no archive yet', async () => {
    archive = false;
    const { code, stderr } = await replay('--from', '2h');
    expect(code).toBe(2);
    expect(stderr).toContain('archive baton-dev-files not found');
  });

  it.each([
    ['no beginning', [], '--from is missing'],
    ['an end before it', ['--from', '1h', '--to', '2h'], 'must be before --to'],
    ['a name that cannot be one', ['--from', '1h', '--name', 'a b'], '--name a b: must be'],
  ])('with %s calls no service', async (_, words, message) => {
    const { code, stderr } = await replay(...words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(asked).toEqual([]);
  });
});
