/**
 * Holds a compiled template against AWS's resource schemas, as `@aws-cdk/aws-service-spec` has them: known types, known
 * properties at every depth, required ones, types of values and of what functions give, enums, attributes.
 */
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { Property, PropertyType, Resource } from '@aws-cdk/service-spec-types';

import {
  functionIn,
  isObject,
  type Json,
  type JsonObject,
  referenceProblems,
  sectionOf,
  textOf,
} from './references.ts';

type Spec = ReturnType<typeof loadAwsServiceSpecSync>;

let loaded: Spec | undefined;
/** Takes most of a second: once a process. */
const spec = (): Spec => (loaded ??= loadAwsServiceSpecSync());

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Transform',
  'Resources',
  'Outputs',
];
const RESOURCE_MEMBERS = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'UpdatePolicy',
  'CreationPolicy',
  'Metadata',
];
const POLICIES = ['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot'];

/** What is wrong with the template; empty when CloudFormation would take it as far as schemas tell. */
export function templateProblems(template: unknown): readonly string[] {
  const root = template as JsonObject;
  return [...new Checker(root).check(), ...referenceProblems(root)];
}

/** A kind of value that a function gives; undefined: cannot be told. */
type Given = PropertyType | undefined;

class Checker {
  readonly #template: JsonObject;
  readonly #resources: JsonObject;
  readonly #problems: string[] = [];

  constructor(template: JsonObject) {
    this.#template = template;
    this.#resources = sectionOf(template, 'Resources');
  }

  check(): readonly string[] {
    this.#onlyMembers(this.#template, SECTIONS, 'the template');
    for (const [id, resource] of Object.entries(this.#resources)) {
      if (!/^[A-Za-z0-9]{1,255}$/.test(id)) this.#say(`Resources.${id}`, 'letters and digits only');
      this.#checkResource(`Resources.${id}`, resource);
    }
    for (const [id, output] of Object.entries(sectionOf(this.#template, 'Outputs'))) {
      const place = `Outputs.${id}`;
      if (!isObject(output) || output['Value'] === undefined) this.#say(place, 'Value is missing');
      else this.#value(output['Value'], { type: 'string' }, `${place}.Value`);
    }
    return this.#problems;
  }

  #say(place: string, problem: string): void {
    this.#problems.push(`${place}: ${problem}`);
  }

  #onlyMembers(value: JsonObject, known: readonly string[], place: string): void {
    for (const key of Object.keys(value)) if (!known.includes(key)) this.#say(place, `${key} is unknown`);
  }

  #checkResource(place: string, resource: Json): void {
    if (!isObject(resource)) {
      this.#say(place, 'must be an object');
      return;
    }
    this.#onlyMembers(resource, RESOURCE_MEMBERS, place);
    for (const member of ['DeletionPolicy', 'UpdateReplacePolicy']) {
      const policy = resource[member];
      if (policy !== undefined && !POLICIES.includes(textOf(policy))) {
        this.#say(`${place}.${member}`, `${JSON.stringify(policy)} is none of ${POLICIES.join(', ')}`);
      }
    }
    const known = this.#schemaOf(resource);
    if (known === undefined) {
      this.#say(`${place}.Type`, `AWS has no ${textOf(resource['Type'])}`);
      return;
    }
    this.#members(resource['Properties'] ?? {}, known.properties, `${place}.Properties`);
  }

