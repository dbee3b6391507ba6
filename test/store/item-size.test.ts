import { describe, expect, it } from 'vitest';

import type { Run } from '../../shared/run/run.ts';
import { itemSize } from '../../shared/store/item-size.ts';
import { runItem } from '../../shared/store/run-item.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { isLarge, triggerItem } from '../../shared/store/trigger-item.ts';
import { changed, runOf } from '../fakes/run-of.ts';

const AT = '2026-11-24T08:00:00.123Z';

const STEPS = ['10_stage_products.sql', '30_load_products.sql', '40_merge_products.sql'];

interface Ordinary {
  readonly pipeline: string;
  readonly bucket: string;
  readonly key: string;
  readonly steps: number;
  readonly hasVersion: boolean;
}

/** As `start-run` creates it. */
function created({ pipeline, bucket, key, steps, hasVersion }: Ordinary): Run {
  const file = { bucket, key, size: 123_456_789, etag: 'd'.repeat(32), sequencer: '0'.repeat(18) };
  const run = runOf({
    id: `${pipeline}-${'a'.repeat(26)}`,
    pipeline,
    planHash: 'b'.repeat(32),
    steps,
    incarnationId: 'c'.repeat(32),
    trigger: {
      kind: 's3',
      time: '2026-11-24T08:00:00Z',
      file: { ...file, ...(hasVersion && { versionId: 'v'.repeat(32) }) },
    },
    step: '10_stage_products.sql',
    createdAt: AT,
    writerId: '0'.repeat(18),
  });
  return { ...run, ...(isLarge(run, STEPS) && { triggerApart: true }) };
}

/** Every kind of write between its slot and its end. */
function onItsWay(run: Run, hasVersion: boolean): readonly Run[] {
  const active: Partial<StoredRun> = {
    state: 'RUNNING',
    nextCheckAt: 1_790_000_123,
    sessionId: 'e'.repeat(36),
    pid: 1_073_741,
    slot: true,
    epoch: 12_345,
    startedAt: AT,
    timeoutFrom: AT,
    version: 112,
    cursor: 3,
    step: '40_merge_products.sql',
  };
  const claim = { token: 'f'.repeat(26), claimedAt: AT };
  const lastStep = {
    index: 2,
    name: '30_load_products.sql',
    generation: 1,
    attempt: 1,
    status: 'FINISHED' as const,
    startedAt: AT,
    endedAt: AT,
    statementId: '0'.repeat(36),
    rows: 1_234_567,
  };
  const loading = { fileAtClaim: hasVersion ? {} : { modified: '2026-11-24T08:00:00.000Z' } };
  return [
    changed(run, { ...active, phase: 'READY' }),
    changed(run, { ...active, ...claim, ...loading, phase: 'CLAIMED' }),
    changed(run, { ...active, ...claim, phase: 'CLAIMED', lastStep }),
    changed(run, {
      ...active,
      ...claim,
      ...loading,
      phase: 'SUBMITTED',
      statementId: '0'.repeat(36),
      submittedAt: AT,
    }),
    changed(run, {
      ...active,
      state: 'SUCCEEDED',
      endedAt: AT,
      lastStep,
      pendingActions: ['history', 'release', 'wake', 'publish', 'close'],
    }),
  ];
}

describe('the size of an item', () => {
  it.each<[number, Record<string, unknown>]>([
    [5, { a: 'text' }],
    [6, { é: 'text' }],
    [1, { a: '' }],
    [3, { a: 7 }],
    [3, { a: 99 }],
    [2, { a: 0 }],
    [3, { a: 1_000 }],
    [4, { a: -12 }],
    [7, { n: 1_790_000_123 }],
    [2, { a: true }],
    [4, { a: {} }],
    [4 + 1 + 1 + 4, { a: { b: 'text' } }],
    [4 + 1 + 2 + 1 + 2, { a: [7, 99] }],
    [0, { a: undefined }],
  ])('is %i bytes, as DynamoDB counts it', (bytes, item) => {
    expect(itemSize(item)).toBe(bytes);
  });
});

describe('the item of a file run', () => {
  const keys = [10, 50, 120, 400, 1_024].map((length) => 'k'.repeat(length));
  const ordinary = [6, 17, 40].flatMap((name) =>
    [17, 63].flatMap((bucket) =>
      keys.flatMap((key) =>
        [3, 10, 20].flatMap((steps) =>
          [true, false].map((hasVersion) => ({
            pipeline: 'p'.repeat(name),
            bucket: 'b'.repeat(bucket),
            key,
            steps,
            hasVersion,
          })),
        ),
      ),
    ),
  );

  it('is below 1 KB at every write of an ordinary run, with keys of up to 1,024 bytes', () => {
    const over: string[] = [];
    for (const one of ordinary) {
      const run = created(one);
      for (const next of [run, ...onItsWay(run, one.hasVersion)]) {
        // How its steps are handed on, how long they took, and the size of a group.
        const more = next === run ? 0 : 21 + 5 * one.steps;
        const size = itemSize(runItem(next)) + more;
        const { pipeline, bucket, key, steps } = one;
        if (size > 1_024)
          over.push(`${pipeline.length} ${bucket.length} ${key.length} ${steps} ${next.life.state}: ${size}`);
      }
    }
    expect(over).toEqual([]);
  });

  it('keeps what started a small run with it, and stores it apart where that would cost every write a unit more', () => {
    const small = { pipeline: 'stores', bucket: 'landing', key: 's/a.csv', steps: 3, hasVersion: false };
    expect(created(small).triggerApart).toBeUndefined();
    expect(runItem(created(small))).toMatchObject({ fileKey: 's/a.csv 1795507200', schema: 2 });
    const large = created({ ...small, key: 'k'.repeat(1_024) });
    expect(large.triggerApart).toBe(true);
    const item = runItem(large);
    for (const name of ['trigger', 'parameters', 'fileKey', 'triggerApart'])
      expect(item).not.toHaveProperty(name);
    expect(item['schema']).toBe(4);
    expect(triggerItem(large, undefined)).toMatchObject({
      pk: item['pk'],
      sk: 'trigger',
      pipeline: 'stores',
      trigger: large.trigger,
      parameters: {},
    });
  });
});
