// @ts-check
/**
 * Managed policies for people and for the warehouse's COPY role: made here, where the names are known, and attached by
 * whoever administers the account. None of them can change a deployed function, rule or right.
 */

const { arn } = require('./arn.cjs');
const { readStatements: keyStatements } = require('./keys.cjs');

/**
 * @typedef {object} Stage
 * @property {string} name `baton-<stage>`
 * @property {string} globalNames beginning of the policies' and the dashboard's names
 * @property {{ arn: object, withIndexes: readonly object[] }} table
 * @property {string} artifacts the bucket's name
 * @property {readonly object[]} buckets ARNs of the buckets that start pipelines
 * @property {readonly object[]} objects ARNs of what is in them
 * @property {import('./keys.cjs').Keys} keys
 */

/**
 * @param {Stage} stage
 * @returns {Record<string, object>}
 */
function policiesOf(stage) {
  const { name, globalNames } = stage;
  return {
    ReadPolicy: policy(`${globalNames}-read`, 'Read runs, logs, alarms and metrics', readStatements(stage)),
    OperatePolicy: policy(
      `${globalNames}-operate`,
      'Read, and start, resume, resolve, cancel, pause and replay',
      [...readStatements(stage), ...operateStatements(name)],
    ),
    CopyPolicy: policy(
      `${globalNames}-copy`,
      'What the COPY role must read; attach it to the role given as copyRole',
      copyStatements(stage),
    ),
  };
}

/** @param {Stage} stage */
function readStatements({ name, globalNames, table, artifacts, buckets, keys }) {
  return [
    // `baton runs`, `baton run`, and the items in the DynamoDB console.
    {
      Effect: 'Allow',
      Action: ['dynamodb:DescribeTable', 'dynamodb:DescribeTimeToLive', 'dynamodb:GetItem'],
      Resource: table.arn,
    },
    {
      Effect: 'Allow',
      Action: ['dynamodb:Query', 'dynamodb:Scan'],
      Resource: table.withIndexes,
    },
    // `baton run` of a batch: the list of its files.
    { Effect: 'Allow', Action: 's3:GetObject', Resource: arn(`s3:::${artifacts}/manifests/*`) },
    ...keyStatements(keys),
    // What a stage was deployed with: names, no secrets.
    {
      Effect: 'Allow',
      Action: 'lambda:GetFunctionConfiguration',
      Resource: ['StartRun', 'RunStep', 'Sweep', 'Operate'].map((each) => ({
        'Fn::GetAtt': [`${each}LambdaFunction`, 'Arn'],
      })),
    },
    // `baton doctor`: is the archive kept?
    {
      Effect: 'Allow',
      Action: 'events:DescribeArchive',
      Resource: arn(`events:\${AWS::Region}:\${AWS::AccountId}:archive/${name}-files`),
    },
    // `baton doctor`: do the buckets exist, and do they send events to EventBridge?
    { Effect: 'Allow', Action: 's3:ListBucket', Resource: [...buckets, arn(`s3:::${artifacts}`)] },
    { Effect: 'Allow', Action: 's3:GetBucketNotification', Resource: buckets },
    {
      Effect: 'Allow',
      Action: ['logs:DescribeLogStreams', 'logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:StartQuery'],
      Resource: arn(`logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${name}-*`),
    },
    // How many dead letters there are, not what is in them.
    {
      Effect: 'Allow',
      Action: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
      Resource: [{ 'Fn::GetAtt': ['Arrivals', 'Arn'] }, { 'Fn::GetAtt': ['DeadLetters', 'Arn'] }],
    },
    {
      Effect: 'Allow',
      Action: 'cloudwatch:DescribeAlarms',
      Resource: arn(`cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:${name}-*`),
    },
    {
      Effect: 'Allow',
      Action: 'cloudwatch:GetDashboard',
      Resource: arn(`cloudwatch::\${AWS::AccountId}:dashboard/${globalNames}`),
    },
    // These know no resource. (Statements of the Data API are seen by the role that made them only: a run's item has
    // what there is to know of them.)
    {
      Effect: 'Allow',
      Action: [
        'cloudwatch:GetMetricData',
        'cloudwatch:ListMetrics',
        'events:ListRules',
        'lambda:ListEventSourceMappings',
        'logs:GetQueryResults',
      ],
      Resource: '*',
    },
  ];
}

/** @param {string} name */
function operateStatements(name) {
  const archive = arn(`events:\${AWS::Region}:\${AWS::AccountId}:archive/${name}-files`);
  const bus = arn('events:${AWS::Region}:${AWS::AccountId}:event-bus/default');
  const replays = arn('events:${AWS::Region}:${AWS::AccountId}:replay/*');
  return [
    // The command: it waits for the answer.
    {
      Effect: 'Allow',
      Action: 'lambda:InvokeFunction',
      Resource: { 'Fn::GetAtt': ['OperateLambdaFunction', 'Arn'] },
    },
    // The same by an event, from the EventBridge console or from automation.
    {
      Effect: 'Allow',
      Action: 'events:PutEvents',
      Resource: bus,
      Condition: {
        StringEquals: {
          'events:source': 'baton.request',
          'events:detail-type': [
            'Run Requested',
            'Resume Requested',
            'Cancel Requested',
            'Resolve Requested',
            'Pause Requested',
            'Unpause Requested',
          ],
        },
      },
    },
    // `baton replay`: this stage's archive only. A replay's name is chosen by who begins it.
    { Effect: 'Allow', Action: 'events:StartReplay', Resource: [archive, bus, replays] },
    { Effect: 'Allow', Action: ['events:DescribeReplay', 'events:CancelReplay'], Resource: replays },
  ];
}

/**
 * https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-access-permissions.html
 *
 * @param {Stage} stage
 */
function copyStatements({ artifacts, buckets, objects, keys }) {
  return [
    // The files of the pipelines, and the manifests that name them.
    {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: [...objects, arn(`s3:::${artifacts}/manifests/*`)],
    },
    { Effect: 'Allow', Action: 's3:ListBucket', Resource: [...buckets, arn(`s3:::${artifacts}`)] },
    ...(keys.bucketKeys.length === 0
      ? []
      : [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: keys.bucketKeys }]),
  ];
}

/**
 * @param {string} name
 * @param {string} description
 * @param {object[]} statements
 */
function policy(name, description, statements) {
  return {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: {
      ManagedPolicyName: name,
      Description: description,
      PolicyDocument: { Version: '2012-10-17', Statement: statements },
    },
  };
}

module.exports = { policiesOf };