  #schemaOf(resource: JsonObject): Resource | undefined {
    return spec().lookup('resource', 'cloudFormationType', 'equals', textOf(resource['Type']))[0];
  }

  #members(value: Json, properties: Readonly<Record<string, Property>>, place: string): void {
    if (!isObject(value)) {
      this.#say(place, `must be an object, not ${describe(value)}`);
      return;
    }
    for (const [name, member] of Object.entries(value)) {
      const property = properties[name];
      if (property === undefined) this.#say(`${place}.${name}`, 'there is no such property');
      else this.#value(member, property.type, `${place}.${name}`);
    }
    for (const [name, property] of Object.entries(properties)) {
      if (property.required === true && isAbsent(value[name])) this.#say(place, `${name} is required`);
    }
  }

  #value(value: Json, type: PropertyType, place: string): void {
    const call = functionIn(value);
    if (call !== undefined) {
      this.#call(call, type, place);
      return;
    }
    switch (type.type) {
      case 'union':
        this.#oneOf(value, type.types, place);
        return;
      case 'array':
        if (!Array.isArray(value)) this.#say(place, `must be a list, not ${describe(value)}`);
        else {
          for (const [index, element] of (value as readonly Json[]).entries()) {
            this.#value(element, type.element, `${place}[${String(index)}]`);
          }
        }
        return;
      case 'map':
        if (!isObject(value)) this.#say(place, `must be a map, not ${describe(value)}`);
        else
          for (const [key, member] of Object.entries(value))
            this.#value(member, type.element, `${place}.${key}`);
        return;
      case 'ref':
        this.#members(value, spec().get('typeDefinition', type.reference).properties, place);
        return;
      case 'tag':
        this.#members(value, TAG, place);
        return;
      case 'json':
        this.#inJson(value, place);
        return;
      case 'string':
      case 'integer':
      case 'number':
      case 'boolean':
      case 'date-time':
      case 'null':
        this.#primitive(value, type, place);
        return;
      default:
        this.#say(place, `the schema has a type of values that is unknown here: ${JSON.stringify(type)}`);
    }
  }

  #primitive(value: Json, type: PropertyType, place: string): void {
    const kind = kindOf(value);
    const fits =
      type.type === 'number'
        ? kind === 'integer' || kind === 'number'
        : kind === (type.type === 'date-time' ? 'string' : type.type);
    if (!fits) {
      this.#say(place, `must be of type ${type.type}, not ${describe(value)}`);
      return;
    }
    const allowed = 'allowedValues' in type ? type.allowedValues : undefined;
    if (allowed !== undefined && !(allowed as readonly Json[]).includes(value)) {
      this.#say(place, `${JSON.stringify(value)} is none of ${allowed.join(', ')}`);
    }
  }

  /** Free form, but the functions in it must give something. */
  #inJson(value: Json, place: string): void {
    if (!isObject(value)) {
      this.#say(place, `must be an object, not ${describe(value)}`);
      return;
    }
    this.#functionsIn(value, place);
  }

  #functionsIn(value: Json, place: string): void {
    const call = functionIn(value);
    if (call !== undefined && call[0] !== 'Condition') this.#given(call, place);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) this.#functionsIn(member, `${place}.${key}`);
  }

  /** Fits one of them; otherwise what is wrong with the one that has its form. */
  #oneOf(value: Json, types: readonly PropertyType[], place: string): void {
    const before = this.#problems.length;
    let nearest: readonly string[] = [
      `${place}: must be of type ${types.map(nameOf).join(' or ')}, not ${describe(value)}`,
    ];
    for (const type of types) {
      this.#value(value, type, place);
      const problems = this.#problems.splice(before);
      if (problems.length === 0) return;
      if (problems.every((text) => !text.startsWith(`${place}: must be`))) nearest = problems;
    }
    this.#problems.push(...nearest);
  }

  #call(call: readonly [string, Json], type: PropertyType, place: string): void {
    const [name, argument] = call;
    if (name === 'Ref' && argument === 'AWS::NoValue') return;
    if (name === 'Fn::If' && Array.isArray(argument)) {
      for (const branch of (argument as readonly Json[]).slice(1)) this.#value(branch, type, place);
      return;
    }
    const given = this.#given(call, place);
    if (given !== undefined && !fits(given, type)) {
      this.#say(place, `must be of type ${nameOf(type)}, and ${name} gives ${nameOf(given)}`);
    }
  }

  /** What the function gives. Says so where there is no such thing. */
  #given([name, argument]: readonly [string, Json], place: string): Given {
    switch (name) {
      case 'Ref':
        return this.#givenByRef(textOf(argument));
      case 'Fn::GetAtt': {
        const [id = '', ...attribute] = [argument].flat().flatMap((part) => textOf(part).split('.'));
        return this.#attribute(id, attribute.join('.'), place);
      }
      case 'Fn::Sub':
        for (const [, id = '', attribute = ''] of textOf([argument].flat()[0]).matchAll(
          /\$\{([^.!}]+)\.([^}]+)\}/g,
        )) {
          this.#attribute(id, attribute, place);
        }
        return { type: 'string' };
      case 'Fn::Join':
      case 'Fn::Base64':
      case 'Fn::ImportValue':
      case 'Fn::Select':
        return { type: 'string' };
      case 'Fn::Split':
      case 'Fn::GetAZs':
      case 'Fn::Cidr':
        return { type: 'array', element: { type: 'string' } };
      case 'Fn::If':
      case 'Fn::FindInMap':
        return undefined;
      default:
        this.#say(place, `${name} is no function of CloudFormation here`);
        return undefined;
    }
  }

  #givenByRef(name: string): Given {
    const parameter = sectionOf(this.#template, 'Parameters')[name];
    if (isObject(parameter)) {
      const type = textOf(parameter['Type']);
      if (type === 'Number') return { type: 'integer' };
      return /^(?:CommaDelimitedList|List<)/.test(type)
        ? { type: 'array', element: { type: 'string' } }
        : { type: 'string' };
    }
    return name === 'AWS::NotificationARNs'
      ? { type: 'array', element: { type: 'string' } }
      : { type: 'string' };
  }

  #attribute(id: string, attribute: string, place: string): Given {
    const resource = this.#resources[id];
    // One that is not there is told with the references.
    if (!isObject(resource)) return undefined;
    const known = this.#schemaOf(resource)?.attributes[attribute];
    if (known === undefined) this.#say(place, `${textOf(resource['Type'])} has no attribute ${attribute}`);
    return known?.type;
  }
}

const TAG: Readonly<Record<string, Property>> = {
  Key: { type: { type: 'string' }, required: true },
  Value: { type: { type: 'string' }, required: true },
};

function isAbsent(value: Json | undefined): boolean {
  return value === undefined || (isObject(value) && value['Ref'] === 'AWS::NoValue');
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

function describe(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function nameOf(type: PropertyType): string {
  return type.type === 'union' ? type.types.map(nameOf).join(' or ') : type.type;
}

/** CloudFormation takes text for a time, and a number in text form, but not the other way round. */
function fits(given: PropertyType, wanted: PropertyType): boolean {
  if (wanted.type === 'union') return wanted.types.some((type) => fits(given, type));
  if (given.type === 'union') return given.types.some((type) => fits(type, wanted));
  if (given.type === 'array' && wanted.type === 'array') return fits(given.element, wanted.element);
  const numbers = new Set(['integer', 'number']);
  if (numbers.has(given.type) && numbers.has(wanted.type)) return true;
  if (given.type === 'integer' && wanted.type === 'string') return true;
  return given.type === wanted.type || (given.type === 'string' && wanted.type === 'date-time');
}
