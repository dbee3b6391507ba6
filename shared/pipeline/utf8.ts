/** Files as text: what is not UTF-8 is refused with its place, since a character that was lost cannot be told from one that was meant. */
import type { Problem } from './problem.ts';

export interface Decoded {
  readonly text: string;
  /** Without the file's name. */
  readonly problem?: Omit<Problem, 'file'>;
}

/** A byte order mark is left out. */
export function decodeUtf8(bytes: Uint8Array): Decoded {
  const text = new TextDecoder('utf-8').decode(bytes);
  const lost = text.indexOf('\uFFFD');
  if (lost === -1) return { text };
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const before = text.slice(0, lost).split('\n');
  const place = isUtf16
    ? { line: 1, column: 1 }
    : { line: before.length, column: (before.at(-1) ?? '').length + 1 };
  const message = isUtf16
    ? 'the file is UTF-16: save it as UTF-8'
    : isValid(bytes)
      ? 'the file holds U+FFFD here, what an editor puts where it could not read a character: write the character again'
      : 'the file is not UTF-8 here (Latin-1 or Windows-1252, it seems): save it as UTF-8';
  return { text, problem: { ...place, severity: 'error', message } };
}

function isValid(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
