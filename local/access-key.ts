/**
 * Any credentials are accepted. The local Lambda host gives functions an access key of the form
 * `ROLE~<role name>~<session name>`, so that role and function of a call show as on AWS.
 */
export interface FunctionRole {
  readonly role: string;
  /** The role session: the function's name. */
  readonly session: string;
}

export function functionAccessKey({ role, session }: FunctionRole): string {
  return `ROLE~${role}~${session}`;
}

/** Undefined for any other key. */
export function functionRoleOf(accessKey: string): FunctionRole | undefined {
  const [, role, session] = /^ROLE~([^~]+)~([^~]+)$/.exec(accessKey) ?? [];
  return role === undefined || session === undefined ? undefined : { role, session };
}
