/**
 * In place of `@aws-sdk/client-s3`: the four calls of the functions, with `LightClient`'s signer, retries and HTTP handler. The SDK's
 * client for S3 is larger than all that a function loads. `test/build/sdk` compares requests, answers, errors and retries with it.
 */
import { crc32 } from 'node:zlib';

import sdk from '@aws-sdk/client-s3/package.json' with { type: 'json' };
import { ServiceException } from '@smithy/core/client';
import { HttpRequest } from '@smithy/core/transport';

import type { OperationSchema } from './command.ts';
import { type ClientConfig, LightClient } from './light-client.ts';
import { metadataOf, type Response, wholeBody } from './response.ts';
import { elementsOf, textOf } from './xml.ts';

type Input = Readonly<Record<string, string | number | undefined>>;
type Output = Record<string, unknown>;

interface Operation {
  readonly method: string;
  readonly query?: (input: Input) => Input;
  readonly headers?: (input: Input) => Input;
  /** `body`: read whole, also where there is none, or the connection would not be free for the next call. */
  readonly output: (response: Response, body: Buffer) => Output;
}

interface Endpoint {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  HeadObject: { method: 'HEAD', output: objectOf },
  GetObject: {
    method: 'GET',
    query: () => ({ 'x-id': 'GetObject' }),
    headers: ({ Range: range }) => ({ range, 'x-amz-checksum-mode': 'ENABLED' }),
    output: (response, bytes) => {
      const sum = response.headers['x-amz-checksum-crc32'];
      // Of a part of an object S3 answers none.
      if (sum !== undefined && sum !== checksumOf(bytes))
        throw new Error(`Checksum mismatch: expected "${sum}" but received "${checksumOf(bytes)}".`);
      const Body = {
        transformToByteArray: async () => bytes,
        transformToString: async () => bytes.toString('utf8'),
      };
      return { ...objectOf(response), Body };
    },
  },
  PutObject: {
    method: 'PUT',
    query: () => ({ 'x-id': 'PutObject' }),
    headers: ({ ContentType, Body }) => ({
      'content-type': ContentType ?? 'application/octet-stream',
      'x-amz-sdk-checksum-algorithm': 'CRC32',
      'x-amz-checksum-crc32': checksumOf(String(Body ?? '')),
    }),
    output: objectOf,
  },
  ListObjectVersions: {
    method: 'GET',
    query: ({ Prefix, KeyMarker, MaxKeys, EncodingType }) => ({
      versions: '',
      'encoding-type': EncodingType,
      'key-marker': KeyMarker,
      'max-keys': MaxKeys,
      prefix: Prefix,
    }),
    output: (response, body) => {
      const text = body.toString('utf8');
      // S3 may find out that it fails after it has begun to answer: then it is asked again.
      if (/<Error[\s>]/.test(text)) throw errorOf({ ...response, statusCode: 503 }, text);
      const versions = (name: string): Output[] =>
        elementsOf(text, name).map((element) => ({
          Key: textOf(element, 'Key'),
          Size: Number(textOf(element, 'Size') ?? 0),
          ETag: textOf(element, 'ETag'),
          VersionId: textOf(element, 'VersionId'),
          IsLatest: textOf(element, 'IsLatest') === 'true',
          LastModified: new Date(textOf(element, 'LastModified') ?? 0),
        }));
      return {
        Versions: versions('Version'),
        DeleteMarkers: versions('DeleteMarker'),
        IsTruncated: textOf(text, 'IsTruncated') === 'true',
      };
    },
  },
};

const protocol = {
  setSerdeContext(): void {},

  async serializeRequest(
    { name }: { readonly name: string },
    input: Input,
    { endpoint }: { readonly endpoint: () => Promise<Endpoint> },
  ) {
    const { method, query, headers } = operationOf(name);
    const { path, ...host } = await endpoint();
    const { Key, Body } = input;
    const key = Key === undefined ? '' : String(Key).split('/').map(escaped).join('/');
    return new HttpRequest({
      ...host,
      method,
      path: `${path.replace(/\/$/, '')}/${key}`,
      query: there(query?.(input)),
      headers: there(headers?.(input)),
      body: Body,
    });
  },

  async deserializeResponse(
    { name }: { readonly name: string },
    _context: unknown,
    response: Response,
  ): Promise<Output> {
    const body = await wholeBody(response);
    if (response.statusCode >= 300) throw errorOf(response, body.toString('utf8'));
    return { ...operationOf(name).output(response, body), $metadata: metadataOf(response) };
  },
};

export class S3Client extends LightClient {
  constructor(config: ClientConfig & { readonly forcePathStyle?: boolean } = {}) {
    const endpointFor = (endpoint: URL, { Bucket = '' }: { readonly Bucket?: string }): URL => {
      const url = new URL(endpoint);
      const isHost =
        /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(Bucket) &&
        !/^\[|^[\d.]+$/.test(url.hostname) &&
        config.forcePathStyle !== true;
      if (isHost) url.hostname = `${Bucket}.${url.hostname}`;
      else url.pathname = `${url.pathname.replace(/\/$/, '')}/${escaped(Bucket)}`;
      return url;
    };
    super({ id: 'S3', version: sdk.version, host: 's3', protocol, escapesPath: false, endpointFor }, config);
  }
}

function operationOf(name: string): Operation {
  const found = OPERATIONS[name];
  if (found === undefined) throw new Error(`the functions do not call ${name}`);
  return found;
}

/** Middleware that one command adds, around the reading of the response. */
type Added = (next: (args: unknown) => Promise<unknown>) => (args: unknown) => Promise<unknown>;

function commandOf(name: string) {
  return class {
    readonly schema: OperationSchema = [9, 'com.amazonaws.s3', name, 0, undefined, undefined];
    readonly input: Input;
    readonly added: Added[] = [];
    readonly middlewareStack = { add: (added: Added): unknown => this.added.push(added) };

    constructor(input: Input) {
      this.input = input;
    }
  };
}

export const HeadObjectCommand = commandOf('HeadObject');
export const GetObjectCommand = commandOf('GetObject');
export const PutObjectCommand = commandOf('PutObject');
export const ListObjectVersionsCommand = commandOf('ListObjectVersions');

function objectOf({ headers }: Response): Output {
  const modified = headers['last-modified'];
  const length = headers['content-length'];
  return {
    ContentLength: length === undefined ? undefined : Number(length),
    ETag: headers['etag'],
    VersionId: headers['x-amz-version-id'],
    LastModified: modified === undefined ? undefined : new Date(modified),
  };
}

class S3ServiceException extends ServiceException {
  override name = 'S3ServiceException';
}

function errorOf(response: Response, text: string): Error {
  const { statusCode } = response;
  const Code = textOf(text, 'Code') ?? (statusCode === 404 ? 'NotFound' : undefined);
  const RequestId = textOf(text, 'RequestId');
  return Object.assign(
    new S3ServiceException({
      name: Code ?? 'Unknown',
      message: textOf(text, 'Message') ?? 'UnknownError',
      $fault: statusCode < 500 ? 'client' : 'server',
      $metadata: metadataOf(response),
    }),
    { name: Code ?? 'Unknown', ...there({ Code, RequestId }) },
  );
}

function checksumOf(content: string | Uint8Array): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(content));
  return sum.toString('base64');
}

function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function there(values: Input = {}): Record<string, string> {
  const found = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found.map(([name, value]) => [name, String(value)]));
}
