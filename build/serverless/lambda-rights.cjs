// @ts-check
/** What Lambda itself does with the functions' role, beside running them: network interfaces, traces. */
const { arn } = require('./arn.cjs');

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions */
const NETWORK_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/**
 * Lambda makes the network interfaces of a VPC with the role; the code of the functions may not.
 *
 * @param {{ vpc: object | null }} settings
 * @param {readonly string[]} functions their names
 * @returns {object[]}
 */
function networkStatements({ vpc }, functions) {
  if (vpc === null) return [];
  return [
    { Sid: 'MakeNetworkInterfaces', Effect: 'Allow', Action: NETWORK_ACTIONS, Resource: '*' },
    {
      Sid: 'NoNetworkInterfacesByOwnCode',
      Effect: 'Deny',
      Action: NETWORK_ACTIONS,
      Resource: '*',
      Condition: {
        ArnEquals: {
          'lambda:SourceFunctionArn': functions.map((each) =>
            arn(`lambda:\${AWS::Region}:\${AWS::AccountId}:function:${each}`),
          ),
        },
      },
    },
  ];
}

/**
 * https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
 *
 * @param {{ tracing: boolean }} settings
 * @returns {object[]}
 */
function tracingStatements({ tracing }) {
  if (!tracing) return [];
  return [
    {
      Sid: 'SendTraces',
      Effect: 'Allow',
      Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
      Resource: '*',
    },
  ];
}

module.exports = { networkStatements, tracingStatements };
