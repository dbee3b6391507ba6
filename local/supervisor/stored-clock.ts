/** The local clock, whose offset outlives the process: what was advanced stays advanced. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { LocalClock } from '../clock.ts';

/** `file`: `{ "offsetMs": number }`; absent or unreadable means real time. */
export function storedClock(file: string): LocalClock {
  const clock = new LocalClock(readOffset(file));
  clock.onChange((offsetMs) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, `${JSON.stringify({ offsetMs })}\n`);
    renameSync(`${file}.new`, file);
  });
  return clock;
}

function readOffset(file: string): number {
  try {
    const stored = JSON.parse(readFileSync(file, 'utf8')) as { readonly offsetMs?: unknown };
    return typeof stored.offsetMs === 'number' && Number.isFinite(stored.offsetMs) ? stored.offsetMs : 0;
  } catch {
    return 0;
  }
}
