/** What the functions' own role finds out about rights and places, over a warehouse that answers from a table. */
import { describe, expect, it, vi } from 'vitest';

import { checkStage } from '../../shared/engine/check-stage.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import type { Probe } from '../../shared/events/requests.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Refusal } from '../../shared/run/run-event.ts';

// Has tests of its own: check-path.test.ts.
vi.mock('../../shared/engine/check/path.ts', () => ({ checkPath: () => Promise.resolve() }));

const PLAN = {
  pipeline: 'stores',
  hash: 'h',
  triggers: [
    { kind: 's3', prefix: 'stores/', suffix: '.csv' },
    { kind: 's3', bucket: 'other', prefix: '', suffix: '' },
  ],
  steps: [
    {
      lineage: {
        reads: ['mart.regions', 'unqualified', 'pg_catalog.pg_class', 'other_database.mart.x'],
        writes: ['mart.stores', 'mart.made'],
        redefines: ['mart.made'],
        shapes: ['mart.shape'],
      },
    },
  ],
} as unknown as Plan;

/** What a file that is not there is answered with. */
const MISSING = 'Mandatory url is not present in manifest file: it does not exist';

const UNAVAILABLE: Refusal = {
  reason: 'session-unavailable',
  class: 'session-lost',
  message: 'not available',
};

interface World {
  /** The error of a statement that matches. */
  readonly failing?: readonly (readonly [RegExp, string])[];
  readonly refused?: Refusal;
  readonly mayNot?: 'find' | 'put';
  readonly has?: boolean;
  readonly remainingMs?: number;
  /** The warehouse does not answer in time. */
  readonly late?: true;
  /** How often the session is refused first. */
  readonly busy?: number;
  /** A failed statement ends its session. */
  readonly fragile?: true;
}

async function probesOf(world: World = {}, plans: readonly Plan[] = [PLAN]) {
  const sent: string[] = [];
  const opened: (string | undefined)[] = [];
  let busy = world.busy ?? 0;
  let isClosed = false;
  const failing: World['failing'] = [...(world.failing ?? []), [/manifests\/baton-check-\d/, MISSING]];
  const engine = {
    plans: { all: () => plans },
    driver: { id: 'd', remainingMs: () => world.remainingMs ?? 25_000 },
    settings: {
      stage: 'dev',
      service: 'baton',
      landingBucket: 'landing',
      artifactsBucket: 'artifacts',
      copyRole: "arn:aws:iam::1:role/it's",
    },
    now: () => 1000,
    // A session's pauses are short; the time of the whole check is over only where a test says so.
    pause: (ms: number) => (ms < 1000 || world.late === true ? Promise.resolve() : new Promise(() => {})),
    files: {
      find: () =>
        world.mayNot === 'find' ? Promise.reject(new Error('Forbidden')) : Promise.resolve(undefined),
      putArtifact: (key: string) => {
        sent.push(`PUT ${key}`);
        return world.mayNot === 'put' ? Promise.reject(new Error('AccessDenied')) : Promise.resolve();
      },
    },
    warehouse: {
      open: ({ warehouse }: { warehouse?: string }) => {
        opened.push(warehouse);
        isClosed = false;
        if (world.late === true) return new Promise(() => {});
        return Promise.resolve(
          world.refused === undefined
            ? { ok: true, value: { sessionId: 's' } }
            : { ok: false, refusal: world.refused },
        );
      },
      runSmall: (_session: string, sql: string, keepAlive: number) => {
        if (busy > 0) {
          busy -= 1;
          return Promise.resolve({ ok: false, refusal: UNAVAILABLE });
        }
        if (isClosed) return Promise.resolve({ ok: false, refusal: UNAVAILABLE });
        sent.push(keepAlive === 1 ? 'CLOSE' : sql);
        const error = failing.find(([pattern]) => pattern.test(sql))?.[1];
        if (error !== undefined && world.fragile === true) isClosed = true;
        const end = error === undefined ? { status: 'FINISHED' } : { status: 'FAILED', error };
        return Promise.resolve({ ok: true, value: { statementId: 'id', ...end } });
      },
      session: () => Promise.resolve(isClosed ? 'CLOSED' : 'AVAILABLE'),
      result: () => Promise.resolve({ columns: ['x'], rows: [[String(world.has ?? true)]], total: 1 }),
    },
  } as unknown as Engine;
  const answer = await checkStage(engine);
  return { answer, sent, opened, bad: answer.probes.filter(({ status }) => status !== 'ok') };
}

function named(probes: readonly Probe[]): (readonly (string | undefined)[])[] {
  return probes.map(({ what, about }) => [what, about]);
}

