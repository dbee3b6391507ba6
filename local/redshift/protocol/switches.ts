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
  /** Statements that were submitted with an event have one when they end. */
  readonly completionEvents: boolean;
  /** How long after the end of its statement a completion event is sent, in ms. */
  readonly eventDelayMs: number;
  /** How long DescribeStatement says STARTED after the end of a statement, in ms. */
  readonly describeLagMs: number;
  /** A session is closed when a statement in it fails. */
  readonly sessionEndsAfterError: boolean;
  /** A transaction that is cancelled while it runs commits all the same, and is reported as ABORTED. */
  readonly abortedAfterCommit: boolean;
  /** `ResultRows` of a query is the number of rows of its result; else it is -1. */
  readonly resultsCounted: boolean;
}

export const DEFAULT_SWITCHES: Switches = {
  tokenConsumedByRefusal: false,
  keepAliveZero: 'close',
  idleTimeoutServerless: 3600,
  idleTimeoutProvisioned: 14_400,
  busyAfterEndMs: 0,
  errorIds: false,
  sessionIdAlways: false,
  completionEvents: true,
  eventDelayMs: 0,
  describeLagMs: 0,
  sessionEndsAfterError: false,
  abortedAfterCommit: false,
  resultsCounted: true,
};

const NAMES = Object.keys(DEFAULT_SWITCHES) as (keyof Switches)[];

/**
 * `BATON_LOCAL_...` variables, and below them what `baton doctor --probe` found on an account (`BATON_OBSERVED`, the
 * parameter `observed`). Throws with the variable's name if a value is not one of its words.
 */
export function switchesFrom(env: Readonly<Record<string, string | undefined>>): Switches {
  const observed = observedIn(env['BATON_OBSERVED'] ?? '');
  return switchesOf(
    Object.fromEntries(NAMES.map((name) => [name, env[variableOf(name)] || observed[name]])),
    variableOf,
  );
}

/**
 * `given`: name -> value, or its text; what is missing has its default. `cited`: what a message calls the switch.
 * @throws Error that names the first switch that is unknown or has no valid value
 */
export function switchesOf(
  given: Readonly<Record<string, unknown>>,
  cited: (name: keyof Switches) => string = (name) => name,
): Switches {
  const unknown = Object.keys(given).find((name) => !NAMES.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`unknown switch ${unknown}; known are ${NAMES.join(', ')}`);
  return Object.fromEntries(
    NAMES.map((name) => [name, valueOf(name, given[name], cited(name))]),
  ) as unknown as Switches;
}

function valueOf(name: keyof Switches, given: unknown, cited: string): boolean | number | string {
  const otherwise = DEFAULT_SWITCHES[name];
  if (given === undefined || given === '') return otherwise;
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  if (typeof otherwise === 'boolean') {
    if (text === '1' || text === 'true') return true;
    if (text === '0' || text === 'false') return false;
    throw new Error(`${cited} must be 1, true, 0 or false, not ${text}`);
  }
  if (typeof otherwise === 'number') {
    if (/^\d+$/.test(text)) return Number(text);
    throw new Error(`${cited} must be a whole number, not ${text}`);
  }
  if (text === 'close' || text === 'keep') return text;
  throw new Error(`${cited} must be close or keep, not ${text}`);
}

/** `BATON_LOCAL_BUSY_AFTER_END_MS` of busyAfterEndMs. */
function variableOf(name: keyof Switches): string {
  return `BATON_LOCAL_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `name=value, name=value`; names of other versions are passed over. */
function observedIn(text: string): Partial<Record<keyof Switches, string>> {
  const found: Partial<Record<keyof Switches, string>> = {};
  for (const pair of text.split(',')) {
    const [written = '', value = ''] = pair.split('=').map((part) => part.trim());
    const name = NAMES.find((known) => known === written);
    if (name !== undefined) found[name] = value;
  }
  return found;
}
