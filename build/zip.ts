/**
 * Zips a folder so that equal content gives equal bytes: an unchanged function is not deployed again. Source maps stay outside: with
 * `--enable-source-maps` the start of a function would take a sixth more processor time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The earliest time a zip can hold; local time, as the format has it. */
const EPOCH = new Date(1980, 0, 1);
/** A regular file that everybody may read: Lambda runs the code as another user. */
const READABLE_FILE = 0o100644 << 16;
const UNIX = 3;

export async function zipFolder(folder: string): Promise<Uint8Array> {
  const { zipSync } = await import('fflate');
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return zipSync(
    Object.fromEntries(names.map((name) => [name.replaceAll('\\', '/'), readFileSync(join(folder, name))])),
    {
      level: 9,
      mtime: EPOCH,
      os: UNIX,
      attrs: READABLE_FILE,
    },
  );
}
