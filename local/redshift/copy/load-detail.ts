/** SYS_LOAD_DETAIL, as in the Redshift developer guide: what COPY read of each file. Kept outside of the loading transaction. */
import { createHash } from 'node:crypto';

import type { Pool } from 'pg';

import { startOf } from '../../../shared/run/text.ts';

/** As documented; `file_last_modified` is not known here, and a file is never split. */
export const LOAD_DETAIL = `
  CREATE TABLE IF NOT EXISTS redshift_state.load_detail (
    user_id int NOT NULL DEFAULT 100,
    query_id bigint NOT NULL,
    file_name char(256) NOT NULL,
    bytes_scanned bigint NOT NULL,
    lines_scanned bigint NOT NULL,
    record_time timestamp NOT NULL,
    splits_scanned int NOT NULL DEFAULT 1,
    start_time timestamp NOT NULL,
    end_time timestamp NOT NULL,
    file_etag char(256),
    file_last_modified timestamp
  );
  CREATE INDEX IF NOT EXISTS load_detail_start_time ON redshift_state.load_detail (start_time);
  SET allow_system_table_mods = on;
  CREATE OR REPLACE VIEW pg_catalog.sys_load_detail AS SELECT * FROM redshift_state.load_detail;
  GRANT SELECT ON pg_catalog.sys_load_detail TO PUBLIC;
  RESET allow_system_table_mods;`;

/** A file that a COPY has read to its end. */
export interface ScannedFile {
  readonly uri: string;
  /** As stored, so compressed. */
  readonly bytes: number;
  /** Records without the header, also those that were refused. */
  readonly lines: number;
  /** Undefined where the bytes do not tell it. */
  readonly etag: string | undefined;
}

/** The smallest part of an upload in several parts, whose ETag is not the hash of the object's bytes (S3 user guide: Multipart upload limits). */
const SMALLEST_PART = 5 * 1024 * 1024;

/** Counts and hashes a file's bytes while they are read. */
export class Scan {
  readonly #hash = createHash('md5');
  #bytes = 0;
  lines = 0;

  readonly add = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes < SMALLEST_PART) this.#hash.update(chunk);
  };

  of(uri: string): ScannedFile {
    const etag = this.#bytes < SMALLEST_PART ? this.#hash.digest('hex') : undefined;
    return { uri, bytes: this.#bytes, lines: this.lines, etag };
  }
}

/** `character(256)`. */
const LONGEST_NAME = 256;

const INSERT = `
  INSERT INTO redshift_state.load_detail (query_id, file_name, bytes_scanned, lines_scanned, record_time, start_time, end_time, file_etag)
  SELECT $1, d.file, d.bytes, d.lines, $3::timestamp, $2::timestamp, $3::timestamp, d.etag
  FROM jsonb_to_recordset($4::jsonb) AS d(file text, bytes bigint, lines bigint, etag text)`;

/** Times in ms since the epoch. */
export async function keepLoadDetail(
  admin: Pool,
  {
    queryId,
    startedAt,
    endedAt,
  }: { readonly queryId: number; readonly startedAt: number; readonly endedAt: number },
  files: readonly ScannedFile[],
): Promise<void> {
  const rows = files.map(({ uri, ...rest }) => ({ file: startOf(uri, LONGEST_NAME), ...rest }));
  await admin.query(INSERT, [queryId, timestamp(startedAt), timestamp(endedAt), JSON.stringify(rows)]);
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23);
}
