/** Handles requests: start, resume, cancel, resolve, pause, unpause, backfill, due times, queries in a run's session, and the checks of `baton doctor`. Invoked by the command, which waits for the response, or by an event. */
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';

import { operate } from '../shared/engine/operate.ts';
import { pauseOrUnpause } from '../shared/engine/pause.ts';
import { parseRequest } from '../shared/events/parse-request.ts';
import { RefusedInputError } from '../shared/events/read.ts';
import type {
  AnyRequest,
  BackfillAnswer,
  CheckAnswer,
  CheckRequest,
  OperateAnswer,
  PauseAnswer,
  ProbeAnswer,
  ProbeRequest,
  QueryAnswer,
  QueryRequest,
  StartDueAnswer,
} from '../shared/events/requests.ts';
import type { Engine } from '../shared/engine/ports.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';
import { withLossyWakeUps } from '../shared/middleware/wake-ups.ts';

type Answer =
  | OperateAnswer
  | PauseAnswer
  | CheckAnswer
  | ProbeAnswer
  | BackfillAnswer
  | StartDueAnswer
  | QueryAnswer;

export const handler = wrap(async (event, tools): Promise<Answer> => {
  const engine = withLossyWakeUps(tools.engine);
  try {
    const request = parseRequest(event);
    if (request.verb === 'check') {
      const { checkStage } = await import('../shared/engine/check-stage.ts');
      // A wake-up that is rejected is a finding here.
      return await checkStage(tools.engine);
    }
    if (request.verb === 'probe') {
      const [{ probe }, { answersSessionId }] = await Promise.all([
        import('../shared/engine/check/assumptions/probe.ts'),
        import('../shared/warehouse/bare-statement.ts'),
      ]);
      const { roleName, connection } = tools.config;
      return await probe(request.part, {
        engine: tools.engine,
        roleName,
        answersSessionId: () => answersSessionId(new RedshiftDataClient({}), connection),
      });
    }
    if (request.verb === 'query') {
      const { queryRun } = await import('../shared/engine/query.ts');
      const answer = await queryRun(request, engine, tools.config.runQueries);
      // Never the rows, which are people's data.
      const { runId: run, actor } = request;
      engine.log(answer.ok ? 'info' : 'warn', `query in the session of a run: ${answer.message}`, {
        run,
        actor,
      });
      return answer;
    }
    const answer = await answerTo(request, engine);
    const { message, ...fields } = answer;
    engine.log(answer.ok ? 'info' : 'warn', message, fields);
    return answer;
  } catch (error) {
    if (!(error instanceof RefusedInputError)) throw error;
    engine.log('warn', error.message, {});
    return { ok: false, code: 'invalid', message: error.message };
  }
});

async function answerTo(
  request: Exclude<AnyRequest, CheckRequest | ProbeRequest | QueryRequest>,
  engine: Engine,
): Promise<OperateAnswer | PauseAnswer | BackfillAnswer | StartDueAnswer> {
  switch (request.verb) {
    case 'backfill':
      return (await import('../shared/engine/backfill/backfill.ts')).backfill(request, engine);
    case 'start-due':
      return (await import('../shared/engine/start-due.ts')).startDue(request, engine);
    case 'pause':
    case 'unpause':
      return pauseOrUnpause(request, engine);
    default:
      return operate(request, engine);
  }
}
