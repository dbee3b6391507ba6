/** Claims without a record: when the token is sent again, when the step is claimed anew, and when neither may be. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { Step } from '../../shared/pipeline/plan.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const MINUTE = 60_000;

class Failed extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

let world: World;
let id: string;

beforeEach(() => {
  world = new World();
  // As with a keep-alive longer than a token is used.
  world.warehouse.sessionsExpire = false;
});

/** A run whose only step is claimed; `refused` is what each submission meets before it has an effect. */
async function claimed(step: Partial<Step>, refused: () => void): Promise<void> {
  const plan = planOf([{ name: '10_only.sql', ...step }]);
  const file = fileOf('orders/1.csv');
  world.put(file);
  world.warehouse.before = (call) => {
    if (call === 'submit') refused();
  };
  const [started] = await admit({ file, time: new Date(world.time).toISOString() }, world.engine([plan]));
  id = started?.run.id ?? '';
  await world.drive(id);
}

function run(): StoredRun {
  const there = world.run(id);
  if (there === undefined) throw new Error('no run');
  return there;
}

/** The sweep comes every minute. */
async function minutes(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    world.time += MINUTE;
    await sweep(world.engine());
  }
}

const timeout = (): never => {
  throw new Failed('TimeoutError', 'no answer');
};
const unavailable = (): never => {
  throw new Failed('ValidationException', 'Session is not available');
};
const fine = (): void => undefined;

const sent = (): string[] => world.warehouse.calls.filter((call) => call === 'submit');

describe('a claim whose submission was never seen', () => {
  it('is sent again with the same token for half an hour', async () => {
    await claimed({}, timeout);
    const { token } = run();
    await minutes(29);
    expect(sent().length).toBeGreaterThan(20);
    expect(run()).toMatchObject({ phase: 'CLAIMED', token });
    expect(run().nonce).toBeUndefined();
  });

  it('is not sent after half an hour, until every driver that may still send it is gone', async () => {
    await claimed({}, timeout);
    await minutes(30);
    const before = sent().length;
    await minutes(1);
    expect(sent()).toHaveLength(before);
  });

  it('is then claimed again in the same session, with another token and nonce, and runs once', async () => {
    await claimed({}, timeout);
    const { token, sessionId } = run();
    await minutes(31);
    world.warehouse.before = fine;
    await minutes(2);
    const again = run();
    expect(again).toMatchObject({ phase: 'SUBMITTED', nonce: 2, generation: 1, attempt: 1, sessionId });
    expect(again.token).not.toBe(token);
    expect(world.warehouse.statements.map((statement) => statement.name)).toEqual([
      expect.stringContaining(':1:0:1:2:'),
    ]);
    await world.finish();
    expect(run()).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('waits while the session is busy', async () => {
    await claimed({}, timeout);
    const { sessionId } = run();
    const session = world.warehouse.sessions.get(sessionId ?? '');
    if (session === undefined) throw new Error('no session');
    session.status = 'BUSY';
    await minutes(40);
    expect(run()).toMatchObject({ phase: 'CLAIMED' });
    expect(run().nonce).toBeUndefined();
  });

  it('of a durable step is claimed again only if its marker is absent', async () => {
    await claimed({ kind: 'durable' }, timeout);
    await minutes(31);
    world.warehouse.before = fine;
    await minutes(3);
    expect(world.warehouse.calls).toContain('ask');
    expect(run()).toMatchObject({ phase: 'SUBMITTED', nonce: 2 });
  });

  it('of an opaque step needs a decision', async () => {
    await claimed({ kind: 'opaque' }, timeout);
    await minutes(34);
    expect(run()).toMatchObject({ state: 'NEEDS_DECISION' });
    expect(run().resumeWith?.command).toContain('baton resolve');
  });

  it('of an idempotent opaque step is claimed again', async () => {
    await claimed({ kind: 'opaque', idempotent: true }, timeout);
    world.time += 31 * MINUTE;
    world.warehouse.before = fine;
    await minutes(3);
    expect(run()).toMatchObject({ phase: 'SUBMITTED', nonce: 2 });
  });
});

describe('a token that is refused though its session is idle', () => {
  it('is no longer sent after a minute, and the step is claimed again when no driver can send it', async () => {
    await claimed({}, unavailable);
    await minutes(1);
    expect(run().refusedSince).toBeDefined();
    await minutes(1);
    const before = sent().length;
    world.warehouse.before = fine;
    world.time += 20_000;
    await sweep(world.engine());
    expect(sent()).toHaveLength(before);
    await minutes(2);
    expect(run()).toMatchObject({ phase: 'SUBMITTED', nonce: 2, generation: 1 });
    expect(run().refusedSince).toBeUndefined();
  });

  it('of an opaque step needs a decision', async () => {
    await claimed({ kind: 'opaque' }, unavailable);
    await minutes(6);
    expect(run()).toMatchObject({ state: 'NEEDS_DECISION' });
  });

  it('is sent again while the session is only busy', async () => {
    await claimed({}, unavailable);
    const session = world.warehouse.sessions.get(run().sessionId ?? '');
    if (session === undefined) throw new Error('no session');
    session.status = 'BUSY';
    await minutes(10);
    expect(run().refusedSince).toBeUndefined();
    session.status = 'AVAILABLE';
    world.warehouse.before = fine;
    await minutes(1);
    expect(run()).toMatchObject({ phase: 'SUBMITTED' });
    expect(run().nonce).toBeUndefined();
  });
});
