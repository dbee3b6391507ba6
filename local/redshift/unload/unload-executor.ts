/** UNLOAD: the rows of a query as files of a bucket folder, which appear there whole, as uploads do. */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { s3Address } from '../copy/source-files.ts';
import { UnsupportedSqlError } from '../dialect/errors.ts';
import { runQuery } from '../execute/query.ts';
import { WarehouseError } from '../execute/redshift-error.ts';
import type { RunUnload } from '../execute/run-part.ts';
import { refine } from '../tree/refine.ts';
import { bucketFolder, isBucketName, isPathKey } from '../../s3/folders.ts';
import { listObjects } from '../../s3/object-files.ts';
import { csvLine, headerLine } from './csv.ts';

const WRITE_AT = 256 * 1024;

export function makeUnloadExecutor(s3Root: string): RunUnload {
  return async ({ client }, unload) => {
    const { bucket, key } = s3Address(unload.to);
    const folder = bucketOf(s3Root, bucket);
    if (!unload.allowOverwrite && (await listObjects(s3Root, bucket, key)).length > 0) {
      throw new WarehouseError(
        'Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.',
      );
    }
    const name = `${key}${unload.parallel ? '0000_part_00' : '000'}`;
    const file = new FileOnItsWay(placeOf(folder, name));
    try {
      let any = false;
      const begin = (fields: Parameters<typeof headerLine>[0]): void => {
        if (any) return;
        any = true;
        const header = headerLine(fields, unload);
        if (unload.header) file.write(header);
      };
      const { sql } = await refine(unload.query, client);
      const { rowCount, fields } = await runQuery(client, sql, [], (row, columns) => {
        begin(columns);
        file.write(csvLine(row, columns, unload));
      });
      begin(fields);
      await file.finish();
      if (unload.manifest) await writeManifest(folder, key, `s3://${bucket}/${name}`);
      return { rows: rowCount ?? 0 };
    } finally {
      file.discard();
    }
  };
}

async function writeManifest(folder: string, key: string, url: string): Promise<void> {
  const file = new FileOnItsWay(placeOf(folder, `${key}manifest`));
  file.write(`${JSON.stringify({ entries: [{ url }] })}\n`);
  await file.finish();
}

function bucketOf(s3Root: string, bucket: string): string {
  const folder = bucketFolder(s3Root, bucket);
  const isThere = isBucketName(bucket) && statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isThere) {
    throw new WarehouseError(
      `S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket: ${bucket}`,
    );
  }
  return folder;
}

function placeOf(folder: string, key: string): string {
  if (!isPathKey(key)) throw new UnsupportedSqlError(`UNLOAD to the key ${key}`, 'it is not a path');
  return `${folder}/${key}`;
}

/** Written beside its place under a name that is never an object, then renamed: nobody sees half of it. */
class FileOnItsWay {
  readonly #place: string;
  readonly #path: string;
  readonly #file: number;
  #open = true;
  #rest = '';

  constructor(place: string) {
    mkdirSync(dirname(place), { recursive: true });
    this.#place = place;
    this.#path = join(dirname(place), `.${randomUUID()}.part`);
    this.#file = openSync(this.#path, 'wx');
  }

  write(text: string): void {
    this.#rest += text;
    if (this.#rest.length >= WRITE_AT) this.#flush();
  }

  async finish(): Promise<void> {
    this.#flush();
    this.#close();
    await rename(this.#path, this.#place);
  }

  /** Removes what is not finished. */
  discard(): void {
    this.#close();
    rmSync(this.#path, { force: true });
  }

  #flush(): void {
    writeFileSync(this.#file, this.#rest);
    this.#rest = '';
  }

  #close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}
