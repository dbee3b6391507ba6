/**
 * What AWS would refuse of a template only in the middle of a deployment: sizes of policies, of environments and of the
 * template, numbers of resources and rules. Held against the template here, with names and ARNs as long as they will be.
 */

/** A compiled CloudFormation template. */
type Template = Readonly<Record<string, unknown>>;

interface Limit {
  /** What is too large, by name; its size; and what makes it smaller. */
  readonly what: string;
  readonly size: number;
  readonly most: number;
  readonly unit: string;
  readonly remedy: string;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: whitespace is not counted */
const ROLE_POLICIES = 10_240;
const MANAGED_POLICY = 6144;
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const ENVIRONMENT_BYTES = 4096;
/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const RESOURCES = 500;
const TEMPLATE_BYTES = 1_048_576;
/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html: of a bus that no other stack uses */
const RULES = 300;
const PATTERN = 2048;

const SPREAD = 'split the pipelines over two stages (--sql with a folder each)';
const FEWER_BUCKETS =
  'each bucket and each other warehouse that a pipeline names makes it larger: use prefixes of one bucket, fewer keys ' +
  `and warehouses, or ${SPREAD}`;

/** The longest Region of the partition `aws`, for a template that is made without one. */
const LONGEST_REGION = 'ap-southeast-9';
const ACCOUNT = '0'.repeat(12);

/**
 * One line for each limit that the template exceeds, with the remedy; empty where AWS would take it.
 * @param region where it will be deployed; undefined: anywhere
 */
export function limitProblems(template: Template, region?: string): readonly string[] {
  return limitsIn(template, region)
    .filter(({ size, most }) => size > most)
    .map(
      ({ what, size, most, unit, remedy }) =>
        `${what} has ${count(size)} ${unit}, and AWS accepts at most ${count(most)}: ${remedy}`,
    );
}

/** Every limit that the template is held against, exceeded or not. */
export function limitsIn(template: Template, region = LONGEST_REGION): readonly Limit[] {
  return limitsOf(template, new Sizes(template, region));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function limitsOf(template: Template, sizes: Sizes): readonly Limit[] {
  const resources = Object.entries(template['Resources'] as Record<string, Resource>);
  const ofType = (type: string) => resources.filter(([, { Type }]) => Type === type);
  const policies = 'characters of policies';
  return [
    {
      what: `the stack (${numbersOf(resources.map(([, { Type }]) => Type))})`,
      size: resources.length,
      most: RESOURCES,
      unit: 'resources',
      remedy: `use fewer schedules and event triggers, or ${SPREAD}`,
    },
    {
      what: 'the template',
      size: Buffer.byteLength(JSON.stringify(template)),
      most: TEMPLATE_BYTES,
      unit: 'bytes',
      remedy: SPREAD,
    },
    {
      what: 'the default event bus',
      size: ofType('AWS::Events::Rule').length,
      most: RULES,
      unit: 'rules of this stage',
      remedy: `use fewer event triggers, or ${SPREAD} in two accounts or Regions`,
    },
    ...ofType('AWS::IAM::Role').map(([id, { Properties }]) => ({
      what: `role ${sizes.nameOf(id)}`,
      size: ((Properties['Policies'] ?? []) as { PolicyDocument: unknown }[]).reduce(
        (sum, { PolicyDocument }) => sum + sizes.policy(PolicyDocument),
        0,
      ),
      most: ROLE_POLICIES,
      unit: policies,
      remedy: FEWER_BUCKETS,
    })),
    ...ofType('AWS::IAM::ManagedPolicy').map(([id, { Properties }]) => ({
      what: `managed policy ${sizes.nameOf(id)}`,
      size: sizes.policy(Properties['PolicyDocument']),
      most: MANAGED_POLICY,
      unit: policies,
      remedy: FEWER_BUCKETS,
    })),
    ...ofType('AWS::Lambda::Function').map(([id, { Properties }]) => ({
      what: `the environment of ${sizes.nameOf(id)}`,
      size: sizes.bytes((Properties['Environment'] as { Variables?: unknown } | undefined)?.Variables ?? {}),
      most: ENVIRONMENT_BYTES,
      unit: 'bytes',
      remedy: `each warehouse that a pipeline names makes it larger: use fewer, with shorter secrets, or ${SPREAD}`,
    })),
    ...[...ofType('AWS::Events::Rule'), ...ofType('AWS::Events::Archive')].map(([id, { Properties }]) => ({
      what: `the event pattern of ${sizes.nameOf(id)}`,
      size: sizes.bytes(Properties['EventPattern'] ?? ''),
      most: PATTERN,
      unit: 'characters',
      remedy: 'use a shorter pattern',
    })),
  ];
}

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** `12 AWS::Events::Rule, ...`: the three most frequent. */
function numbersOf(types: readonly string[]): string {
  const numbers = new Map<string, number>();
  for (const type of types) numbers.set(type, (numbers.get(type) ?? 0) + 1);
  const most = [...numbers].sort(([, left], [, right]) => right - left).slice(0, 3);
  return most.map(([type, number]) => `${String(number)} ${type}`).join(', ');
}

const NO_VALUE = Symbol('AWS::NoValue');
const NAME = /^(Archive|Bucket|Function|ManagedPolicy|Queue|Role|Table|Topic)?Name$/;

/** Values of the template as long as CloudFormation will make them. */
class Sizes {
  readonly #resources: Readonly<Record<string, Resource>>;
  readonly #region: string;

  constructor(template: Template, region: string) {
    this.#resources = template['Resources'] as Record<string, Resource>;
    this.#region = region;
  }

  /** Characters without whitespace, as IAM counts. */
  policy(document: unknown): number {
    return JSON.stringify(this.#filled(document)).replaceAll(/\s/g, '').length;
  }

  bytes(value: unknown): number {
    return Buffer.byteLength(JSON.stringify(this.#filled(value)));
  }

  nameOf(id: string): string {
    const [, name] =
      Object.entries(this.#resources[id]?.Properties ?? {}).find(([key]) => NAME.test(key)) ?? [];
    const filled = this.#filled(name);
    return typeof filled === 'string' ? filled : id;
  }

  #arnOf(id: string): string {
    const [, service = '', kind = ''] = (this.#resources[id]?.Type ?? '').toLowerCase().split('::');
    return `arn:${this.#partition()}:${service}:${this.#region}:${ACCOUNT}:${kind}/${this.nameOf(id)}`;
  }

  #partition(): string {
    if (this.#region.startsWith('cn-')) return 'aws-cn';
    return this.#region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  }

  #filled(value: unknown): unknown {
    if (Array.isArray(value))
      return value.map((each) => this.#filled(each)).filter((each) => each !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name = '', argument] = entries.length === 1 ? (entries[0] ?? []) : [];
    if (name === 'Ref') return this.#ref(String(argument));
    if (name === 'Fn::GetAtt') return this.#arnOf(String([argument].flat()[0]).split('.')[0] ?? '');
    if (name === 'Fn::Sub' && typeof argument === 'string')
      return argument.replaceAll(/\$\{([^}]+)\}/g, (_whole, inside: string) =>
        String(inside.includes('.') ? this.#arnOf(inside.split('.')[0] ?? '') : this.#ref(inside)),
      );
    const filled = entries.map(([key, each]) => [key, this.#filled(each)] as const);
    return Object.fromEntries(filled.filter(([, each]) => each !== NO_VALUE));
  }

  #ref(name: string): string | typeof NO_VALUE {
    switch (name) {
      case 'AWS::NoValue':
        return NO_VALUE;
      case 'AWS::Region':
        return this.#region;
      case 'AWS::AccountId':
        return ACCOUNT;
      case 'AWS::Partition':
        return this.#partition();
      default: {
        const type = this.#resources[name]?.Type ?? '';
        if (type === 'AWS::SQS::Queue')
          return `https://sqs.${this.#region}.amazonaws.com/${ACCOUNT}/${this.nameOf(name)}`;
        return /::(Topic|ManagedPolicy)$/.test(type) ? this.#arnOf(name) : this.nameOf(name);
      }
    }
  }
}
