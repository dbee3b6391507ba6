/** What a probe reports of a warehouse that answers otherwise than any local one does, or not at all. */
import { expect, it } from 'vitest';

import { probe } from '../../shared/engine/check/assumptions/probe.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import type { ProbePart } from '../../shared/events/requests.ts';
import type { Warehouse } from '../../shared/warehouse/warehouse.ts';
import { FakeWarehouse } from '../fakes/fake-warehouse.ts';

/** Statements end, in the fake, when time passes. */
async function probed(
  part: ProbePart,
  other: (fake: FakeWarehouse) => Partial<Warehouse>,
  remainingMs = 600_000,
) {
  let now = Date.parse('2026-11-24T12:00:00Z');
  let tokens = 0;
  const fake = new FakeWarehouse(() => now);
  const names: (keyof Warehouse)[] = [
    'open',
    'submit',
    'describe',
    'result',
    'findByName',
    'session',
    'cancel',
    'ask',
    'runSmall',
  ];
  const own = Object.fromEntries(names.map((name) => [name, (fake[name] as () => unknown).bind(fake)]));
  const engine = {
    settings: { stage: 'dev' },
    warehouse: { ...own, ...other(fake) },
    driver: { id: 'd', remainingMs: () => remainingMs },
    now: () => now,
    randomFraction: () => 0.5,
    randomToken: () => String((tokens += 1)).padStart(52, 'a'),
    pause: (ms: number) => {
      // The limit of the whole invocation; it is over only where a test says so.
      if (ms > 100_000) return new Promise(() => {});
      now += ms;
      for (const { id } of fake.underWay()) fake.end(id, 'FINISHED');
      return Promise.resolve();
    },
  } as unknown as Engine;
  const { observations, stopped } = await probe(part, {
    engine,
    roleName: 'baton-dev-functions',
    answersSessionId: () => Promise.resolve(false),
  });
  return {
    stopped,
    seen: Object.fromEntries(
      observations.map(({ assumption, status, found }) => [assumption, `${status}: ${found}`]),
    ),
  };
}

const throttled = { reason: 'throttled', class: 'transient', message: 'the cluster is paused' } as const;

it('a warehouse that opens no session is reported with its words, and nothing as found', async () => {
  const { seen, stopped } = await probed('busy', () => ({
    open: () => Promise.resolve({ ok: false, refusal: throttled }),
  }));
  expect(stopped).toBe('the cluster is paused');
  expect(seen).toEqual({});
});

it('what was seen before the time of the function was over is reported', async () => {
  const { seen, stopped } = await probed('busy', () => ({ open: () => new Promise(() => {}) }), 3_000);
  expect(stopped).toBe('the time of the function was over');
  expect(seen).toEqual({});
});

it('a busy session with other words, and a token that runs a second statement, are reported', async () => {
  const { seen } = await probed('busy', (fake) => {
    const sent = new Set<string>();
    return {
      submit: async (submission) => {
        const result = await fake.submit(submission);
        if (!result.ok)
          return { ok: false, refusal: { reason: 'rejected', class: 'sql', message: 'Session is in use' } };
        const isAgain = sent.has(submission.token);
        sent.add(submission.token);
        return isAgain ? { ok: true, value: { statementId: 'statement-new' } } : result;
      },
    };
  });
  expect(seen).toMatchObject({
    'busy-words': 'differs: "Session is in use"',
    'busy-state': 'holds: listed as BUSY while a statement runs',
    'repeated-token': 'differs: while it ran: ANOTHER STATEMENT; after its end: ANOTHER STATEMENT',
  });
});

it('a throttled call says nothing about the words of a busy session', async () => {
  let calls = 0;
  const { seen, stopped } = await probed('busy', (fake) => ({
    submit: (submission) => {
      calls += 1;
      return calls === 2 ? Promise.resolve({ ok: false, refusal: throttled }) : fake.submit(submission);
    },
  }));
  expect(seen['busy-words']).toBeUndefined();
  expect(stopped).toBe('the cluster is paused');
});

it('a session that is never busy leaves what a refusal does unseen', async () => {
  const { seen } = await probed('busy', (fake) => ({
    submit: async (submission) => {
      const result = await fake.submit(submission);
      if (result.ok) fake.end(result.value.statementId, 'FINISHED');
      return result;
    },
  }));
  expect(seen).toMatchObject({
    'busy-words': 'not-seen: the session was free again each of 3 times',
    'refused-token': 'not-seen: the session was free again each of 3 times',
    'repeated-token': 'not-seen: no statement ran long enough',
  });
});

it('sessions that do not end, and answers about what never existed, are reported as they are', async () => {
  const { seen } = await probed('sessions', () => ({
    session: () => Promise.resolve('AVAILABLE'),
    describe: () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' })),
    submit: () =>
      Promise.resolve({
        ok: false,
        refusal: { reason: 'rejected', class: 'sql', message: 'Invalid session' },
      }),
  }));
  expect(seen).toMatchObject({
    'unknown-session': 'differs: "Invalid session"',
    'unknown-statement': 'differs: AccessDeniedException: no',
    'closed-words': 'not-seen: no session was closed',
    'keep-alive-zero': 'differs: the session is AVAILABLE',
    'idle-session': expect.stringMatching(
      /^holds: AVAILABLE after \d+ s without a statement; longer was not/,
    ),
  });
  expect(seen['closing']).toMatch(/^differs: still AVAILABLE \d+ ms after a keep-alive of 1 s$/);
});
