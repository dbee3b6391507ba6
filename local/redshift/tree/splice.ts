/** Changes of a text at places that are given in bytes of UTF-8, as PostgreSQL's grammar gives them. */
export interface Edit {
  readonly at: number;
  /** How many bytes are taken out. */
  readonly length: number;
  readonly text: string;
}

/** The edits do not overlap. */
export function splice(text: string, edits: readonly Edit[]): string {
  const bytes = Buffer.from(text);
  const parts: Buffer[] = [];
  let done = 0;
  for (const { at, length, text: put } of edits.toSorted((a, b) => a.at - b.at)) {
    parts.push(bytes.subarray(done, at), Buffer.from(put));
    done = at + length;
  }
  return Buffer.concat([...parts, bytes.subarray(done)]).toString();
}

const NAME = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
const QUALIFIED_NAME = new RegExp(String.raw`^${NAME}(?:\s*\.\s*${NAME})*`, 'u');
const QUALIFIER = new RegExp(String.raw`^${NAME}\s*\.\s*`, 'u');

function bytesOf(pattern: RegExp, text: string, at: number): number {
  const [found = ''] = pattern.exec(Buffer.from(text).subarray(at).toString()) ?? [];
  return Buffer.byteLength(found);
}

/** The length of the name that stands there, with its schema, in bytes. */
export function nameLength(text: string, at: number): number {
  return bytesOf(QUALIFIED_NAME, text, at);
}

/** The length of a name's first part and its dot, in bytes. */
export function qualifierLength(text: string, at: number): number {
  return bytesOf(QUALIFIER, text, at);
}
