/** The parts of dynalite that its package does not type: its store, its operations and its checks. */

declare module 'dynalite/db/index.js' {
  export interface DynaliteTable {
    TableName: string;
    TableStatus: string;
    KeySchema: { AttributeName: string }[];
    GlobalSecondaryIndexes?: DynaliteIndex[];
    LocalSecondaryIndexes?: DynaliteIndex[];
  }
  export interface DynaliteIndex {
    IndexName: string;
    IndexStatus?: string;
  }
  export type Item = Record<string, unknown>;
  export type Callback<T = unknown> = (error: DynaliteError | null | undefined, value?: T) => void;
  export interface DynaliteError extends Error {
    statusCode?: number;
    body?: Record<string, unknown>;
  }
  export interface Batch {
    type: 'put' | 'del';
    key: string;
    value?: unknown;
  }
  export interface ItemDb {
    put(key: string, value: unknown, callback: Callback): void;
    del(key: string, callback: Callback): void;
  }
  export interface Level {
    open(): Promise<void>;
    get(key: string): Promise<unknown>;
    put(key: string, value: unknown): Promise<void>;
    del(key: string): Promise<void>;
    batch(operations: readonly Batch[], callback: Callback): void;
    iterator(range: { gte: string; lt: string }): AsyncIterable<[string, unknown]>;
    close(callback: Callback): void;
  }
  export interface Store {
    db: Level;
    getItemDb(table: string): ItemDb;
    getTable(name: string, checkStatus: boolean, callback: Callback<DynaliteTable>): void;
  }
  export interface IndexActions {
    puts: { index: string; key: string; item: Item }[];
    deletes: { index: string; key: string }[];
  }
  export interface Request {
    TableName?: string;
    ReturnConsumedCapacity?: string;
    ReturnValuesOnConditionCheckFailure?: string;
    [member: string]: unknown;
  }
  const db: {
    create(options: {
      path?: string;
      createTableMs: number;
      deleteTableMs: number;
      updateTableMs: number;
    }): Store;
    createKey(item: Item, table: DynaliteTable): string;
    itemSize(item: Item): number;
    getIndexActions(
      indexes: DynaliteIndex[],
      existing: Item | undefined,
      item: Item | undefined,
      table: DynaliteTable,
    ): IndexActions;
    checkConditional(data: Request, existing: Item | undefined): DynaliteError | null | undefined;
    updateIndexes(
      store: Store,
      table: DynaliteTable,
      existing: Item | undefined,
      item: Item | undefined,
      callback: Callback,
    ): void;
    addConsumedCapacity(data: Request, isRead: boolean, newItem?: Item, oldItem?: Item): unknown;
  };
  export default db;
}

declare module 'dynalite/validations/index.js' {
  import type { Request, Store } from 'dynalite/db/index.js';
  const validations: {
    checkTypes(data: unknown, types: unknown): Request;
    checkValidations(data: Request, types: unknown, custom: unknown, store: Store): void;
  };
  export default validations;
}
