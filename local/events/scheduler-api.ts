/**
 * EventBridge Scheduler over HTTP: reading of the schedules, which come from the template.
 * https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { decodePercent, type Handler } from '../http.ts';
import { asServiceError, sendJsonError, ServiceError } from '../service-error.ts';
import type { ScheduleResource } from '../template/resources.ts';
import type { EventBus } from './bus.ts';

const ONE = /^\/schedules\/([^/]+)$/;

/** The name of the operation, from method and path; Scheduler's protocol has no other. */
export function schedulerOperation(method: string, path: string): string {
  if (method === 'GET' && path === '/schedules') return 'ListSchedules';
  if (method === 'GET' && ONE.test(path)) return 'GetSchedule';
  return `${method} ${path}`;
}

export function schedulerHandler(bus: EventBus): Handler {
  return (request, response) => {
    response.setHeader('x-amzn-requestid', randomUUID());
    response.setHeader('content-type', 'application/json');
    try {
      response.end(JSON.stringify(answer(bus, request)));
    } catch (error) {
      sendJsonError(response, 'rest', asServiceError(error));
    }
    return Promise.resolve();
  };
}

function answer(bus: EventBus, request: IncomingMessage): unknown {
  const url = new URL(request.url ?? '/', 'http://local');
  const operation = schedulerOperation(request.method ?? 'GET', url.pathname);
  if (operation === 'ListSchedules') {
    const group = url.searchParams.get('ScheduleGroup');
    const prefix = url.searchParams.get('NamePrefix') ?? '';
    const state = url.searchParams.get('State');
    const found = bus
      .schedules()
      .filter((one) => group === null || one.group === group)
      .filter((one) => one.name.startsWith(prefix) && (state === null || stateOf(one) === state));
    return { Schedules: found.map(summary) };
  }
  if (operation === 'GetSchedule') {
    const name = decodePercent(ONE.exec(url.pathname)?.[1] ?? '');
    const group = url.searchParams.get('groupName') ?? 'default';
    const found = bus.schedules().find((one) => one.name === name && one.group === group);
    if (found === undefined)
      throw new ServiceError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
    return described(found);
  }
  throw new ServiceError(
    'ValidationException',
    `the local EventBridge Scheduler has no ${operation}: schedules come from serverless.yml, and it offers ListSchedules and GetSchedule`,
  );
}

function stateOf({ enabled }: ScheduleResource): 'ENABLED' | 'DISABLED' {
  return enabled ? 'ENABLED' : 'DISABLED';
}

function summary(schedule: ScheduleResource): object {
  const { arn, group, name, target } = schedule;
  return { Arn: arn, GroupName: group, Name: name, State: stateOf(schedule), Target: { Arn: target.arn } };
}

function described(schedule: ScheduleResource): object {
  const { arn, group, name, expression, timeZone, roleArn, target } = schedule;
  return {
    Arn: arn,
    GroupName: group,
    Name: name,
    State: stateOf(schedule),
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: timeZone,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: target.arn,
      RoleArn: roleArn,
      Input: target.input,
      DeadLetterConfig: target.deadLetterArn && { Arn: target.deadLetterArn },
      RetryPolicy: {
        MaximumRetryAttempts: target.retryAttempts,
        MaximumEventAgeInSeconds: target.maximumAgeSeconds,
      },
    },
  };
}
