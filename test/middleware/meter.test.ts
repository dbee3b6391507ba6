/**
 * The metric lines against CloudWatch's specification of the embedded metric format:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import process from 'node:process';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { meterOf } from '../../shared/middleware/meter.ts';

interface Line {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

let written: string[];

beforeEach(() => {
  written = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** What the specification asks of a line, or CloudWatch takes it for plain text. */
function specificationProblems(line: Line): string[] {
  const problems: string[] = [];
  const { Timestamp, CloudWatchMetrics } = line._aws;
  const age = Date.now() - Timestamp;
  if (!Number.isInteger(Timestamp) || age < -7_200_000 || age > 14 * 86_400_000)
    problems.push(`Timestamp ${String(Timestamp)} is not milliseconds of now`);
  for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
    if (!/^[\w.\-/#:]{1,255}$/.test(Namespace)) problems.push(`Namespace ${Namespace}`);
    if (Dimensions.length === 0) problems.push('no dimension set');
    for (const set of Dimensions) {
      if (set.length > 30) problems.push('more than 30 dimensions');
      for (const name of set) {
        const value = line[name];
        if (typeof value !== 'string' || value === '')
          problems.push(`dimension ${name} is no text at the root`);
      }
    }
    if (Metrics.length === 0 || Metrics.length > 100) problems.push(`${String(Metrics.length)} metrics`);
    for (const { Name, Unit } of Metrics) {
      if (!['Count', 'Seconds'].includes(Unit)) problems.push(`unit ${Unit}`);
      if (typeof line[Name] !== 'number') problems.push(`metric ${Name} is no number at the root`);
    }
  }
  return problems;
}

function onlyLine(): Line {
  expect(written).toHaveLength(1);
  const [text = ''] = written;
  // One event of the log: one line.
  expect(text.endsWith('\n')).toBe(true);
  expect(text.trimEnd()).not.toContain('\n');
  return JSON.parse(text) as Line;
}

describe('a metric of a pipeline', () => {
  test('is one line, counted for the stage and for the pipeline', () => {
    meterOf('dev', true)('RunsFailed', 1, 'stores');
    const line = onlyLine();
    expect(specificationProblems(line)).toEqual([]);
    expect(line).toEqual({
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'Baton',
            Dimensions: [['stage'], ['stage', 'pipeline']],
            Metrics: [{ Name: 'RunsFailed', Unit: 'Count' }],
          },
        ],
      },
      stage: 'dev',
      pipeline: 'stores',
      RunsFailed: 1,
    });
  });

  test('has its value, even zero', () => {
    meterOf('dev', true)('FilesHeldBack', 0, 'stores');
    const line = onlyLine();
    expect(specificationProblems(line)).toEqual([]);
    expect(line['FilesHeldBack']).toBe(0);
  });
});

test('a metric of a pipeline is counted for the stage alone if that is all that is wanted', () => {
  meterOf('dev', false)('RunsFailed', 1, 'stores');
  const line = onlyLine();
  expect(specificationProblems(line)).toEqual([]);
  expect(line._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([['stage']]);
  expect(line).toMatchObject({ stage: 'dev', pipeline: 'stores', RunsFailed: 1 });
});

describe('a metric of the stage', () => {
  test('has no pipeline, and an age is in seconds', () => {
    meterOf('prod-eu', true)('OldestUnfinishedRun', 4711);
    const line = onlyLine();
    expect(specificationProblems(line)).toEqual([]);
    expect(line._aws.CloudWatchMetrics[0]).toEqual({
      Namespace: 'Baton',
      Dimensions: [['stage']],
      Metrics: [{ Name: 'OldestUnfinishedRun', Unit: 'Seconds' }],
    });
    expect(line).toMatchObject({ stage: 'prod-eu', OldestUnfinishedRun: 4711 });
    expect(line).not.toHaveProperty('pipeline');
  });
});

test('the check against the metric specification refuses a line without its value or with a missing dimension', () => {
  meterOf('dev', true)('RunsFailed', 1, 'stores');
  const { RunsFailed: _value, ...withoutValue } = onlyLine();
  const { pipeline: _pipeline, ...withoutDimension } = onlyLine();
  expect(specificationProblems(withoutValue as Line)).toEqual(['metric RunsFailed is no number at the root']);
  expect(specificationProblems(withoutDimension as Line)).toEqual([
    'dimension pipeline is no text at the root',
  ]);
});
