/**
 * What no page of AWS says, as switches, so that what runs here can be tested both ways. Read from the environment
 * of the process; each default is the likelier or the stricter answer.
 */
export interface Switches {
  /** A refused call keeps its ClientToken: the same token is refused with the same words for 8 hours. */
  readonly tokenConsumedByRefusal: boolean;
  /** `SessionKeepAliveSeconds: 0` on an existing session: `close` it with this statement, or `keep` the value before. */
  readonly keepAliveZero: 'close' | 'keep';
  /** The database's own idle limit under the keep-alive, seconds; 0: none. */
  readonly idleTimeoutServerless: number;
  readonly idleTimeoutProvisioned: number;
  /** How long a session stays BUSY after its statement ended, in ms: AWS's blog waits one second. */
  readonly busyAfterEndMs: number;
  /** Error texts of a workgroup end in ` [ErrorId: …]`, as on Serverless. */
  readonly errorIds: boolean;
  /** Submissions without keep-alive return a SessionId too. */
  readonly sessionIdAlways: boolean;
}

export const DEFAULT_SWITCHES: Switches = {
  tokenConsumedByRefusal: false,
  keepAliveZero: 'close',
  idleTimeoutServerless: 3600,
  idleTimeoutProvisioned: 14_400,
  busyAfterEndMs: 0,
  errorIds: false,
  sessionIdAlways: false,
};

/** `BATON_LOCAL_…` variables; throws with the variable's name if a value is not one of its words. */
export function switchesFrom(env: Readonly<Record<string, string | undefined>>): Switches {
  const text = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = text(name);
    if (value === undefined) return otherwise;
    if (value === '1' || value === 'true') return true;
    if (value === '0' || value === 'false') return false;
    throw new Error(`${name} must be 1, true, 0 or false, not ${value}`);
  };
  const number = (name: string, otherwise: number): number => {
    const value = text(name);
    if (value === undefined) return otherwise;
    if (/^\d+$/.test(value)) return Number(value);
    throw new Error(`${name} must be a whole number, not ${value}`);
  };
  const zero = text('BATON_LOCAL_KEEP_ALIVE_ZERO') ?? DEFAULT_SWITCHES.keepAliveZero;
  if (zero !== 'close' && zero !== 'keep')
    throw new Error(`BATON_LOCAL_KEEP_ALIVE_ZERO must be close or keep, not ${zero}`);
  const d = DEFAULT_SWITCHES;
  return {
    tokenConsumedByRefusal: flag('BATON_LOCAL_TOKEN_CONSUMED_BY_REFUSAL', d.tokenConsumedByRefusal),
    keepAliveZero: zero,
    idleTimeoutServerless: number('BATON_LOCAL_IDLE_TIMEOUT_SERVERLESS', d.idleTimeoutServerless),
    idleTimeoutProvisioned: number('BATON_LOCAL_IDLE_TIMEOUT_PROVISIONED', d.idleTimeoutProvisioned),
    busyAfterEndMs: number('BATON_LOCAL_BUSY_AFTER_END_MS', d.busyAfterEndMs),
    errorIds: flag('BATON_LOCAL_ERROR_IDS', d.errorIds),
    sessionIdAlways: flag('BATON_LOCAL_SESSION_ID_ALWAYS', d.sessionIdAlways),
  };
}
