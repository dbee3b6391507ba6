/** Runs that no file starts: a schedule fell due, or another pipeline's run succeeded. */
import { beforeEach, describe, expect, it } from 'vitest';

import { operate } from '../../shared/engine/operate.ts';
import { startAll } from '../../shared/engine/start-all.ts';
import { startByEvent } from '../../shared/engine/start-by-event.ts';
import { startFollowing } from '../../shared/engine/start-following.ts';
import { startScheduled } from '../../shared/engine/start-scheduled.ts';
import { statementsOf } from '../../shared/engine/statements.ts';
import { EVENT_SOURCE, parseBusEvent } from '../../shared/events/bus-event.ts';
import type { BusEvent } from '../../shared/events/bus-event.ts';
import type { Plan, Trigger } from '../../shared/pipeline/plan.ts';
import type { Run } from '../../shared/run/run.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { matches } from '../../shared/engine/triggers/s3.ts';
import { planOf, World } from '../fakes/world.ts';

function pipeline(name: string, trigger: Trigger, more: Partial<Plan> = {}): Plan {
  return planOf([{ name: '10_keep.sql', kind: 'durable' }], {
    pipeline: name,
    triggers: [trigger],
    hash: `plan-of-${name}`,
    ...more,
  });
}

const nightly = pipeline('nightly', { kind: 'schedule', expression: 'cron(0 6 * * ? *)', timezone: 'UTC' });
const report = pipeline('report', { kind: 'pipeline', pipeline: 'nightly' });
const mail = pipeline('mail', { kind: 'pipeline', pipeline: 'report' });
const today = [nightly, report, mail];

const nameOf = ({ pipeline: name, triggers }: Plan): Pick<Plan, 'pipeline' | 'triggers'> => ({
  pipeline: name,
  triggers,
});

let world: World;

beforeEach(() => {
  world = new World();
});

async function due(
  time: string,
  plans: readonly Plan[] = today,
  expression = 'cron(0 6 * * ? *)',
): Promise<Run> {
  const news = { pipeline: 'nightly', expression, time };
  const [outcome] = await startAll(
    [async (engine) => [await startScheduled(news, engine)]],
    world.engine(plans),
  );
  if (outcome?.status !== 'fulfilled') throw outcome?.reason;
  const [started] = outcome.value;
  if (started === undefined) throw new Error('nothing was started');
  return started.run;
}

async function follow(upstreamId: string): Promise<string[]> {
  const [outcome] = await startAll([(engine) => startFollowing(upstreamId, engine)], world.engine(today));
  if (outcome?.status !== 'fulfilled') throw outcome?.reason;
  return outcome.value.filter(({ created }) => created).map(({ run }) => run.id);
}

async function succeed(id: string): Promise<void> {
  await world.drive(id);
  await world.finish('FINISHED', { rows: [1, 1] });
  expect(world.run(id)?.state).toBe('SUCCEEDED');
}

const wakes = (id: string): number =>
  world.published.filter((entry) => entry.type === 'Run Woken' && entry.detail['runId'] === id).length;

describe('a schedule that is due', () => {
  it('starts one run with the time when it was due, and wakes it', async () => {
    const run = await due('2026-11-24T06:00:00.000Z');
    expect(storedRun(run)).toMatchObject({
      pipeline: 'nightly',
      state: 'QUEUED',
      trigger: { kind: 'schedule', time: '2026-11-24T06:00:00.000Z', schedule: 'cron(0 6 * * ? *)' },
    });
    expect(run.id).toMatch(/^nightly-[a-z2-7]{26}$/);
    expect(wakes(run.id)).toBe(1);
    await succeed(run.id);
  });

  it('delivered again starts no second run, and wakes the first once, when it got its slot', async () => {
    const first = await due('2026-11-24T06:00:00.000Z');
    expect((await due('2026-11-24T06:00:00.000Z')).id).toBe(first.id);
    expect(wakes(first.id)).toBe(1);
    await succeed(first.id);
    expect((await due('2026-11-24T06:00:00.000Z')).id).toBe(first.id);
    expect(wakes(first.id)).toBe(1);
    expect(await world.store.listRuns('nightly', 10)).toHaveLength(1);
  });

  it('at another time starts another run, and the older one runs first', async () => {
    const second = await due('2026-11-25T06:00:00.000Z');
    const first = await due('2026-11-24T06:00:00.000Z');
    expect(first.id).not.toBe(second.id);
    expect(await world.store.findQueued('nightly', 1)).toEqual([first.id]);
  });

  it('by two expressions at the same time starts one run', async () => {
    const first = await due('2026-11-24T06:00:00.000Z');
    const second = await due('2026-11-24T06:00:00.000Z', today, 'rate(1 day)');
    expect(second.id).toBe(first.id);
    expect(second.trigger).toMatchObject({ schedule: 'cron(0 6 * * ? *)' });
  });

  it('starts a run with an id that other stages do not use', async () => {
    const here = await due('2026-11-24T06:00:00.000Z');
    const other = new World();
    const settings = { ...other.ports.settings, stage: 'other' };
    const news = { pipeline: 'nightly', expression: 'rate(1 day)', time: '2026-11-24T06:00:00.000Z' };
    const { run } = await startScheduled(news, { ...other.engine(today), settings });
    expect(run.id).not.toBe(here.id);
  });

  it('is refused if its pipeline no longer exists or no longer has a schedule', async () => {
    await expect(due('2026-11-24T06:00:00.000Z', [report])).rejects.toThrow(
      'cron(0 6 * * ? *) was due at 2026-11-24T06:00:00.000Z, but pipeline nightly no longer exists',
    );
    const byFile = { ...nightly, triggers: [{ kind: 's3' as const, prefix: 'in/', suffix: '' }] };
    await expect(due('2026-11-24T06:00:00.000Z', [byFile])).rejects.toThrow(
      'but pipeline nightly no longer has a schedule',
    );
    expect(await world.store.listRuns('nightly', 10)).toEqual([]);
  });
});

