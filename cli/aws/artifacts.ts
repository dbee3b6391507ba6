/** The artifacts bucket, as the command reads it: lists of batches. */
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

import { isNamed } from '../../shared/errors.ts';
import { pages } from '../../shared/pages.ts';
import { defined } from '../../shared/run/defined.ts';
import type { ArtifactReader } from '../runs/batch-files.ts';
import type { ClientSettings } from './client-settings.ts';

export function s3Artifacts(settings: ClientSettings, bucket: string): ArtifactReader {
  const client = new S3Client({ ...settings, forcePathStyle: settings.endpoint !== undefined });
  return {
    getArtifact: async (key) => {
      try {
        const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return await body?.transformToString();
      } catch (error) {
        if (isNamed(error, 'NoSuchKey')) return undefined;
        throw error;
      }
    },
    listArtifacts: async (prefix) => {
      const keys: string[] = [];
      const read = (ContinuationToken: string | undefined) =>
        client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...defined({ ContinuationToken }) }),
        );
      for await (const page of pages(read, ({ NextContinuationToken: next }) => next))
        keys.push(...(page.Contents ?? []).flatMap(({ Key: key }) => key ?? []));
      return keys;
    },
  };
}
