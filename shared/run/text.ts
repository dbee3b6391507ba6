/**
 * Texts from outside (error messages, rows of a failed check, what people write) are bounded here, where they enter the core: a run
 * is one item of a table, and must stay storable whatever a warehouse answers.
 */

/** Bytes of a message that is kept whole: in a history row, until its row is written on the run. */
export const LONGEST_TEXT = 8_000;

/** Bytes of everything else that comes from outside: ids, names, who asked. */
export const LONGEST_NAME = 256;

/** Bytes of S3's version ids (S3 user guide: version IDs), which are compared. */
const LONGEST_VERSION = 1_024;

/** What holds a message; every other text is a name. */
const MESSAGES: ReadonlySet<string> = new Set(['message', 'error', 'reason', 'reasons']);

/** What comes in with its texts cut; the same object where none was too long. A plan is not stored on the run. */
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
 * A text that has at most so many bytes of UTF-8. One that is cut ends between two characters, and says how long it was.
 * `mostBytes` leaves room for that: at least 40.
 */
export function shortened(text: string, mostBytes: number): string {
  // No UTF-16 unit has more than three bytes.
  if (text.length * 3 <= mostBytes) return text;
  const bytes = utf8Bytes(text);
  if (bytes <= mostBytes) return text;
  const note = `… [cut: ${CUT.exec(text)?.[1] ?? bytes} bytes]`;
  return `${start(text, mostBytes - utf8Bytes(note))}${note}`;
}

/** A message without its full stop, to be followed by one. `mostBytes` as in `shortened`. */
export function clause(message: string, mostBytes: number): string {
  return shortened(message.replace(/[.\s]+$/, ''), mostBytes);
}

export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) bytes += bytesOf(character);
  return bytes;
}

function start(text: string, mostBytes: number): string {
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

/** Half of a surrogate pair is no character, and no service stores it. */
function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? text.replaceAll(/\p{Surrogate}/gu, '\uFFFD') : text;
}
