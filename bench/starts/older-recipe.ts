/**
 * How the functions were bundled before their clients were made light: the SDK's clients whole, apart from the providers of credentials;
 * S3, EventBridge and SQS loaded when they are first called, each with a copy of all that the SDK's clients have in common.
 */
import { readFileSync } from 'node:fs';

import type { Plugin } from 'esbuild';

import { packageRoot } from '../../build/project.ts';

const CREDENTIALS = `
export const defaultProvider = () => async () => ({
  accessKeyId: process.env.AWS_ACCESS_KEY_ID,
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
  ...(process.env.AWS_SESSION_TOKEN && { sessionToken: process.env.AWS_SESSION_TOKEN }),
});`;

const NO_ENDPOINT_DISCOVERY = `
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: () => undefined,
  configFileSelector: () => undefined,
  default: false,
};
export const resolveEndpointDiscoveryConfig = (config) => config;`;

const REPLACED: Readonly<Record<string, string>> = {
  '@aws-sdk/credential-provider-node': CREDENTIALS,
  '@aws-sdk/middleware-endpoint-discovery': NO_ENDPOINT_DISCOVERY,
};

/** Package -> its client, and the commands in use. */
const WHEN_CALLED: Readonly<Record<string, readonly [string, ...string[]]>> = {
  '@aws-sdk/client-eventbridge': ['EventBridgeClient', 'PutEventsCommand'],
  '@aws-sdk/client-s3': [
    'S3Client',
    'GetObjectCommand',
    'HeadObjectCommand',
    'ListObjectVersionsCommand',
    'PutObjectCommand',
  ],
  '@aws-sdk/client-sqs': ['SQSClient', 'SendMessageCommand'],
};

/** Loads the client with the first call. */
function whenCalled(name: string): string {
  const [client = '', ...commands] = WHEN_CALLED[name] ?? [];
  return `
let loaded;
export class ${client} {
  async send(command) {
    loaded ??= import('${name}').then((sdk) => ({ sdk, client: new sdk.${client}({}) }));
    const { sdk, client } = await loaded;
    const real = new sdk[command.of](command.input);
    for (const added of command.added) real.middlewareStack.add(...added);
    return client.send(real);
  }
}
const command = (of) => class {
  of = of;
  added = [];
  middlewareStack = { add: (...added) => this.added.push(added) };
  constructor(input) {
    this.input = input;
  }
};
${commands.map((each) => `export const ${each} = command('${each}');`).join('\n')}`;
}

const HTTP_NAMES: Readonly<Record<string, string>> = {
  'node:http': 'Agent, ClientRequest, IncomingMessage, METHODS, STATUS_CODES, ServerResponse, get, request',
  'node:https': 'Agent, get, request',
};

export const olderRecipe: Plugin = {
  name: 'older-recipe',
  setup(build) {
    build.onResolve({ filter: /^@aws-sdk\// }, ({ path, kind, importer }) => {
      if (Object.hasOwn(REPLACED, path)) return { path, namespace: 'replaced' };
      const isOurs =
        !importer.includes('node_modules') && kind !== 'dynamic-import' && kind !== 'entry-point';
      return isOurs && Object.hasOwn(WHEN_CALLED, path) ? { path, namespace: 'when-called' } : null;
    });
    build.onLoad({ filter: /.*/, namespace: 'replaced' }, ({ path }) => ({ contents: REPLACED[path] ?? '' }));
    build.onLoad({ filter: /.*/, namespace: 'when-called' }, ({ path }) => ({
      contents: whenCalled(path),
      resolveDir: packageRoot,
    }));
    build.onLoad({ filter: /@aws-sdk[/\\][^/\\]+[/\\]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
      return { loader: 'json', contents: JSON.stringify({ version }) };
    });
    build.onLoad({ filter: /sha256[/\\]Sha256Js\.js$/ }, () => ({
      contents: 'export const Sha256Js = undefined;',
    }));
    build.onResolve({ filter: /^(?:node:)?https?$/ }, ({ path }) => ({
      path: path.startsWith('node:') ? path : `node:${path}`,
      namespace: 'builtin-http',
    }));
    build.onLoad({ filter: /.*/, namespace: 'builtin-http' }, ({ path }) => ({
      contents: [
        `const builtin = process.getBuiltinModule('${path}');`,
        'export default builtin;',
        `export const { ${HTTP_NAMES[path] ?? ''} } = builtin;`,
      ].join('\n'),
    }));
  },
};
