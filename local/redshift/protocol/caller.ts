/**
 * Who calls. Any credentials are accepted; the local Lambda host gives functions an access key id of the form
 * `ROLE~<role name>~<session name>`, so that a function's role and name show in events as on AWS. Everybody else is
 * the role `local-user`, who may see everything.
 */
import type { IncomingHttpHeaders } from 'node:http';

import { LOCAL_ACCOUNT } from '../../process-protocol.ts';

export interface Caller {
  readonly role: string;
  /** The role session: of a function its name. */
  readonly session: string;
}

export const LOCAL_USER = 'local-user';

export function callerOf(headers: IncomingHttpHeaders): Caller {
  const key = /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'anonymous';
  const [mark, role, session] = key.split('~');
  if (mark === 'ROLE' && role !== undefined && role !== '' && session !== undefined) return { role, session };
  return { role: LOCAL_USER, session: key };
}

/** The assumed-role session, as in the event's `principal`. */
export function principalOf({ role, session }: Caller): string {
  return `arn:aws:sts::${LOCAL_ACCOUNT}:assumed-role/${role}/${session}`;
}

/** Redshift's database user for an IAM role. */
export function databaseUserOf({ role }: Caller): string {
  return `IAMR:${role}`;
}

/** `RoleLevel`: true lists the whole role's, false only this role session's. */
export function maySee(caller: Caller, owner: Caller, roleLevel: boolean): boolean {
  if (!roleLevel) return caller.role === owner.role && caller.session === owner.session;
  return caller.role === LOCAL_USER || caller.role === owner.role;
}
