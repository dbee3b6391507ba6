/**
 * dynalite writes an item and its index entries one after another; a kill between them would leave an item that no
 * index finds, and a run the sweep never sees. Here each write is one LevelDB batch: all of it or nothing.
 * Since it sees the old and the new item, it also counts the write units that DynamoDB would bill.
 */
import db from 'dynalite/db/index.js';
import type { Batch, DynaliteIndex, DynaliteTable, Item, ItemDb, Request, Store } from 'dynalite/db/index.js';

export interface Writes {
  /** Write request units of a PutItem, UpdateItem or DeleteItem, indexes included; undefined for other requests. */
  unitsOf(request: Request): number | undefined;
}

/** Changes dynalite's module for the whole process: one store a process. */
export function makeWritesWhole(store: Store): Writes {
  const waiting = new Map<string, readonly Batch[]>();
  const units = new WeakMap<Request, number>();
  const patched = new WeakSet<ItemDb>();
  let writer: Request | undefined;

  const addConsumedCapacity = db.addConsumedCapacity.bind(db);
  db.addConsumedCapacity = (request, isRead, first, second) => {
    // Every operation calls this in the same turn, right before updateIndexes.
    writer = isRead ? undefined : request;
    return addConsumedCapacity(request, isRead, first, second);
  };

  db.updateIndexes = (_store, table, existing, item, callback) => {
    const present = item ?? existing;
    if (present !== undefined && present !== null) {
      const change = indexChange(table, existing ?? undefined, item ?? undefined);
      waiting.set(`${table.TableName}~${db.createKey(present, table)}`, change.operations);
      if (writer !== undefined) {
        units.set(writer, Math.max(sizeUnits(existing), sizeUnits(item)) + change.units);
      }
    }
    writer = undefined;
    callback(null);
  };

  const getItemDb = store.getItemDb.bind(store);
  store.getItemDb = (table) => {
    const itemDb = getItemDb(table);
    if (patched.has(itemDb)) return itemDb;
    patched.add(itemDb);
    const take = (key: string): readonly Batch[] => {
      const operations = waiting.get(`${table}~${key}`) ?? [];
      waiting.delete(`${table}~${key}`);
      return operations;
    };
    itemDb.put = (key, value, callback) => {
      store.db.batch([...take(key), { type: 'put', key: `item-${table}~${key}`, value }], callback);
    };
    itemDb.del = (key, callback) => {
      store.db.batch([...take(key), { type: 'del', key: `item-${table}~${key}` }], callback);
    };
    return itemDb;
  };

  return { unitsOf: (request) => units.get(request) };
}

function indexChange(
  table: DynaliteTable,
  existing: Item | undefined,
  item: Item | undefined,
): { readonly operations: readonly Batch[]; readonly units: number } {
  const operations: Batch[] = [];
  let units = 0;
  const kinds: readonly (readonly [string, DynaliteIndex[] | undefined])[] = [
    ['local', table.LocalSecondaryIndexes],
    ['global', table.GlobalSecondaryIndexes],
  ];
  for (const [kind, indexes = []] of kinds) {
    const prefix = (index: string): string => `index-${kind}~${table.TableName}~${index}~`;
    const { puts, deletes } = db.getIndexActions(indexes, existing, item, table);
    const before = db.getIndexActions(indexes, undefined, existing, table).puts;
    for (const { index, key } of deletes) {
      operations.push({ type: 'del', key: prefix(index) + key });
      units += 1;
    }
    for (const { index, key, item: entry } of puts) {
      const old = before.find((each) => each.index === index && each.key === key);
      if (old !== undefined && JSON.stringify(old.item) === JSON.stringify(entry)) continue;
      operations.push({ type: 'put', key: prefix(index) + key, value: entry });
      units += sizeUnits(entry);
    }
  }
  return { operations, units };
}

/** One write unit for each KB begun. */
function sizeUnits(item: Item | null | undefined): number {
  return item === undefined || item === null ? 1 : Math.max(1, Math.ceil(db.itemSize(item) / 1024));
}
