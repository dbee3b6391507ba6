/** The FileStore port over S3. */
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';

import type { FileStore, FoundFile, ListedPage } from '../engine/ports.ts';
import { isNamed } from '../errors.ts';
import { defined } from '../run/defined.ts';
import { putJson, readStart, readText } from './objects.ts';

export class S3FileStore implements FileStore {
  readonly #artifactsBucket: string;
  readonly #client = new S3Client({});

  constructor(artifactsBucket: string) {
    this.#artifactsBucket = artifactsBucket;
  }

  async find(bucket: string, key: string): Promise<FoundFile | undefined> {
    try {
      // Without a version, as a manifest has none: that of an event may well be there still, under a newer one.
      const head = await this.#client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return {
        bucket,
        key,
        size: head.ContentLength ?? 0,
        etag: (head.ETag ?? '').replaceAll('"', ''),
        ...defined({ versionId: head.VersionId, modified: head.LastModified?.toISOString() }),
      };
    } catch (error) {
      if (isNamed(error, 'NotFound', 'NoSuchKey')) return undefined;
      throw error;
    }
  }

  async getArtifact(key: string): Promise<string | undefined> {
    return this.read(this.#artifactsBucket, key);
  }

  async read(bucket: string, key: string): Promise<string | undefined> {
    return readText(this.#client, bucket, key);
  }

  async readStart(bucket: string, key: string): Promise<{ text: string; isWhole: boolean } | undefined> {
    return readStart(this.#client, bucket, key);
  }

  async list(bucket: string, prefix: string, after: string | undefined, limit: number): Promise<ListedPage> {
    const { listFiles } = await import('./list-files.ts');
    return listFiles(this.#client, bucket, prefix, after, limit);
  }

  async putArtifact(key: string, body: string): Promise<void> {
    await putJson(this.#client, this.#artifactsBucket, key, body);
  }
}
