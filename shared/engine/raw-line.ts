/** The line of a file that could not be loaded, as it is there: SYS_LOAD_ERROR_DETAIL does not have its value. */
import { startOf } from '../run/text.ts';
import type { FileStore } from './ports.ts';

/** Of a line, in bytes. */
const LONGEST_LINE = 200;

const URI = /^s3:\/\/([^/]+)\/(.+)$/;

/**
 * Undefined if it is not in the part that is read, or not text.
 *
 * @param line from 1
 */
export async function rawLine(uri: string, line: number, files: FileStore): Promise<string | undefined> {
  const [, bucket, key] = URI.exec(uri.trimEnd()) ?? [];
  if (bucket === undefined || key === undefined) return undefined;
  const start = await files.readStart(bucket, key);
  if (start === undefined) return undefined;
  const lines = start.text.split(/\r\n|\n|\r/);
  const found = lines[line - 1];
  // The last line may go on behind what was read.
  if (found === undefined || found === '' || (line === lines.length && !start.isWhole)) return undefined;
  const shown = startOf(found, LONGEST_LINE);
  return shown === found ? found : `${shown}…`;
}
