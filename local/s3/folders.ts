/**
 * Where things lie on disk. A bucket is the directory `<BATON_HOME>/s3/<bucket>`, an object is the file with its key
 * as path; everything that is not an object lies outside, in `<BATON_HOME>/state/s3`.
 */
import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';

/** `s3Root`: the directory that holds the buckets. */
export function stateFolder(s3Root: string): string {
  return join(dirname(resolve(s3Root)), 'state', 's3');
}

export function bucketFolder(s3Root: string, bucket: string): string {
  return join(resolve(s3Root), bucket);
}

/** Objects of `bucket` whose key cannot be a path, one file each, named by `oddName`. */
export function oddFolder(s3Root: string, bucket: string): string {
  return join(stateFolder(s3Root), 'odd', bucket);
}

/** File name of an object that is kept beside the tree; the key itself lies in the same name with `KEY_SUFFIX`. */
export function oddName(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export const KEY_SUFFIX = '.key';

const LONGEST_SEGMENT_BYTES = 255;

/** Files that programs leave behind while they copy, download or edit; never objects. */
const PASSING_NAME =
  /^\.|~$|\.(?:part|partial|filepart|crdownload|download|tmp|sw[a-p])$|^#.*#$|^(?:thumbs\.db|desktop\.ini)$/i;

/**
 * True when a file or folder of this name is never an object: hidden (`.DS_Store`, an editor's swap file) or in
 * the middle of being written (`.part`, `.tmp`, `~`). A key with such a name, put through the API, is an object all
 * the same; it is kept beside the tree.
 */
export function isPassingName(name: string): boolean {
  return PASSING_NAME.test(name);
}

/** True when `key` can be a file's path below its bucket's directory. */
export function isPathKey(key: string): boolean {
  if (key.includes('\0')) return false;
  return key.split('/').every((segment) => {
    if (segment === '' || isPassingName(segment)) return false;
    return Buffer.byteLength(segment) <= LONGEST_SEGMENT_BYTES;
  });
}

/** Bucket names as S3 has them, so that none leads out of the root. */
export function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..');
}
