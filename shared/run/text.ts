/**
 * Texts from outside (error messages, rows of a failed check, reasons of requests) are cut here, where they enter the core: a
 * run is one item of a table and must stay storable whatever a warehouse returns.
 */

/** Limit of a message in a history row, in bytes; until it is written, the row is on the run. */
export const LONGEST_TEXT = 8_000;

/** Limit of all other texts from outside, in bytes: ids, names, actors. */
export const LONGEST_NAME = 256;

/** Limit of S3's version ids in bytes (S3 user guide: version IDs); they are compared. */
const LONGEST_VERSION = 1_024;

/** Members that hold a message; every other text is a name. */
const MESSAGES: ReadonlySet<string> = new Set(['message', 'error', 'reason', 'reasons', 'text']);

/** The value with its texts cut; the same object if none was too long. A plan is left as it is: it is not stored on the run. */
export function bounded<T>(incoming: T): T {
  return boundedAt('', incoming) as T;
}

function boundedAt(name: string, value: unknown): unknown {
  if (typeof value === 'string') return shortened(wellFormed(value), mostBytesOf(name));
  if (typeof value !== 'object' || value === null || name === 'plan') return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => boundedAt(name, item));
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const [key, member] of Object.entries(value)) {
    const cut = boundedAt(key, member);
    if (cut !== member) copy = { ...(copy ?? value), [key]: cut };
  }
  return copy ?? value;
}

function mostBytesOf(name: string): number {
  if (MESSAGES.has(name)) return LONGEST_TEXT;
  return name === 'versionId' ? LONGEST_VERSION : LONGEST_NAME;
}

const CUT = /… \[cut: (\d+) bytes\]$/;

/**
 * The text, cut to at most `mostBytes` bytes of UTF-8. It is cut between two characters, and a note says how long it was;
 * `mostBytes` must leave room for the note: at least 40.
 */
export function shortened(text: string, mostBytes: number): string {
  // No UTF-16 unit has more than three bytes.
  if (text.length * 3 <= mostBytes) return text;
  const bytes = utf8Bytes(text);
  if (bytes <= mostBytes) return text;
  const note = `… [cut: ${CUT.exec(text)?.[1] ?? bytes} bytes]`;
  return `${startOf(text, mostBytes - utf8Bytes(note))}${note}`;
}

/** A message without its final full stop, for use inside a sentence. `mostBytes` as in `shortened`. */
export function clause(message: string, mostBytes: number): string {
  return shortened(message.replace(/[.\s]+$/, ''), mostBytes);
}

export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) bytes += bytesOf(character);
  return bytes;
}

/** As much of the start of the text as `mostBytes` bytes of UTF-8 hold: whole characters only. */
export function startOf(text: string, mostBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += bytesOf(character);
    if (bytes > mostBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function bytesOf(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}

/** Replaces unpaired surrogates: they are not characters, and no service stores them. */
function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? text.replaceAll(/\p{Surrogate}/gu, '\uFFFD') : text;
}
