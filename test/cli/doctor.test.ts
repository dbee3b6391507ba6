/** What `baton doctor` says, over a stage that is made of values. */
import { describe, expect, it } from 'vitest';

import type { Inspector } from '../../cli/aws/inspector.ts';
import { stageNames } from '../../cli/aws/connection.ts';
import type { Check } from '../../cli/doctor/check.ts';
import { examine, FUNCTIONS, type Patient } from '../../cli/doctor/examine.ts';
import { CommandError } from '../../cli/exit.ts';
import type { CheckAnswer, Probe } from '../../shared/events/requests.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { defined } from '../../shared/run/defined.ts';
import type { Paused } from '../../shared/store/run-store.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { runOf } from '../fakes/run-of.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');

const PLAN = {
  pipeline: 'stores',
  hash: 'abc',
  triggers: [{ kind: 's3', prefix: 'stores/', suffix: '.csv' }],
  steps: [],
} as unknown as Plan;

const PROBES: readonly Probe[] = [
  { what: 'sign-in', status: 'ok', ms: 120 },
  { what: 'marker', status: 'ok', ms: 20 },
  { what: 'table', about: 'mart.stores', status: 'ok', ms: 20 },
  { what: 'copy', about: 's3://landing/stores/', status: 'ok', ms: 20 },
];

function answerOf(probes: readonly Probe[] = PROBES, more: Partial<CheckAnswer> = {}): CheckAnswer {
  return {
    ok: true,
    message: '',
    pipelines: [{ pipeline: 'stores', hash: 'abc' }],
    buckets: { artifacts: 'artifacts', files: ['landing'] },
    probes,
    ...more,
  };
}

function awsError(name: string, status = 400, message = 'no'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
}

const RULES = ['sweep', 'statement-ended', 'run-woken', 'request', 'arrivals'];

/** As build/serverless/arrivals.cjs writes it; without `keys` the whole bucket. */
function filesPattern(bucket: string, ...prefixes: readonly string[]): string {
  const keys = prefixes.map((prefix) => ({ prefix }));
  return JSON.stringify({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: [bucket] }, ...(keys.length > 0 && { object: { key: keys } }) },
  });
}

/** The rules of a stage, of which `patterns` are those of files and successes. */
function rulesWith(...patterns: readonly string[]): Inspector['rules'] {
  return (prefix) =>
    Promise.resolve([
      ...RULES.slice(0, 4).map((name) => ({ name: prefix + name, enabled: true })),
      ...patterns.map((pattern, at) => ({ name: `${prefix}arrivals-${at}`, enabled: true, pattern })),
    ]);
}

function healthy(): Inspector {
  return {
    region: () => Promise.resolve('eu-west-1'),
    clockAheadMs: () => 300,
    function: () => Promise.resolve({ state: 'Active', lastUpdate: 'Successful' }),
    sources: () => Promise.resolve([{ id: 'm', arn: 'arn:aws:sqs:x:1:baton-prod-arrivals', enabled: true }]),
    table: () =>
      Promise.resolve({
        status: 'ACTIVE',
        indexes: ['due', 'queue', 'by-pipeline', 'by-file', 'not-succeeded'],
      }),
    rules: rulesWith(filesPattern('landing', 'stores/')),
    archive: () => Promise.resolve({ state: 'ENABLED' }),
    waiting: () => Promise.resolve(0),
    bucket: () => Promise.resolve({ region: 'eu-west-1' }),
    sendsEvents: () => Promise.resolve(true),
  };
}

const EVENTS_OF_SHOP = { source: ['shop.orders'], detail: { a: [1], b: [2] } };
const SHOP: Plan = { ...PLAN, pipeline: 'shop', triggers: [{ kind: 'event', pattern: EVENTS_OF_SHOP }] };

const SUCCESS_OF_STORES = JSON.stringify({
  source: ['baton'],
  'detail-type': ['Run Succeeded'],
  detail: { stage: ['prod'], pipeline: ['stores'] },
});

function followerOf(pipeline: string): Plan {
  return { ...PLAN, pipeline: 'report', triggers: [{ kind: 'pipeline', pipeline }] } as unknown as Plan;
}

interface Ill {
  readonly inspector?: Partial<Inspector>;
  readonly ask?: Patient['ask'];
  readonly runs?: readonly Partial<StoredRun>[];
  readonly due?: readonly string[];
  readonly queued?: number;
  readonly paused?: Paused;
  readonly stage?: string;
  readonly plans?: readonly Plan[];
  readonly landing?: string | undefined;
  readonly role?: string;
}

