/** What a part of the benchmark found: figures in lines, and bars that hold or do not. */
import { formatTable } from '../cli/table.ts';

export interface Bar {
  /** What must hold, with its limit. */
  readonly what: string;
  readonly seen: string;
  readonly ok: boolean;
}

export interface PartReport {
  readonly part: string;
  /** What was measured, in one sentence. */
  readonly title: string;
  /** The first column names, the others are figures. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly bars: readonly Bar[];
  /** What the figures do not say by themselves. */
  readonly notes: readonly string[];
  /** The same figures for programs. */
  readonly figures: Readonly<Record<string, unknown>>;
}

/** Calm lines: the title, the figures, one line a bar. */
export function formatReport(report: PartReport): string {
  const columns = report.columns.map((title, i) => ({ title, right: i > 0 }));
  const width = Math.max(0, ...report.bars.map(({ what }) => what.length));
  return [
    `${report.part}: ${report.title}`,
    ...indent(formatTable(columns, report.rows).split('\n')),
    ...report.notes.map((note) => `  ${note}`),
    ...report.bars.map(({ what, seen, ok }) => `  ${ok ? 'ok  ' : 'FAIL'}  ${what.padEnd(width)}  ${seen}`),
  ].join('\n');
}

/** A ratio as people read it: `40x`, `1.2x`, `0.05x`. */
export function times(ratio: number): string {
  if (!Number.isFinite(ratio)) return '-';
  return `${ratio.toFixed(decimals(ratio))}x`;
}

/** `1`, `0.9`, `2.25`: no more digits than say something. */
export function figure(value: number): string {
  return Number(value.toFixed(2)).toString();
}

function decimals(ratio: number): number {
  if (ratio >= 9.95) return 0;
  return ratio >= 0.995 ? 1 : 2;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
