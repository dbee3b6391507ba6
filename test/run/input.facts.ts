/** The file of a run, looked at before and after its load: what counts as another one, and what is said then. */
import assert from 'node:assert/strict';

import { wrongAfter, wrongBefore } from '../../shared/run/input.ts';
import type { SeenFile } from '../../shared/run/run-event.ts';
import type { Run } from '../../shared/run/run.ts';
import type { RunFile } from '../../shared/run/trigger.ts';
import { parsed } from './decide-any.ts';
import { fact } from './fact.ts';
import type { Changes } from './samples.ts';
import { COMMIT, LOAD, newerFile, now, NOW_ISO, readyAt, sameFile, submittedAt } from './samples.ts';

const file: RunFile = { bucket: 'landing', key: 'orders/1.csv', size: 10, etag: 'etag-1' };

/** A run that loads it. */
function loading(more: Partial<RunFile> = {}, changes: Changes = {}): Run {
  const trigger = { kind: 's3', time: NOW_ISO, file: { ...file, ...more } } as const;
  return parsed(submittedAt(LOAD, { trigger, ...changes }));
}

const then = 'The newer upload has its own run; to cancel this one: npx baton cancel run-1 --stage dev';

const overwritten = (how: string): string =>
  `s3://landing/orders/1.csv was overwritten while it was loaded (${how}). ${then}`;

const sawBefore = { modified: sameFile.modified ?? '', versionId: 'v1' };

/** What is seen after the load, of a file whose version is told by the event or by the look before the load; and how it differs. */
const differences: readonly (readonly [SeenFile, Run, string])[] = [
  [newerFile, loading({}, { fileAtClaim: sawBefore }), 'etag etag-2, in the event etag-1'],
  [
    { ...newerFile, etag: 'etag-1', versionId: 'v3' },
    loading({ versionId: 'v2' }, { fileAtClaim: sawBefore }),
    'version v3, in the event v2',
  ],
  [
    { ...newerFile, etag: 'etag-1', versionId: 'v3' },
    loading({}, { fileAtClaim: sawBefore }),
    'version v3, before the load v1',
  ],
  [
    { ...newerFile, etag: 'etag-1', versionId: 'v1' },
    loading({ versionId: 'v1' }, { fileAtClaim: sawBefore }),
    'last modified 2026-11-24T08:09:00.000Z, before the load 2026-11-24T07:58:59.000Z',
  ],
];

export const inputFacts = [
  fact('a run without a file never has a wrong file', () => {
    const trigger = { kind: 'request', time: NOW_ISO, requestId: 'one', actor: 'me' } as const;
    for (const seen of [undefined, sameFile]) {
      assert.equal(wrongBefore(parsed(readyAt(LOAD, { trigger })), now, seen), undefined);
      assert.equal(wrongAfter(parsed(submittedAt(LOAD, { trigger })), now, seen, false), undefined);
      assert.equal(wrongAfter(parsed(submittedAt(COMMIT, { trigger })), now, seen, true), undefined);
    }
  }),
  ...differences.map(([seen, run, how]) =>
    fact(`a changed file is reported with its difference: ${how}`, () =>
      assert.deepStrictEqual(wrongAfter(run, now, seen, false), {
        class: 'input',
        message: overwritten(how),
        step: '20_load.sql',
      }),
    ),
  ),
  fact('an unchanged file is accepted before and after the load', () => {
    const run = loading({ versionId: 'v1' }, { fileAtClaim: sawBefore });
    const seen: SeenFile = { ...sameFile, versionId: 'v1' };
    assert.equal(wrongBefore(run, now, seen), undefined);
    assert.equal(wrongAfter(run, now, seen, false), undefined);
    assert.equal(wrongAfter(run, now, seen, true), undefined);
  }),
  fact('the file check of an earlier claim is not compared before the load', () => {
    const run = loading({}, { fileAtClaim: { modified: NOW_ISO, versionId: 'v0' } });
    assert.equal(wrongBefore(run, now, { ...sameFile, versionId: 'v1' }), undefined);
  }),
  fact('the address of a file is cut to 300 bytes, and its difference to 250', () => {
    const said = (key: string, etag: string): string | undefined =>
      wrongAfter(loading({ key }), now, { etag }, false)?.message;
    assert.equal(
      said('k'.repeat(287), 'e'.repeat(224)),
      `s3://landing/${'k'.repeat(287)} was overwritten while it was loaded (etag ${'e'.repeat(224)}, in the event etag-1). ${then}`,
    );
    assert.equal(
      said('k'.repeat(288), 'e'.repeat(225)),
      `s3://landing/${'k'.repeat(267)}… [cut: 301 bytes] was overwritten while it was loaded (etag ${'e'.repeat(225)}… [cut: 251 bytes]). ${then}`,
    );
  }),
];
