/** Aligned columns. */
import { printable } from './output.ts';

/** Code points, counting wide East Asian ones twice: close enough to keep columns straight. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (/\p{M}/u.test(character)) continue;
    const wide =
      (point >= 0x1100 && point <= 0x115f) ||
      (point >= 0x2e80 && point <= 0xa4cf) ||
      (point >= 0xac00 && point <= 0xd7a3) ||
      (point >= 0xf900 && point <= 0xfaff) ||
      (point >= 0xff00 && point <= 0xff60) ||
      (point >= 0x1f300 && point <= 0x1faff);
    width += wide ? 2 : 1;
  }
  return width;
}

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** One line per row, under a line of titles; newlines in a cell are shown as `\n`. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map((c) => c.title), ...rows].map((row) =>
    row.map((cell) =>
      printable(cell)
        .replaceAll('\n', String.raw`\n`)
        .replaceAll('\t', String.raw`\t`),
    ),
  );
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => displayWidth(row[i] ?? ''))));
  return cells
    .map((row) =>
      row
        .map((cell, i) => {
          const blanks = ' '.repeat((widths[i] ?? 0) - displayWidth(cell));
          return columns[i]?.right === true ? blanks + cell : cell + blanks;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
