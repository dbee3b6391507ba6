/** `baton doctor --probe` on a local AWS, with what AWS does not document set one way and the other while it runs. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { lambdaOperator } from '../../cli/aws/operator.ts';
import { ASSUMPTIONS } from '../../cli/doctor/assumptions.ts';
import { probeStage, type ProbeReport, type ProbeRow } from '../../cli/doctor/probe.ts';
import type { Assumption, ProbePart } from '../../shared/events/requests.ts';
import { Stack } from './stack.ts';
import { isLong } from '../long.ts';

const PARTS: readonly ProbePart[] = ['hand-over', 'busy', 'failures', 'sessions'];

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

/** The probe, and what plain `doctor` finds with the same switches. */
async function lookWith(
  switches: object,
  parts: readonly ProbePart[] = PARTS,
): Promise<{ report: ProbeReport; found: readonly string[] }> {
  await stack.admin('POST', 'switches', switches);
  const [report, found] = await Promise.all([probe(parts), findings()]);
  return { report, found };
}

/** As the command does, with the parts side by side: each has sessions of its own. */
async function probe(parts: readonly ProbePart[]): Promise<ProbeReport> {
  const operator = lambdaOperator(
    {
      endpoint: stack.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'tester', secretAccessKey: 'any' },
      maxAttempts: 1,
      userAgentAppId: 'baton-cli',
    },
    'baton-local-operate',
  );
  const answers = new Map(
    parts.map((part) => [part, operator.probe({ verb: 'probe', requestId: 'r', actor: 'tester', part })]),
  );
  const report = await probeStage(
    (part) => answers.get(part) ?? Promise.resolve({ ok: true, message: '', observations: [] }),
    () => undefined,
  );
  const asked = new Set(ASSUMPTIONS.filter(({ part }) => parts.includes(part)).map(({ name }) => name));
  return { ...report, rows: report.rows.filter(({ name }) => name !== undefined && asked.has(name)) };
}

async function findings(): Promise<string[]> {
  const { stdout } = await stack.baton('doctor', '--json');
  const { checks } = JSON.parse(stdout) as { checks: { status: string; message: string }[] };
  return checks.filter(({ status }) => status !== 'ok').map(({ message }) => message);
}

function rest({ rows }: Pick<ProbeReport, 'rows'>): Partial<Record<Assumption, string>> {
  return Object.fromEntries(
    rows.flatMap(({ name, status, found }: ProbeRow) =>
      name === undefined || status === 'holds' ? [] : [[name, `${status}: ${found}`]],
    ),
  );
}

it.runIf(isLong)(
  'every assumption holds on a local AWS as it comes, and the command prints each with its consequence',
  async () => {
    const { code, stdout, stderr } = await stack.baton('doctor', '--probe', '--json');
    expect(stderr).toContain('temporary tables only');
    const report = JSON.parse(stdout) as ProbeReport;
    expect(rest(report)).toEqual({});
    expect(report.observed).toEqual({});
    expect(report.rows.length).toBeGreaterThan(25);
    expect(report.rows.filter(({ consequence }) => consequence === '')).toEqual([]);
    // What takes hours is not reported as found.
    expect(report.rows.filter(({ status }) => status === 'not-seen').map(({ found }) => found)).toEqual([
      'not tried: it takes hours',
      'not tried: it takes hours',
    ]);
    expect(code).toBe(0);
    expect(
      await stack.count(
        "SELECT COUNT(*) FROM pg_class WHERE relname LIKE 'baton\\_%' AND relpersistence = 't'",
      ),
    ).toBe(0);
  },
  90_000,
);

it.runIf(isLong)(
  'each assumption that a switch turns round is reported as different, with the switch, and no other is',
  async () => {
    const { report, found } = await lookWith({
      tokenConsumedByRefusal: true,
      keepAliveZero: 'keep',
      idleTimeoutServerless: 3,
      busyAfterEndMs: 400,
      errorIds: true,
      sessionIdAlways: true,
      eventDelayMs: 3200,
      abortedAfterCommit: true,
      resultsCounted: false,
    });
    expect(rest(report)).toEqual({
      'refused-token': 'differs: refused again ("Session is not available"), though another is accepted',
      'keep-alive-zero': 'differs: the session is AVAILABLE',
      'idle-session': expect.stringMatching(/^differs: CLOSED after \d+ s without a statement/),
      'busy-after-end': expect.stringMatching(
        /^differs: [1-5] of 5 times the next statement was refused, for up to \d+ ms$/,
      ),
      'error-ids': 'differs: 3 of 3 texts end in an error id',
      'row-counts': 'differs: counts of a transaction of two queries of one row: [null,null]',
      'session-id': 'differs: a submission without keep-alive names a session',
      'event-delay': expect.stringMatching(/^differs: received 3[2-9]\d\d(?: to \d+)? ms after the end$/),
      // Whole seconds.
      'event-time': expect.stringMatching(/^differs: its time minus the end: \d+ to \d+ ms$/),
      'true-reports': expect.stringMatching(/^differs: [1-4] of 5 reports were false: ABORTED, but applied/),
    });
    expect(report.observed).toEqual({
      tokenConsumedByRefusal: 'true',
      keepAliveZero: 'keep',
      idleTimeoutServerless: expect.stringMatching(/^\d+$/),
      busyAfterEndMs: expect.stringMatching(/^\d{3,4}$/),
      errorIds: 'true',
      sessionIdAlways: 'true',
      eventDelayMs: expect.stringMatching(/^3[2-9]\d\d$/),
      abortedAfterCommit: 'true',
      resultsCounted: 'false',
    });
    // None of it is a fault of the stage.
    expect(found).toEqual([]);
  },
  90_000,
);

it.runIf(isLong)(
  'events that do not come are "not seen", and what a lost session took with it is too',
  async () => {
    const { report, found } = await lookWith({ completionEvents: false, sessionEndsAfterError: true }, [
      'hand-over',
      'failures',
    ]);
    expect(rest(report)).toEqual({
      event: 'not-seen: 0 of 4 arrived within 5 s',
      'batch-event': 'not-seen: it did not arrive within 5 s',
      'failure-event': 'not-seen: it did not arrive within 5 s',
      'event-principal': 'not-seen: not tried',
      'event-delay': 'not-seen: not tried',
      'event-time': 'not-seen: not tried',
      'describe-at-event': 'not-seen: not tried',
      'session-after-error': 'differs: 3 of 3 times listed as CLOSED',
      'failed-transaction': 'not-seen: its session, and with it the temporary table, is gone',
    });
    expect(report.observed).toEqual({ sessionEndsAfterError: 'true' });
    expect(found).toEqual([
      'the completion event of a statement did not reach run-step within 8 s',
      'the completion event of a transaction did not reach run-step within 8 s',
    ]);
  },
  90_000,
);

it.runIf(isLong)(
  'a DescribeStatement that lags behind the event is reported with the time',
  async () => {
    const { report, found } = await lookWith({ describeLagMs: 600 }, ['hand-over']);
    expect(rest(report)).toEqual({
      'describe-at-event': expect.stringMatching(/^differs: still running in 6 of 6 events; final [6-9]\d\d/),
    });
    expect(report.observed).toEqual({ describeLagMs: expect.stringMatching(/^[6-9]\d\d$/) });
    expect(found).toEqual([]);
  },
  90_000,
);
