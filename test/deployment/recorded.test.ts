import { beforeAll, describe, expect, test } from 'vitest';

import type { Call } from '../../local/gateway/call-log.ts';
import { exercise, type Recorded } from './exercise.ts';
import { GRANTED_TO_FUNCTIONS, GRANTED_TO_PEOPLE } from './grants.ts';
import { untouchedOf } from './inventory.ts';
import { needsOf } from './needs.ts';
import { planted } from './plant.ts';
import { type Need, refusedOf, statementsOf, unusedOf } from './policy.ts';
import type { JsonObject } from './references.ts';
import { templateOfVariant } from './variants.ts';
import { fileOf } from '../../shared/run/trigger.ts';

const LOCAL_WORKGROUP =
  'arn:aws:redshift-serverless:us-east-1:000000000000:workgroup/00000000-0000-4000-8000-000000000000';
const warehouse = { workgroupIds: { local: '00000000-0000-4000-8000-000000000000' }, own: LOCAL_WORKGROUP };

/** What no run can touch, and why. */
const UNTOUCHED: Readonly<Record<string, string>> = {
  'bucket ServerlessDeploymentBucket': 'the deployment tool puts the code and the template there',
};

let recorded: Recorded;
let template: JsonObject;
let needs: readonly Need[];

beforeAll(async () => {
  template = await templateOfVariant('local');
  recorded = await exercise();
  needs = ofFunctions(recorded.calls);
}, 180_000);

function ofFunctions(calls: readonly Call[]): readonly Need[] {
  return calls
    .filter(
      ({ caller, service }) =>
        /^baton-local-(?:start-run|run-step|sweep|operate)$/.test(caller) && service !== 'lambda',
    )
    .flatMap((call) => needsOf(call, warehouse));
}

/** By action, or by action and resource. */
const isExplained = (granted: string): boolean =>
  granted in GRANTED_TO_FUNCTIONS || actionOf(granted) in GRANTED_TO_FUNCTIONS;

const actionOf = (granted: string): string => granted.split(' ')[0] ?? '';

describe('the recording of a stage', () => {
  test('covers every scenario that it is meant to cover', () => {
    const ends = recorded.runs.map(({ pipeline, trigger, state, generation, error }) =>
      `${fileOf(trigger)?.key ?? pipeline} ${state} ${String(generation)} ${error?.class ?? ''}`.trim(),
    );
    expect(ends).toEqual(
      expect.arrayContaining([
        'stores/good.csv SUCCEEDED 1',
        expect.stringMatching(/^stores\/bad\.csv CANCELLED 1/),
        expect.stringMatching(/^stores\/gone\.csv FAILED/),
        'stores/behind.csv SUCCEEDED 1',
        'stores/lost.csv SUCCEEDED 2',
        expect.stringMatching(/^stores\/stopped\.csv CANCELLED 1/),
        expect.stringMatching(/^late\/late\.csv SUCCEEDED/),
        'behind_late SUCCEEDED 1',
        'timed SUCCEEDED 1',
        'many SUCCEEDED 1',
        expect.stringMatching(/^many\/a\.csv ABSORBED/),
        expect.stringMatching(/^many\/bad\.csv FAILED 1 data/),
        'folders/day/_SUCCESS SUCCEEDED 1',
      ]),
    );
    expect(recorded.messages['baton-local-dead-letters']).toBeGreaterThan(0);
  });

  test('uses every rule, schedule, table, index, queue, bucket, function, archive and permission of the template', () => {
    const untouched = untouchedOf(template, recorded).filter((what) => UNTOUCHED[what] === undefined);
    expect(untouched).toEqual([]);
    const touched = Object.keys(UNTOUCHED).filter((what) => !untouchedOf(template, recorded).includes(what));
    expect(touched).toEqual([]);
  });

  test('detects a resource that is not used', () => {
    const without: Recorded = {
      ...recorded,
      matched: { ...recorded.matched, 'baton-local-request': 0 },
      calls: recorded.calls.filter(({ details }) => details?.['index'] !== 'due'),
      messages: {},
    };
    expect(untouchedOf(template, without)).toEqual([
      'rule RequestRule',
      'index due',
      'queue DeadLetters',
      'bucket ServerlessDeploymentBucket',
      'permission RequestPermission',
    ]);
  });
});

