/** Whatever the ports answer and people write: every item stays small enough to be stored, and is well-formed text. */
import { marshall } from '@aws-sdk/util-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { startOrReplay } from '../../shared/engine/start-or-replay.ts';
import { operate } from '../../shared/engine/operate.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import { parseRequest } from '../../shared/events/parse-request.ts';
import { MOST_EVENT_BYTES } from '../../shared/pipeline/triggers/event-size.ts';
import type { Run } from '../../shared/run/run.ts';
import { historyKey, poolKey, runItem } from '../../shared/store/run-item.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const MOST_BYTES = 32 * 1024;

/** As DynamoDB counts (developer guide: item sizes and formats); numbers at their longest. */
function bytesOf(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return 21;
  if (value.L !== undefined) return value.L.reduce((sum, item) => sum + bytesOf(item) + 1, 3);
  if (value.M !== undefined) return itemBytes(value.M) + 3;
  return 1;
}

function itemBytes(item: Record<string, AttributeValue>): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOf(value) + 1,
    0,
  );
}

/** What is wrong with an item; undefined where it can be stored. */
function wrongWith(item: object): string | undefined {
  // JSON escapes half of a surrogate pair, and nothing else of that kind.
  if (/(?<!\\)(?:\\\\)*\\u(?:d[89a-f])/i.test(JSON.stringify(item))) return 'half of a surrogate pair';
  const bytes = itemBytes(marshall(item, { removeUndefinedValues: true }));
  return bytes < MOST_BYTES ? undefined : `${bytes} bytes`;
}

const UNITS = ['x', 'é', '€', '😀', '\uD83D', '\uDE00', 'a\n', '\0', '"\\', '… [cut: 9 bytes]'];
const long = fc
  .tuple(
    fc.array(fc.constantFrom(...UNITS), { minLength: 1, maxLength: 6 }),
    fc.constantFrom(1, 40, 300, 2_700, 20_000, 200_000),
  )
  .map(([units, times]) => units.join('').repeat(times));

/** A text of exactly so many bytes, of characters of one to four. */
const upTo = (bytes: number) =>
  fc.constantFrom('x', 'é', '😀').map((unit) => unit.repeat(Math.floor(bytes / Buffer.byteLength(unit))));

const errors = fc
  .tuple(
    fc.constantFrom(
      'ERROR: syntax error at or near ',
      "ERROR: Load into table 'stage' failed. Check 'sys_load_error_detail' for details. ",
      'ERROR: permission denied for relation ',
      'ERROR: 1023 serializable isolation violation on table ',
      'ERROR: the connection was lost ',
      'An I/O error occurred while sending to the backend. ',
      'ERROR: cluster is resizing, please try again ',
      '',
    ),
    long,
  )
  .map(([start, rest]) => `${start}${rest}`);

type Move = (world: World, runId: string) => Promise<unknown>;

const ask = (world: World, request: object): Promise<unknown> => {
  const parsed = parseRequest(request);
  if (
    parsed.verb === 'check' ||
    parsed.verb === 'probe' ||
    parsed.verb === 'pause' ||
    parsed.verb === 'unpause'
  )
    throw new Error('not asked here');
  if (parsed.verb === 'backfill' || parsed.verb === 'start-due' || parsed.verb === 'query')
    throw new Error('not asked here');
  return operate(parsed, world.engine([plan]));
};

const plan = planOf(
  [
    { name: '10_stage.sql' },
    { name: '20_load.sql', usesFile: true },
    { name: '30_check.sql', kind: 'check', expect: 'no_rows' },
    { name: '40_commit.sql', kind: 'durable' },
    { name: '50_call.sql', kind: 'opaque', verify: { parts: ['SELECT done FROM t'] } },
    { name: `60_${'é'.repeat(120)}.sql`, kind: 'durable' },
  ],
  { parameters: [{ name: 'region', type: 'string', default: 'eu' }], concurrency: 1 },
);

const who = fc.record({ requestId: upTo(250), actor: upTo(256), reason: upTo(1_000) });

