/** The table of `baton doctor --probe`: cells are wrapped, so that it fits a terminal and a message. */
import { printable } from '../output.ts';
import type { ProbeReport, ProbeRow } from './probe.ts';

const WIDTHS = [8, 30, 34, 36];
const TITLES = ['', 'ASSUMPTION', 'FOUND', 'CONSEQUENCE'];
const WORDS: Readonly<Record<ProbeRow['status'], string>> = {
  holds: 'holds',
  differs: 'DIFFERS',
  'not-seen': 'not seen',
};

export function probeTable({ rows }: ProbeReport): string {
  const blocks = rows.map(({ status, assumption, found, consequence }) =>
    blockOf([WORDS[status], assumption, found, consequence]),
  );
  return [blockOf(TITLES), ...blocks].join('\n\n');
}

/** The cells of one row, side by side. */
function blockOf(cells: readonly string[]): string {
  const wrapped = cells.map((cell, at) => wrap(printable(cell), WIDTHS[at] ?? 30));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    wrapped
      .map((lines, at) => (lines[line] ?? '').padEnd(WIDTHS[at] ?? 30))
      .join('  ')
      .trimEnd(),
  ).join('\n');
}

/** At blanks; a word that is longer is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text
    .split(/\s+/)
    .flatMap((each) => each.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** What the local AWS takes to behave like the stage; undefined: it does already. */
export function observedText({ observed }: ProbeReport): string | undefined {
  const pairs = Object.entries(observed).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? undefined : pairs.join(',');
}
