/** `baton doctor --probe`: what the table says of each answer, what it asks before, and how it ends. */
import { describe, expect, it } from 'vitest';

import { readArguments } from '../../cli/arguments.ts';
import type { Connection } from '../../cli/aws/connection.ts';
import { ASSUMPTIONS } from '../../cli/doctor/assumptions.ts';
import { CommandError } from '../../cli/exit.ts';
import { createOutput } from '../../cli/output.ts';
import type { Context } from '../../cli/verb.ts';
import { doctor } from '../../cli/verbs/doctor.ts';
import type { Observation, ProbeAnswer, ProbeRequest } from '../../shared/events/requests.ts';

const PARTS = ['hand-over', 'busy', 'failures', 'sessions'];

interface World {
  readonly seen?: readonly Observation[];
  readonly answer?: (request: ProbeRequest) => Promise<ProbeAnswer | undefined>;
  readonly words?: readonly string[];
  readonly stage?: string;
  readonly prompt?: Context['prompt'];
}

const everything: readonly Observation[] = ASSUMPTIONS.map(({ name }) => ({
  assumption: name,
  status: 'holds',
  found: `found ${name}`,
}));

function replaced(...others: readonly Observation[]): readonly Observation[] {
  return everything.map((each) => others.find(({ assumption }) => assumption === each.assumption) ?? each);
}

const DIFFERENT: readonly Observation[] = [
  {
    assumption: 'refused-token',
    status: 'differs',
    found: 'x',
    observed: ['tokenConsumedByRefusal', 'true'],
  },
  { assumption: 'busy-after-end', status: 'differs', found: 'y', observed: ['busyAfterEndMs', '340'] },
];

async function probe({ seen = everything, answer, words = [], stage = 'local', prompt }: World = {}) {
  let [stdout, stderr] = ['', ''];
  const asked: string[] = [];
  const context = {
    args: readArguments(doctor, ['--probe', ...words]),
    out: createOutput(
      { write: (text: string) => (stdout += text) },
      { write: (text: string) => (stderr += text) },
      {},
    ),
    env: {},
    stage,
    json: words.includes('--json'),
    signal: new AbortController().signal,
    ...(prompt === undefined ? {} : { prompt }),
    connect: () =>
      Promise.resolve({
        operator: () =>
          Promise.resolve({
            probe: (request: ProbeRequest) => {
              asked.push(request.part);
              return answer === undefined
                ? Promise.resolve({ ok: true, message: '', observations: seen })
                : answer(request);
            },
          }),
      } as unknown as Connection),
  } as Context;
  const code = await doctor.run(context);
  return { code, stdout, stderr, asked };
}

describe('doctor --probe', () => {
  it('says what it costs first, tries each part, and prints assumption, found and consequence in columns', async () => {
    const { code, stdout, stderr, asked } = await probe();
    expect(code).toBe(0);
    expect(asked).toEqual(PARTS);
    expect(stderr).toMatch(/^probing the warehouse of stage local: about sixty small statements/);
    expect(stdout).toMatch(/^ +ASSUMPTION +FOUND +CONSEQUENCE\n\nholds +a statement that ends/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(114);
    expect(stderr).toContain(
      `${everything.length + 2} assumptions: ${everything.length} hold, 0 differ, 2 not seen`,
    );
    expect(stderr).not.toContain('for a local AWS');
  });

  it('prints what differs, for a local AWS that behaves so', async () => {
    const seen = replaced(...DIFFERENT);
    const observed = 'busyAfterEndMs=340,tokenConsumedByRefusal=true';
    const deployed = await probe({ seen, stage: 'dev', words: ['--yes'] });
    expect(deployed.stderr).toContain(`BATON_OBSERVED=${observed} baton up --stage dev`);
    expect(deployed.code).toBe(0);
    expect((await probe({ seen })).stderr).toContain(
      `for a local AWS that behaves so: BATON_OBSERVED=${observed}`,
    );
  });

  it('ends with exit code 1 only if a difference breaks a promise', async () => {
    const harmless = replaced({ assumption: 'error-ids', status: 'differs', found: 'x' });
    expect((await probe({ seen: harmless })).code).toBe(0);
    const harmful = replaced({ assumption: 'repeated-token', status: 'differs', found: 'x' });
    const { code, stderr } = await probe({ seen: harmful });
    expect(code).toBe(1);
    expect(stderr).toContain("1 difference that Baton's promises depend on");
    expect(
      (await probe({ seen: replaced({ assumption: 'repeated-token', status: 'not-seen', found: 'x' }) }))
        .code,
    ).toBe(0);
  });

  it('reports what was not seen as open, with the reason, and goes on with the other parts', async () => {
    const { stdout, code } = await probe({
      words: ['--json'],
      answer: ({ part }) => {
        if (part === 'busy')
          return Promise.reject(new CommandError(3, 'the operate function failed: timed out'));
        const [one] = everything;
        return Promise.resolve({
          ok: true,
          message: '',
          observations: part === 'hand-over' && one !== undefined ? [one] : [],
          ...(part === 'failures' ? { stopped: 'the cluster is paused' } : {}),
        });
      },
    });
    const { rows } = JSON.parse(stdout) as {
      rows: { name?: string; status: string; found: string; consequence: string }[];
    };
    const row = (name: string) => rows.find((each) => each.name === name);
    expect(code).toBe(0);
    expect(row('event')).toMatchObject({ status: 'holds' });
    expect(row('batch-event')).toMatchObject({ status: 'not-seen', found: 'not tried' });
    expect(row('refused-token')).toMatchObject({
      status: 'not-seen',
      found: 'not tried: the operate function failed: timed out',
      consequence: expect.stringMatching(/^open; if it differs: /),
    });
    expect(row('error-words')?.found).toBe('not tried: the cluster is paused');
  });

  it('asks on a deployed stage, and tries nothing without a yes', async () => {
    const answers = (text: string) => ({ stage: 'dev', prompt: () => Promise.resolve(text) });
    expect((await probe(answers('y'))).asked).toEqual(PARTS);
    const refused = await probe(answers(''));
    expect(refused).toMatchObject({ code: 2, asked: [] });
    expect(refused.stderr).toContain('nothing was tried');
    await expect(probe({ stage: 'dev' })).rejects.toMatchObject({ code: 2, hint: 'add --yes to try it' });
  });

  it('refuses to probe a version that does not know the question, and --yes without it', async () => {
    await expect(probe({ answer: () => Promise.resolve(undefined) })).rejects.toMatchObject({
      code: 3,
      hint: 'deploy this version first',
    });
    const args = readArguments(doctor, ['--yes']);
    await expect(doctor.run({ args } as unknown as Context)).rejects.toThrow('--yes requires --probe');
  });

  it('lets no text of the warehouse steer the terminal, and keeps it within its column', async () => {
    const found = `ERROR: \u001B[2J${'x'.repeat(200)}`;
    const { stdout } = await probe({
      seen: replaced({ assumption: 'error-words', status: 'differs', found }),
    });
    expect(stdout).not.toContain('\u001B');
    expect(stdout).toContain(String.raw`\x1b[2J`);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(114);
  });
});

describe('the table of assumptions', () => {
  it('names each once, with a consequence for either answer', () => {
    expect(new Set(ASSUMPTIONS.map(({ name }) => name)).size).toBe(ASSUMPTIONS.length);
    for (const { text, ifHolds, ifDiffers } of ASSUMPTIONS)
      expect(Math.min(text.length, ifHolds.length, ifDiffers.length)).toBeGreaterThan(9);
  });
});
