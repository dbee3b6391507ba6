/** Reads the item of a pool; one that does not exist is an empty pool. */
import { defined } from '../run/defined.ts';
import type { Item } from './run-item.ts';
import type { Pool } from './run-store.ts';
import { count, instant, map, optional, record, text } from './shape.ts';

const pool = map({
  holders: optional(record(count)),
  epoch: optional(count),
  paused: optional(map({ by: text, at: instant, reason: optional(text) })),
  took: optional(record(count)),
});

/** @throws MalformedItemError */
export function parsePool(item: Item | undefined, pipeline: string): Pool {
  const { holders = {}, epoch = 0, paused, took } = pool(item ?? {}, `pool ${pipeline} in the table: `);
  return { holders, epoch, ...defined({ paused, took }) };
}
