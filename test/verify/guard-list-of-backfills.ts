/** The rules by which each upload is admitted once, each as the change that removes it. */
import type { Guard } from './guard-list.ts';

const file = 'shared/engine/backfill/key-rules.ts';

function removed(name: string, find: string, replace: string): Guard {
  return { name, edits: [{ file, find, replace }] };
}

export const backfillGuards: readonly Guard[] = [
  {
    name: "the time of a listing is by S3's clock, as those of uploads are",
    edits: [
      {
        file: 'shared/engine/backfill/backfill.ts',
        find: 'const listedAt = at ?? began;',
        replace: 'const listedAt = at === undefined ? began : began;',
      },
    ],
  },
  removed(
    'a backfill creates the run of an interrupted one again',
    `return isKept ? { kind: 'ensure', isNewest } : { kind: 'known' };`,
    `return { kind: 'known' };`,
  ),
  removed(
    'a backfill does not create the run of a listed upload again once it may have expired',
    'before !== undefined && Date.parse(at) - Date.parse(before.at) < historyDays * 86_400_000;',
    'before !== undefined;',
  ),
  removed(
    'the same bytes put there again are loaded where the run of the first ones was never created',
    "return isKept && before.run === known.run ? { kind: 'same', run: known.run, next } : { kind: 'known' };",
    "return { kind: 'known' };",
  ),
  removed(
    'the event of an upload that a backfill admitted starts no second run',
    'if (isInTime && isListedUpload(item, listed, event)) {',
    'if (isInTime && upload.run === listed.run) {',
  ),
  removed(
    'a backfill does not admit an old object of which nothing is known',
    `return lastModified < forgottenBefore && !again ? { kind: 'unclear' } : admit;`,
    `return forgottenBefore === 'never' && !again ? { kind: 'unclear' } : admit;`,
  ),
  {
    name: 'an object is old for a backfill before the record of its key can have expired',
    edits: [
      {
        file: 'shared/store/key-item.ts',
        find: 'const from = moved(now, -(REMEMBERED_DAYS - 1) * DAY_MS);',
        replace: 'const from = moved(now, -(REMEMBERED_DAYS + 1) * DAY_MS);',
      },
    ],
  },
  {
    name: 'the record of a key outlives every event of an older upload',
    edits: [
      {
        file: 'shared/store/key-item.ts',
        find: 'Math.max(REMEMBERED_DAYS, historyDays + DELIVERY_DAYS)',
        replace: 'Math.max(REMEMBERED_DAYS, DELIVERY_DAYS - 0 * historyDays)',
      },
    ],
  },
  removed('the same bytes put back after another upload are a new one', 'return !isPutBack;', 'return true;'),
  removed(
    'an upload that ended before the listed one began is superseded',
    'if (isInTime && upload.etag !== listed.etag && upload.at < listed.lastModified)',
    `if (isInTime && upload.run === '')`,
  ),
  removed('the sequencer of a listed upload is noted', '...(highest < sequencer ? { next } : {}) };', '};'),
  removed('a backfill knows an upload by its etag', 'if (known.etag === etag) {', 'if (known.run === run) {'),
  removed(
    'what ended before a listing is older than what it shows',
    'known.at < lastModified || certainlyAfter(known.at) < at;',
    'known.at < lastModified;',
  ),
  removed(
    'a backfill leaves an upload alone if another one was admitted at its time',
    `return isOlder ? admit : { kind: 'superseded' };`,
    `return isOlder || known.run !== run ? admit : { kind: 'superseded' };`,
  ),
];
