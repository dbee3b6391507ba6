/** The calls of a run as `doctor` makes them, and what run-step records of their events. */
import { describe, expect, it } from 'vitest';

import { checkedName, idInName, type Arrival } from '../../shared/engine/check/arrival.ts';
import { checkPath } from '../../shared/engine/check/path.ts';
import { recordArrival } from '../../shared/engine/check/record-arrival.ts';
import type { Engine, Publication } from '../../shared/engine/ports.ts';
import type { Probe } from '../../shared/events/requests.ts';
import { FakeWarehouse } from '../fakes/fake-warehouse.ts';

const ID = 'abcdefghi2';

interface World {
  /** Events that never arrive. */
  readonly lost?: RegExp;
  /** Calls that fail, with their error. */
  readonly failing?: Readonly<Record<string, string>>;
  readonly mayNotPut?: true;
}

function eventOf(detail: object, head: object = {}): unknown {
  return {
    source: 'aws.redshift-data',
    'detail-type': 'Redshift Data Statement Status Change',
    time: '2026-11-24T12:00:01Z',
    detail,
    ...head,
  };
}

/** A stage whose events arrive at once: run-step is called with them. */
class Stage {
  now = Date.parse('2026-11-24T12:00:00Z');
  readonly warehouse = new FakeWarehouse(() => this.now);
  readonly artifacts = new Map<string, string>();
  readonly published: Publication[] = [];
  readonly #world: World;
  #tokens = 0;
  readonly engine: Engine;

  constructor(world: World = {}) {
    this.#world = world;
    this.warehouse.before = (call) => {
      const said = world.failing?.[call];
      if (said !== undefined) throw Object.assign(new Error(said), { name: 'AccessDeniedException' });
    };
    this.engine = {
      settings: { stage: 'dev' },
      warehouse: this.warehouse,
      now: () => this.now,
      randomToken: () => {
        this.#tokens += 1;
        return `${'a'.repeat(8)}${'abcdefg'[this.#tokens] ?? 'z'}2${'b'.repeat(42)}`;
      },
      pause: async (ms: number) => {
        this.now += ms;
        // What runs comes to its end meanwhile, and its event arrives.
        for (const { id, name, sqls } of this.warehouse.underWay()) {
          this.warehouse.end(id, 'FINISHED', { rows: sqls.map(() => 1) });
          await this.#deliver(
            eventOf({
              statementId: id,
              statementName: name,
              state: 'FINISHED',
              rows: sqls.length,
              principal: 'arn:aws:sts::1:assumed-role/baton-dev-functions/baton-dev-operate',
            }),
          );
        }
      },
      files: {
        putArtifact: (key: string, body: string) => {
          if (world.mayNotPut === true) return Promise.reject(new Error('Access Denied'));
          this.artifacts.set(key, body);
          return Promise.resolve();
        },
        getArtifact: (key: string) => Promise.resolve(this.artifacts.get(key)),
      },
      publisher: {
        publish: async (entries: readonly Publication[]) => {
          this.published.push(...entries);
          if (world.failing?.['publish'] !== undefined) throw new Error(world.failing['publish']);
          for (const { source, type, detail } of entries)
            await this.#deliver(eventOf(detail, { source, 'detail-type': type }));
        },
      },
    } as unknown as Engine;
  }

  async #deliver(event: unknown): Promise<void> {
    if (this.#world.lost?.test(JSON.stringify(event)) === true) return;
    // Run-step is another process: its errors do not come here.
    await recordArrival(event, this.engine).catch(() => undefined);
  }

  async probes(): Promise<Probe[]> {
    const probes: Probe[] = [];
    await checkPath(undefined, probes, () => undefined, this.engine);
    return probes;
  }
}

