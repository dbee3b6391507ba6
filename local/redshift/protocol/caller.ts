/** Who calls: a function's role, or else the role `local-user`, which may see everything. */
import type { IncomingHttpHeaders } from 'node:http';

import { functionRoleOf, type FunctionRole } from '../../access-key.ts';
import { LOCAL_ACCOUNT } from '../../account.ts';

export type Caller = FunctionRole;

const LOCAL_USER = 'local-user';

export function callerOf(headers: IncomingHttpHeaders): Caller {
  const key = /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'anonymous';
  return functionRoleOf(key) ?? { role: LOCAL_USER, session: key };
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
