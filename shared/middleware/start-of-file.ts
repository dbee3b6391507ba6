/** The beginning of an object as text, decompressed if it is gzip: to show the line of a file that could not be loaded. */
import { constants, gunzipSync } from 'node:zlib';

/** What is read of an object, in bytes. */
export const START_BYTES = 1_048_576;

/** Of a small object that is a large text. */
const LARGEST_TEXT = 8 * START_BYTES;

/** Undefined: it cannot be read as text. `bytes`: the first of the object. */
export function textOfStart(bytes: Uint8Array): string | undefined {
  try {
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    // The end is missing where the object is longer.
    const plain = isGzip
      ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LARGEST_TEXT })
      : bytes;
    return new TextDecoder(encodingOf(plain)).decode(plain, { stream: true });
  } catch {
    return undefined;
  }
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
