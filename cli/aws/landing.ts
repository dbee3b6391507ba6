/** Uploads into the landing bucket. */
import { createReadStream } from 'node:fs';

import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import type { ClientSettings } from './client-settings.ts';

export interface Landing {
  readonly bucket: string;
  /** Uploads a file as one object, streamed. Answers its ETag without quotes, as S3 events carry it. */
  upload(path: string, bytes: number, key: string): Promise<{ etag: string }>;
}

export function s3Landing(settings: ClientSettings, bucket: string): Landing {
  const client = new S3Client({ ...settings, forcePathStyle: settings.endpoint !== undefined });
  return {
    bucket,
    upload: async (path, bytes, key) => {
      const answer = await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: createReadStream(path),
          ContentLength: bytes,
        }),
      );
      return { etag: (answer.ETag ?? '').replaceAll('"', '') };
    },
  };
}
