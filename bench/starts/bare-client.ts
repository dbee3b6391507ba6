/**
 * The least that can make the functions' calls: a signature over plain HTTP, and nothing of what the SDK's clients do beside it (retries,
 * clocks, endpoints, types). In its place it is the floor of the benchmark's starts; nothing else uses it.
 */
import { createHash, createHmac } from 'node:crypto';
import process from 'node:process';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

interface Command {
  readonly target: string;
  readonly input: Readonly<Record<string, unknown>>;
}

const { Agent, request } = process.getBuiltinModule('node:http');
// What is called on AWS.
process.getBuiltinModule('node:https');

const agent = new Agent({ keepAlive: true });
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

async function send(
  service: string,
  method: string,
  path: string,
  own: Record<string, string>,
  body: string,
) {
  const { env } = process;
  const url = new URL(
    env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? env['AWS_ENDPOINT_URL'] ?? 'http://127.0.0.1',
  );
  const region = env['AWS_REGION'] ?? '';
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const day = date.slice(0, 8);
  const headers: Record<string, string> = {
    ...own,
    'content-length': String(Buffer.byteLength(body)),
    host: url.host,
    'x-amz-content-sha256': hash(body),
    'x-amz-date': date,
  };
  const names = Object.keys(headers).sort();
  const signed = names.map((name) => `${name}:${headers[name] ?? ''}\n`).join('');
  const canonical = [method, path, '', signed, names.join(';'), headers['x-amz-content-sha256']].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = hmac(
    hmac(hmac(hmac(`AWS4${env['AWS_SECRET_ACCESS_KEY'] ?? ''}`, day), region), service),
    'aws4_request',
  );
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash(canonical)}`).toString('hex');
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${env['AWS_ACCESS_KEY_ID'] ?? ''}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return new Promise<Answer>((resolve, reject) => {
    const sent = request({ agent, host: url.hostname, port: url.port, method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({
          status,
          headers: headers as Answer['headers'],
          text: Buffer.concat(parts).toString('utf8'),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function jsonClient(service: string, version: string) {
  return class {
    async send({ target, input }: Command): Promise<unknown> {
      const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target };
      const { status, text } = await send(service, 'POST', '/', headers, JSON.stringify(input, toWire));
      const answer = JSON.parse(text || '{}', fromWire) as Record<string, unknown>;
      if (status === 200) return answer;
      const name = String(answer['__type']).split('#').at(-1) ?? '';
      const Class = name === 'ConditionalCheckFailedException' ? ConditionalCheckFailedException : Error;
      throw Object.assign(new Class(String(answer['message'])), answer, { name });
    }
  };
}

/** A buffer is `{"type":"Buffer","data":[…]}` by the time it comes here. */
function toWire(_key: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { readonly type?: unknown; readonly data?: readonly number[] };
  return type === 'Buffer' && data !== undefined ? Buffer.from(data).toString('base64') : value;
}

function fromWire(key: string, value: unknown): unknown {
  if (key === 'B' && typeof value === 'string') return Buffer.from(value, 'base64');
  return key.endsWith('At') && typeof value === 'number' ? new Date(value * 1000) : value;
}

function command(target: string) {
  return class implements Command {
    readonly target = target;
    readonly input: Command['input'];

    constructor(input: Command['input']) {
      this.input = input;
    }
  };
}

export class ConditionalCheckFailedException extends Error {
  override name = 'ConditionalCheckFailedException';
}

export const DynamoDBClient = jsonClient('dynamodb', '1.0');
export const BatchGetItemCommand = command('DynamoDB_20120810.BatchGetItem');
export const BatchWriteItemCommand = command('DynamoDB_20120810.BatchWriteItem');
export const GetItemCommand = command('DynamoDB_20120810.GetItem');
export const PutItemCommand = command('DynamoDB_20120810.PutItem');
export const QueryCommand = command('DynamoDB_20120810.Query');
export const ScanCommand = command('DynamoDB_20120810.Scan');
export const UpdateItemCommand = command('DynamoDB_20120810.UpdateItem');

export const RedshiftDataClient = jsonClient('redshift-data', '1.1');
export const BatchExecuteStatementCommand = command('RedshiftData.BatchExecuteStatement');
export const CancelStatementCommand = command('RedshiftData.CancelStatement');
export const DescribeStatementCommand = command('RedshiftData.DescribeStatement');
export const ExecuteStatementCommand = command('RedshiftData.ExecuteStatement');
export const GetStatementResultCommand = command('RedshiftData.GetStatementResult');
export const ListSessionsCommand = command('RedshiftData.ListSessions');
export const ListStatementsCommand = command('RedshiftData.ListStatements');

export const EventBridgeClient = jsonClient('events', '1.1');
export const PutEventsCommand = command('AWSEvents.PutEvents');

export const SQSClient = jsonClient('sqs', '1.0');
export const SendMessageCommand = command('AmazonSQS.SendMessage');

export class S3Client {
  async send({ target: method, input }: Command): Promise<unknown> {
    const { Bucket, Key, Body = '' } = input as Readonly<Record<string, string>>;
    const { status, headers, text } = await send('s3', method, `/${String(Bucket)}/${String(Key)}`, {}, Body);
    if (status >= 300)
      throw Object.assign(new Error(text), { name: status === 404 ? 'NotFound' : 'S3Error' });
    return {
      ContentLength: Number(headers['content-length']),
      ETag: headers['etag'],
      VersionId: headers['x-amz-version-id'],
      LastModified: headers['last-modified'] === undefined ? undefined : new Date(headers['last-modified']),
      Body: { transformToString: () => Promise.resolve(text) },
    };
  }
}

export const HeadObjectCommand = command('HEAD');
export const GetObjectCommand = command('GET');
export const PutObjectCommand = command('PUT');
export const ListObjectVersionsCommand = command('GET');
