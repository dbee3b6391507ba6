/**
 * Turns the template that osls makes into one that any tool deploys: without the bucket that osls uploads to, with the
 * functions' code in a bucket of the deployer's, and with parameters for what may change at deployment.
 */
import { defined } from '../shared/run/defined.ts';
import {
  EMAIL,
  LEAST_MEMORY,
  LOG_RETENTION_DAYS,
  MOST_CONCURRENCY,
  MOST_MEMORY,
  POLICY,
  ROLE,
  TOPIC,
} from './serverless/settings.cjs';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

export interface CodePlace {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  /** File names of the zips by the name of their function: `start-run`. */
  readonly zips: Readonly<Record<string, string>>;
}

/**
 * A parameter of the stage that the template can have as a parameter too: one value, used as it is, with a check of its
 * own that CloudFormation makes as well. What shapes the template, what is checked together with other parameters or with
 * the pipelines, and what is part of names, patterns and ARNs stays as it was packaged.
 */
interface Adjustable {
  readonly name: string;
  /** The property that holds it. */
  readonly property: string;
  /** Of this resource only. */
  readonly resource?: string;
  /** A variable of the functions' environment that has the value too. */
  readonly variable?: string;
  /** Nothing else can have this value: it is replaced everywhere, or nowhere if it is a part of a longer text. */
  readonly isUnique?: true;
  readonly definition: JsonObject;
}

const concurrency = (name: string, resource: string, what: string, variable?: string): Adjustable => ({
  ...defined({ variable }),
  name,
  resource,
  property: 'ReservedConcurrentExecutions',
  definition: {
    Type: 'Number',
    MinValue: 1,
    MaxValue: MOST_CONCURRENCY,
    Description: `Reserved concurrency of ${what}.`,
  },
});

const ADJUSTABLE: readonly Adjustable[] = [
  {
    name: 'LogRetentionDays',
    property: 'RetentionInDays',
    definition: {
      Type: 'Number',
      AllowedValues: LOG_RETENTION_DAYS,
      Description: 'How long the logs of the functions are kept.',
    },
  },
  {
    name: 'CopyRole',
    property: 'BATON_COPY_ROLE',
    definition: {
      Type: 'String',
      AllowedPattern: `^default$|^${inner(ROLE)}(,${inner(ROLE)})*$`,
      Description: 'What COPY and UNLOAD run as: the ARN of a role attached to the warehouse, or default.',
    },
  },
  {
    name: 'Memory',
    property: 'MemorySize',
    definition: {
      Type: 'Number',
      MinValue: LEAST_MEMORY,
      MaxValue: MOST_MEMORY,
      Description: 'Memory of each function, in MB.',
    },
  },
  concurrency('RunStepConcurrency', 'RunStepLambdaFunction', 'run-step', 'BATON_RUN_STEP_CONCURRENCY'),
  concurrency('SweepConcurrency', 'SweepLambdaFunction', 'the sweep'),
  {
    name: 'PermissionsBoundary',
    property: 'PermissionsBoundary',
    isUnique: true,
    definition: {
      Type: 'String',
      AllowedPattern: POLICY.source,
      Description: 'Managed policy that no role of the account may be without.',
    },
  },
  {
    name: 'AlarmsTopic',
    property: 'AlarmActions',
    isUnique: true,
    definition: {
      Type: 'String',
      AllowedPattern: TOPIC.source,
      Description: 'SNS topic of the alarms, in the Region of the stack.',
    },
  },
  {
    name: 'AlarmsEmail',
    property: 'Endpoint',
    isUnique: true,
    definition: {
      Type: 'String',
      AllowedPattern: EMAIL.source,
      Description: 'E-mail address that is told of alarms.',
    },
  },
];

