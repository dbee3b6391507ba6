/**
 * What the clients of the SDK are in the function bundles: the SDK's own parts (schemas, protocol, retries, signer with its clock skew
 * correction, HTTP handler) in the order in which its middleware calls them, without the stack of middleware and without the parts that
 * Lambda does not need: configuration files, providers of credentials, rule sets of endpoints. Those are more than half of a
 * client. `test/build/sdk` compares requests, answers, errors and retries with those of the SDK. The parts are no dependencies in
 * package.json: they are at the version that the clients come with.
 *
 * Read from the environment: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ENDPOINT_URL and
 * AWS_ENDPOINT_URL_<SERVICE>, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT, AWS_MAX_ATTEMPTS.
 */
import { platform, release } from 'node:os';
import process from 'node:process';

import { AwsSdkSigV4Signer } from '@aws-sdk/core/httpAuthSchemes';
import { Sha256 } from '@smithy/core/checksum';
import { retryMiddleware, StandardRetryStrategy } from '@smithy/core/retry';
import { getSchemaSerdePlugin } from '@smithy/core/schema';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';

import type { AnyCommand } from './command.ts';
import { environmentCredentials, type Credentials } from './credentials.ts';
import { endpointOf } from './endpoints.ts';

/** What a service has of its own. */
export interface Service {
  /** As the SDK calls it: `Redshift Data`. */
  readonly id: string;
  /** Of the SDK's client. */
  readonly version: string;
  /** The first label of its hosts. */
  readonly host: string;
  /** In signatures; else `host`. */
  readonly signingName?: string;
  readonly protocol: object;
  /** False: paths are signed as they are sent. */
  readonly escapesPath?: boolean;
  readonly maxAttempts?: number;
  /** Of retries, in ms. */
  readonly baseDelay?: number;
  /** The endpoint for one input, where it depends on it. */
  readonly endpointFor?: (endpoint: URL, input: never) => URL;
}

/** What the functions may set: nothing, and the environment decides. */
export interface ClientConfig {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: Credentials;
  readonly maxAttempts?: number;
  readonly requestHandler?: Pick<NodeHttpHandler, 'handle'>;
}

/** Of one call. */
export interface SendOptions {
  /** Aborts the call. */
  readonly abortSignal?: AbortSignal;
}

interface Request {
  readonly hostname: string;
  readonly port?: number;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

interface Args {
  readonly input: unknown;
  readonly request?: unknown;
}

interface Result {
  readonly response: unknown;
  readonly output: unknown;
}

type Next = (args: Args) => Promise<Result>;
type Middleware = (next: Next, context: object) => Next;

/** Of one command. */
type Added = readonly ((next: Next) => Next)[];

/** One for all clients: its connections are by host. (Marked, so that a bundle with commands alone is without it.) */
const http = /* @__PURE__ */ new NodeHttpHandler({});

const signer = /* @__PURE__ */ new AwsSdkSigV4Signer();

export class LightClient {
  readonly #service: Service;
  readonly #config: ReturnType<typeof configOf>;
  readonly #serialize: Middleware;
  readonly #retry: Middleware;
  readonly #deserialize: Middleware;
  readonly #userAgent: string;

  constructor(service: Service, config: ClientConfig = {}) {
    this.#service = service;
    this.#config = configOf(service, config);
    const parts: Record<string, Middleware> = {};
    getSchemaSerdePlugin(this.#config as never).applyToStack({
      add: (part: Middleware, { name }: { readonly name: string }) => {
        parts[name] = part;
      },
    } as never);
    const { serializerMiddleware, deserializerMiddleware } = parts;
    this.#serialize = serializerMiddleware as Middleware;
    this.#deserialize = deserializerMiddleware as Middleware;
    this.#retry = retryMiddleware(this.#config) as unknown as Middleware;
    this.#userAgent = userAgentOf(service);
  }

