/** Who called, by the access key in the signature; signatures themselves are not checked. */
import { defined } from '../../shared/run/defined.ts';
import { functionRoleOf } from '../access-key.ts';
import { decodePercent } from '../http.ts';

export interface Caller {
  /** Session name of the assumed role: a function's name; or the access key itself. */
  readonly name: string;
  /** Service of the credential scope: `s3`, `dynamodb`. */
  readonly service?: string;
}

/** `authorization`: the header; `query`: of a presigned address. */
export function callerOf(authorization: string | undefined, query: string): Caller {
  const credential =
    /Credential=([^,\s]+)/.exec(authorization ?? '')?.[1] ??
    decodePercent(/[?&]X-Amz-Credential=([^&]+)/.exec(query)?.[1] ?? '');
  const [key = '', , , service] = credential.split('/');
  return { name: functionRoleOf(key)?.session ?? (key || 'anonymous'), ...defined({ service }) };
}