async function checksOf(ill: Ill = {}): Promise<Check[]> {
  const { stage = 'prod' } = ill;
  const runs = (ill.runs ?? []).map(runOf);
  const checks: Check[] = [];
  await examine(
    {
      stage: { name: stage, names: stageNames(stage), region: 'eu-west-1' },
      inspector: { ...healthy(), ...ill.inspector },
      reader: {
        load: (id) => Promise.resolve(runs.find((run) => run.id === id)),
        history: () => Promise.resolve([]),
        listRuns: () => Promise.resolve([]),
        loadPlan: () => Promise.resolve(undefined),
        loadPool: () =>
          Promise.resolve({
            holders: Object.fromEntries(runs.map(({ id }) => [id, 1])),
            epoch: 1,
            ...defined({ paused: ill.paused }),
          }),
        findDue: () => Promise.resolve([...(ill.due ?? [])]),
        countQueued: () => Promise.resolve(ill.queued ?? 0),
      },
      ask: ill.ask ?? (() => Promise.resolve(answerOf())),
      plans: ill.plans ?? [PLAN],
      landing: () => Promise.resolve('landing' in ill ? ill.landing : 'landing'),
      role: () => Promise.resolve(ill.role),
      now: NOW,
    },
    (check) => checks.push(check),
  );
  return checks;
}

function notOk(checks: readonly Check[]): Check[] {
  return checks.filter(({ status }) => status !== 'ok');
}

async function only(ill: Ill): Promise<Check> {
  const found = notOk(await checksOf(ill));
  expect(found).toHaveLength(1);
  return found[0] as Check;
}

describe('doctor on a healthy stage', () => {
  it('reports every check as ok, once each, in the order of their dependencies', async () => {
    const checks = await checksOf();
    expect(notOk(checks)).toEqual([]);
    expect([...new Set(checks.map(({ name }) => name))]).toEqual([
      'credentials',
      'stage',
      'clock',
      'function',
      'table',
      'pipelines',
      'rules',
      'arrivals',
      'archive',
      'dead letters',
      'bucket',
      'warehouse',
      'marker table',
      'COPY role',
      'rights',
      'sweep',
      'runs',
    ]);
    expect(checks.filter(({ name }) => name === 'function')).toHaveLength(FUNCTIONS.length);
  });
});

