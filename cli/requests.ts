/** What the command asks of `operate`, and how a refusal ends. */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';

import type { OperateAnswer, OperateRequest } from '../shared/events/requests.ts';
import type { Operator } from './aws/operator.ts';
import { usageError } from './exit.ts';

type Granted = Extract<OperateAnswer, { ok: true }>;

/** Who asks: the user of this machine; the caller's AWS identity is in CloudTrail. */
export function actor(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in some containers.
    return 'unknown';
  }
}

export function requestId(): string {
  return randomUUID();
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
