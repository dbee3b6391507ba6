/**
 * Whether a request comes from a program of this machine, or from a web page that a browser on it shows. The local AWS
 * takes any credentials, so a page must not reach it: neither under a foreign name that resolves to 127.0.0.1 (DNS
 * rebinding), nor from another origin by a request that needs no permission (a form, an image, a simple POST).
 */
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

/** Of `Sec-Fetch-Site`, which every browser sends: typed into the address bar, or the endpoint's own page. */
const OWN_SITES: ReadonlySet<string> = new Set(['none', 'same-origin']);

/** Why the request is refused, in one sentence; undefined: it is served. */
export function refusalOf({
  headers,
  headersDistinct,
}: Pick<IncomingMessage, 'headers' | 'headersDistinct'>): string | undefined {
  const host = headers.host ?? '';
  if ((headersDistinct['host'] ?? []).length > 1) return 'the request has more than one Host header';
  if (!isLoopback(hostnameOf(host))) {
    return `the Host ${JSON.stringify(host.slice(0, 100))} is not a loopback name; use 127.0.0.1, localhost or [::1]`;
  }
  const { origin } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase()) {
    return `the local AWS does not serve web pages: the request has the Origin ${JSON.stringify(origin.slice(0, 100))}`;
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && !OWN_SITES.has(site)) {
    return `the local AWS does not serve web pages: the request is ${site.slice(0, 100)}`;
  }
  return undefined;
}

/** The name in a Host header, in lower case, without the port. */
export function hostnameOf(host: string): string {
  const [, name = ''] = /^(\[[^\]]*\]|[\w.-]*)(?::\d+)?$/.exec(host) ?? [];
  return name.toLowerCase().replace(/\.$/, '');
}

function isLoopback(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]') return true;
  return isIPv4(name) && name.startsWith('127.');
}
