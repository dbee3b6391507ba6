/** From the end of each statement to the next submission, by the warehouse's own record of both. */
import { DescribeStatementCommand, type DescribeStatementCommandOutput } from '@aws-sdk/client-redshift-data';

import type { BenchStack } from '../stack.ts';

export interface Gap {
  readonly ms: number;
  /** Within a batch: the warehouse went on by itself. */
  readonly isInside: boolean;
}

/**
 * `ids`: of the statements that did the steps, in their order. One that did several steps has its gaps inside: what its transaction
 * took more than its statements, in equal parts.
 */
export async function gapsOf(stack: BenchStack, ids: readonly string[]): Promise<readonly Gap[]> {
  const seen = await Promise.all(ids.map((Id) => stack.redshift.send(new DescribeStatementCommand({ Id }))));
  const gaps: Gap[] = [];
  for (const [i, statement] of seen.entries()) {
    const before = seen[i - 1];
    if (before !== undefined)
      gaps.push({ ms: msOf(statement.CreatedAt) - msOf(before.UpdatedAt), isInside: false });
    gaps.push(...insideOf(statement));
  }
  return gaps;
}

function insideOf({
  SubStatements: parts = [],
  Duration: whole = Number.NaN,
}: DescribeStatementCommandOutput): readonly Gap[] {
  const own = parts.reduce((sum, { Duration: ns = Number.NaN }) => sum + ns, 0);
  const ms = Math.max(0, (whole - own) / 1e6 / (parts.length - 1));
  return parts.slice(1).map(() => ({ ms, isInside: true }));
}

function msOf(time: Date | undefined): number {
  return time?.getTime() ?? Number.NaN;
}
