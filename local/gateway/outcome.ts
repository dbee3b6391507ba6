/** What became of a call, read off the reply as it passes: `ok`, or the name of the error in it. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Enough of an error's body to hold its name. */
const KEPT_CHARACTERS = 2000;

/** Ask the returned function once the reply is out. */
export function watchOutcome(response: ServerResponse): () => string {
  let text = '';
  let given: OutgoingHttpHeaders = {};
  const keep = (chunk: unknown): void => {
    if (response.statusCode < 400 || text.length > KEPT_CHARACTERS) return;
    if (typeof chunk === 'string') text += chunk;
    else if (chunk instanceof Uint8Array) text += Buffer.from(chunk).toString('utf8');
  };
  const writeHead = response.writeHead.bind(response) as (...head: unknown[]) => ServerResponse;
  const write = response.write.bind(response) as (...chunk: unknown[]) => boolean;
  const end = response.end.bind(response) as (...chunk: unknown[]) => ServerResponse;
  // Headers given to writeHead alone are not found by getHeader.
  response.writeHead = (...head: unknown[]) => {
    const last = head.at(-1);
    if (typeof last === 'object' && last !== null) given = last as OutgoingHttpHeaders;
    return writeHead(...head);
  };
  response.write = (...chunk: unknown[]) => {
    keep(chunk[0]);
    return write(...chunk);
  };
  response.end = ((...chunk: unknown[]) => {
    keep(chunk[0]);
    return end(...chunk);
  }) as ServerResponse['end'];
  const header = (name: string): string | undefined => {
    const value = given[name] ?? response.getHeader(name);
    return typeof value === 'string' ? value : undefined;
  };
  return () => {
    if (header('x-amz-function-error') !== undefined) return 'FunctionError';
    if (response.statusCode < 400) return 'ok';
    const named =
      header('x-amzn-errortype') ??
      /"__type"\s*:\s*"([^"]+)"/.exec(text)?.[1] ??
      /<Code>([^<]+)<\/Code>/.exec(text)?.[1];
    return named?.split('#').at(-1)?.split(':')[0] ?? `HTTP ${String(response.statusCode)}`;
  };
}
