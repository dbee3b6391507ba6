/** What is refused before a deployment, at an account that answers as AWS does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { checkAccount } from '../../cli/deployment/account-check.ts';
import type { CommandError } from '../../cli/exit.ts';

/** What the account has. */
interface Account {
  variables?: Readonly<Record<string, string>>;
  table?: boolean;
  role?: boolean;
  buckets?: readonly string[];
  denies?: RegExp;
}

const OLD = {
  BATON_LANDING_BUCKET: 'baton-dev-landing',
  BATON_ARTIFACTS_BUCKET: 'baton-dev-artifacts',
  BATON_ROLE_NAME: 'baton-dev-functions',
};
const sub = (end: string) => ({ 'Fn::Sub': `baton-dev-\${AWS::AccountId}-\${AWS::Region}-${end}` });
const NEW = {
  BATON_LANDING_BUCKET: sub('landing'),
  BATON_ARTIFACTS_BUCKET: sub('artifacts'),
  BATON_ROLE_NAME: 'baton-dev-functions',
};

let account: Account;
let calls: string[];
let server: Server;
let endpoint: string;

beforeEach(async () => {
  account = {};
  calls = [];
  server = createServer((request, response) => {
    const answer = (status: number, body: string, type = '') => {
      response.writeHead(status, { 'x-amzn-errortype': type }).end(body);
    };
    const path = new URL(request.url ?? '', 'http://any').pathname;
    const target = request.headers['x-amz-target'];
    const name = path.includes('/functions/') ? 'lambda' : target === undefined ? path : 'dynamodb';
    calls.push(name);
    if (account.denies?.test(name) === true) {
      answer(403, JSON.stringify({ __type: 'AccessDeniedException' }), 'AccessDeniedException');
    } else if (name === 'lambda') {
      if (account.variables === undefined) answer(404, '{}', 'ResourceNotFoundException');
      else answer(200, JSON.stringify({ Environment: { Variables: account.variables } }));
    } else if (name === 'dynamodb') {
      const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/baton-dev';
      if (account.table === true) answer(200, JSON.stringify({ Table: { TableArn: arn } }));
      else answer(400, JSON.stringify({ __type: 'ResourceNotFoundException' }));
    } else if (name === '/') {
      const code = '<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>';
      const role = '<Role><RoleName>baton-dev-functions</RoleName></Role>';
      const result = `<GetRoleResponse><GetRoleResult>${role}</GetRoleResult></GetRoleResponse>`;
      answer(account.role === true ? 200 : 404, account.role === true ? result : code);
    } else {
      answer(account.buckets?.includes(name.replaceAll('/', '')) === true ? 200 : 404, '');
    }
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

/** What is said of a deployment with these variables; undefined: it may begin. */
async function refusal(
  planned: Readonly<Record<string, unknown>>,
  { table = true, newNames = false }: { table?: boolean; newNames?: boolean } = {},
): Promise<{ code: number; text: string } | undefined> {
  const template = {
    Resources: {
      OperateLambdaFunction: { Properties: { Environment: { Variables: planned } } },
      ...(table && { Table: {} }),
    },
  };
  const settings = {
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
    userAgentAppId: 'test',
  };
  try {
    await checkAccount({ stage: 'dev', region: 'eu-central-1', template, settings, newNames });
    return undefined;
  } catch (error) {
    const { code, message, hint = '' } = error as CommandError;
    return { code, text: `${message} -> ${hint}` };
  }
}

describe('a deployment over a deployed stage', () => {
  test('is refused if it would give it other buckets, and the parameter that keeps them is named', async () => {
    account.variables = OLD;
    expect(await refusal(NEW)).toEqual({
      code: 2,
      text: expect.stringMatching(
        /from baton-dev-landing to baton-dev-ACCOUNT-eu-central-1-landing: files in the present one would start no runs\n.*artifacts bucket.* -> to keep them, set buckets=baton-dev; .*--new-names$/,
      ) as string,
    });
    expect(await refusal(OLD)).toBeUndefined();
    expect(await refusal(NEW, { newNames: true })).toBeUndefined();
  });

  test('is not refused if the names with the account and the Region are the present ones', async () => {
    account.variables = {
      BATON_LANDING_BUCKET: 'baton-dev-123456789012-eu-central-1-landing',
      BATON_ARTIFACTS_BUCKET: 'baton-dev-123456789012-eu-central-1-artifacts',
      BATON_ROLE_NAME: 'baton-dev-functions',
    };
    expect(await refusal(NEW)).toBeUndefined();
    expect((await refusal(OLD))?.text).toContain('set buckets=baton-dev-123456789012-eu-central-1;');
  });

  test('is refused if the role of the functions, or one existing bucket, would be another', async () => {
    account.variables = { ...OLD, BATON_LANDING_BUCKET: 'files', BATON_ROLE_NAME: 'etl-functions' };
    const said = await refusal(OLD);
    expect(said?.text).toContain('set landingBucket=files and globalNames=etl;');
    expect(said?.text).not.toContain('artifactsBucket');
  });

  test('is refused if what is deployed cannot be read', async () => {
    account = { variables: OLD, denies: /lambda/ };
    expect(await refusal(OLD)).toEqual({
      code: 3,
      text: expect.stringMatching(
        /^cannot look at what is deployed of stage dev in eu-central-1: AccessDenied/,
      ) as string,
    });
  });
});

describe('the first deployment of a stage in a Region', () => {
  test('begins in an account that has nothing of it', async () => {
    expect(await refusal(NEW)).toBeUndefined();
    expect(calls).toEqual(['lambda', 'dynamodb', '/']);
  });

  test('is refused if its role is there, since the stage is in another Region', async () => {
    account.role = true;
    expect((await refusal(NEW))?.text).toContain('set globalNames=baton-dev-eu-central-1;');
  });

  test('begins if it may not look at roles: then CloudFormation decides', async () => {
    account = { role: true, denies: /^\/$/ };
    expect(await refusal(NEW)).toBeUndefined();
  });

  test('is refused if its table is there, and takeOver=true uses that table with its buckets', async () => {
    account.table = true;
    expect((await refusal(NEW))?.text).toMatch(
      /a table baton-dev is there.* -> .*set takeOver=true; .*delete-table/,
    );
    account.buckets = ['baton-dev-landing', 'baton-dev-artifacts'];
    expect(await refusal(OLD, { table: false })).toBeUndefined();
    expect((await refusal(NEW, { table: false }))?.text).toContain(
      'there is no bucket baton-dev-123456789012-eu-central-1-landing -> name the buckets that are there: buckets=',
    );
  });

  test('with takeOver=true is refused where there is no table', async () => {
    expect((await refusal(NEW, { table: false }))?.text).toContain(
      'takeOver=true, but there is no table baton-dev',
    );
  });
});
