/**
 * `node test/golden/write.ts`: writes the golden files of a new version, if what is stored has another shape than in
 * the newest, or there are other kinds of moments. Files that are there are never written again. Steps whose text is new are
 * pinned with their identity in `steps.jsonl`.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { SCHEMA } from '../../shared/store/run-item.ts';
import { makeEvents } from './events.ts';
import type { Golden } from './golden.ts';
import { lineOf, readGoldens, shapeOf, versionsIn } from './golden.ts';
import { makeGoldens } from './lives.ts';
import { newPins } from './steps.ts';
import { openTables } from './table.ts';

const folder = join(process.cwd(), 'test/golden');
const tables = await openTables();
try {
  const goldens = await makeGoldens(tables);
  const newest = versionsIn(folder).at(-1);
  const before = newest === undefined ? undefined : contentOf(readGoldens(folder, newest));
  if (before === contentOf(goldens)) {
    process.stdout.write(`what is stored is as in version ${newest ?? ''}: nothing is written\n`);
  } else {
    const version = `${SCHEMA}${nextLetter(newest)}`;
    for (const [what, lines] of [
      ['runs', goldens.map(lineOf)],
      ['events', makeEvents(goldens).map(lineOf)],
    ] as const) {
      const file = join(folder, `${version}.${what}.jsonl`);
      writeFileSync(file, `${lines.join('\n')}\n`, { flag: 'wx' });
      process.stdout.write(`${file}: ${lines.length} lines\n`);
    }
  }
} finally {
  await tables.close();
}
const pins = newPins();
appendFileSync(pins.file, pins.lines.map((line) => `${line}\n`).join(''));
process.stdout.write(`${pins.file}: ${pins.lines.length} more lines\n`);

/** The shape of all items, and the kinds of moments. */
function contentOf(goldens: readonly Golden[]): string {
  return JSON.stringify([shapeOf(goldens), goldens.map(({ name }) => name).sort()]);
}

function nextLetter(newest: string | undefined): string {
  if (newest === undefined || Number.parseInt(newest, 10) !== SCHEMA) return 'a';
  return String.fromCharCode((newest.codePointAt(newest.length - 1) ?? 0) + 1);
}
