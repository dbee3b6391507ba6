/** Alarms and dashboard look at what is really measured, and each alarm can be reached by somebody. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { packageRoot as root } from '../../build/project.ts';
import { alarmResources } from '../../build/serverless/alarms.cjs';
import { messageResources } from '../../build/serverless/messages.cjs';
import { dashboardOf } from '../../build/serverless/dashboard.cjs';

const functions = ['start-run', 'run-step', 'sweep', 'operate'].map((name) => `baton-dev-${name}`);
const stage = {
  stage: 'dev',
  name: 'baton-dev',
  functions,
  oldestRunHours: 13,
  pipelineMetrics: true,
  watching: {
    on: true,
    topic: 'arn:aws:sns:us-east-1:123456789012:alarms',
    email: '',
    format: 'chat' as const,
  },
};

/** What the code can emit: the union of names in the source. */
function emittedMetrics(): string[] {
  const source = readFileSync(join(root, 'shared/engine/ports.ts'), 'utf8');
  const [, union = ''] = /export type MetricName =([^;]+);/.exec(source) ?? [];
  return [...union.matchAll(/\| '(\w+)'/g)].map(([, name = '']) => name);
}

/**
 * Of AWS's own metrics those that are looked at, with the one dimension that they have.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
const OF_AWS: Readonly<
  Record<string, { dimension: string; of: readonly string[]; metrics: readonly string[] }>
> = {
  'AWS/Events': {
    dimension: 'RuleName',
    of: ['baton-dev-statement-ended', 'baton-dev-run-woken'],
    metrics: ['FailedInvocations'],
  },
  'AWS/Lambda': {
    dimension: 'FunctionName',
    of: functions,
    metrics: ['Duration', 'Errors', 'Invocations', 'Throttles'],
  },
  'AWS/SQS': {
    dimension: 'QueueName',
    of: ['baton-dev-arrivals', 'baton-dev-dead-letters'],
    metrics: ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible'],
  },
};

function metricProblem(
  namespace: string,
  metric: string,
  dimensions: readonly (readonly [string, string])[],
): string | undefined {
  if (namespace === 'Baton') {
    const known = emittedMetrics().includes(metric) && JSON.stringify(dimensions) === '[["stage","dev"]]';
    return known ? undefined : `nothing emits ${metric} ${JSON.stringify(dimensions)}`;
  }
  const { dimension, of, metrics } = OF_AWS[namespace] ?? { dimension: '', of: [], metrics: [] };
  const [[name, value] = ['', '']] = dimensions;
  const known =
    metrics.includes(metric) && dimensions.length === 1 && name === dimension && of.includes(value);
  return known ? undefined : `AWS has no ${namespace} ${metric} ${JSON.stringify(dimensions)}`;
}

interface Alarm {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  readonly Statistic: string;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
  readonly AlarmActions?: readonly unknown[];
}

function alarmsOf(given: typeof stage): readonly Alarm[] {
  return Object.values(alarmResources(given) as Record<string, { Type: string; Properties: Alarm }>)
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Properties);
}

function alarmNamed(name: string): Alarm {
  const found = alarmsOf(stage).find(({ AlarmName }) => AlarmName === `baton-dev-${name}`);
  if (found === undefined) throw new Error(`there is no alarm ${name}`);
  return found;
}

describe('the alarms', () => {
  test('use metrics that are emitted', () => {
    const problems = alarmsOf(stage).map(({ Namespace, MetricName, Dimensions }) =>
      metricProblem(
        Namespace,
        MetricName,
        Dimensions.map(({ Name, Value }) => [Name, Value] as const),
      ),
    );
    expect(problems.length).toBeGreaterThan(15);
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test('notify the topic, say what to do, and stay ok without data', () => {
    for (const alarm of alarmsOf(stage)) {
      expect(alarm.AlarmActions).toEqual([stage.watching.topic]);
      expect(alarm.AlarmDescription.length).toBeGreaterThan(30);
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
      expect(alarm.AlarmDescription.length).toBeLessThanOrEqual(1024);
      expect(alarm.Period % 60).toBe(0);
      expect(alarm.Period * alarm.EvaluationPeriods).toBeLessThanOrEqual(86_400);
      const isOfSweep = alarm.AlarmName === 'baton-dev-sweep-missing';
      expect(alarm.TreatMissingData).toBe(isOfSweep ? 'breaching' : 'notBreaching');
    }
  });

  test('go off at the first failed run, needed decision, dead letter or error', () => {
    for (const name of [
      'run-failed',
      'run-needs-decision',
      'dead-letters',
      'run-step-errors',
      'sweep-throttled',
    ]) {
      const { Threshold, EvaluationPeriods, ComparisonOperator } = alarmNamed(name);
      expect([Threshold, EvaluationPeriods, ComparisonOperator]).toEqual([
        1,
        1,
        'GreaterThanOrEqualToThreshold',
      ]);
    }
  });

  test('go off if the sweep does not run', () => {
    expect(alarmNamed('sweep-missing')).toMatchObject({
      MetricName: 'Invocations',
      Dimensions: [{ Name: 'FunctionName', Value: 'baton-dev-sweep' }],
      Statistic: 'Sum',
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });

  test('go off four days before dead letters expire, and after the longest allowed run', () => {
    expect(alarmNamed('dead-letters-expire').Threshold).toBe(10 * 86_400);
    expect(alarmNamed('oldest-unfinished-run').Threshold).toBe(13 * 3600);
  });

  test('report failures that become no dead letter: undelivered wake-ups, failures of run-step and the sweep', () => {
    for (const rule of ['statement-ended', 'run-woken']) {
      expect(alarmNamed(`${rule}-undelivered`)).toMatchObject({
        Namespace: 'AWS/Events',
        MetricName: 'FailedInvocations',
        Dimensions: [{ Name: 'RuleName', Value: `baton-dev-${rule}` }],
        Threshold: 1,
      });
    }
    for (const name of ['run-step', 'sweep'])
      expect(alarmNamed(`${name}-errors`).AlarmDescription).toContain('no data is lost');
    expect(alarmNamed('dead-letters').AlarmDescription).toContain('a file was not loaded');
    // Nothing that the sweep repeats is looked for among the dead letters.
    for (const name of ['sweep-recovered', 'sweep-missing', 'run-step-errors', 'sweep-errors'])
      expect(alarmNamed(name).AlarmDescription).not.toMatch(/dead.letter/);
  });

  test('say for each function what happens to its work', () => {
    for (const { AlarmDescription } of alarmsOf(stage)) expect(AlarmDescription).not.toContain('undefined');
  });

  test('exist for each function', () => {
    const names = alarmsOf(stage).map(({ AlarmName }) => AlarmName);
    for (const name of functions)
      expect(names).toEqual(expect.arrayContaining([`${name}-errors`, `${name}-throttled`]));
  });

  test('notify no topic if none is set, and are absent if switched off', () => {
    for (const alarm of alarmsOf({
      ...stage,
      watching: { on: true, topic: '', email: '', format: 'chat' as const },
    })) {
      expect(alarm).not.toHaveProperty('AlarmActions');
    }
    const off = { ...stage, watching: { on: false, topic: '', email: '', format: 'chat' as const } };
    expect([alarmResources(off), dashboardOf(off)]).toEqual([{}, {}]);
  });

  test('notify an email address by their own topic, to which nothing else publishes', () => {
    const told = {
      ...stage,
      watching: { on: true, topic: '', email: 'etl@example.com', format: 'chat' as const },
    };
    const resources = alarmResources(told) as Record<string, { Properties: Record<string, unknown> }>;
    expect(resources['AlarmsTopic']?.Properties['Subscription']).toEqual([
      { Protocol: 'email', Endpoint: 'etl@example.com' },
    ]);
    expect(JSON.stringify(resources['AlarmsTopicPolicy'])).toContain(':alarm:baton-dev-*');
    for (const alarm of alarmsOf(told)) expect(alarm.AlarmActions).toEqual([{ Ref: 'AlarmsTopic' }]);
  });
});

describe('the rule of messages', () => {
  const messagesOf = (watching: (typeof stage)['watching']) =>
    messageResources({ stage: 'dev', name: 'baton-dev', watching });
  const targetOf = (resources: object): Record<string, unknown> => {
    const { MessageRule } = resources as { MessageRule: { Properties: { Targets: [object] } } };
    return MessageRule.Properties.Targets[0] as Record<string, unknown>;
  };

  test('sends the notification of the event to a topic, without a template that its texts could break', () => {
    const target = targetOf(messagesOf(stage.watching));
    expect(target).toMatchObject({ Arn: stage.watching.topic, InputPath: '$.detail.notification' });
    expect(target).not.toHaveProperty('InputTransformer');
  });

  test('sends lines of text to an address, and its topic lets the rule publish', () => {
    const watching = { on: true, topic: '', email: 'etl@example.com', format: 'text' } as const;
    const target = targetOf(messagesOf(watching as unknown as (typeof stage)['watching']));
    const { InputPathsMap, InputTemplate } = target['InputTransformer'] as {
      InputPathsMap: Record<string, string>;
      InputTemplate: string;
    };
    expect(target['Arn']).toEqual({ Ref: 'AlarmsTopic' });
    // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html
    expect(InputTemplate.length).toBeLessThanOrEqual(8192);
    expect(Object.values(InputPathsMap).filter((path) => !/^\$(\.\w+)+$/.test(path))).toEqual([]);
    for (const line of InputTemplate.split('\n')) expect(line).toMatch(/^"[^"\\]*<\w+>"$/);
    const policy = alarmResources({ ...stage, watching });
    expect(JSON.stringify(policy['AlarmsTopicPolicy'])).toContain('rule/baton-dev-message"');
  });

  test('is absent where nobody is to be told', () => {
    expect(messagesOf({ ...stage.watching, topic: '' })).toEqual({});
    expect(messagesOf({ ...stage.watching, on: false })).toEqual({});
  });
});

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
    readonly query?: string;
  };
}

function widgets(): readonly Widget[] {
  const { Dashboard } = dashboardOf(stage) as {
    Dashboard: { Properties: { DashboardBody: { 'Fn::Sub': string } } };
  };
  return (JSON.parse(Dashboard.Properties.DashboardBody['Fn::Sub']) as { widgets: Widget[] }).widgets;
}

describe('the dashboard', () => {
  test('shows only metrics that are emitted, and all of Baton', () => {
    const lines = widgets().flatMap(({ properties }) => properties.metrics ?? []);
    const problems: unknown[] = [];
    const seen = new Set<string>();
    for (const line of lines) {
      const { expression } = line[0] as { expression?: string };
      const [, searched] =
        /^SEARCH\('\{Baton,stage,pipeline\} MetricName="(\w+)" stage="dev"', '\w+', 300\)$/.exec(
          expression ?? '',
        ) ?? [undefined, undefined];
      const [namespace, metric, dimension, value] = line as readonly string[];
      const name = searched ?? metric ?? '';
      seen.add(name);
      if (searched !== undefined) {
        if (!emittedMetrics().includes(searched)) problems.push(expression);
      } else problems.push(metricProblem(namespace ?? '', name, [[dimension ?? '', value ?? '']]));
    }
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
    expect(emittedMetrics().filter((name) => !seen.has(name))).toEqual([]);
    expect(emittedMetrics()).toContain('RunsFailed');
  });

  test('searches for no pipeline where only the metrics of the stage are emitted', () => {
    const { Dashboard } = dashboardOf({ ...stage, pipelineMetrics: false });
    const text = JSON.stringify(Dashboard);
    expect(text).not.toMatch(/SEARCH|by pipeline/);
    expect(text).toContain('FilesWaiting');
  });

  test('shows the state of every alarm, and the logs of every function', () => {
    const state = widgets().find(({ type }) => type === 'alarm');
    expect(state?.properties.alarms?.map((arn) => arn.split(':').at(-1))).toEqual(
      alarmsOf(stage).map(({ AlarmName }) => AlarmName),
    );
    const log = widgets().find(({ type }) => type === 'log');
    for (const name of functions) expect(log?.properties.query).toContain(`SOURCE '/aws/lambda/${name}'`);
  });

  test('has no widget outside the grid or over another one', () => {
    const cells = widgets().flatMap(({ x, y, width, height }) => {
      expect(x + width).toBeLessThanOrEqual(24);
      return Array.from(
        { length: width * height },
        (_, index) => `${x + (index % width)},${y + Math.floor(index / width)}`,
      );
    });
    expect(new Set(cells).size).toBe(cells.length);
  });

  test('uses only region, account and partition from CloudFormation', () => {
    const text = JSON.stringify(dashboardOf(stage));
    expect(new Set([...text.matchAll(/\$\{([^}]*)\}/g)].map(([, inside]) => inside))).toEqual(
      new Set(['AWS::Partition', 'AWS::Region', 'AWS::AccountId']),
    );
  });
});
