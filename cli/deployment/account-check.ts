/**
 * Looks at the account before a stage is deployed there: a deployed stage keeps its buckets and its role, and a new one
 * must not meet what an earlier deployment, or the same stage in another Region, has left under its names. CloudFormation
 * would replace the first without a word, and refuse the second only in the middle.
 */
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';

import { nameAndMessageOf } from '../../shared/errors.ts';
import type { ClientSettings } from '../aws/client-settings.ts';
import { CommandError, EXIT, usageError } from '../exit.ts';
import { refused } from '../refused.ts';
import { bucketParameters } from './bucket-parameters.ts';

type Resources = Readonly<Record<string, { readonly Properties?: Readonly<Record<string, unknown>> }>>;

export interface Deploying {
  readonly stage: string;
  readonly region: string;
  /** As it was packaged. */
  readonly template: Readonly<Record<string, unknown>>;
  readonly settings: ClientSettings;
  /** A person wants other buckets, or another role. */
  readonly newNames: boolean;
}

/** What the functions' environment says, and what a change of it means. */
const KEPT: Readonly<Record<string, { readonly what: string; readonly otherwise: string }>> = {
  BATON_LANDING_BUCKET: {
    what: 'landing bucket',
    otherwise: 'files in the present one would start no runs',
  },
  BATON_ARTIFACTS_BUCKET: {
    what: 'artifacts bucket',
    otherwise: 'runs that can be resumed have their manifests in the present one',
  },
  BATON_ROLE_NAME: {
    what: 'role of the functions',
    otherwise: 'the warehouse would know them as another user, without its grants',
  },
};

/**
 * Changes nothing.
 * @throws CommandError where the deployment would lose something or cannot succeed (exit 2), or where what is deployed
 * cannot be read (exit 3): nobody knows then what it would replace
 */
export async function checkAccount(deploying: Deploying): Promise<void> {
  const { template, newNames, stage } = deploying;
  const planned = environmentIn(template);
  const present = await look(deploying, () => deployedVariables(deploying));
  if (present === undefined) {
    await checkTable(deploying, planned);
    await checkRole(deploying, planned);
    return;
  }
  const changed = Object.keys(KEPT).filter(
    (name) => present[name] !== undefined && !canBe(present[name], planned[name], deploying.region),
  );
  if (changed.length === 0 || newNames) return;
  const lines = changed.map((name) => {
    const { what = name, otherwise = '' } = KEPT[name] ?? {};
    return `it would change its ${what} from ${present[name] ?? ''} to ${shown(planned[name], deploying.region)}: ${otherwise}`;
  });
  throw usageError(
    `stage ${stage} is deployed in ${deploying.region}, and\n  ${lines.join('\n  ')}`,
    `to keep them, set ${keeping(present, changed).join(' and ')}; to change them all the same, add --new-names`,
  );
}

/** The parameters that give the present names. */
function keeping(present: Variables, changed: readonly string[]): string[] {
  const { BATON_LANDING_BUCKET: landing = '', BATON_ARTIFACTS_BUCKET: artifacts = '' } = present;
  const buckets = bucketParameters(landing, artifacts);
  const parameters = changed.flatMap((name) => {
    if (name === 'BATON_ROLE_NAME') {
      return [`globalNames=${(present[name] ?? '').replace(/-functions$/, '')}`];
    }
    return buckets.length === 1 ? buckets : buckets[name === 'BATON_LANDING_BUCKET' ? 0 : 1];
  });
  return [...new Set(parameters.filter((parameter) => parameter !== undefined))];
}

type Variables = Readonly<Record<string, string>>;

async function deployedVariables({ stage, settings }: Deploying): Promise<Variables> {
  const FunctionName = `baton-${stage}-operate`;
  const found = await new LambdaClient(settings).send(new GetFunctionConfigurationCommand({ FunctionName }));
  return found.Environment?.Variables ?? {};
}

