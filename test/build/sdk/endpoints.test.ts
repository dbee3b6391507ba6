/** Where the functions' clients send their calls, beside the rule sets of the SDK. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test, vi } from 'vitest';

import { packageRoot } from '../../../build/project.ts';
import { endpointOf } from '../../../build/sdk/endpoints.ts';
import * as sdk from './clients.ts';
import { type Clients, lightClients, expectSame, useBothSdks } from './comparison.ts';

useBothSdks();

const partitions = readFileSync(
  join(
    packageRoot,
    'node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js',
  ),
  'utf8',
);

/** Every Region that the SDK knows, and some that are to come. */
const regions = [
  ...Array.from(partitions.matchAll(/"([a-z]+(?:-[a-z]+)+-\d)": \{/g), ([, region = '']) => region),
  'ap-southeast-99',
  'cn-south-1',
  'us-gov-north-1',
  'xx-new-1',
];

type Provider = (parameters: object) => { readonly url: URL };

/** By the first label of its hosts. */
const services: Readonly<Record<string, () => unknown>> = {
  dynamodb: () => new sdk.DynamoDBClient({}).config.endpointProvider,
  'redshift-data': () => new sdk.RedshiftDataClient({}).config.endpointProvider,
  events: () => new sdk.EventBridgeClient({}).config.endpointProvider,
  sqs: () => new sdk.SQSClient({}).config.endpointProvider,
  s3: () => new sdk.S3Client({}).config.endpointProvider,
};

const choices = [false, true].flatMap((UseFIPS) =>
  [false, true].map((UseDualStack) => ({ UseFIPS, UseDualStack })),
);

/** A URL, or why there is none. */
function attempt(of: () => URL): string {
  try {
    return of().href.replace(/\/$/, '');
  } catch (error) {
    return String(error);
  }
}

test('every service is found in every Region of every partition, with FIPS and dual stack or without', () => {
  expect(regions.length).toBeGreaterThan(40);
  for (const prefix of ['us-gov-', 'cn-', 'us-iso-', 'eusc-'])
    expect(regions.some((region) => region.startsWith(prefix))).toBe(true);
  const differing: object[] = [];
  for (const [service, provider] of Object.entries(services)) {
    const find = provider() as Provider;
    for (const region of regions) {
      for (const { UseFIPS, UseDualStack } of choices) {
        const wish = { region, useFips: UseFIPS, useDualStack: UseDualStack, custom: undefined };
        const expected = attempt(() => find({ Region: region, UseFIPS, UseDualStack }).url);
        const seen = attempt(() => endpointOf(service, wish));
        if (seen !== expected) differing.push({ service, region, UseFIPS, UseDualStack, expected, seen });
      }
    }
  }
  expect(differing).toEqual([]);
});

test('an endpoint of one’s own is taken, and refused with FIPS or dual stack', () => {
  for (const [service, provider] of Object.entries(services)) {
    const find = provider() as Provider;
    for (const { UseFIPS, UseDualStack } of choices) {
      const Endpoint = 'http://localhost:4566';
      const expected = attempt(() => find({ Region: 'us-east-1', UseFIPS, UseDualStack, Endpoint }).url);
      const seen = attempt(() =>
        endpointOf(service, {
          region: 'us-east-1',
          useFips: UseFIPS,
          useDualStack: UseDualStack,
          custom: Endpoint,
        }),
      );
      // The SDK's texts for S3 are its own.
      const text = (found: string): string =>
        service === 's3' ? found.replace(/Error: .*/, 'Error') : found;
      expect(text(seen)).toBe(text(expected));
    }
  }
});

test('an object is found by the name of its bucket in the host, or in the path', async () => {
  const find = new sdk.S3Client({}).config.endpointProvider as Provider;
  for (const Bucket of ['a-bucket', 'with.dots', 'UPPER', 'under_score', 'ab', 'x'.repeat(63), '1.2.3.4']) {
    for (const region of ['us-east-1', 'eu-central-1', 'cn-north-1', 'us-gov-west-1']) {
      for (const { UseFIPS, UseDualStack } of choices) {
        const expected = attempt(() => find({ Region: region, UseFIPS, UseDualStack, Bucket }).url);
        vi.stubEnv('AWS_USE_FIPS_ENDPOINT', String(UseFIPS));
        vi.stubEnv('AWS_USE_DUALSTACK_ENDPOINT', String(UseDualStack));
        expect(await sentTo(lightClients(), region, Bucket)).toBe(expected);
      }
    }
  }
});

/** The URL of the bucket to which the client would send: its HTTP handler tells. */
async function sentTo(clients: Clients, region: string, Bucket: string): Promise<string> {
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
  const client = new clients.S3Client({
    region,
    credentials,
    maxAttempts: 1,
    requestHandler: {
      handle: ({ protocol, hostname, path }: Readonly<Record<string, string>>) =>
        Promise.reject(new Error(`${String(protocol)}//${String(hostname)}${String(path)}`)),
    } as never,
  });
  const command = new clients.HeadObjectCommand({ Bucket, Key: 'k' });
  const error = await client.send(command).catch((reason: unknown) => reason);
  return String(error).replace(/^Error: |\/k$/g, '');
}

const get = ({ DynamoDBClient, GetItemCommand }: Clients) =>
  new DynamoDBClient({}).send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } }));

const describe = ({ RedshiftDataClient, DescribeStatementCommand }: Clients) =>
  new RedshiftDataClient({}).send(new DescribeStatementCommand({ Id: 'id' }));

test('Region, credentials and endpoints come from the environment', async () => {
  vi.stubEnv('AWS_REGION', 'ap-south-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKID');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'session');
  vi.stubEnv('AWS_EXECUTION_ENV', 'AWS_Lambda_nodejs24.x');
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'baton-dev-run-step');
  vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-2-3;Parent=4;Sampled=1');
  for (const call of [get, describe]) {
    const { requests } = await expectSame(
      (clients, { endpoint }) => {
        // One for each service goes before the one for all.
        vi.stubEnv('AWS_ENDPOINT_URL', call === get ? endpoint : 'http://127.0.0.1:1');
        vi.stubEnv('AWS_ENDPOINT_URL_REDSHIFT_DATA', endpoint);
        return call(clients);
      },
      [{ body: '{}' }],
    );
    expect(requests).toMatchObject([
      {
        headers: {
          'x-amz-security-token': 'session',
          'x-amzn-trace-id': 'Root=1-2-3;Parent=4;Sampled=1',
          authorization: expect.stringContaining('Credential=AKID/20260304/ap-south-1/') as string,
        },
      },
    ]);
  }
});

test('without credentials a call fails and says what is missing', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', '');
  const client = new (lightClients().DynamoDBClient)({ region: 'us-east-1', endpoint: 'http://127.0.0.1:1' });
  const command = new (lightClients().GetItemCommand)({ TableName: 't', Key: { pk: { S: 'a' } } });
  await expect(client.send(command)).rejects.toThrow(
    'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set',
  );
});