describe("the functions' role", () => {
  test('allows every call that the functions made', () => {
    expect(needs.length).toBeGreaterThan(100);
    expect(refusedOf(statementsOf(template, 'FunctionRole'), needs)).toEqual([]);
  });

  test('grants nothing unused, except for explained permissions', () => {
    const unused = unusedOf(statementsOf(template, 'FunctionRole'), needs);
    expect(unused.filter((granted) => !isExplained(granted))).toEqual([]);
  });

  test('has no explanation for a recorded permission', () => {
    expect(needs.filter(({ action, resource }) => isExplained(`${action} ${resource}`))).toEqual([]);
  });

  test('denies a recorded call if a permission is removed', () => {
    const statements = statementsOf(template, 'FunctionRole');
    const needed = new Set(needs.map(({ action }) => action));
    expect(needed.size).toBeGreaterThan(14);
    for (const action of needed) {
      const without = statements.map((statement) =>
        Object.assign({}, statement, { actions: statement.actions.filter((each) => each !== action) }),
      );
      expect(refusedOf(without, needs).map((refused) => actionOf(refused))).toContain(action);
    }
  });

  test.each([
    [
      'a condition that asks for another source',
      'Condition.StringEquals.events:source',
      'baton',
      'events:PutEvents',
    ],
    ['another bus', 'Resource', 'arn:aws:events:us-east-1:000000000000:event-bus/other', 'events:PutEvents'],
  ])('denies an event sent by %s', (_what, path, value, action) => {
    const policies = 'Resources.FunctionRole.Properties.Policies.0.PolicyDocument.Statement';
    const index = statementsOf(template, 'FunctionRole').findIndex(({ actions }) => actions.includes(action));
    const changed = planted(template, `${policies}.${String(index)}.${path}`, value);
    expect(refusedOf(statementsOf(changed, 'FunctionRole'), needs).map(actionOf)).toContain(action);
  });

  test.each(['dynamodb:DeleteItem', 'redshift-data:ListTables', 'iam:PassRole'])(
    'is reported for %s, which is unused',
    (action) => {
      const added = planted(
        template,
        'Resources.FunctionRole.Properties.Policies.0.PolicyDocument.Statement.1.Action.9',
        action,
      );
      // A list with holes is no JSON: only what is there counts.
      const statements = statementsOf(JSON.parse(JSON.stringify(added)) as JsonObject, 'FunctionRole');
      const unused = unusedOf(statements, needs).filter((granted) => !isExplained(granted));
      expect(unused.map(actionOf)).toContain(action);
    },
  );
});

describe('the policies for people, against the recording', () => {
  const READERS = ['runs', 'files', 'run', 'doctor'];

  const madeBy = (verbs: readonly string[]): readonly Need[] =>
    verbs.flatMap((verb) => (recorded.verbs[verb] ?? []).flatMap((call) => needsOf(call, warehouse)));

  test('allow a reader every read, and an operator everything that the command does', () => {
    for (const verb of [...READERS, 'cancel', 'replay'])
      expect(recorded.verbs[verb]?.length).toBeGreaterThan(0);
    expect(refusedOf(statementsOf(template, 'ReadPolicy'), madeBy(['runs', 'files', 'run']))).toEqual([]);
    expect(refusedOf(statementsOf(template, 'OperatePolicy'), madeBy(Object.keys(recorded.verbs)))).toEqual(
      [],
    );
  });

  test('deny a reader cancel and replay', () => {
    const refused = refusedOf(statementsOf(template, 'ReadPolicy'), madeBy(['cancel', 'replay'])).map(
      actionOf,
    );
    expect(refused).toContain('lambda:InvokeFunction');
    expect(refused).toContain('events:StartReplay');
  });

  test('grant nothing unused, except for explained permissions, and explain nothing else', () => {
    const unused = unusedOf(statementsOf(template, 'OperatePolicy'), madeBy(Object.keys(recorded.verbs)));
    const isExplained = (granted: string): boolean =>
      granted in GRANTED_TO_PEOPLE || actionOf(granted) in GRANTED_TO_PEOPLE;
    expect(unused.filter((granted) => !isExplained(granted))).toEqual([]);
    const explained = Object.keys(GRANTED_TO_PEOPLE);
    expect(
      explained.filter((key) => !unused.some((granted) => granted === key || actionOf(granted) === key)),
    ).toEqual([]);
  });

  test("allow COPY's role to read the files and the manifests", () => {
    const copied = recorded.calls.filter(
      ({ operation, resource, service, caller, outcome }) =>
        service === 's3' &&
        outcome === 'ok' &&
        caller.startsWith('baton-local-') &&
        resource !== undefined &&
        /^(?:HeadObject|PutObject)$/.test(operation),
    );
    const read = copied.map(({ resource = '' }): Need => ({
      action: 's3:GetObject',
      resource: `arn:aws:s3:::${resource}`,
      from: 'COPY',
    }));
    expect(read.length).toBeGreaterThan(4);
    const statements = statementsOf(template, 'CopyPolicy');
    expect(refusedOf(statements, read)).toEqual([]);
    expect(unusedOf(statements, read).map(actionOf)).toEqual(['s3:ListBucket', 's3:ListBucket']);
  });
});