/** A table of this name belongs to an earlier deployment, and says which files were loaded. */
async function checkTable(deploying: Deploying, planned: Readonly<Record<string, unknown>>): Promise<void> {
  const { stage, region, template, settings } = deploying;
  const TableName = `baton-${stage}`;
  const found = await look(deploying, () =>
    new DynamoDBClient(settings).send(new DescribeTableCommand({ TableName })),
  );
  const takesOver = !('Table' in resourcesIn(template));
  if (found === undefined && takesOver) {
    throw usageError(
      `takeOver=true, but there is no table ${TableName} in ${region}`,
      'remove the parameter: then the table and the buckets are created',
    );
  }
  if (found !== undefined && !takesOver) {
    throw usageError(
      `stage ${stage} is not deployed in ${region}, but a table ${TableName} is there, left by an earlier deployment`,
      `to continue with it and what it knows of loaded files, set takeOver=true; to begin anew, delete it first: ` +
        `aws dynamodb delete-table --table-name ${TableName} --region ${region}`,
    );
  }
  if (!takesOver) return;
  const account = found?.Table?.TableArn?.split(':')[4] ?? '';
  for (const name of ['BATON_LANDING_BUCKET', 'BATON_ARTIFACTS_BUCKET']) {
    const Bucket = shown(planned[name], region).replace(ACCOUNT, account);
    const s3 = new S3Client({ ...settings, forcePathStyle: settings.endpoint !== undefined });
    if ((await look(deploying, () => s3.send(new HeadBucketCommand({ Bucket })))) !== undefined) continue;
    throw usageError(
      `takeOver=true, but there is no bucket ${Bucket}`,
      'name the buckets that are there: buckets=BEGINNING for BEGINNING-landing and BEGINNING-artifacts, or landingBucket= and artifactsBucket=',
    );
  }
}

/** Role names are unique in an account, not in a Region. */
async function checkRole(deploying: Deploying, planned: Readonly<Record<string, unknown>>): Promise<void> {
  const { stage, region, settings } = deploying;
  const RoleName = String(planned['BATON_ROLE_NAME']);
  let found: unknown;
  try {
    found = (await new IAMClient(settings).send(new GetRoleCommand({ RoleName }))).Role;
  } catch (error) {
    // Who may not look meets it at CloudFormation.
    if (refused(error) === undefined) throw error;
  }
  if (found === undefined) return;
  throw usageError(
    `stage ${stage} is not deployed in ${region}, but its role ${RoleName} is there: role names are unique in an account, so ` +
      'the stage is deployed in another Region, or was not removed completely',
    `for the same stage in a second Region, set globalNames=baton-${stage}-${region}; otherwise choose another stage name, or delete the role`,
  );
}

/** Undefined: there is no such thing. */
async function look<T>({ stage, region }: Deploying, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (refused(error) === 'not-found') return undefined;
    throw new CommandError(
      EXIT.unreachable,
      `cannot look at what is deployed of stage ${stage} in ${region}: ${nameAndMessageOf(error)}`,
      {
        hint: 'check credentials, --profile and the policy of who deploys (docs/deployment.md)',
        cause: error,
      },
    );
  }
}

function resourcesIn(template: Readonly<Record<string, unknown>>): Resources {
  return template['Resources'] as Resources;
}

function environmentIn(template: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { Environment } = resourcesIn(template)['OperateLambdaFunction']?.Properties ?? {};
  return (Environment as { Variables: Readonly<Record<string, unknown>> }).Variables;
}

const ACCOUNT = 'ACCOUNT';

/** A name of the template for a person: its account is known to AWS only. */
function shown(name: unknown, region: string): string {
  const text = typeof name === 'string' ? name : (name as { 'Fn::Sub': string })['Fn::Sub'];
  return text.replaceAll('${AWS::AccountId}', ACCOUNT).replaceAll('${AWS::Region}', region);
}

/** Whether CloudFormation would make this name of the template's. */
function canBe(present: string, name: unknown, region: string): boolean {
  const [before = '', ...after] = shown(name, region).split(ACCOUNT);
  if (after.length === 0) return present === before;
  return present.startsWith(before) && present.endsWith(after.join('')) && /\d{12}/.test(present);
}