describe('a finding of doctor', () => {
  const findings: [string, Ill, Partial<Check>][] = [
    [
      'a clock that is two minutes off',
      { inspector: { clockAheadMs: () => -130_000 } },
      {
        name: 'clock',
        message: "this machine's clock is 2 min 10 s behind AWS",
        remedy: expect.stringContaining('NTP'),
      },
    ],
    [
      'an index that is missing',
      { inspector: { table: () => Promise.resolve({ status: 'ACTIVE', indexes: ['due', 'queue'] }) } },
      {
        name: 'table',
        message: 'baton-prod lacks the index by-pipeline, by-file, not-succeeded',
        remedy: expect.stringMatching(/takeOver=true .*"Deploy it again"$/) as string,
      },
    ],
    [
      'a table whose items never expire',
      {
        inspector: {
          table: () =>
            Promise.resolve({
              status: 'ACTIVE',
              indexes: ['due', 'queue', 'by-pipeline', 'by-file', 'not-succeeded'],
              expires: '',
            }),
        },
      },
      {
        name: 'table',
        message: 'items of baton-prod never expire: its time to live is not on the attribute expiresAt',
        remedy:
          'aws dynamodb update-time-to-live --table-name baton-prod --time-to-live-specification Enabled=true,AttributeName=expiresAt',
      },
    ],
    [
      'a rule that is switched off',
      {
        inspector: {
          rules: (prefix) =>
            Promise.resolve(RULES.map((name) => ({ name: prefix + name, enabled: name !== 'sweep' }))),
        },
      },
      {
        name: 'rules',
        message: 'disabled: baton-prod-sweep',
        remedy: 'aws events enable-rule --name baton-prod-sweep',
      },
    ],
    [
      'rules that are missing',
      { inspector: { rules: (prefix) => Promise.resolve([{ name: `${prefix}sweep`, enabled: true }]) } },
      { name: 'rules', message: expect.stringContaining('missing: baton-prod-statement-ended') },
    ],
    [
      'files that no rule delivers',
      { inspector: { rules: rulesWith() } },
      {
        name: 'rules',
        message: 'no rule delivers files of stores (s3://landing/stores/)',
        remedy: 'npx baton deploy --stage prod',
      },
    ],
    [
      'files that a rule delivers of another bucket',
      { inspector: { rules: rulesWith(filesPattern('other', 'stores/')) } },
      { name: 'rules', message: 'no rule delivers files of stores (s3://landing/stores/)' },
    ],
    [
      'a success that no rule delivers',
      {
        plans: [PLAN, followerOf('stores')],
        ask: () => Promise.resolve(answerOf(PROBES, { pipelines: [PLAN, followerOf('stores')] })),
      },
      { name: 'rules', message: 'no rule delivers the success of stores, which starts report' },
    ],
    [
      'files and successes that start nothing here',
      { inspector: { rules: rulesWith(filesPattern('landing', 'stores/', 'old/'), SUCCESS_OF_STORES) } },
      {
        name: 'rules',
        message:
          'rules deliver events that no pipeline in this folder uses: s3://landing/old/; success of stores',
        remedy: expect.stringContaining('npx baton deploy --stage prod'),
      },
    ],
    [
      'events that no rule delivers',
      {
        plans: [PLAN, SHOP],
        ask: () => Promise.resolve(answerOf(PROBES, { pipelines: [PLAN, SHOP] })),
      },
      {
        name: 'rules',
        message: 'no rule delivers events of shop: any event from shop.orders with {"a":[1],"b":[2]}',
      },
    ],
    [
      'events that start nothing here',
      {
        inspector: {
          rules: rulesWith(filesPattern('landing', 'stores/'), JSON.stringify({ source: ['shop.orders'] })),
        },
      },
      {
        name: 'rules',
        message:
          'rules deliver events that no pipeline in this folder uses: events: any event from shop.orders',
      },
    ],
    [
      'a queue of files that is switched off',
      {
        inspector: {
          sources: () =>
            Promise.resolve([{ id: 'm-1', arn: 'arn:aws:sqs:x:1:baton-prod-arrivals', enabled: false }]),
        },
      },
      {
        name: 'arrivals',
        message: expect.stringContaining('baton-prod-arrivals does not feed baton-prod-start-run'),
        remedy: 'aws lambda update-event-source-mapping --uuid m-1 --enabled',
      },
    ],
    [
      'a queue of files that feeds nothing',
      { inspector: { sources: () => Promise.resolve([]) } },
      { name: 'arrivals', message: 'baton-prod-arrivals does not feed baton-prod-start-run' },
    ],
    [
      'an archive that is missing',
      { inspector: { archive: () => Promise.reject(awsError('ResourceNotFoundException')) } },
      { name: 'archive', message: 'baton-prod-files is missing' },
    ],
    [
      'dead letters',
      { inspector: { waiting: () => Promise.resolve(3) } },
      {
        name: 'dead letters',
        message: expect.stringContaining('about 3 messages in baton-prod-dead-letters'),
      },
    ],
    [
      'a bucket whose events go nowhere',
      { inspector: { sendsEvents: () => Promise.resolve(false) } },
      {
        name: 'bucket',
        message: 'landing does not send its events to EventBridge, so its files start no runs',
        remedy: expect.stringContaining('aws s3api put-bucket-notification-configuration --bucket landing'),
      },
    ],
    [
      'a bucket of another Region',
      {
        inspector: {
          bucket: (name) => Promise.resolve({ region: name === 'landing' ? 'us-east-1' : 'eu-west-1' }),
        },
      },
      { name: 'bucket', message: expect.stringContaining('landing is in us-east-1, the stage in eu-west-1') },
    ],
    [
      'other SQL than what is deployed',
      { ask: () => Promise.resolve(answerOf(PROBES, { pipelines: [{ pipeline: 'stores', hash: 'old' }] })) },
      {
        name: 'pipelines',
        message: 'the deployed pipelines differ from this folder (different SQL: stores)',
        remedy: expect.stringContaining('npx baton deploy --stage prod'),
      },
    ],
    [
      'too few invocations for calls that wait for statements',
      { ask: () => Promise.resolve(answerOf(PROBES, { tooFew: { reserved: 6, needed: 7 } })) },
      {
        name: 'concurrency',
        message: expect.stringContaining('reserved concurrency of 6: handoff: auto waits for no step'),
        remedy: expect.stringContaining('--param runStepConcurrency=7'),
      },
    ],
    [
      'a deployment that does not know the question',
      { ask: () => Promise.resolve(undefined) },
      { name: 'version', message: expect.stringContaining('older than this command') },
    ],
    [
      'an operate function that fails',
      { ask: () => Promise.reject(new CommandError(3, 'the operate function failed: timed out')) },
      { name: 'operate', message: 'the operate function failed: timed out' },
    ],
    [
      'a run that stopped, with what waits behind it',
      {
        runs: [
          { id: 'stores-x', state: 'FAILED', slot: true, epoch: 1, error: { class: 'sql', message: 'no' } },
        ],
        queued: 4,
      },
      {
        name: 'runs',
        message: 'stores-x is FAILED (sql); 4 files waiting for it',
        remedy: expect.stringContaining('baton run stores-x --stage prod'),
      },
    ],
    [
      'a paused pipeline, with what waits for it',
      { paused: { by: 'ann', at: '2026-11-24T08:00:00.000Z', reason: 'schema change' }, queued: 4 },
      {
        name: 'runs',
        message: 'stores is paused by ann since 2026-11-24T08:00:00Z (schema change); 4 runs waiting',
        remedy: 'run baton unpause stores --stage prod when its cause is gone',
      },
    ],
    [
      'a run that no sweep has looked at',
      { due: ['stores-y'], runs: [{ id: 'stores-y', state: 'RUNNING', nextCheckAt: NOW / 1000 - 600 }] },
      { name: 'sweep', message: 'not running: stores-y overdue for 10 min 0 s' },
    ],
    [
      'a run that the sweep cannot drive',
      {
        due: ['stores-y'],
        runs: [{ id: 'stores-y', state: 'RUNNING', nextCheckAt: NOW / 1000 - 600, failedDrives: 2 }],
      },
      { name: 'sweep', message: 'cannot drive stores-y' },
    ],
  ];

  it.each(findings)('reports %s, with what to do', async (_what, ill, expected) => {
    const found = await only(ill);
    expect(found).toMatchObject({ status: 'finding', ...expected });
    expect(found.remedy?.length).toBeGreaterThan(10);
  });

  const probes: [Probe['what'], string, string, string][] = [
    ['sign-in', 'Access denied to GetCredentials', 'cannot use the warehouse', 'workgroupId'],
    ['sign-in', 'Endpoint not found', 'cannot use the warehouse', 'not paused'],
    [
      'marker',
      'relation "baton.step_marker" does not exist',
      'cannot be written',
      'baton setup --stage prod',
    ],
    ['marker', 'permission denied for relation step_marker', 'cannot be written', '--grants --stage prod'],
    [
      'marker',
      'column "birth" of relation "step_marker" does not exist',
      'cannot be written',
      'docs/upgrade.md',
    ],
    ['transactions', 'permission denied', 'svv_transactions', 'GRANT SELECT'],
    ['load-errors', 'permission denied', 'sys_load_error_detail', 'GRANT SELECT'],
    ['temporary-tables', 'permission denied to create temporary tables', 'temporary table', '--grants'],
    ['table', 'no INSERT, UPDATE or DELETE privilege', 'mart.x', 'baton setup --grants --stage prod'],
    ['table', 'relation "mart.x" does not exist', 'mart.x', 'baton setup --stage prod creates it'],
    ['files', 'Forbidden: UnknownError', 'cannot inspect', 'An existing bucket'],
    ['artifacts', 'AccessDenied: Access Denied', 'cannot write to', 'policy'],
    ['copy', 'S3ServiceException:Access Denied,Status 403', 'cannot read mart.x', 'The role of COPY'],
    ['statement', 'InternalServerException: no', 'rejects a statement with its event', 'ExecuteStatement'],
    ['transaction', 'InternalServerException: no', 'a transaction of two', 'BatchExecuteStatement'],
    ['list-statements', 'ThrottlingException: no', 'found by its name', 'ListStatements'],
    ['list-sessions', 'an open session is listed as CLOSED', 'state of a session', 'ListSessions'],
    ['cancel', 'InternalServerException: no', 'cannot be cancelled', 'CancelStatement'],
    ['put-events', 'EventBridge rejected an event', 'EventBridge rejects', 'PutEvents'],
    [
      'completion-event',
      'did not reach run-step within 8 s',
      'the completion event of mart.x did not reach',
      'baton-prod-statement-ended',
    ],
    ['wake-up-event', 'did not reach run-step within 8 s', 'mart.x did not', 'baton-prod-run-woken'],
  ];

  it.each(probes)(
    'about the probe %s (%s) names the cause and the remedy',
    async (what, said, words, remedy) => {
      const bad: Probe = { what, status: 'failed', said, about: 'mart.x', ms: 5 };
      const found = await only({ ask: () => Promise.resolve(answerOf([...PROBES, bad])) });
      expect(found.status).toBe('finding');
      expect(found.message).toContain(words);
      expect(found.message).toContain(said);
      expect(found.remedy).toContain(remedy);
    },
  );

  const OF =
    'AccessDeniedException: User: arn:aws:sts::1:assumed-role/baton-prod-functions/baton-prod-operate is';
  const denials: [Probe['what'], string, RegExp][] = [
    [
      'statement',
      `${OF} not authorized to perform: redshift-data:ExecuteStatement on resource: * because no identity-based policy allows it`,
      /^the statement SubmitStatements of the role baton-prod-functions does not allow it on \*: .* --stage prod --param statementAccess=any$/,
    ],
    [
      'transaction',
      `${OF} not authorized to perform: redshift-data:BatchExecuteStatement on resource: arn:aws:redshift:eu-west-1:1:workgroup/1a because no identity-based policy allows it`,
      /SubmitStatements .*workgroup\/1a: .* --param statementAccess=both-arns$/,
    ],
    [
      'marker',
      `${OF} not authorized to perform: redshift-data:ExecuteStatement`,
      /SubmitStatements .* --param statementAccess=any$/,
    ],
    [
      'sign-in',
      `${OF} not authorized to perform: redshift-serverless:GetCredentials on resource: arn:aws:redshift-serverless:eu-west-1:1:workgroup/2b`,
      /SignInToWorkgroup .*workgroup\/2b: check the parameter workgroupId /,
    ],
    [
      'list-sessions',
      `${OF} not authorized to perform: redshift-data:ListSessions on resource: *`,
      /FollowStatements .* compare the role with the deployed template/,
    ],
    [
      'put-events',
      `${OF} not authorized to perform: events:PutEvents on resource: arn:aws:events:x:1:event-bus/default with an explicit deny in a service control policy`,
      /^not the role's own policy but a service control policy denies events:PutEvents to baton-prod-functions/,
    ],
  ];

  it.each(denials)(
    'about a denied %s names the statement of the policy and its parameter',
    async (what, said, remedy) => {
      const bad: Probe = { what, status: 'failed', said, about: 'x', ms: 5 };
      const found = await only({ ask: () => Promise.resolve(answerOf([...PROBES, bad])) });
      expect(found.remedy).toMatch(remedy);
    },
  );

  it('about a denied call names the role as it was deployed', async () => {
    const [[what, said] = ['marker', ''] as const] = denials;
    const bad: Probe = { what, status: 'failed', said, about: 'x', ms: 5 };
    const ask = () => Promise.resolve(answerOf([...PROBES, bad]));
    expect((await only({ ask, role: 'baton-prod-eu-functions' })).remedy).toContain(
      ' of the role baton-prod-eu-functions ',
    );
  });

  it('about another warehouse names it, in the remedy too', async () => {
    const bad: Probe = {
      what: 'marker',
      status: 'failed',
      said: 'relation does not exist',
      warehouse: 'big',
      ms: 5,
    };
    const found = await only({ ask: () => Promise.resolve(answerOf([...PROBES, bad])) });
    expect(found.message).toContain('baton.step_marker of big cannot be written');
    expect(found.remedy).toBe('baton setup --stage prod --warehouse big creates it');
  });

  it('is one line, whatever the error text of the warehouse', async () => {
    const bad: Probe = { what: 'marker', status: 'failed', said: 'ERROR: x\n  Position: 12\u001B[2J', ms: 5 };
    const found = await only({ ask: () => Promise.resolve(answerOf([...PROBES, bad])) });
    expect(found.message).toContain(String.raw`ERROR: x Position: 12\x1b[2J`);
  });
});

