/** The physical name, ARN and other attributes of each resource: what Ref and Fn::GetAtt give. */
import { TemplateError, type Node } from './json.ts';
import type { Referable, Surroundings } from './resolve.ts';

/** The property that names a resource of a type; without it CloudFormation makes a name, and so do we. */
const NAME_PROPERTY: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::Events::Archive': 'ArchiveName',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::Redshift::Cluster': 'ClusterIdentifier',
  'AWS::RedshiftServerless::Namespace': 'NamespaceName',
  'AWS::RedshiftServerless::Workgroup': 'WorkgroupName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Scheduler::Schedule': 'Name',
  'AWS::Scheduler::ScheduleGroup': 'Name',
};

type Resolve = (value: unknown, place: string) => unknown;

export class Names {
  readonly #definitions: Node;
  readonly #surroundings: Surroundings;
  readonly #resolve: Resolve;

  constructor(definitions: Node, surroundings: Surroundings, resolve: Resolve) {
    this.#definitions = definitions;
    this.#surroundings = surroundings;
    this.#resolve = resolve;
  }

  of(logicalId: string): Referable | undefined {
    if (!this.#definitions.has(logicalId)) return undefined;
    return {
      ref: () => this.ref(logicalId),
      attribute: (name) => this.attribute(logicalId, name),
    };
  }

  name(logicalId: string): string {
    const definition = this.#definitions.node(logicalId);
    const type = definition.text('Type');
    const property = NAME_PROPERTY[type];
    const given = property === undefined ? undefined : definition.optionalNode('Properties')?.value[property];
    if (given !== undefined) {
      const name = this.#resolve(given, `${definition.place}.Properties.${String(property)}`);
      if (typeof name === 'string') return name;
      if (name !== undefined) throw new TemplateError(`${definition.place}: ${String(property)} is not text`);
    }
    const made = `${this.#surroundings.stackName}-${logicalId}`;
    return type === 'AWS::S3::Bucket' ? made.toLowerCase() : made;
  }

  ref(logicalId: string): string {
    switch (this.#definitions.node(logicalId).text('Type')) {
      case 'AWS::SQS::Queue':
        return this.queueUrl(logicalId);
      case 'AWS::SNS::Topic':
      case 'AWS::IAM::ManagedPolicy':
        return this.arn(logicalId);
      default:
        return this.name(logicalId);
    }
  }

  arn(logicalId: string): string {
    const { region, account } = this.#surroundings;
    const definition = this.#definitions.node(logicalId);
    const type = definition.text('Type');
    const name = this.name(logicalId);
    switch (type) {
      case 'AWS::DynamoDB::Table':
        return `arn:aws:dynamodb:${region}:${account}:table/${name}`;
      case 'AWS::S3::Bucket':
        return `arn:aws:s3:::${name}`;
      case 'AWS::Lambda::Function':
        return `arn:aws:lambda:${region}:${account}:function:${name}`;
      case 'AWS::SQS::Queue':
        return `arn:aws:sqs:${region}:${account}:${name}`;
      case 'AWS::Events::Rule':
        return `arn:aws:events:${region}:${account}:rule/${name}`;
      case 'AWS::Events::Archive':
        return `arn:aws:events:${region}:${account}:archive/${name}`;
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${account}:role/${name}`;
      case 'AWS::IAM::ManagedPolicy':
        return `arn:aws:iam::${account}:policy/${name}`;
      case 'AWS::Logs::LogGroup':
        return `arn:aws:logs:${region}:${account}:log-group:${name}:*`;
      case 'AWS::SNS::Topic':
        return `arn:aws:sns:${region}:${account}:${name}`;
      case 'AWS::CloudWatch::Alarm':
        return `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
      case 'AWS::Scheduler::Schedule':
        return `arn:aws:scheduler:${region}:${account}:schedule/${this.scheduleGroup(logicalId)}/${name}`;
      case 'AWS::Scheduler::ScheduleGroup':
        return `arn:aws:scheduler:${region}:${account}:schedule-group/${name}`;
      default:
        throw new TemplateError(`${definition.place}: the local AWS has no ARN for ${type}`);
    }
  }

  scheduleGroup(logicalId: string): string {
    const { place, value } = this.#definitions.node(logicalId);
    const given = (value['Properties'] as Readonly<Record<string, unknown>> | undefined)?.['GroupName'];
    const group = given === undefined ? undefined : this.#resolve(given, `${place}.Properties.GroupName`);
    return typeof group === 'string' ? group : 'default';
  }

  attribute(logicalId: string, attribute: string): string | undefined {
    const type = this.#definitions.node(logicalId).text('Type');
    if (attribute === 'Arn' || (attribute === 'TopicArn' && type === 'AWS::SNS::Topic')) {
      return this.arn(logicalId);
    }
    switch (`${type} ${attribute}`) {
      case 'AWS::SQS::Queue QueueName':
      case 'AWS::SNS::Topic TopicName':
        return this.name(logicalId);
      case 'AWS::SQS::Queue QueueUrl':
        return this.queueUrl(logicalId);
      case 'AWS::S3::Bucket DomainName':
      case 'AWS::S3::Bucket RegionalDomainName':
        return `${this.name(logicalId)}.s3.amazonaws.com`;
      case 'AWS::IAM::Role RoleId':
        return `AROALOCAL${this.name(logicalId).toUpperCase()}`;
      default:
        return undefined;
    }
  }

  queueUrl(logicalId: string): string {
    return `${this.#surroundings.endpoint}/${this.#surroundings.account}/${this.name(logicalId)}`;
  }
}