describe('the check of the way of a run', () => {
  it('makes each call of a run once, and sees the events of each arrive', async () => {
    const stage = new Stage();
    const probes = await stage.probes();
    expect(probes.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(probes.map(({ what, about }) => [what, about])).toEqual([
      ['statement', undefined],
      ['transaction', undefined],
      ['list-statements', undefined],
      ['list-sessions', undefined],
      ['cancel', undefined],
      ['put-events', undefined],
      ['completion-event', 'a statement'],
      ['completion-event', 'a transaction'],
      ['wake-up-event', 'a wake-up'],
    ]);
    expect(stage.published).toMatchObject([
      { source: 'baton.request', type: 'Run Woken', detail: { stage: 'dev' } },
    ]);
    // No name of a run, and the session ends.
    const names = stage.warehouse.statements.map(({ name }) => name);
    expect(names.filter((name) => name !== undefined && idInName(name, 'dev') === undefined)).toEqual([]);
    expect([...stage.warehouse.sessions.values()].map((session) => session.keepAliveSeconds)).toEqual([1]);
  });

  it('reports an event that does not arrive, and which one', async () => {
    const probes = await new Stage({ lost: /aws\.redshift-data/ }).probes();
    const bad = probes.filter(({ status }) => status !== 'ok');
    expect(bad).toMatchObject([
      { what: 'completion-event', about: 'a statement', said: 'did not reach run-step within 8 s' },
      { what: 'completion-event', about: 'a transaction', said: 'did not reach run-step within 8 s' },
    ]);
    const woken = await new Stage({ lost: /Run Woken/ }).probes();
    expect(woken.filter(({ status }) => status !== 'ok')).toMatchObject([
      { what: 'wake-up-event', status: 'failed' },
    ]);
  });

  it.each([
    ['submit', ['statement', 'transaction', 'list-statements']],
    ['findByName', ['list-statements']],
    ['session', ['list-sessions']],
    ['cancel', ['cancel']],
    ['publish', ['put-events']],
  ])('reports that %s is denied, and makes the other calls', async (call, expected) => {
    const probes = await new Stage({ failing: { [call]: 'not you' } }).probes();
    const bad = probes.filter(({ status }) => status !== 'ok');
    expect(bad.map(({ what }) => what)).toEqual(expected);
    expect(bad[0]?.said).toContain('not you');
  });

  it('reports events as unknown, and not as lost, if nothing can be noted in the artifacts bucket', async () => {
    const probes = await new Stage({ mayNotPut: true }).probes();
    const bad = probes.filter(({ status }) => status !== 'ok');
    expect(bad.map(({ what, status }) => [what, status])).toEqual([
      ['completion-event', 'unsure'],
      ['completion-event', 'unsure'],
      ['wake-up-event', 'unsure'],
    ]);
  });

  it('leaves the sign-in to the check of the warehouse', async () => {
    expect(await new Stage({ failing: { open: 'not you' } }).probes()).toEqual([]);
  });
});

describe('run-step', () => {
  const record = async (event: unknown): Promise<Arrival | undefined> => {
    const stage = new Stage();
    const recorded = await recordArrival(event, stage.engine);
    const notes = [...stage.artifacts.values()];
    expect(notes.length).toBe(recorded ? 1 : 0);
    return notes[0] === undefined ? undefined : (JSON.parse(notes[0]) as Arrival);
  };

  it('records an event of a check: when it came, what it says, and what DescribeStatement says then', async () => {
    const detail = { statementName: checkedName('dev', ID), statementId: 'gone', state: 'FAILED', rows: -1 };
    expect(await record(eventOf({ ...detail, principal: 'p' }))).toEqual({
      receivedAt: Date.parse('2026-11-24T12:00:00Z'),
      eventAt: Date.parse('2026-11-24T12:00:01Z'),
      statementId: 'gone',
      state: 'FAILED',
      rows: -1,
      principal: 'p',
      described: 'NOT_FOUND',
    });
  });

  it.each([
    ['of another stage', eventOf({ statementName: checkedName('prod', ID) })],
    ['of a run', eventOf({ statementName: 'baton:dev:stores-x:1:0:1:1:aaaaaaaaaa;' })],
    ['with an id that would lead elsewhere', eventOf({ statementName: checkedName('dev', '../../evil') })],
    ['that is replayed', eventOf({ statementName: checkedName('dev', ID) }, { 'replay-name': 'r' })],
    ['of another source', eventOf({ statementName: checkedName('dev', ID) }, { source: 'somebody' })],
    ['of a wake-up of another stage', eventOf({ stage: 'prod', check: ID }, { source: 'baton.request' })],
    ['of a wake-up of a run', eventOf({ stage: 'dev', runId: 'x' }, { source: 'baton.request' })],
    ['that is none', 'no event'],
  ])('records no event %s', async (_what, event) => {
    expect(await record(event)).toBeUndefined();
  });
});
