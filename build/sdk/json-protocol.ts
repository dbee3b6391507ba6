/** AWS JSON 1.0 and 1.1 (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html) for `LightClient`, over the SDK's schemas and classes of errors. */
import { decorateServiceException } from '@smithy/core/client';
import { v4 } from '@smithy/core/serde';
import { HttpRequest } from '@smithy/core/transport';

import { fromWire, type Schema, toWire } from './json-codec.ts';
import { metadataOf, type Response, wholeBody } from './response.ts';
import type { TypeRegistry } from './type-registry.ts';

interface Settings {
  /** `1.0` or `1.1`. */
  readonly version: string;
  /** Of the header `x-amz-target`. */
  readonly target: string;
  /** The base of the client's errors, then the others. */
  readonly errorTypeRegistries: readonly TypeRegistry[];
}

interface Endpoint {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

export class JsonProtocol {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Of the SDK's protocols: this one needs nothing of it. */
  setSerdeContext(): void {}

  async serializeRequest(
    { name, input: schema }: { readonly name: string; readonly input: Schema },
    input: unknown,
    { endpoint }: { readonly endpoint: () => Promise<Endpoint> },
  ) {
    const { version, target } = this.#settings;
    const { path, ...host } = await endpoint();
    return new HttpRequest({
      ...host,
      path: path.endsWith('/') ? path : `${path}/`,
      method: 'POST',
      headers: {
        'content-type': `application/x-amz-json-${version}`,
        'x-amz-target': `${target}.${name}`,
      },
      body: JSON.stringify(toWire(schema, input, v4)),
    });
  }

  /** @throws the error that the service answered */
  async deserializeResponse(
    { output: schema }: { readonly output: Schema },
    _context: unknown,
    response: Response,
  ): Promise<object> {
    const text = (await wholeBody(response)).toString('utf8');
    const data = text === '' ? {} : parsed(text);
    const $metadata = metadataOf(response);
    if (response.statusCode >= 300) throw this.#errorOf(response, data, $metadata);
    return { ...(fromWire(schema, data) as object), $metadata };
  }

  #errorOf(response: Response, data: Record<string, unknown>, $metadata: object): Error {
    const [bases, modeled] = this.#settings.errorTypeRegistries;
    const name = errorName(response, data);
    const message = data['message'] ?? data['Message'] ?? 'UnknownError';
    const known = modeled?.errors.get(name);
    if (known === undefined) {
      const [base] = bases?.errors.values() ?? [];
      if (base === undefined) throw new Error(`no class for the error ${name}`);
      const fault = { $metadata, $fault: response.statusCode < 500 ? 'client' : 'server' };
      return decorateServiceException(Object.assign(new base.Class({ name }), fault) as never, {
        ...data,
        message,
      });
    }
    const { schema, Class } = known;
    const $fault = ((schema as readonly unknown[])[3] as { readonly error: string }).error;
    const fields = fromWire(schema, data) as object;
    return decorateServiceException(
      Object.assign(new Class({}), { $metadata, $fault, message }, fields) as never,
      data,
    );
  }
}

/** @throws SyntaxError with the text, which the SDK shows */
function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    Object.defineProperty(error, '$responseBodyText', { value: text });
    throw error;
  }
}

/** `com.amazonaws.dynamodb.v20120810#ThrottlingException:http://…` is a ThrottlingException. */
function errorName({ headers }: Response, data: Readonly<Record<string, unknown>>): string {
  const code = Object.entries(data).find(([key]) => key.toLowerCase() === 'code')?.[1];
  const found = (data['__type'] ?? code ?? headers['x-amzn-errortype'] ?? 'Unknown') as string;
  const [first = ''] = found.split(/[,:]/);
  return first.includes('#') ? (first.split('#')[1] ?? '') : first;
}
