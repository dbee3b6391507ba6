/** What a person does after a deployment: once for each stage, in this order. */

interface Deployed {
  readonly stage: string;
  readonly region: string;
  readonly profile: string | undefined;
  readonly template: Readonly<Record<string, unknown>>;
}

/** The lines that are printed. */
export function nextSteps({ stage, region, profile, template }: Deployed): string {
  const words = `--stage ${stage}${profile === undefined ? '' : ` --profile ${profile}`}`;
  const aws = `--region ${region}${profile === undefined ? '' : ` --profile ${profile}`}`;
  const { OperateLambdaFunction: operate, CopyPolicy: policy } = template['Resources'] as Resources;
  const { Variables = {} } = (operate?.Properties['Environment'] ?? {}) as { Variables?: Texts };
  const { account = 'ACCOUNT', name: copyRole = 'COPY_ROLE' } = readingRole(
    Variables['BATON_COPY_ROLE'] ?? '',
  );
  const policyName = String(policy?.Properties['ManagedPolicyName']);
  return `
Deployed. Next steps, each once for a stage, and again as noted:
  export AWS_REGION=${region}      # for all of them, unless baton.yml has the Region of the stage
  npx baton setup ${words}      # tables and markers in the warehouse; again after each change of sql/setup
  npx baton setup ${words} --grants | npx baton query ${words} -      # what the functions' user needs; again when a pipeline uses another table
  aws iam attach-role-policy --role-name ${copyRole} --policy-arn arn:aws:iam::${account}:policy/${policyName} ${aws}      # what COPY reads
  npx baton doctor ${words}      # checks all of it, and prints how to fix each problem
docs/deployment.md says who may do this, and what COPY_ROLE is.`;
}

type Texts = Readonly<Record<string, string>>;
type Resources = Readonly<Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>>;

/** Of a chain the last role reads the files. Nothing is known of the warehouse's default role. */
function readingRole(copyRole: string): { account?: string; name?: string } {
  const found = /:iam::(?<account>\d{12}):role\/(?:[^,]*\/)?(?<name>[^,/]+)$/.exec(copyRole);
  return { ...found?.groups };
}