  /** @throws the SDK's errors, after its retries */
  async send(command: AnyCommand, options: SendOptions = {}): Promise<unknown> {
    const { schema, input, added = [] } = command;
    const context = {
      clientName: `${this.#service.id}Client`,
      commandName: `${schema[2]}Command`,
      endpointV2: { url: this.#endpointFor(input) },
      __smithy_context: { operationSchema: schema },
    };
    const attempt: Next = (args) => this.#attempt(args, context, added as Added, options);
    const prepared: Next = (args) => {
      this.#complete(args.request as Request);
      return this.#retry(attempt, context)(args);
    };
    return (await this.#serialize(prepared, context)({ input })).output;
  }

  destroy(): void {
    http.destroy();
  }

  #endpointFor(input: unknown): URL {
    const { region, useFips, useDualStack, customEndpoint: custom } = this.#config;
    const endpoint = endpointOf(this.#service.host, { region: region(), useFips, useDualStack, custom });
    return this.#service.endpointFor?.(endpoint, input as never) ?? endpoint;
  }

  /** The headers that do not depend on the attempt. */
  #complete({ headers, hostname, port, body }: Request): void {
    if (body) headers['content-length'] ??= String(Buffer.byteLength(body));
    headers['host'] ??= port === undefined ? hostname : `${hostname}:${String(port)}`;
    headers['user-agent'] = this.#userAgent;
    headers['x-amz-user-agent'] = `aws-sdk-js/${this.#service.version}`;
    const { AWS_LAMBDA_FUNCTION_NAME, _X_AMZN_TRACE_ID } = process.env;
    // By it Lambda finds functions that invoke each other in a loop.
    if (AWS_LAMBDA_FUNCTION_NAME && _X_AMZN_TRACE_ID) headers['X-Amzn-Trace-Id'] = _X_AMZN_TRACE_ID;
  }

  async #attempt(args: Args, context: object, added: Added, options: SendOptions): Promise<Result> {
    // Both handlers find there what the signer noted about the clock.
    const signing = { config: this.#config, context };
    const signed = await signer.sign(args.request as never, {} as Credentials, signing);
    try {
      const answered: Next = ({ request }) =>
        this.#config.requestHandler.handle(request as never, options) as Promise<never>;
      const read = added.reduce((next, around) => around(next), this.#deserialize(answered, context));
      const result = await read({ ...args, request: signed });
      signer.successHandler(result.response, signing);
      return result;
    } catch (error) {
      return signer.errorHandler(signing)(error as Error);
    }
  }
}

/** In the form in which the SDK's parts read it. */
function configOf(service: Service, config: ClientConfig) {
  const { env } = process;
  const region = (): string => {
    const found = config.region ?? env['AWS_REGION'];
    if (!found) throw new Error('Region is missing');
    return found;
  };
  const attempts = config.maxAttempts ?? Number(env['AWS_MAX_ATTEMPTS'] || (service.maxAttempts ?? 3));
  const retryStrategy = new StandardRetryStrategy({
    maxAttempts: attempts,
    ...(service.baseDelay !== undefined && { baseDelay: service.baseDelay }),
  });
  const signature = new SignatureV4({
    credentials: config.credentials ?? environmentCredentials,
    region: async () => region(),
    service: service.signingName ?? service.host,
    sha256: Sha256,
    uriEscapePath: service.escapesPath ?? true,
  });
  return {
    protocol: service.protocol,
    serviceId: service.id,
    region,
    useFips: env['AWS_USE_FIPS_ENDPOINT'] === 'true',
    useDualStack: env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
    customEndpoint:
      config.endpoint ??
      (env[`AWS_ENDPOINT_URL_${service.id.replaceAll(' ', '_').toUpperCase()}`] ||
        env['AWS_ENDPOINT_URL'] ||
        undefined),
    maxAttempts: async () => attempts,
    retryStrategy: async () => retryStrategy,
    signer: async () => signature,
    requestHandler: config.requestHandler ?? http,
    /** In ms; corrected by the signer. */
    systemClockOffset: 0,
  };
}

/** As the SDK's, without the features in use (`m/…`). */
function userAgentOf({ id, version }: Service): string {
  const environment = process.env['AWS_EXECUTION_ENV'];
  return [
    `aws-sdk-js/${version} ua/2.1 os/${platform()}#${release()} lang/js md/nodejs#${process.versions.node}`,
    `api/${id.replaceAll(' ', '-').toLowerCase()}#${version}`,
    ...(environment ? [`exec-env/${environment}`] : []),
  ].join(' ');
}
