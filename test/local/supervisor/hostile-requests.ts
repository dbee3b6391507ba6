/** Requests that a client of AWS would not send, made from a seed: malformed, of wrong types, with names that every object inherits. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

import { Random } from '../../sim/random.ts';

type Shape = 's3' | 'json' | 'admin';

export interface HostileRequest {
  /** In which form an error must come. */
  readonly shape: Shape;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Names that an object has without having been given them, and other names that are none. */
const NAMES = [
  'toString',
  'constructor',
  '__proto__',
  'hasOwnProperty',
  'valueOf',
  '',
  '.',
  '..',
  '%zz',
  '%',
  '%00',
  '%2e%2e%2f%2e%2e',
  '%C3%28',
  'a'.repeat(300),
  'ключ',
  "'; drop table x --",
  '\u0001\u001f',
];

const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  0.5,
  '',
  'toString',
  '\u0000',
  '{}',
  [],
  [[]],
  {},
  [null],
  [{}],
  { toString: 1, valueOf: 1 },
  [{ toString: 1, valueOf: 1 }],
  { S: 1 },
  { __proto__: null, constructor: {} },
  'x'.repeat(70_000),
  nested(5000),
  '('.repeat(20_000),
];

const ITEM = {
  pk: { S: 'x' },
  constructor: { S: 'y' },
  m: { M: { a: { L: [{ N: '1' }, { BOOL: true }] } } },
};
const VALUES_OF_EXPRESSIONS = { ':p': { S: 'x' }, ':n': { N: '1' } };
const NAMES_OF_EXPRESSIONS = { '#a': 'constructor', '#b': '__proto__' };
const QUEUE = 'http://127.0.0.1/000000000000/small-dead';
const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/default';
const ARCHIVE = 'arn:aws:events:us-east-1:000000000000:archive/a';

