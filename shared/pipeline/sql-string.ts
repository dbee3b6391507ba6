/** The value of a string literal, and the source offset of each of its characters. */

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

export interface StringValue {
  readonly text: string;
  /** For every offset in `text` (and its end) the offset in the literal, counted from its opening quote. */
  readonly offsets: readonly number[];
}

/** @param literal `'…'` with its quotes; `''` and backslash escapes as Redshift reads them */
export function stringValue(literal: string): StringValue {
  let text = '';
  const offsets: number[] = [];
  const end = literal.length - 1;
  for (let i = 1; i < end; i += 1) {
    const c = literal[i] ?? '';
    const next = literal[i + 1] ?? '';
    offsets.push(i);
    if (c === '\\') {
      text += ESCAPES[next] ?? next;
      i += 1;
    } else {
      text += c;
      if (c === "'" && next === "'") i += 1;
    }
  }
  offsets.push(end);
  return { text, offsets };
}
