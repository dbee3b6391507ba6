/** The FileStore port over S3. The client is large and only steps with files need it: it is loaded when asked for. */
import type * as S3 from '@aws-sdk/client-s3';

import type { FileStore } from '../engine/ports.ts';
import type { RunFile } from '../run/run.ts';

type S3Module = typeof S3;

export class S3FileStore implements FileStore {
  readonly #artifactsBucket: string;
  #loaded: Promise<{ s3: S3Module; client: InstanceType<S3Module['S3Client']> }> | undefined;

  constructor(artifactsBucket: string) {
    this.#artifactsBucket = artifactsBucket;
  }

  async check(file: RunFile): Promise<'same' | 'changed' | 'missing'> {
    const now = await this.#head(file.bucket, file.key, file.versionId);
    if (now === undefined) return 'missing';
    return now.etag === file.etag ? 'same' : 'changed';
  }

  async find(bucket: string, key: string): Promise<RunFile | undefined> {
    return this.#head(bucket, key, undefined);
  }

  async putArtifact(key: string, body: string): Promise<void> {
    const { s3, client } = await this.#load();
    await client.send(
      new s3.PutObjectCommand({
        Bucket: this.#artifactsBucket,
        Key: key,
        Body: body,
        ContentType: 'application/json',
      }),
    );
  }

  async #head(bucket: string, key: string, versionId: string | undefined): Promise<RunFile | undefined> {
    const { s3, client } = await this.#load();
    try {
      const head = await client.send(
        new s3.HeadObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(versionId === undefined ? {} : { VersionId: versionId }),
        }),
      );
      return {
        bucket,
        key,
        size: head.ContentLength ?? 0,
        etag: (head.ETag ?? '').replaceAll('"', ''),
        ...(head.VersionId === undefined ? {} : { versionId: head.VersionId }),
      };
    } catch (error) {
      if (
        error instanceof Error &&
        (error.name === 'NotFound' || error.name === 'NoSuchKey' || error.name === 'NoSuchVersion')
      )
        return undefined;
      throw error;
    }
  }

  async #load() {
    this.#loaded ??= import('@aws-sdk/client-s3').then((s3) => ({ s3, client: new s3.S3Client({}) }));
    return this.#loaded;
  }
}