/** Requests that are right or nearly so; each is sent with one thing in it changed. */
const BASES: Readonly<Record<string, readonly [string, object][]>> = {
  DynamoDB_20120810: [
    [
      'PutItem',
      {
        TableName: 'small-table',
        Item: ITEM,
        ConditionExpression: 'attribute_not_exists(#a)',
        ExpressionAttributeNames: NAMES_OF_EXPRESSIONS,
      },
    ],
    [
      'GetItem',
      { TableName: 'small-table', Key: { pk: { S: 'x' } }, ProjectionExpression: 'constructor, m.a[0]' },
    ],
    [
      'UpdateItem',
      {
        TableName: 'small-table',
        Key: { pk: { S: 'x' } },
        UpdateExpression: 'SET #a = :p, #b = if_not_exists(toString, :n) ADD c :n',
        ExpressionAttributeNames: NAMES_OF_EXPRESSIONS,
        ExpressionAttributeValues: VALUES_OF_EXPRESSIONS,
      },
    ],
    ['DeleteItem', { TableName: 'small-table', Key: { pk: { S: 'y' } }, ReturnValues: 'ALL_OLD' }],
    [
      'Query',
      {
        TableName: 'small-table',
        KeyConditionExpression: 'pk = :p',
        FilterExpression: 'begins_with(constructor, :p)',
        ExpressionAttributeValues: VALUES_OF_EXPRESSIONS,
        Limit: 1,
      },
    ],
    [
      'Scan',
      {
        TableName: 'small-table',
        FilterExpression: 'toString = :n',
        ExpressionAttributeValues: VALUES_OF_EXPRESSIONS,
        Limit: 2,
        ExclusiveStartKey: { pk: { S: 'a' } },
      },
    ],
    [
      'BatchWriteItem',
      {
        RequestItems: {
          'small-table': [{ PutRequest: { Item: ITEM } }, { DeleteRequest: { Key: { pk: { S: 'z' } } } }],
        },
      },
    ],
    ['BatchGetItem', { RequestItems: { 'small-table': { Keys: [{ pk: { S: 'x' } }] } } }],
    ['DescribeTable', { TableName: 'small-table' }],
    [
      'UpdateTimeToLive',
      { TableName: 'small-table', TimeToLiveSpecification: { Enabled: true, AttributeName: 'toString' } },
    ],
    ['ListTables', { Limit: 1, ExclusiveStartTableName: 'abc' }],
  ],
  RedshiftData: [
    [
      'ExecuteStatement',
      {
        WorkgroupName: 'local',
        Database: 'dev',
        Sql: 'SELECT constructor(:p)',
        Parameters: [{ name: 'p', value: '1' }],
        ClientToken: 'constructor',
        StatementName: 'toString',
      },
    ],
    [
      'BatchExecuteStatement',
      {
        WorkgroupName: 'local',
        Database: 'dev',
        Sqls: ['constructor', 'SET constructor TO 1'],
        ExecutionMode: 'TRANSACTION',
      },
    ],
    ['DescribeStatement', { Id: '00000000-0000-0000-0000-000000000000:1', WaitTimeSeconds: 0 }],
    ['GetStatementResult', { Id: 'd9b6c0c9-0747-4bf4-b142-e8883122f766', NextToken: 'e30' }],
    ['ListStatements', { Status: 'ALL', MaxResults: 1, NextToken: 'constructor', RoleLevel: true }],
    ['ListSessions', { Status: 'AVAILABLE', MaxResults: 1, NextToken: '__proto__' }],
    ['CancelStatement', { Id: 'd9b6c0c9-0747-4bf4-b142-e8883122f766' }],
  ],
  AWSEvents: [
    [
      'PutEvents',
      {
        Entries: [
          {
            Source: 'a',
            DetailType: 'b',
            Detail: '{"constructor":{"__proto__":1}}',
            Time: 1,
            Resources: ['x'],
          },
        ],
      },
    ],
    [
      'TestEventPattern',
      {
        EventPattern: '{"detail":{"a":[{"anything-but":{"constructor":"x"}}]}}',
        Event:
          '{"id":"1","account":"1","source":"a","time":"2026-01-01T00:00:00Z","region":"r","resources":[],"detail-type":"b","detail":{"a":"constructor"}}',
      },
    ],
    ['ListRules', { NamePrefix: 'constructor' }],
    [
      'CreateArchive',
      { ArchiveName: 'toString', EventSourceArn: BUS, EventPattern: '{"__proto__":["x"]}', RetentionDays: 1 },
    ],
    [
      'StartReplay',
      {
        ReplayName: 'r',
        EventSourceArn: ARCHIVE,
        EventStartTime: 1,
        EventEndTime: 2,
        Destination: { Arn: BUS },
      },
    ],
    ['DescribeReplay', { ReplayName: 'constructor' }],
  ],
  AmazonSQS: [
    [
      'SendMessage',
      {
        QueueUrl: QUEUE,
        MessageBody: 'm',
        MessageAttributes: { constructor: { DataType: 'String', StringValue: 'x' } },
        DelaySeconds: 1,
      },
    ],
    ['SendMessageBatch', { QueueUrl: QUEUE, Entries: [{ Id: 'constructor', MessageBody: 'm' }] }],
    [
      'ReceiveMessage',
      {
        QueueUrl: QUEUE,
        MaxNumberOfMessages: 1,
        VisibilityTimeout: 0,
        MessageAttributeNames: ['All'],
        AttributeNames: ['toString'],
      },
    ],
    ['DeleteMessage', { QueueUrl: QUEUE, ReceiptHandle: 'constructor' }],
    ['ChangeMessageVisibility', { QueueUrl: QUEUE, ReceiptHandle: '__proto__', VisibilityTimeout: 1 }],
    ['GetQueueAttributes', { QueueUrl: QUEUE, AttributeNames: ['All', 'constructor'] }],
    ['GetQueueUrl', { QueueName: 'small-dead' }],
  ],
};

