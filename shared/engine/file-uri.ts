/** `s3://bucket/key`, as people and manifests write it. */
import { RefusedInputError } from '../events/read.ts';

/** @throws RefusedInputError */
export function parseFileUri(uri: string): { bucket: string; key: string } {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/([\s\S]+)$/.exec(uri) ?? [];
  if (bucket === undefined || key === undefined)
    throw new RefusedInputError(`a file must be given as s3://bucket/key; got "${uri}"`);
  return { bucket, key };
}
