/** Contents of objects. */
import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';

import { isNamed } from '../errors.ts';
import { START_BYTES, textOfStart } from './start-of-file.ts';

/** Undefined: there is none. */
export async function readText(client: S3Client, bucket: string, key: string): Promise<string | undefined> {
  try {
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await object.Body?.transformToString();
  } catch (error) {
    if (isNamed(error, 'NotFound', 'NoSuchKey')) return undefined;
    throw error;
  }
}

/** Undefined: it is no text. */
export async function readStart(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<{ text: string; isWhole: boolean } | undefined> {
  const Range = `bytes=0-${START_BYTES - 1}`;
  const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }));
  const bytes = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
  const text = textOfStart(bytes);
  return text === undefined ? undefined : { text, isWhole: bytes.length < START_BYTES };
}

export async function putJson(client: S3Client, bucket: string, key: string, body: string): Promise<void> {
  await client.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }),
  );
}
