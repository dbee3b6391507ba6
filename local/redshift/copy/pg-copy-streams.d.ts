declare module 'pg-copy-streams' {
  import type { Writable } from 'node:stream';
  import type { Submittable } from 'pg';

  /** Takes the data of a `COPY … FROM STDIN`; finishes when the server has taken it all. */
  export function from(
    sql: string,
    options?: { highWaterMark?: number },
  ): Writable & Submittable & { readonly rowCount: number };
}
