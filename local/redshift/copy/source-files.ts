/** What FROM names: all keys with a prefix, or what a manifest lists (Redshift developer guide: COPY, manifests). */
import { readFile } from 'node:fs/promises';

import { findObject, listObjects } from '../../s3/object-files.ts';
import type { FoundObject } from '../../s3/object-files.ts';
import type { CopyCommand } from '../dialect/copy-command.ts';
import { WarehouseError } from '../execute/redshift-error.ts';

export interface SourceFile {
  /** `s3://bucket/key` */
  readonly uri: string;
  /** On this machine. */
  readonly path: string;
}

/** In the order they are loaded. Throws Redshift's errors for what is not there. */
export async function sourceFiles(s3Root: string, copy: CopyCommand): Promise<readonly SourceFile[]> {
  const { bucket, key } = s3Address(copy.from);
  if (copy.manifest) return manifestFiles(s3Root, copy.from, bucket, key);
  const found = await listObjects(s3Root, bucket, key);
  if (found.length === 0) throw new WarehouseError(`The specified S3 prefix '${key}' does not exist`);
  return found.map((object) => sourceFile(bucket, object));
}

function sourceFile(bucket: string, { key, path }: FoundObject): SourceFile {
  return { uri: `s3://${bucket}/${key}`, path };
}

/** Throws for an address of another kind. */
export function s3Address(from: string): { readonly bucket: string; readonly key: string } {
  const match = /^s3:\/\/([^/]+)(?:\/([\s\S]*))?$/.exec(from);
  if (match?.[1] === undefined) {
    throw new WarehouseError(`the local warehouse reads and writes only s3:// addresses, not '${from}'`);
  }
  return { bucket: match[1], key: match[2] ?? '' };
}

interface ManifestEntry {
  readonly url: string;
  readonly mandatory: boolean;
  readonly contentLength: number | undefined;
}

async function manifestFiles(
  s3Root: string,
  uri: string,
  bucket: string,
  key: string,
): Promise<readonly SourceFile[]> {
  const manifest = await findObject(s3Root, bucket, key);
  if (manifest === undefined) {
    throw new WarehouseError(
      `Problem reading manifest file - S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey: ${uri}`,
    );
  }
  const files: SourceFile[] = [];
  for (const entry of parseManifest(await readFile(manifest.path, 'utf8'), uri)) {
    const address = s3Address(entry.url);
    const object = await findObject(s3Root, address.bucket, address.key);
    if (object === undefined) {
      if (entry.mandatory) {
        throw new WarehouseError(
          `Mandatory url is not present in manifest file: ${entry.url} does not exist`,
        );
      }
      continue;
    }
    if (entry.contentLength !== undefined && entry.contentLength !== object.size) {
      throw new WarehouseError(
        `Content length of ${entry.url} is ${String(object.size)} bytes, but the manifest specifies ${String(entry.contentLength)}`,
      );
    }
    files.push(sourceFile(address.bucket, object));
  }
  if (files.length === 0) throw new WarehouseError(`No files of the manifest ${uri} exist`);
  return files;
}

function parseManifest(text: string, uri: string): readonly ManifestEntry[] {
  const broken = (why: string): WarehouseError =>
    new WarehouseError(`Problem reading manifest file - ${why}: ${uri}`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw broken('not valid JSON');
  }
  const { entries } = (content ?? {}) as { readonly entries?: unknown };
  if (!Array.isArray(entries) || entries.length === 0) throw broken('no entries');
  return entries.map((entry: unknown) => {
    const { url, mandatory, meta } = (entry ?? {}) as {
      readonly url?: unknown;
      readonly mandatory?: unknown;
      readonly meta?: { readonly content_length?: unknown };
    };
    if (typeof url !== 'string') throw broken('an entry has no url');
    if (mandatory !== undefined && typeof mandatory !== 'boolean')
      throw broken('mandatory is not true or false');
    const length = meta?.content_length;
    if (length !== undefined && typeof length !== 'number') throw broken('content_length is not a number');
    return { url, mandatory: mandatory ?? false, contentLength: length };
  });
}
