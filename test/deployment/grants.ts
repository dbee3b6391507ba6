/** What is granted though no call of the recorded run uses it, and why it must be. */

/** Of the functions' role, by action. */
export const GRANTED_TO_FUNCTIONS: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': "Lambda's own, with the function's role: before the first line of an instance",
  'logs:PutLogEvents': "Lambda's own, with the function's role: what the function writes",
  'sqs:ReceiveMessage': "Lambda's own: the event source mapping takes batches from the queue",
  'sqs:DeleteMessage': "Lambda's own: the event source mapping, when a batch was handled",
  'sqs:GetQueueAttributes': "Lambda's own: the event source mapping looks at the queue",
  'sqs:SendMessage arn:aws:sqs:us-east-1:000000000000:baton-local-dead-letters':
    "Lambda's own: what failed for good goes to the dead letters (test/local/lambda/async-invocations.test.ts)",
  'kms:Decrypt':
    'S3 and Secrets Manager ask for it where bucketKeys or secretKeyArn name a key; nothing local is encrypted',
  'kms:GenerateDataKey':
    'S3 asks for it where a manifest is written into a bucket that bucketKeys names a key of; SQS where queuesKeyArn does',
  'kms:DescribeKey': 'DynamoDB asks for it where tableKeyArn names a key',
  'kms:Encrypt': 'DynamoDB asks for it where tableKeyArn names a key',
  'kms:GenerateDataKey*': 'DynamoDB asks for it where tableKeyArn names a key',
  'kms:ReEncrypt*': 'DynamoDB asks for it where tableKeyArn names a key',
  'ec2:AssignPrivateIpAddresses': "Lambda's own, in a VPC",
  'ec2:CreateNetworkInterface': "Lambda's own, in a VPC",
  'ec2:DeleteNetworkInterface': "Lambda's own, in a VPC",
  'ec2:DescribeNetworkInterfaces': "Lambda's own, in a VPC",
  'ec2:DescribeSubnets': "Lambda's own, in a VPC",
  'ec2:UnassignPrivateIpAddresses': "Lambda's own, in a VPC",
  'xray:PutTelemetryRecords': "Lambda's own, where tracing is on",
  'xray:PutTraceSegments': "Lambda's own, where tracing is on",
};

/** Sign-ins of the variants: their boots record them (test/deployment/boots.test.ts). */
export const SIGN_INS: readonly string[] = [
  'redshift-serverless:GetCredentials',
  'redshift:GetClusterCredentials',
  'redshift:GetClusterCredentialsWithIAM',
  'secretsmanager:GetSecretValue',
];

/** Of the policies for people, by action (and resource): what consoles ask, and what verbs ask that the recorded run does not use. */
export const GRANTED_TO_PEOPLE: Readonly<Record<string, string>> = {
  'dynamodb:Scan': 'the DynamoDB console, "Explore items"',
  's3:GetObject': 'baton run of a batch: the list of its files',
  'logs:DescribeLogStreams': 'the CloudWatch console',
  'logs:FilterLogEvents': 'the CloudWatch console, aws logs tail',
  'logs:GetLogEvents': 'the CloudWatch console',
  'logs:StartQuery': 'CloudWatch Logs Insights',
  'logs:GetQueryResults': 'CloudWatch Logs Insights',
  'sqs:GetQueueAttributes': 'how many dead letters there are: the SQS console, baton doctor',
  'sqs:GetQueueUrl arn:aws:sqs:us-east-1:000000000000:baton-local-arrivals':
    'aws sqs, by the name of a queue',
  'cloudwatch:DescribeAlarms': 'the CloudWatch console',
  'cloudwatch:GetDashboard': 'the CloudWatch console',
  'cloudwatch:GetMetricData': 'the CloudWatch console',
  'cloudwatch:ListMetrics': 'the CloudWatch console',
  'events:PutEvents': 'the same by an event: "Send events" in the EventBridge console',
  'events:CancelReplay': 'a replay that was begun by mistake: the EventBridge console',
};
