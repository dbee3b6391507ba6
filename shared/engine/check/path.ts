/**
 * The calls that a run makes, each made once with the functions' own role: statements with an event into a session, a
 * transaction, the look-ups that follow a lost reply or session, a cancellation, a wake-up; and whether the events arrive.
 */
import { nameAndMessageOf } from '../../errors.ts';
import { defined } from '../../run/defined.ts';
import type { Probe } from '../../events/requests.ts';
import type { Result } from '../../warehouse/warehouse.ts';
import { CLOSING_KEEP_ALIVE_SECONDS } from '../../warehouse/warehouse.ts';
import type { Engine } from '../ports.ts';
import { arrivalId, arrivalOf, checkedName, expectArrival } from './arrival.ts';
import { runIn, submitTo } from './session.ts';

/** Events arrive within a second or two; with the start of a new instance of run-step it takes longer. */
const EVENT_WAIT_MS = 8_000;
/** ListStatements may show a statement a little later than it was accepted. */
const LISTED_WITHIN = 10;

type Step = () => Promise<string | undefined>;

/** `begin`: called with each probe before it is made. */
export async function checkPath(
  warehouse: string | undefined,
  probes: Probe[],
  begin: (what: Probe['what']) => void,
  engine: Engine,
): Promise<void> {
  const place = defined({ warehouse });
  begin('statement');
  const opened = await engine.warehouse.open({ set: {}, name: 'baton-check', ...place });
  // The sign-in is probed, and reported, by the check of the warehouse.
  if (!opened.ok) return;
  const { sessionId } = opened.value;
  const probe = async (what: Probe['what'], step: Step): Promise<void> => {
    begin(what);
    const began = engine.now();
    const said = await step().catch(nameAndMessageOf);
    const status = said === undefined ? 'ok' : 'failed';
    probes.push({ what, status, ms: engine.now() - began, ...place, ...defined({ said }) });
  };

  const [one, two, wake] = [arrivalId(engine), arrivalId(engine), arrivalId(engine)];
  const expected = new Map<string, { what: Probe['what']; about: string; sentAt: number }>();
  const awaited = async (id: string, what: Probe['what'], about: string): Promise<void> => {
    try {
      await expectArrival(id, engine);
      expected.set(id, { what, about, sentAt: engine.now() });
    } catch (error) {
      probes.push({ what, status: 'unsure', said: nameAndMessageOf(error), about, ms: 0, ...place });
    }
  };
  const { stage } = engine.settings;
  const accepted: { readonly statementId: string; readonly name: string }[] = [];
  const submit = async (id: string, sqls: readonly string[], about: string): Promise<string | undefined> => {
    await awaited(id, 'completion-event', about);
    const name = checkedName(stage, id);
    const result = await submitTo(sessionId, { sqls, name }, engine);
    if (result.ok) accepted.push({ statementId: result.value.statementId, name });
    else expected.delete(id);
    return refusalIn(result);
  };
  await probe('statement', () => submit(one, ['SELECT 1'], 'a statement'));
  await probe('transaction', () => submit(two, ['SELECT 1', 'SELECT 2'], 'a transaction'));
  await probe('list-statements', async () => {
    const last = accepted.at(-1);
    if (last === undefined) return 'no statement was accepted';
    for (let tries = 0; tries < LISTED_WITHIN; tries += 1) {
      if ((await engine.warehouse.findByName(last.name)) !== undefined) return undefined;
      await engine.pause(200);
    }
    return 'a statement that was accepted is not listed';
  });
  await probe('list-sessions', async () => {
    const state = await engine.warehouse.session(sessionId);
    return state === 'UNKNOWN' || state === 'CLOSED' ? `an open session is listed as ${state}` : undefined;
  });
  // Of the first, which has ended: that it is allowed shows there too.
  await probe('cancel', async () => {
    const [first] = accepted;
    if (first !== undefined) await engine.warehouse.cancel(first.statementId);
    return undefined;
  });
  await probe('put-events', async () => {
    await awaited(wake, 'wake-up-event', 'a wake-up');
    try {
      await engine.publisher.publish([
        { source: 'baton.request', type: 'Run Woken', detail: { stage, check: wake } },
      ]);
    } catch (error) {
      expected.delete(wake);
      throw error;
    }
    return undefined;
  });
  await runIn(sessionId, 'SELECT 1', engine, CLOSING_KEEP_ALIVE_SECONDS);

  begin('completion-event');
  const found = await Promise.all(
    [...expected].map(async ([id, { what, about, sentAt }]): Promise<Probe> => {
      const arrival = await arrivalOf(id, EVENT_WAIT_MS, engine).catch(nameAndMessageOf);
      const of = { what, about, ...place };
      if (typeof arrival === 'object')
        return Object.assign(of, { status: 'ok', ms: Math.max(0, arrival.receivedAt - sentAt) } as const);
      return Object.assign(of, {
        status: arrival === undefined ? ('failed' as const) : ('unsure' as const),
        said: arrival ?? `did not reach run-step within ${EVENT_WAIT_MS / 1000} s`,
        ms: engine.now() - sentAt,
      });
    }),
  );
  probes.push(...found);
}

function refusalIn(result: Result<unknown>): string | undefined {
  return result.ok ? undefined : result.refusal.message;
}
