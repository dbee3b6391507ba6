/**
 * Reads a compiled CloudFormation template (an object, or the text of a JSON file) into the lists the local AWS is
 * built from. What has no meaning on one machine is left out by name; a resource type on neither list is an error,
 * so that nothing of a deployment goes missing unnoticed.
 */
import { readFileSync } from 'node:fs';

import {
  readArchive,
  readBucket,
  readFunction,
  readMapping,
  readQueue,
  readRule,
  readSchedule,
  readTable,
} from './kinds.ts';
import { Node, TemplateError } from './json.ts';
import { Names } from './names.ts';
import { Resolver, type Surroundings } from './resolve.ts';
import type { LocalResources, Resource } from './resources.ts';

/** Permissions, logs and monitoring: not used locally. Every topic exists (local/topics). The warehouse has its own stand-in. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'AWS::ApplicationInsights::Application',
  'AWS::CloudFormation::WaitConditionHandle',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Events::EventBusPolicy',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::KMS::Key',
  'AWS::Lambda::Alias',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Version',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  'AWS::Redshift::Cluster',
  'AWS::RedshiftServerless::Namespace',
  'AWS::RedshiftServerless::Workgroup',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::Scheduler::ScheduleGroup',
]);

const KEPT: ReadonlySet<string> = new Set([
  'AWS::DynamoDB::Table',
  'AWS::Events::Archive',
  'AWS::Events::Rule',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::S3::Bucket',
  'AWS::SQS::Queue',
  'AWS::Scheduler::Schedule',
]);

export function readTemplateFile(path: string, surroundings: Surroundings): LocalResources {
  let template: unknown;
  try {
    template = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new TemplateError(`${path}: not a readable JSON file (${(error as Error).message})`, {
      cause: error,
    });
  }
  return readTemplate(template, surroundings);
}

export function readTemplate(template: unknown, surroundings: Surroundings): LocalResources {
  const root = new Node('the template', template);
  const definitions = new Node('Resources', root.value['Resources']);
  const names = new Names(definitions, surroundings, (value, place) => resolver.resolve(value, place));
  const resolver: Resolver = new Resolver(root.value, surroundings, (logicalId) => names.of(logicalId));

  const present: Resource[] = [];
  for (const logicalId of Object.keys(definitions.value)) {
    const definition = definitions.node(logicalId);
    const type = definition.text('Type');
    const condition = definition.optionalText('Condition');
    if (condition !== undefined && !resolver.condition(condition, definition.place)) continue;
    if (!KEPT.has(type) && !LEFT_OUT.has(type)) {
      throw new TemplateError(
        `${definition.place}: the local AWS has no ${type}. Put it behind a condition that is false for this stage, ` +
          'or add the type to local/template',
      );
    }
    if (!KEPT.has(type)) continue;
    const place = `${definition.place}.Properties`;
    const properties = new Node(place, resolver.resolve(definition.value['Properties'] ?? {}, place));
    present.push({ logicalId, type, properties });
  }

  const of = (type: string): readonly Resource[] => present.filter((resource) => resource.type === type);
  const invokeConfigs = of('AWS::Lambda::EventInvokeConfig');
  return {
    tables: of('AWS::DynamoDB::Table').map((resource) => readTable(resource, names)),
    buckets: of('AWS::S3::Bucket').map((resource) => readBucket(resource, names)),
    functions: of('AWS::Lambda::Function').map((resource) => readFunction(resource, names, invokeConfigs)),
    queues: of('AWS::SQS::Queue').map((resource) => readQueue(resource, names)),
    rules: of('AWS::Events::Rule').map((resource) => readRule(resource, names)),
    archives: of('AWS::Events::Archive').map((resource) => readArchive(resource, names)),
    mappings: of('AWS::Lambda::EventSourceMapping').map(readMapping),
    schedules: of('AWS::Scheduler::Schedule').map((resource) => readSchedule(resource, names)),
  };
}
