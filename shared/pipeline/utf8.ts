/** Decodes files as UTF-8. Invalid bytes are an error with their position, since a replaced character could pass for an intended one. */
import type { Problem } from './problem.ts';

export interface Decoded {
  readonly text: string;
  /** Without the file's name. */
  readonly problem?: Omit<Problem, 'file'>;
}

/** A byte order mark is left out. */
export function decodeUtf8(bytes: Uint8Array): Decoded {
  const utf16 = utf16Of(bytes);
  if (utf16 !== undefined) {
    const message = 'the file is UTF-16: save it as UTF-8';
    // Decoded as intended, so that the remaining problems of the file are reported correctly.
    return {
      text: new TextDecoder(utf16).decode(bytes),
      problem: { line: 1, column: 1, severity: 'error', message },
    };
  }
  const text = new TextDecoder('utf-8').decode(bytes);
  const lost = text.indexOf('\uFFFD');
  if (lost === -1) return { text };
  const before = text.slice(0, lost).split('\n');
  const message = isValid(bytes)
    ? 'the file has U+FFFD here, which editors insert for an unreadable character: retype the character'
    : 'the file is not valid UTF-8 here (probably Latin-1 or Windows-1252): save it as UTF-8';
  const column = (before.at(-1) ?? '').length + 1;
  return { text, problem: { line: before.length, column, severity: 'error', message } };
}

/** Detected by its byte order mark, or by the zero in every second byte of SQL and YAML. */
function utf16Of([a, b, c, d]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if ((a === 0xff && b === 0xfe) || (b === 0 && d === 0 && a !== 0 && c !== 0)) return 'utf-16le';
  if ((a === 0xfe && b === 0xff) || (a === 0 && c === 0 && b !== 0 && d !== 0)) return 'utf-16be';
  return undefined;
}

function isValid(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
