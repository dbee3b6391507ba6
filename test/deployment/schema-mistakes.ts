/** Mistakes of every kind that the schema check must find: where, what instead (undefined: nothing), what is said. */
const TABLE = 'Resources.Table.Properties';
const RULE = 'Resources.RunWokenRule.Properties';
const FUNCTION = 'Resources.RunStepLambdaFunction.Properties';

export const SCHEMA_MISTAKES: Readonly<Record<string, readonly [string, unknown, string]>> = {
  'a type that AWS does not have': [
    'Resources.Table.Type',
    'AWS::DynamoDB::Tabel',
    'Resources.Table.Type: AWS has no AWS::DynamoDB::Tabel',
  ],
  'an unknown property': [`${TABLE}.TableClas`, 'STANDARD', `${TABLE}.TableClas: there is no such property`],
  'a nested unknown property': [
    `${RULE}.Targets.0.RetryPolicy.MaximumRetries`,
    3,
    `${RULE}.Targets[0].RetryPolicy.MaximumRetries: there is no such property`,
  ],
  'an unknown property of an element that may have several forms': [
    `${TABLE}.KeySchema.0.AttributName`,
    'pk',
    `${TABLE}.KeySchema[0].AttributName: there is no such property`,
  ],
  'a missing required property': [`${TABLE}.KeySchema`, undefined, `${TABLE}: KeySchema is required`],
  'a nested missing required property': [
    `${RULE}.Targets.0.Id`,
    undefined,
    `${RULE}.Targets[0]: Id is required`,
  ],
  'a required property that is given no value': [
    `${FUNCTION}.Role`,
    { Ref: 'AWS::NoValue' },
    `${FUNCTION}: Role is required`,
  ],
  'text for a number': [
    `${FUNCTION}.Timeout`,
    'a minute',
    `${FUNCTION}.Timeout: must be of type integer, not "a minute"`,
  ],
  'a number with a fraction for a whole one': [
    `${FUNCTION}.MemorySize`,
    0.5,
    `${FUNCTION}.MemorySize: must be of type integer, not 0.5`,
  ],
  'one for a list': [`${RULE}.Targets`, { Id: 'x' }, `${RULE}.Targets: must be a list, not {"Id":"x"}`],
  'a list for one': [`${TABLE}.TableName`, ['a'], `${TABLE}.TableName: must be of type string, not ["a"]`],
  'text where a policy is wanted': [
    'Resources.FunctionRole.Properties.Policies.0.PolicyDocument',
    7,
    'Resources.FunctionRole.Properties.Policies[0].PolicyDocument: must be of type string or json, not 7',
  ],
  'a word that is none of those allowed': [
    `${RULE}.State`,
    'ON',
    `${RULE}.State: "ON" is none of DISABLED, ENABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`,
  ],
  'a function that gives something else': [
    `${FUNCTION}.Timeout`,
    { 'Fn::GetAtt': ['Table', 'Arn'] },
    `${FUNCTION}.Timeout: must be of type integer, and Fn::GetAtt gives string`,
  ],
  'an attribute that the type does not have': [
    `${RULE}.Targets.0.Arn`,
    { 'Fn::GetAtt': ['RunStepLambdaFunction', 'Url'] },
    `${RULE}.Targets[0].Arn: AWS::Lambda::Function has no attribute Url`,
  ],
  'an attribute that the type does not have, within a text': [
    'Resources.FunctionRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource',
    { 'Fn::Sub': '${Table.Name}/index/*' },
    'Resources.FunctionRole.Properties.Policies[0].PolicyDocument.Statement.0.Resource: AWS::DynamoDB::Table has no attribute Name',
  ],
  'a reference to nothing': [
    'Resources.ArrivalsPolicy.Properties.Queues.0',
    { Ref: 'Arrival' },
    'Resources.ArrivalsPolicy.Properties.Queues[0]: there is no resource or parameter Arrival',
  ],
  'a dependency on nothing': [
    'Resources.Table.DependsOn',
    ['Tabel'],
    'Resources.Table.DependsOn: there is no resource Tabel',
  ],
  'a condition that is not there': [
    'Resources.Table.Condition',
    'IsProd',
    'Resources.Table.Condition: there is no condition IsProd',
  ],
  'a parameter that nothing uses': [
    'Parameters',
    { Topic: { Type: 'String' } },
    'Parameters.Topic: nothing uses it',
  ],
  'a condition that nothing uses': [
    'Conditions',
    { IsProd: { 'Fn::Equals': ['a', 'a'] } },
    'condition IsProd: nothing uses it',
  ],
  'resources that wait for each other': [
    'Resources.DeadLetters.DependsOn',
    ['Arrivals'],
    'Arrivals -> DeadLetters -> Arrivals: each needs the next',
  ],
  'a policy of deletion that CloudFormation does not have': [
    'Resources.Table.DeletionPolicy',
    'Keep',
    'Resources.Table.DeletionPolicy: "Keep" is none of Delete, Retain, RetainExceptOnCreate, Snapshot',
  ],
  'an output of nothing': [
    'Outputs.TableName.Value',
    { 'Fn::GetAtt': ['Table', 'Name'] },
    'Outputs.TableName.Value: AWS::DynamoDB::Table has no attribute Name',
  ],
};
