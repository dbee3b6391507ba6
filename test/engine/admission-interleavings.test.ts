import { describe, expect, it } from 'vitest';

import { explore, type Scenario } from './admission-interleavings.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

const scenarios: readonly Scenario[] = [
  { name: 'one upload, its event, one backfill', uploads: [{ etag: 'x', at: 0 }], backfills: 1, kills: 2 },
  { name: 'its event twice', uploads: [{ etag: 'x', at: 0, events: 2 }], backfills: 1, kills: 1 },
  { name: 'two backfills', uploads: [{ etag: 'x', at: 0 }], backfills: 2, kills: 1 },
  {
    name: 'no event, two backfills',
    uploads: [{ etag: 'x', at: 0, events: 0 }],
    backfills: 2,
    kills: 2,
  },
  {
    name: 'a multipart upload of half an hour',
    uploads: [{ etag: 'x', at: 0, lastModified: -30 * MINUTE }],
    backfills: 2,
    kills: 1,
    listedAfter: 10 * MINUTE,
  },
  {
    name: 'an event that is delivered long after the backfill',
    uploads: [{ etag: 'x', at: 0 }],
    backfills: 1,
    kills: 2,
    listedAfter: 600 * MINUTE,
  },
  {
    name: 'with a version',
    uploads: [{ etag: 'x', at: 0, versionId: 'v1' }],
    backfills: 2,
    kills: 1,
  },
  {
    name: 'a newer upload of the key',
    uploads: [
      { etag: 'x', at: 0 },
      { etag: 'y', at: 1_000 },
    ],
    backfills: 1,
    kills: 1,
  },
  {
    name: 'a newer upload long after a backfill',
    uploads: [
      { etag: 'x', at: 0 },
      { etag: 'y', at: 10 * MINUTE },
    ],
    backfills: 1,
    kills: 1,
  },
  {
    name: 'two uploads in one second',
    uploads: [
      { etag: 'x', at: 0 },
      { etag: 'y', at: 0 },
    ],
    backfills: 1,
    kills: 1,
  },
  {
    name: 'a newer upload without an event',
    uploads: [
      { etag: 'x', at: 0 },
      { etag: 'y', at: 1_000, events: 0 },
    ],
    backfills: 2,
    kills: 0,
    listedAfter: 10 * MINUTE,
  },
  {
    name: 'a multipart upload that began before another upload ended',
    uploads: [
      { etag: 'x', at: 0 },
      { etag: 'y', at: 5 * MINUTE, lastModified: -5 * MINUTE, events: 0 },
    ],
    backfills: 1,
    kills: 1,
    listedAfter: 10 * MINUTE,
  },
  {
    name: 'the same bytes again, as another version',
    uploads: [
      { etag: 'x', at: 0, versionId: 'v1' },
      { etag: 'x', at: 5 * MINUTE, versionId: 'v2' },
    ],
    backfills: 1,
    kills: 1,
  },
  {
    name: 'the same bytes again soon, as another version',
    uploads: [
      { etag: 'x', at: 0, versionId: 'v1' },
      { etag: 'x', at: 5_000, versionId: 'v2' },
    ],
    backfills: 1,
    kills: 1,
  },
  {
    name: 'the same bytes again, as another version without an event',
    uploads: [
      { etag: 'x', at: 0, versionId: 'v1' },
      { etag: 'x', at: 5 * MINUTE, versionId: 'v2', events: 0 },
    ],
    backfills: 1,
    kills: 1,
  },
  {
    name: 'the record of a key expires: its event',
    uploads: [{ etag: 'x', at: 0 }],
    backfills: 2,
    kills: 0,
    passesAfter: 1,
  },
  {
    name: 'the record of a key expires: with a version',
    uploads: [{ etag: 'x', at: 0, versionId: 'v1' }],
    backfills: 2,
    kills: 0,
    passesAfter: 1,
  },
  {
    name: 'the record of a key expires: only backfills',
    uploads: [{ etag: 'x', at: 0, events: 0 }],
    backfills: 2,
    kills: 1,
    passesAfter: 1,
  },
  {
    name: 'the record of a key expires: two uploads before',
    uploads: [
      { etag: 'x', at: 0 },
      { etag: 'y', at: 1_000 },
    ],
    backfills: 1,
    kills: 0,
    passesAfter: 2,
  },
  {
    name: 'the record of a key expires: a newer upload after it',
    uploads: [
      { etag: 'x', at: 0 },
      { etag: 'y', at: 802 * DAY },
    ],
    backfills: 1,
    kills: 1,
    passesAfter: 1,
  },
  {
    name: 'the record of a key expires: a newer upload after it, without an event',
    uploads: [
      { etag: 'x', at: 0 },
      { etag: 'y', at: 802 * DAY, events: 0 },
    ],
    backfills: 1,
    kills: 1,
    passesAfter: 1,
  },
  {
    name: 'an object that is put back',
    uploads: [
      { etag: 'x', at: 0 },
      { etag: 'y', at: 5_000 },
      { etag: 'x', at: 10_000 },
    ],
    backfills: 1,
    kills: 0,
  },
];

/** The machine may be busy with other tests. */
const LONGEST_MS = 240_000;

describe('every interleaving of events and backfills, with kills, admits each upload once', () => {
  it.each(scenarios)(
    '$name',
    async (scenario) => {
      expect(await explore(scenario)).toBeGreaterThan(10);
    },
    LONGEST_MS,
  );
});