describe('the check of a stage', () => {
  it('on a healthy stage probes files, warehouse, tables with their schema, and COPY', async () => {
    const { answer, bad, sent } = await probesOf();
    expect(bad).toEqual([]);
    expect(named(answer.probes)).toEqual([
      ['files', 's3://landing/stores/'],
      ['files', 's3://other/'],
      ['sign-in', undefined],
      ['marker', undefined],
      ['transactions', undefined],
      ['load-errors', undefined],
      ['table', 'mart.regions'],
      ['table', 'mart.shape'],
      ['table', 'mart.stores'],
      ['temporary-tables', undefined],
      ['copy', 's3://artifacts/'],
      ['copy', 's3://landing/stores/'],
      ['copy', 's3://other/'],
    ]);
    expect(answer.pipelines).toEqual([{ pipeline: 'stores', hash: 'h' }]);
    expect(answer.buckets).toEqual({ artifacts: 'artifacts', files: ['landing', 'other'] });
    expect(sent.at(-1)).toBe('CLOSE');
  });

  it('has no lasting effect: an INSERT of no row, a temporary table, COPY with NOLOAD, its own sample objects', async () => {
    const { sent } = await probesOf();
    const lasting = sent.filter((sql) => !/^(?:SELECT|CREATE TEMP TABLE|CLOSE$)/.test(sql));
    for (const sql of lasting) {
      expect(sql).toMatch(/^INSERT .* WHERE 1 = 0$|^COPY baton_check .* NOLOAD$|^PUT manifests\/baton-check/);
    }
    expect(lasting.some((sql) => sql.includes(String.raw`IAM_ROLE 'arn:aws:iam::1:role/it''s'`))).toBe(true);
  });

  it('stops after the sign-in if the functions cannot sign in', async () => {
    const refused: Refusal = { reason: 'rejected', class: 'permission', message: 'not you' };
    const { answer, bad } = await probesOf({ refused });
    expect(bad).toMatchObject([{ what: 'sign-in', status: 'failed', said: 'not you' }]);
    expect(answer.probes).toHaveLength(3);
  });

  it('reports the error of a rejected statement, and continues', async () => {
    const { bad, answer } = await probesOf({ failing: [[/step_marker/, 'relation does not exist']] });
    expect(bad).toMatchObject([{ what: 'marker', status: 'failed', said: 'relation does not exist' }]);
    expect(answer.probes).toHaveLength(13);
  });

  it('reports a missing privilege to read or to change a table', async () => {
    const denied = 'permission denied for relation regions';
    const { bad } = await probesOf({ has: false, failing: [[/FROM mart\.regions /, denied]] });
    expect(bad.map(({ about, said }) => [about, said])).toEqual([
      ['mart.regions', denied],
      ['mart.stores', 'no INSERT, UPDATE or DELETE privilege'],
    ]);
  });

  it('treats "denied" as a missing permission of COPY, "not found" as ok, and any other error as inconclusive', async () => {
    const outcome = async (said: string) => {
      const { answer } = await probesOf({ failing: [[/manifests\/baton-check-1/, said]] });
      return answer.probes.find(({ what, about }) => what === 'copy' && about === 's3://landing/stores/');
    };
    const denied = 'S3ServiceException:Access Denied,Status 403,Error AccessDenied';
    expect(await outcome(denied)).toMatchObject({ status: 'failed', said: denied });
    expect(await outcome('S3ServiceException: ...,Status 404,Error NoSuchKey')).toMatchObject({
      status: 'ok',
    });
    expect(await outcome('something new')).toMatchObject({ status: 'unsure', said: 'something new' });
  });

  it('skips the other COPY probes if the artifacts cannot be read or written', async () => {
    const unread = await probesOf({ failing: [[/baton-check\.manifest/, 'Access Denied']] });
    expect(named(unread.bad)).toEqual([['copy', 's3://artifacts/']]);
    const unwritten = await probesOf({ mayNot: 'put' });
    expect(named(unwritten.bad)).toEqual([['artifacts', 's3://artifacts/']]);
  });

  it('reports buckets whose files the functions may not read', async () => {
    const { bad } = await probesOf({ mayNot: 'find' });
    expect(bad).toMatchObject([
      { what: 'files', about: 's3://landing/stores/', said: 'Error: Forbidden' },
      { what: 'files', about: 's3://other/' },
    ]);
  });

  it('reports a warehouse that does not answer in time', async () => {
    const { answer, bad } = await probesOf({ late: true });
    expect(bad).toMatchObject([{ what: 'sign-in', status: 'failed', said: 'no answer within 0 s' }]);
    expect(answer.pipelines).toHaveLength(1);
  });

  it('skips probes when little time is left, and reports that', async () => {
    const { bad, sent } = await probesOf({ remainingMs: 7000 });
    expect(new Set(bad.map(({ status }) => status))).toEqual(new Set(['unsure']));
    expect(sent).toEqual(['CLOSE']);
  });

  it('retries while its session is still busy', async () => {
    expect((await probesOf({ busy: 3 })).bad).toEqual([]);
  });

  it('continues in a new session, with its sample table, where a failed statement ends the session', async () => {
    const { bad, opened, sent } = await probesOf({
      fragile: true,
      failing: [[/step_marker/, 'no such table']],
    });
    expect(bad.map(({ what, said }) => [what, said])).toEqual([['marker', 'no such table']]);
    // After the marker and after each COPY of a file that is not there.
    expect(opened).toHaveLength(4);
    expect(sent.filter((sql) => sql.startsWith('CREATE TEMP TABLE'))).toHaveLength(3);
  });

  it('checks each warehouse that pipelines name, and always the stage’s own', async () => {
    const { opened, answer } = await probesOf({}, [{ ...PLAN, warehouse: 'second' }]);
    expect(opened).toEqual([undefined, 'second']);
    const tables = answer.probes.filter(({ what }) => what === 'table');
    expect(new Set(tables.map(({ warehouse }) => warehouse))).toEqual(new Set(['second']));
  });
});