const moves: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Move>(async (world, runId) => world.drive(runId)) },
  {
    weight: 4,
    arbitrary: fc.constant<Move>(async (world) =>
      world.warehouse.running() === undefined ? undefined : world.finish(),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom('FAILED' as const, 'ABORTED' as const), errors).map(
      ([status, error]): Move =>
        async (world) =>
          world.warehouse.running() === undefined ? undefined : world.finish(status, { error }),
    ),
  },
  fc
    .tuple(
      fc.array(long, { maxLength: 5 }),
      fc.array(fc.array(fc.option(long), { maxLength: 5 }), { maxLength: 12 }),
    )
    .map(([columns, rows]): Move => async ({ warehouse }) => {
      warehouse.results.unshift({ match: '', columns, rows });
    }),
  fc
    .tuple(
      fc.constantFrom('open', 'submit', 'describe', 'session', 'ask', 'runSmall', 'result'),
      fc.constantFrom('ThrottlingException', 'ValidationException', 'AccessDeniedException', 'TimeoutError'),
      long,
    )
    .map(([call, name, message]): Move => async ({ warehouse }) => {
      warehouse.before = (noted) => {
        if (noted === call) throw Object.assign(new Error(message), { name });
      };
    }),
  fc.constant<Move>(async ({ warehouse }) => {
    warehouse.before = () => undefined;
  }),
  fc.boolean().map((committed): Move => async ({ warehouse }) => {
    for (const { id } of warehouse.sessions.values())
      warehouse.kill(id, { committed, forgotten: !committed });
  }),
  fc.tuple(fc.constantFrom('resume', 'cancel'), who).map(
    ([verb, said]): Move =>
      async (world, runId) =>
        ask(world, { verb, runId, ...said }),
  ),
  fc.tuple(fc.constantFrom('applied', 'not-applied'), who).map(
    ([verdict, said]): Move =>
      async (world, runId) =>
        ask(world, { verb: 'resolve', runId, verdict, ...said }),
  ),
  upTo(250).chain((name) =>
    fc.nat(20).map((n): Move => async (world) => {
      const [file] = world.objects.values();
      if (file === undefined) return;
      const created = { file, time: '2026-11-24T08:00:00.000Z', replayName: `${name}${n}` };
      await admit(created, world.engine([plan]));
    }),
  ),
  fc.constantFrom(30_000, 100_000, 4_000_000).map((ms): Move => async (world) => {
    world.time += ms;
    await sweep(world.engine());
  }),
);

const files = fc
  .tuple(upTo(1_013), upTo(1_024), upTo(256))
  .map(([key, versionId, etag]) => fileOf(`orders/${key}.csv`, { versionId, etag }));

it('a run stays storable even if the ports return megabytes', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      files,
      upTo(4_090),
      upTo(MOST_EVENT_BYTES),
      who,
      fc.array(moves, { minLength: 10, maxLength: 40 }),
      async (file, region, json, said, script) => {
        const world = new World();
        world.put(file);
        const wrong: string[] = [];
        const look = (what: string, item: object): void => {
          const problem = wrongWith(item);
          if (problem !== undefined) wrong.push(`${what}: ${problem}`);
        };
        world.store.stored = (run: Run) => {
          look(`run ${run.life.state}`, runItem(run));
        };
        const put = world.store.putHistory.bind(world.store);
        world.store.putHistory = async (runId, row) => {
          look(`row of ${row.name}`, { ...historyKey(runId, row), ...row, expiresAt: 1 });
          await put(runId, row);
        };
        const uri = `s3://${file.bucket}/${file.key}`;
        const request = { verb: 'start', pipeline: 'orders', file: uri, parameters: { region }, ...said };
        expect(await ask(world, request)).toMatchObject({ ok: true });
        const engine = world.engine([plan]);
        await admit({ file, time: '2026-11-24T08:00:00.000Z' }, engine);
        const event = { id: 'x'.repeat(256), source: 'x'.repeat(256), detailType: 'x'.repeat(256), json };
        await startOrReplay(plan, { kind: 'event', time: '2026-11-24T08:00:00.000Z', event }, engine);
        const ids = [...world.store.runs.keys()];
        expect(ids).toHaveLength(3);
        for (const [i, move] of script.entries()) {
          // What a port throws beyond its contract is left to the sweep, which notes it on the run.
          await move(world, ids[i % 3] ?? '').catch(() => undefined);
        }
        for (const [pipeline, pool] of world.store.pools) look('pool', { ...poolKey(pipeline), ...pool });
        expect(wrong).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});
