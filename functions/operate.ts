/** A person's or a program's word: start, resume. Invoked by the command line, which waits for the answer, or by an event. */
import { operate } from '../shared/engine/operate.ts';
import { parseRequest } from '../shared/events/parse-request.ts';
import { RefusedInputError } from '../shared/events/read.ts';
import type { OperateAnswer } from '../shared/events/requests.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';
import { todaysPlans } from '../shared/middleware/todays-plans.ts';

export const handler = wrap(async (event, { ports, plans, driver }): Promise<OperateAnswer> => {
  try {
    const answer = await operate(parseRequest(event), todaysPlans(), ports, plans, driver);
    ports.log(answer.ok ? 'info' : 'warn', answer.message, { ...answer });
    return answer;
  } catch (error) {
    if (!(error instanceof RefusedInputError)) throw error;
    ports.log('warn', error.message, {});
    return { ok: false, code: 'invalid', message: error.message };
  }
});
