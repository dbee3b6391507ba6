/** Makes the SDK light in the function bundles (esbuild): see `light-client.ts`. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Plugin } from 'esbuild';

interface Light {
  /** Of `LightClient`, as JavaScript. */
  readonly service: string;
  /** Of `JsonProtocol`. */
  readonly protocol: string;
  /** File and name of its class, where that is not `LightClient`. */
  readonly parent?: readonly [string, string];
}

/** By package. What is here is also in the SDK's `runtimeConfig.shared.js` and `<Name>Client.js`; `test/build/sdk` compares it. */
const LIGHT: Readonly<Record<string, Light>> = {
  'client-dynamodb': {
    service: "id: 'DynamoDB', host: 'dynamodb', maxAttempts: 4, baseDelay: 25",
    protocol: "version: '1.0', target: 'DynamoDB_20120810'",
  },
  'client-redshift-data': {
    service: "id: 'Redshift Data', host: 'redshift-data'",
    protocol: "version: '1.1', target: 'RedshiftData'",
  },
  'client-eventbridge': {
    service: "id: 'EventBridge', host: 'events'",
    protocol: "version: '1.1', target: 'AWSEvents'",
  },
  'client-sqs': {
    service: "id: 'SQS', host: 'sqs'",
    protocol: "version: '1.0', target: 'AmazonSQS'",
    parent: ['sqs.ts', 'LightSqsClient'],
  },
};

/**
 * The errors of services that keep their class in the bundles: one has a field that only its schema can read, the other
 * asks for a retry. All others have the class of their client's errors, with the same name, message and fields: a class
 * for each of 45 would be a tenth of what a function loads.
 */
const ERRORS_WITH_A_CLASS = new Set(['ConditionalCheckFailedException', 'ReplicatedWriteConflictException']);

const REGISTERED_ERROR = /^n0_registry\.registerError\((\w+)\$, .*\n/gm;

/** Of a client's schemas. A key that is computed would keep the schema that has it in the bundle: it is written out. */
function withoutUnusedErrors(schemas: string): string {
  const texts = new Map(
    Array.from(schemas.matchAll(/^const (\w+) = (".*");$/gm), ([, name, text]) => [name, text]),
  );
  return schemas
    .replaceAll(REGISTERED_ERROR, (registered, name: string) =>
      ERRORS_WITH_A_CLASS.has(name) ? registered : '',
    )
    .replaceAll(/\[(_\w+)\]:/g, (computed, name: string) => {
      const text = texts.get(name);
      return text === undefined ? computed : `${text}:`;
    });
}

const here = (name: string): string => JSON.stringify(join(import.meta.dirname, name));

/** Modules of the SDK's core whose exports are made by calls. */
const SDK_INDEX =
  /(?:@smithy|@aws-sdk)[/\\]core[/\\]dist-es[/\\]submodules[/\\](?:\w+[/\\]index|httpAuthSchemes[/\\]aws_sdk[/\\]clock-skew-defaults)\.js$/;

const MADE_AT_THE_TOP = /^(export (?:const \w+ =|class \w+ extends) )(?=\w+\()/gm;

const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/schema[/\\]TypeRegistry\.js$/, `export { TypeRegistry } from ${here('type-registry.ts')};`],
  [
    /util-dynamodb[/\\]dist-es[/\\]index\.js$/,
    `export { marshall, unmarshall } from ${here('attribute-values.ts')};`,
  ],
  // For machines without `node:crypto`.
  [/sha256[/\\]Sha256Js\.js$/, 'export const Sha256Js = undefined;'],
  // They load a parser of browsers' names, and event streams.
  [
    /[/\\]createUserAgentStringParsingProvider\.js$/,
    'export const createUserAgentStringParsingProvider = undefined;',
  ],
  [/protocols[/\\]HttpProtocol\.js$/, 'export class HttpProtocol {}'],
  // Of EC2.
  [/[/\\]getInstanceMetadataRegion\.js$/, 'export const getInstanceMetadataRegion = undefined;'],
  // Of event streams.
  [/signature-v4[/\\]dist-es[/\\]HeaderFormatter\.js$/, 'export class HeaderFormatter {}'],
];

export const lightSdk: Plugin = {
  name: 'light-sdk',
  setup(build) {
    const packages = Object.keys(LIGHT).join('|');
    const fileOf = (name: string): RegExp =>
      new RegExp(String.raw`[/\\](?:${packages})[/\\]dist-es[/\\]${name}\.js$`);

    build.onLoad({ filter: fileOf(String.raw`\w+Client`) }, ({ path }) => {
      const [, name = '', client = ''] = /(client-[\w-]+)[/\\]dist-es[/\\](\w+)\.js$/.exec(path) ?? [];
      const light = LIGHT[name];
      if (light === undefined) return null;
      const [file, parent] = light.parent ?? ['light-client.ts', 'LightClient'];
      return {
        resolveDir: dirname(path),
        contents: `
import { JsonProtocol } from ${here('json-protocol.ts')};
import { ${parent} } from ${here(file)};
import { errorTypeRegistries } from './schemas/schemas_0';
export class ${client} extends ${parent} {
  constructor(config) {
    const protocol = new JsonProtocol({ ${light.protocol}, errorTypeRegistries });
    super({ ${light.service}, version: '${versionOf(join(dirname(path), '..'))}', protocol }, config);
  }
}`,
      };
    });

    build.onLoad({ filter: /client-s3[/\\]package\.json$/ }, ({ path }) => ({
      loader: 'json',
      contents: JSON.stringify({ version: versionOf(dirname(path)) }),
    }));
    build.onResolve({ filter: /^@aws-sdk[/]client-s3$/ }, () => ({
      path: join(import.meta.dirname, 's3.ts'),
    }));

    build.onLoad({ filter: fileOf('commandBuilder') }, ({ path }) => {
      const names = [...readFileSync(path, 'utf8').matchAll(/^export const (_\w+) =/gm)].map(
        ([, name]) => name,
      );
      return {
        resolveDir: dirname(path),
        contents: `export { command } from ${here('command.ts')};\nexport let ${names.join(', ')};`,
      };
    });

    build.onLoad({ filter: fileOf(String.raw`schemas[/\\]schemas_0`) }, ({ path }) => ({
      contents: withoutUnusedErrors(readFileSync(path, 'utf8')),
    }));
    // What is made at the top of a module stays in the bundle, unless it is marked.
    build.onLoad({ filter: SDK_INDEX }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(MADE_AT_THE_TOP, '$1/* @__PURE__ */ '),
    }));
    // It needs node:http for endpoints without TLS alone, and would load it from a file of its own.
    build.onLoad({ filter: /node-http-handler[/\\]dist-es[/\\]node-http-handler\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        'await import("node:http")',
        "process.getBuiltinModule('node:http')",
      ),
    }));
    // The SDK's own reader of dates knows forms that no service answers.
    build.onLoad({ filter: /middleware-retry[/\\]parseRetryAfterHeader\.js$/ }, ({ path }) => ({
      resolveDir: dirname(path),
      contents: readFileSync(path, 'utf8')
        .replace(/^import \{ parseRfc7231DateTime \}.*\n/m, '')
        .replace('parseRfc7231DateTime(retryAfter)', 'new Date(retryAfter)'),
    }));
    for (const [filter, contents] of REPLACED)
      build.onLoad({ filter }, ({ path }) => ({ contents, resolveDir: dirname(path) }));
  },
};

function versionOf(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return version;
}