/** @param template of osls, as `cloudformation-template-update-stack.json` has it */
export function plainTemplate(template: JsonObject, stage: string, code: CodePlace): JsonObject {
  const all = objectOf(template['Resources']);
  const uploads = Object.keys(all).filter((id) => id.startsWith('ServerlessDeploymentBucket'));
  const kept = Object.entries(all).filter(([id]) => !uploads.includes(id));
  let resources: JsonObject = Object.fromEntries(
    kept.map(([id, resource]) => [id, withoutNeedless(withCode(objectOf(resource), code))]),
  );
  const parameters: Record<string, Json> = {
    CodeBucket: {
      Type: 'String',
      Default: code.bucket,
      Description: 'Bucket with the code of the functions, in the Region of the stack.',
    },
    CodePrefix: {
      Type: 'String',
      Default: code.prefix,
      AllowedPattern: '^(|.+/)$',
      Description: 'What the names of the zips begin with in that bucket; ends with a slash, or is empty.',
    },
  };
  for (const adjustable of ADJUSTABLE) {
    const found = new Set(valuesOf(resources, adjustable));
    const [value, ...others] = found;
    if (value === undefined || others.length > 0) continue;
    if (adjustable.isUnique === true && isPartOfLonger(String(value), resources)) continue;
    resources = objectOf(replaced(resources, adjustable, value));
    const { variable } = adjustable;
    if (variable !== undefined) {
      const inEnvironment = { name: adjustable.name, property: variable, definition: {} };
      for (const same of new Set(valuesOf(resources, inEnvironment)))
        resources = objectOf(replaced(resources, inEnvironment, same));
    }
    parameters[adjustable.name] = {
      ...adjustable.definition,
      ...inRegion(adjustable, value),
      Default: value,
    };
  }
  const outputs = Object.entries(objectOf(template['Outputs'])).filter(
    ([, output]) => !uploads.some((id) => referencesIn(output).has(id)),
  );
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Baton, stage ${stage}`,
    Parameters: parameters,
    Resources: resources,
    Outputs: Object.fromEntries(outputs),
  };
}

/** Alarms notify topics of their own Region only: so does another topic that is given later. */
function inRegion({ name }: Adjustable, value: string | number): JsonObject {
  if (name !== 'AlarmsTopic') return {};
  const [, , , region = ''] = String(value).split(':');
  return { AllowedPattern: TOPIC.source.replace(':sns:[a-z0-9-]+:', `:sns:${region}:`) };
}

/** Without the anchors of a whole text. */
function inner(pattern: RegExp): string {
  return pattern.source.replace(/^\^/, '').replace(/\$$/, '');
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function withCode(resource: JsonObject, { zips }: CodePlace): JsonObject {
  const properties = objectOf(resource['Properties']);
  const key = objectOf(properties['Code'])['S3Key'];
  if (resource['Type'] !== 'AWS::Lambda::Function' || typeof key !== 'string') return resource;
  const [, name = ''] = /([^/]+)\.zip$/.exec(key) ?? [];
  const zip = zips[name];
  if (zip === undefined) throw new Error(`no zip was made for ${key}`);
  return {
    ...resource,
    Properties: {
      ...properties,
      Code: { S3Bucket: { Ref: 'CodeBucket' }, S3Key: { 'Fn::Sub': `\${CodePrefix}${zip}` } },
    },
  };
}

/** Without dependencies that a reference makes anyway. */
function withoutNeedless(resource: JsonObject): JsonObject {
  const { DependsOn: dependsOn, ...rest } = resource;
  if (dependsOn === undefined) return resource;
  const referenced = referencesIn(rest);
  const left = [dependsOn].flat().filter((id) => !referenced.has(firstText(id)));
  return left.length === 0 ? rest : { ...rest, DependsOn: left };
}

/** Logical ids of Ref, Fn::GetAtt and Fn::Sub. */
function referencesIn(value: Json): Set<string> {
  const found = new Set<string>();
  const visit = (part: Json): void => {
    if (typeof part !== 'object' || part === null) return;
    const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Sub': text } = objectOf(part);
    found.add(firstText(ref));
    found.add(firstText(attribute).split('.')[0] ?? '');
    for (const [, id = ''] of firstText(text).matchAll(/\$\{([^.!}]+)/g)) found.add(id);
    for (const member of Object.values(part)) visit(member);
  };
  visit(value);
  return found;
}

/** The text, or that at the beginning of a list. */
function firstText(value: Json | undefined): string {
  const [first] = [value].flat();
  return typeof first === 'string' ? first : '';
}

/** The values of the property, wherever it stands; those of functions do not count. */
function valuesOf(
  resources: JsonObject,
  { property, resource, definition }: Adjustable,
): (string | number)[] {
  // Such a property of another kind of resource has other values: not only addresses are an Endpoint.
  const pattern = new RegExp(firstText(definition['AllowedPattern']));
  const found: (string | number)[] = [];
  const visit = (part: Json): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const [name, member] of Object.entries(part)) {
      const values = name === property ? [member].flat() : [];
      for (const value of values) {
        if (typeof value === 'number' || (typeof value === 'string' && pattern.test(value)))
          found.push(value);
      }
      visit(member);
    }
  };
  visit(resource === undefined ? resources : objectOf(resources[resource]));
  return found;
}

function isPartOfLonger(value: string, part: Json): boolean {
  if (typeof part === 'string') return part !== value && part.includes(value);
  if (typeof part !== 'object' || part === null) return false;
  return Object.values(part).some((member) => isPartOfLonger(value, member));
}

function replaced(
  resources: JsonObject,
  { name, property, resource, isUnique }: Adjustable,
  value: string | number,
): Json {
  const visit = (part: Json, isHere: boolean): Json => {
    if (isHere && part === value) return { Ref: name };
    if (Array.isArray(part)) return (part as readonly Json[]).map((member) => visit(member, isHere));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, member]) => [
        key,
        visit(member, isUnique === true || key === property),
      ]),
    );
  };
  return Object.fromEntries(
    Object.entries(resources).map(([id, member]) => [
      id,
      resource === undefined || resource === id ? visit(member, false) : member,
    ]),
  );
}
