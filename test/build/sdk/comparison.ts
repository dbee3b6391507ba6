/** The same calls with the SDK and with what the function bundles have in its place, against the same answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';

import { bundleFunctions } from '../../../build/bundle-functions.ts';
import * as sdk from './clients.ts';
import { type Answer, type Received, ScriptedServer } from './scripted-server.ts';

export type Clients = typeof sdk;

/** What clients are made with. */
interface Config {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

type Call = (clients: Clients, config: Config) => Promise<unknown>;

export interface Seen {
  readonly requests: readonly object[];
  /** Answer or error. */
  readonly outcome: unknown;
  /** Between attempts, in ms. */
  readonly delays: readonly number[];
}

const NEW_TOKEN = /("ClientToken":")[\da-f]{8}-[\da-f]{4}-4[\da-f-]{21}/;

/** Of the HTTP handler: not between attempts. */
const HANDLER_TIMEOUTS = new Set([3_000]);

const server = new ScriptedServer();
const folder = mkdtempSync(join(tmpdir(), 'baton-sdk-'));
let bundled: Clients | undefined;
let config: Config;

/** What the functions have in place of the SDK. */
export function lightClients(): Clients {
  if (bundled === undefined) throw new Error('useBothSdks() comes first');
  return bundled;
}

/** For the tests of a file: the clock stands still, and nothing waits. */
export function useBothSdks(): void {
  beforeAll(async () => {
    const endpoint = await server.start();
    config = {
      endpoint,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    };
    await bundleFunctions({ clients: 'test/build/sdk/clients.ts' }, folder);
    bundled = (await import(pathToFileURL(join(folder, 'clients', 'index.mjs')).href)) as Clients;
  });
  afterAll(() => {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-04T05:06:07.000Z') });
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });
}

/** Makes the call with both and expects that nothing differs; gives what was seen. */
export async function expectSame(call: Call, script: readonly Answer[]): Promise<Seen> {
  const [expected, seen] = [await seenWith(sdk, call, script), await seenWith(lightClients(), call, script)];
  expect(seen).toEqual(expected);
  return seen;
}

async function seenWith(clients: Clients, call: Call, script: readonly Answer[]): Promise<Seen> {
  server.answers(script);
  const delays: number[] = [];
  const real = globalThis.setTimeout;
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation((work: () => void, ms = 0) => {
    if (HANDLER_TIMEOUTS.has(ms)) return real(work, ms);
    if (ms > 0) delays.push(ms);
    return real(work, 0);
  });
  try {
    const outcome = await call(clients, config).catch(errorFields);
    return { requests: server.received.map(comparable), outcome, delays };
  } finally {
    spy.mockRestore();
  }
}

/** Without what no service reads, and what differs with every call. */
function comparable({ method, path, headers, body }: Received): object {
  const {
    'amz-sdk-invocation-id': invocation,
    'user-agent': agent = '',
    'x-amz-user-agent': ownAgent = '',
    // So that answers have the names of errors of SQS's earlier protocol, which nothing here reads.
    'x-amzn-query-mode': _mode,
    authorization,
    ...others
  } = headers;
  // The SDK's other build calls itself older.
  const withoutVersion = (text: string): string => text.replaceAll(/\b3\.\d+\.\d+/g, 'SDK');
  return {
    method,
    path,
    headers: {
      ...others,
      ...(NEW_TOKEN.test(body) && { 'x-amz-content-sha256': 'of the token' }),
      invocation: typeof invocation,
      // `m/…` are the features of the SDK in use.
      agent: withoutVersion(agent.replace(/ m\/[\w,]*/, '')),
      ownAgent: withoutVersion(String(ownAgent)),
      // It signs the user agent's neighbors, the id of the invocation among them.
      authorization: authorization?.replace(/Signature=.*/, '').replace(';x-amzn-query-mode', ''),
    },
    body: body.startsWith('{') ? JSON.parse(body.replace(NEW_TOKEN, '$1a UUID')) : body,
  };
}

function errorFields(error: unknown): object {
  const { stack: _stack, ...fields } = error as Error;
  const { name, message } = error as Error;
  return { ...fields, name, message, isError: error instanceof Error };
}
