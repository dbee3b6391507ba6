/** The FileStore port over S3. The client is large and only steps with files need it: it is loaded when asked for. */
import type * as S3 from '@aws-sdk/client-s3';

import type { FileStore, FoundFile, ListedPage } from '../engine/ports.ts';
import { isNamed } from '../errors.ts';
import { defined } from '../run/defined.ts';

type S3Module = typeof S3;

export class S3FileStore implements FileStore {
  readonly #artifactsBucket: string;
  #loaded: Promise<{ s3: S3Module; client: InstanceType<S3Module['S3Client']> }> | undefined;

  constructor(artifactsBucket: string) {
    this.#artifactsBucket = artifactsBucket;
  }

  async find(bucket: string, key: string): Promise<FoundFile | undefined> {
    const { s3, client } = await this.#load();
    try {
      // Without a version, as a manifest has none: that of an event may well be there still, under a newer one.
      const head = await client.send(new s3.HeadObjectCommand({ Bucket: bucket, Key: key }));
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
    const { client } = await this.#load();
    return (await import('./objects.ts')).readText(client, bucket, key);
  }

  async readStart(bucket: string, key: string): Promise<{ text: string; isWhole: boolean } | undefined> {
    const { client } = await this.#load();
    return (await import('./objects.ts')).readStart(client, bucket, key);
  }

  async list(bucket: string, prefix: string, after: string | undefined, limit: number): Promise<ListedPage> {
    const { client } = await this.#load();
    const { listFiles } = await import('./list-files.ts');
    return listFiles(client, bucket, prefix, after, limit);
  }

  async putArtifact(key: string, body: string): Promise<void> {
    const { client } = await this.#load();
    await (await import('./objects.ts')).putJson(client, this.#artifactsBucket, key, body);
  }

  async #load() {
    this.#loaded ??= import('@aws-sdk/client-s3').then((s3) => ({ s3, client: new s3.S3Client({}) }));
    return this.#loaded;
  }
}