describe('doctor, about the way of a run', () => {
  it('reports how long each call took and each event was on its way', async () => {
    const checks = await checksOf({
      ask: () =>
        Promise.resolve(
          answerOf([
            ...PROBES,
            { what: 'statement', status: 'ok', ms: 34 },
            { what: 'completion-event', status: 'ok', about: 'a transaction', ms: 450 },
          ]),
        ),
    });
    expect(checks.filter(({ name }) => name === 'statement' || name === 'events')).toEqual([
      {
        name: 'statement',
        status: 'ok',
        message: 'a session accepts a statement with its event, 34 ms',
        ms: 34,
      },
      {
        name: 'events',
        status: 'ok',
        message: 'the completion event of a transaction reaches run-step, 450 ms',
        ms: 450,
      },
    ]);
  });
});

describe('doctor with rules that match the pipelines', () => {
  it.each([
    ['of the whole bucket', rulesWith(filesPattern('landing')), [PLAN], 'landing'],
    [
      'of a shorter prefix that two pipelines share',
      rulesWith(filesPattern('landing', 'st')),
      [PLAN],
      'landing',
    ],
    [
      'of a bucket whose name may not be looked at',
      rulesWith(filesPattern('x', 'stores/')),
      [PLAN],
      undefined,
    ],
    [
      'of files and of successes',
      rulesWith(filesPattern('landing', 'stores/'), SUCCESS_OF_STORES),
      [PLAN, followerOf('stores')],
      'landing',
    ],
    [
      'of events, in whatever order their patterns are written',
      rulesWith(
        filesPattern('landing', 'stores/'),
        JSON.stringify({ detail: { b: [2], a: [1] }, source: ['shop.orders'] }),
      ),
      [PLAN, SHOP],
      'landing',
    ],
  ])('reports them as ok: %s', async (_what, rules, plans, landing) => {
    const checks = await checksOf({
      inspector: { rules },
      plans,
      landing,
      ask: () =>
        Promise.resolve(
          answerOf(PROBES, { pipelines: plans.map(({ pipeline, hash }) => ({ pipeline, hash })) }),
        ),
    });
    expect(notOk(checks)).toEqual([]);
  });
});

