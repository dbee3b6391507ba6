/** The door of the local AWS for people: `/_local/` at its endpoint. */
import { CommandError, EXIT, usageError } from '../exit.ts';
import type { Context } from '../verb.ts';

export interface LocalAdmin {
  get(path: string): Promise<unknown>;
  post(path: string, body?: unknown): Promise<unknown>;
  remove(path: string): Promise<unknown>;
}

/** `endpoint` without a trailing slash. A refusal is an error with its own sentence, exit 2. */
export function localAdmin(endpoint: string): LocalAdmin {
  const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${endpoint}/_local/${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await answer.text();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new CommandError(EXIT.unreachable, `${endpoint} is not a local AWS of baton`);
    }
    if (answer.ok) return value;
    const said = typeof value === 'object' && value !== null && 'error' in value ? String(value.error) : text;
    throw new CommandError(answer.status === 400 ? EXIT.usage : EXIT.unreachable, said);
  };
  return {
    get: (path) => send('GET', path),
    post: (path, body = {}) => send('POST', path, body),
    remove: (path) => send('DELETE', path),
  };
}

/** @throws CommandError (exit 2) on a stage that no endpoint of its own serves */
export async function adminOf({ stage, connect }: Context): Promise<LocalAdmin> {
  const { endpoint } = (await connect()).settings;
  if (endpoint === undefined) {
    throw usageError(
      `stage ${stage} has no local AWS`,
      'if a local AWS runs this stage, pass its endpoint: --endpoint URL',
    );
  }
  return localAdmin(endpoint);
}
