/** A statement and the rows it gives: values joined by `|`, NULL written `NULL`, true and false `t` and `f`. */
export type Case = readonly [sql: string, ...rows: string[]];
