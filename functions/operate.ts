/** Handles requests: start, resume, cancel, resolve, pause, unpause, and the check of `baton doctor`. Invoked by the command, which waits for the response, or by an event. */
import { operate } from '../shared/engine/operate.ts';
import { pauseOrUnpause } from '../shared/engine/pause.ts';
import { parseRequest } from '../shared/events/parse-request.ts';
import { RefusedInputError } from '../shared/events/read.ts';
import type { CheckAnswer, OperateAnswer, PauseAnswer } from '../shared/events/requests.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';
import { withLossyWakeUps } from '../shared/middleware/wake-ups.ts';

export const handler = wrap(async (event, tools): Promise<OperateAnswer | PauseAnswer | CheckAnswer> => {
  const engine = withLossyWakeUps(tools.engine);
  try {
    const request = parseRequest(event);
    if (request.verb === 'check') {
      const { checkStage } = await import('../shared/engine/check-stage.ts');
      return await checkStage(engine);
    }
    const answer = await (request.verb === 'pause' || request.verb === 'unpause'
      ? pauseOrUnpause(request, engine)
      : operate(request, engine));
    const { message, ...fields } = answer;
    engine.log(answer.ok ? 'info' : 'warn', message, fields);
    return answer;
  } catch (error) {
    if (!(error instanceof RefusedInputError)) throw error;
    engine.log('warn', error.message, {});
    return { ok: false, code: 'invalid', message: error.message };
  }
});