describe('doctor on a stage that does not exist', () => {
  it('reports one finding, and checks nothing else', async () => {
    const checks = await checksOf({
      inspector: { function: () => Promise.reject(awsError('ResourceNotFoundException', 404)) },
    });
    expect(checks.map(({ name, status }) => [name, status])).toEqual([
      ['credentials', 'ok'],
      ['stage', 'finding'],
    ]);
    expect(checks[1]?.message).toContain('stage prod in eu-west-1 not found');
    expect(checks[1]?.remedy).toContain('npx baton deploy --stage prod');
  });
});

describe('doctor without permission for a check', () => {
  it('reports it as unchecked with the error of the service, not as a finding', async () => {
    const denied = (): Promise<never> => Promise.reject(awsError('AccessDeniedException', 400, 'not you'));
    const checks = notOk(
      await checksOf({
        inspector: {
          function: denied,
          table: denied,
          rules: denied,
          sources: denied,
          archive: denied,
          waiting: denied,
          bucket: denied,
        },
        ask: denied,
      }),
    );
    expect(new Set(checks.map(({ status }) => status))).toEqual(new Set(['unchecked']));
    expect(checks.map(({ name }) => name)).toEqual([
      'stage',
      ...FUNCTIONS.map(() => 'function'),
      'table',
      'warehouse',
      'rules',
      'arrivals',
      'archive',
      'dead letters',
    ]);
    for (const { message } of checks) expect(message).toContain('not you');
  });

  it('reports an inconclusive probe as unchecked, too', async () => {
    const probe: Probe = { what: 'copy', status: 'unsure', about: 's3://landing/', said: 'odd words', ms: 1 };
    const found = await only({ ask: () => Promise.resolve(answerOf([...PROBES, probe])) });
    expect(found).toMatchObject({ status: 'unchecked', name: 'COPY role' });
    expect(found.message).toContain('odd words');
  });
});

describe('doctor without access to AWS', () => {
  it('ends with exit code 3 and what to do if AWS rejects the credentials', async () => {
    const ended = checksOf({
      inspector: { function: () => Promise.reject(awsError('ExpiredTokenException', 403, 'expired')) },
    });
    await expect(ended).rejects.toThrow('AWS rejected the credentials: ExpiredTokenException: expired');
    await expect(ended).rejects.toMatchObject({ code: 3 });
  });

  it('ends with the connection error if the connection is refused, even halfway', async () => {
    const lost = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    await expect(checksOf({ inspector: { function: () => Promise.reject(lost) } })).rejects.toBe(lost);
    await expect(checksOf({ inspector: { archive: () => Promise.reject(lost) } })).rejects.toBe(lost);
  });
});