/** A JSON object in an object in an object. */
function nested(depth: number): string {
  return `${'{"TableName":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

const NO_OBJECTS = ['', '[', 'null', '1', '"x"', '{"a":', '['.repeat(20_000), '\u0000', nested(20_000)];

const S3_QUERIES = [
  '',
  'list-type=2',
  'list-type=2&prefix=%zz',
  'list-type=2&max-keys=-1',
  'list-type=2&continuation-token=constructor',
  'list-type=2&continuation-token=e30',
  'list-type=2&encoding-type=toString',
  'delete',
  'uploads',
  'uploadId=../../x&partNumber=1',
  'uploadId=constructor',
  'location',
  'notification',
  'constructor',
  '__proto__=1',
  'versionId=toString',
  'response-content-type=%0d%0aSet-Cookie:%20a',
  'response-toString=x',
  'X-Amz-Credential=%zz',
];

const S3_BODIES = [
  '',
  'a,b\n',
  '<',
  '<Delete>',
  '<Delete><Object><Key>&constructor;</Key></Object></Delete>',
  '<Delete><Object><Key>&#xffffffff;</Key></Object></Delete>',
  '<Delete><Object></Object></Delete>',
  '<constructor/>',
  '<CompleteMultipartUpload><Part><PartNumber>x</PartNumber></Part></CompleteMultipartUpload>',
  '<NotificationConfiguration><toString/></NotificationConfiguration>',
  `<a>${'<b>'.repeat(2000)}`,
];

const S3_HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { range: 'bytes=9999999999999999999-' },
  { range: 'bytes=-0' },
  { 'x-amz-copy-source': '%zz' },
  { 'x-amz-copy-source': '/constructor/toString' },
  { 'x-amz-copy-source': 'small-landing/../../etc/hostname' },
  { 'x-amz-checksum-constructor': 'x' },
  { 'x-amz-trailer': 'x-amz-checksum-toString' },
  { 'content-md5': 'x' },
  { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
  { 'x-amz-decoded-content-length': '-5' },
  { 'if-match': 'x', 'if-none-match': 'x' },
  { 'if-modified-since': 'constructor' },
];

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'];

/** The request of a seed; the same one each time. */
export function hostileRequest(seed: number): HostileRequest {
  const random = new Random(seed);
  const pick = <T>(items: readonly T[]): T => random.pick(items) as T;
  const name = (): string => encodeUnlessEscaped(pick(NAMES));
  const made = pick([jsonService, jsonService, s3, s3, lambda, scheduler, admin]);
  return made();

  function jsonService(): HostileRequest {
    const service = pick(Object.keys(BASES));
    const [operation, input] = pick(BASES[service] as readonly [string, object][]);
    const target = `${random.chance(0.9) ? service : latin1(pick(NAMES))}.${random.chance(0.9) ? operation : latin1(pick(NAMES))}`;
    return {
      shape: 'json',
      method: random.chance(0.9) ? 'POST' : pick(METHODS.filter((method) => method !== 'HEAD')),
      path: random.chance(0.8) ? '/' : `/${name()}`,
      headers: { 'x-amz-target': target },
      body: random.chance(0.1) ? pick(NO_OBJECTS) : JSON.stringify(changed(input)),
    };
  }

  /** A copy in which one value or name, at any depth, is another. */
  function changed(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || random.chance(0.15)) return pick(VALUES);
    if (Array.isArray(value)) {
      const at = random.below(value.length);
      return value.map((each, index) => (index === at ? changed(each) : (each as unknown)));
    }
    const entries = Object.entries(value);
    const at = random.below(entries.length);
    return Object.fromEntries(
      entries.map(([key, each], index): [string, unknown] => {
        if (index !== at) return [key, each];
        return random.chance(0.15) ? [pick(NAMES), each] : [key, changed(each)];
      }),
    );
  }

  function s3(): HostileRequest {
    const bucket = random.chance(0.6) ? 'small-landing' : name();
    const key = random.chance(0.3) ? '' : `/${random.chance(0.3) ? 'in/a.csv' : `${name()}/${name()}`}`;
    const query = pick(S3_QUERIES);
    return {
      shape: 's3',
      method: pick(METHODS),
      path: `/${bucket}${key}${query === '' ? '' : `?${query}`}`,
      headers: pick(S3_HEADERS),
      body: pick(S3_BODIES),
    };
  }

  function lambda(): HostileRequest {
    const path = pick([
      `/2015-03-31/functions/${name()}/configuration`,
      `/2015-03-31/functions/${name()}/invocations`,
      '/2015-03-31/functions/small-tick/invocations',
      `/2015-03-31/functions/${name()}`,
      `/2015-03-31/event-source-mappings?FunctionName=${name()}`,
      '/2015-03-31/event-source-mappings/?FunctionName=%zz',
      `/2015-03-31/${name()}`,
    ]);
    return {
      shape: 'json',
      method: pick(['GET', 'POST', 'PUT', 'DELETE']),
      path,
      headers: pick([{}, { 'x-amz-invocation-type': pick(['Event', 'DryRun', 'toString']) }]),
      body: pick(['', '{}', '{', '\u0000', 'null', '[1]']),
    };
  }

  function scheduler(): HostileRequest {
    return {
      shape: 'json',
      method: pick(['GET', 'POST', 'DELETE']),
      path: pick([
        '/schedules',
        `/schedules/${name()}`,
        `/schedules/%zz?groupName=%`,
        `/${name()}`,
        '/schedules?State=x',
      ]),
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/scheduler/aws4_request' },
      body: '',
    };
  }

  function admin(): HostileRequest {
    const what = pick([
      'status',
      'clock',
      'calls',
      'faults',
      'kill-session',
      'functions',
      'sessions',
      name(),
      '%zz',
    ]);
    return {
      shape: 'admin',
      method: pick(['GET', 'POST', 'DELETE', 'PUT']),
      path: `/_local/${what}${pick(['', '?since=x', '?id=%zz', '?since=-1', '?detail&since=99999999999999999999'])}`,
      headers: {},
      // Never a fault or a step of the clock that is right: they would change what later requests meet.
      body: pick(['{', '[]', 'null', '{"constructor":1}', '{"advanceMs":"1"}', '{"sessionId":"toString"}']),
    };
  }
}

/** As it may stand in a header. */
function latin1(text: string): string {
  return text.replaceAll(/[^\u0020-\u00ff]/g, '?');
}

/** As it may stand in a request line; what is written with % stays as it is, right or wrong. */
function encodeUnlessEscaped(text: string): string {
  return text.startsWith('%') ? text : encodeURIComponent(text);
}

/** Sends it as it is, without what `fetch` would repair; rejects where the connection ends without an answer. */
export function send(
  endpoint: string,
  { method, path, headers, body }: Omit<HostileRequest, 'shape'>,
): Promise<Answer> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        hostname,
        port,
        method,
        path,
        headers: { 'content-length': Buffer.byteLength(body), ...headers },
        // A connection of its own: an answer given before the body was read closes it.
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** What is wrong with an answer; undefined: it is one of its service. */
export function faultOf(
  { shape, method }: Pick<HostileRequest, 'shape' | 'method'>,
  answer: Answer,
): string | undefined {
  const { status, headers, body } = answer;
  if (status === 500 || status < 200 || status > 503)
    return `status ${String(status)}: ${body.slice(0, 300)}`;
  if (status < 400 || method === 'HEAD') return undefined;
  if (shape === 's3') {
    return /<Error><Code>\w+<\/Code><Message>[^]+<\/Message>/.test(body)
      ? undefined
      : `not S3's form: ${body.slice(0, 200)}`;
  }
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return `not JSON: ${body.slice(0, 200)}`;
  }
  const { error, message, Message, __type: type } = value as Readonly<Record<string, unknown>>;
  if (shape === 'admin') return typeof error === 'string' ? undefined : `no sentence: ${body.slice(0, 200)}`;
  const named = headers['x-amzn-errortype'] ?? type;
  if (typeof named !== 'string' || named === '') return `the error has no name: ${body.slice(0, 200)}`;
  return typeof (message ?? Message) === 'string'
    ? undefined
    : `the error has no message: ${body.slice(0, 200)}`;
}
