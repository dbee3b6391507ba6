/**
 * What IAM denied to the functions' role: which statement of the role's policies is meant to allow it (by its Sid in
 * build/resources/role.yml and build/serverless/warehouse.cjs; a test compares them), and which parameter of the stage
 * that statement is made from.
 */
import { defined } from '../../shared/run/defined.ts';
import { roleOf, type Stage } from './stage-checks.ts';

/** Action -> Sid. */
export const STATEMENT_OF: Readonly<Record<string, string>> = {
  'redshift-data:ExecuteStatement': 'SubmitStatements',
  'redshift-data:BatchExecuteStatement': 'SubmitStatements',
  'redshift-data:DescribeStatement': 'FollowStatements',
  'redshift-data:GetStatementResult': 'FollowStatements',
  'redshift-data:CancelStatement': 'FollowStatements',
  'redshift-data:ListStatements': 'FollowStatements',
  'redshift-data:ListSessions': 'FollowStatements',
  'redshift-serverless:GetCredentials': 'SignInToWorkgroup',
  'redshift:GetClusterCredentialsWithIAM': 'SignInToCluster',
  'redshift:GetClusterCredentials': 'SignInAsDatabaseUser',
  'secretsmanager:GetSecretValue': 'SignInWithSecret',
  'events:PutEvents': 'SendEvents',
  's3:PutObject': 'Manifests',
};

/** Sid -> the parameters that it is made from. */
const PARAMETERS_OF: Readonly<Record<string, string>> = {
  SignInToWorkgroup: 'workgroupId (the part after workgroup/ in the ARN of the workgroup)',
  SignInToCluster: 'cluster and database',
  SignInAsDatabaseUser: 'cluster, database and dbUser',
  SignInWithSecret: 'secretArn',
  Manifests: 'artifactsBucket',
};

export interface Denial {
  readonly action: string;
  readonly resource?: string;
  /** A policy outside of the role that denies it: `service control policy`, `permissions boundary`. */
  readonly deniedBy?: string;
}

/** IAM user guide: Troubleshoot access denied error messages. */
const ACTION = /not authorized to perform: ([\w-]+:\w+)/;
const RESOURCE = /on resource: (\S+)/;
const OTHER_POLICY =
  /(service control policy|resource control policy|permissions boundary|VPC endpoint policy|session policy|resource-based policy)/i;

/** Undefined: the text is not one of IAM. */
export function denialIn(said: string): Denial | undefined {
  const action = ACTION.exec(said)?.[1];
  if (action === undefined) return undefined;
  const resource = RESOURCE.exec(said)?.[1]?.replace(/[.,;]$/, '');
  return { action, ...defined({ resource, deniedBy: OTHER_POLICY.exec(said)?.[1] }) };
}

export function remedyOf({ action, resource, deniedBy }: Denial, stage: Stage): string {
  const role = roleOf(stage);
  if (deniedBy !== undefined)
    return `not the role's own policy but a ${deniedBy} denies ${action} to ${role}: ask who manages it`;
  const sid = STATEMENT_OF[action];
  const deploy = `npx baton deploy --stage ${stage.name}`;
  if (sid === undefined) return `no statement of the role ${role} allows ${action}: ${deploy}`;
  const statement = `the statement ${sid} of the role ${role} does not allow it`;
  const on = resource === undefined ? '' : ` on ${resource}`;
  if (sid === 'SubmitStatements') {
    const access = /^arn:[^:]*:redshift:[^:]*:[^:]*:workgroup\//.test(resource ?? '') ? 'both-arns' : 'any';
    return `${statement}${on}: if that is the stage's warehouse, ${deploy} --param statementAccess=${access}`;
  }
  const parameters = PARAMETERS_OF[sid];
  return parameters === undefined
    ? `${statement}${on}: compare the role with the deployed template, then ${deploy}`
    : `${statement}${on}: check the parameter ${parameters}, then ${deploy}`;
}