describe('a run that succeeded', () => {
  it('starts one run of each downstream pipeline, with its own id and the time of the upstream run', async () => {
    const upstream = await due('2026-11-24T06:00:00.000Z');
    await succeed(upstream.id);
    const [id = '', ...more] = await follow(upstream.id);
    expect(more).toEqual([]);
    const run = await world.store.load(id);
    expect(run).toMatchObject({
      pipeline: 'report',
      trigger: {
        kind: 'pipeline',
        time: '2026-11-24T06:00:00.000Z',
        upstream: { pipeline: 'nightly', runId: upstream.id },
      },
    });
    expect(wakes(id)).toBe(1);
    await succeed(id);
    const [mailed = ''] = await follow(id);
    expect((await world.store.load(mailed))?.trigger).toEqual({
      kind: 'pipeline',
      time: '2026-11-24T06:00:00.000Z',
      upstream: { pipeline: 'report', runId: id },
    });
    expect(await follow(mailed).catch((error: unknown) => String(error))).toContain('it is QUEUED');
  });

  it('starts nothing more if its event is delivered again, or published again after a resume', async () => {
    const upstream = await due('2026-11-24T06:00:00.000Z');
    await succeed(upstream.id);
    expect(await follow(upstream.id)).toHaveLength(1);
    expect(await follow(upstream.id)).toEqual([]);
    expect(await world.store.listRuns('report', 10)).toHaveLength(1);
  });

  it('is trusted only if the table confirms it', async () => {
    const upstream = await due('2026-11-24T06:00:00.000Z');
    await expect(follow(upstream.id)).rejects.toThrow(
      `received "Run Succeeded" for run ${upstream.id}, but it is QUEUED`,
    );
    await expect(follow('nightly-invented')).rejects.toThrow(
      'received "Run Succeeded" for run nightly-invented, but it does not exist',
    );
    expect(await world.store.listRuns('report', 10)).toEqual([]);
  });

  it('without downstream pipelines is not an error', async () => {
    const upstream = await due('2026-11-24T06:00:00.000Z');
    await succeed(upstream.id);
    const started = await startFollowing(upstream.id, world.engine([nightly]));
    expect(started).toEqual([]);
    expect(world.logs).toContain('info no pipeline starts after this run');
  });

  it('passes its id on as :upstream_run_id, which is NULL in a run that a person starts', async () => {
    const parts = ['SELECT ', { param: 'upstream_run_id' }, ', ', { param: 'event_time' }];
    const asked: Plan = planOf([{ statements: [{ parts }] }], nameOf(report));
    const [step] = asked.steps;
    if (step === undefined) throw new Error('no step');
    const sql = (run: Run): string =>
      statementsOf(run, asked, step, world.ports.settings)[0]?.split('\n')[1] ?? '';
    const upstream = await due('2026-11-24T06:00:00.000Z');
    await succeed(upstream.id);
    const [chained] = await startFollowing(upstream.id, world.engine([asked]));
    if (chained === undefined) throw new Error('nothing was started');
    expect(sql(chained.run)).toBe(`SELECT '${upstream.id}', '2026-11-24 06:00:00.000'`);
    const request = { verb: 'start' as const, requestId: 'r1', pipeline: 'report', actor: 'me' };
    const answer = await operate(request, world.engine([asked]));
    const byHand = answer.ok ? await world.store.load(answer.runId) : undefined;
    if (byHand === undefined) throw new Error('not started');
    expect(sql(byHand)).toMatch(/^SELECT NULL, '/);
  });
});

describe('an event of the bus', () => {
  const shop = pipeline('shop', {
    kind: 'event',
    pattern: { source: ['shop.orders'], 'detail-type': ['Order Placed'] },
  });
  const arrived: BusEvent = {
    pipeline: 'shop',
    id: 'e-1',
    source: 'shop.orders',
    detailType: 'Order Placed',
    time: '2026-11-24T06:00:00.000Z',
    json: '{"id":"e-1","detail":{"customer":"O\'Neill"}}',
    isOwn: false,
  };
  const start = async (more: Partial<BusEvent> = {}, plan: Plan = shop): Promise<Run | undefined> => {
    const event = { ...arrived, ...more };
    return (await startByEvent(event, world.engine([plan])))?.run;
  };
  const ids = async (): Promise<string[]> => (await world.store.listRuns('shop', 10)).map(({ id }) => id);

  it('starts one run with its own time, however often it is delivered', async () => {
    const run = await start();
    expect(run).toMatchObject({
      pipeline: 'shop',
      trigger: {
        kind: 'event',
        time: '2026-11-24T06:00:00.000Z',
        event: { id: 'e-1', source: 'shop.orders', detailType: 'Order Placed', json: arrived.json },
      },
    });
    await start();
    await start({ replayName: 'again' });
    expect(await ids()).toEqual([run?.id]);
    await start({ id: 'e-2' });
    expect(await ids()).toHaveLength(2);
  });

  it('that is replayed resumes its failed run or starts a new one, depending on onReplay', async () => {
    const run = await start();
    await world.drive(run?.id ?? '');
    await world.finish('FAILED', { error: 'ERROR: relation "t" does not exist' });
    expect(world.run(run?.id ?? '')?.state).toBe('FAILED');
    await start({ replayName: 'again' });
    expect(world.run(run?.id ?? '')?.state).toBe('RUNNING');
    const rerun = await start({ replayName: 'once more' }, { ...shop, onReplay: 'rerun' });
    expect(rerun?.id).not.toBe(run?.id);
  });

  it('is :event in the SQL as a literal, and NULL in a run that a person starts', async () => {
    const asked: Plan = planOf([{ statements: [{ parts: ['SELECT ', { param: 'event' }] }] }], nameOf(shop));
    const [step] = asked.steps;
    if (step === undefined) throw new Error('no step');
    const sql = (run: Run): string =>
      statementsOf(run, asked, step, world.ports.settings)[0]?.split('\n')[1] ?? '';
    const run = await start({}, asked);
    if (run === undefined) throw new Error('not started');
    expect(sql(run)).toBe(`SELECT '{"id":"e-1","detail":{"customer":"O''Neill"}}'`);
    const request = { verb: 'start' as const, requestId: 'r1', pipeline: 'shop', actor: 'me' };
    const answer = await operate(request, world.engine([asked]));
    const byHand = answer.ok ? await world.store.load(answer.runId) : undefined;
    if (byHand === undefined) throw new Error('not started');
    expect(sql(byHand)).toBe('SELECT NULL');
  });

  it.each([
    [{ pipeline: 'gone' }, 'event "Order Placed" from shop.orders (e-1), but pipeline gone no longer exists'],
    [{ source: 'shop.old' }, 'from shop.old (e-1), but pipeline shop no longer has a trigger for it'],
    [
      { detailType: 'Order Lost' },
      'event "Order Lost" from shop.orders (e-1), but pipeline shop no longer has',
    ],
  ])('that no pipeline has a trigger for is refused: %j', async (more, reason) => {
    await expect(start(more)).rejects.toThrow(reason);
    expect(world.store.runs.size).toBe(0);
  });

  it('that was caused by a run itself is ignored, since each run would start the next', async () => {
    const everything = pipeline('shop', {
      kind: 'event',
      pattern: { source: ['aws.redshift-data', 'aws.s3'] },
    });
    const own = (detail: object, source = 'aws.redshift-data'): BusEvent => {
      const event = { id: 'e', source, 'detail-type': 'T', time: '2026-11-24T06:00:00Z', detail };
      const envelope = { source: EVENT_SOURCE, stage: 'dev', pipeline: 'shop', event };
      return parseBusEvent(envelope, 'dev', JSON.stringify(envelope));
    };
    const role = 'arn:aws:sts::1:assumed-role/baton-prod-functions/baton-prod-run-step';
    for (const detail of [
      { statementName: 'baton:prod:x' },
      { principal: role },
      { userIdentity: { arn: role } },
    ])
      expect(await start(own(detail), everything)).toBeUndefined();
    expect(world.store.runs.size).toBe(0);
    expect(await start(own({ statementName: 'nightly' }), everything)).toBeDefined();
  });
});

describe('an s3 trigger with a marker', () => {
  const trigger = { kind: 's3', prefix: 'exports/', suffix: '', marker: '_SUCCESS' } as const;
  const isMatched = (key: string, bucket = 'landing'): boolean =>
    matches(trigger, { bucket, key }, 'landing');

  it.each(['exports/_SUCCESS', 'exports/day=1/_SUCCESS', 'exports/a/b/_SUCCESS'])('matches %s', (key) => {
    expect(isMatched(key)).toBe(true);
    expect(isMatched(key, 'other')).toBe(false);
  });

  it.each([
    'exports/part-0.csv',
    'exports/my_SUCCESS',
    'exports/_SUCCESS/',
    'exports/_SUCCESS/a',
    'exports/_success',
    'other/_SUCCESS',
  ])('does not match %s', (key) => {
    expect(isMatched(key)).toBe(false);
  });

  it('leaves a plain trigger beside it as it is', () => {
    const plain = { kind: 's3', prefix: 'exports/', suffix: '' } as const;
    expect(matches(plain, { bucket: 'landing', key: 'exports/_SUCCESS' }, 'landing')).toBe(true);
  });
});
