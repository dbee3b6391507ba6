/** What the command asks of `operate`, and how a refusal ends. */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';

import type { OperateAnswer, OperateRequest } from '../shared/events/requests.ts';
import { defined } from '../shared/run/defined.ts';
import type { Operator } from './aws/operator.ts';
import { usageError } from './exit.ts';

type Granted = Extract<OperateAnswer, { ok: true }>;

/** Who asks: the user of this machine; the caller's AWS identity is in CloudTrail. */
function actor(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in some containers.
    return 'unknown';
  }
}

/** What every request has beside its verb. */
export function requestBy(reason?: string): { requestId: string; actor: string; reason?: string } {
  return { requestId: randomUUID(), actor: actor(), ...defined({ reason }) };
}

/**
 * Asks, and answers what was granted.
 * @throws CommandError (exit 2) with the reason of a refusal
 */
export async function ask(operator: Operator, request: OperateRequest): Promise<Granted> {
  const answer = await operator.ask(request);
  if (answer.ok) return answer;
  throw usageError(answer.message);
}
