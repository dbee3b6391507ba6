/**
 * What the parts of a CloudFormation template say of one another: every Ref, Fn::GetAtt, Fn::Sub, DependsOn, Condition
 * and Fn::If, where it stands, and whether it points at something.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

interface Reference {
  /** `Resources.Table.Properties.TableName` */
  readonly place: string;
  readonly kind: 'value' | 'attribute' | 'condition' | 'map' | 'dependency';
  /** Logical id, parameter, condition or mapping. */
  readonly name: string;
  /** Of a resource. */
  readonly attribute?: string;
}

const PSEUDO: ReadonlySet<string> = new Set([
  'AWS::AccountId',
  'AWS::NoValue',
  'AWS::NotificationARNs',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackId',
  'AWS::StackName',
  'AWS::URLSuffix',
]);

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text as it is; anything else as JSON, for a message. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

export function sectionOf(template: JsonObject, name: string): JsonObject {
  const section = template[name];
  return isObject(section) ? section : {};
}

/** `Fn::Sub` of `{ "Fn::Sub": … }`, `Ref` of `{ "Ref": … }`; undefined for plain values. */
export function functionIn(value: Json): readonly [name: string, argument: Json] | undefined {
  if (!isObject(value)) return undefined;
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined || more.length > 0) return undefined;
  return entry[0] === 'Ref' || entry[0] === 'Condition' || entry[0].startsWith('Fn::') ? entry : undefined;
}

/** Every reference of the template, in its order. */
function referencesIn(template: JsonObject): readonly Reference[] {
  const found: Reference[] = [];
  for (const [id, resource] of Object.entries(sectionOf(template, 'Resources'))) {
    const place = `Resources.${id}`;
    if (!isObject(resource)) continue;
    const { DependsOn: dependsOn = [], Condition: condition, ...rest } = resource;
    for (const name of [dependsOn].flat()) {
      found.push({ place: `${place}.DependsOn`, kind: 'dependency', name: textOf(name) });
    }
    if (typeof condition === 'string') {
      found.push({ place: `${place}.Condition`, kind: 'condition', name: condition });
    }
    collect(rest, place, found);
  }
  for (const [id, definition] of Object.entries(sectionOf(template, 'Conditions'))) {
    collect(definition, `Conditions.${id}`, found);
  }
  for (const [id, output] of Object.entries(sectionOf(template, 'Outputs'))) {
    if (!isObject(output)) continue;
    const { Condition: condition, ...rest } = output;
    if (typeof condition === 'string') {
      found.push({ place: `Outputs.${id}.Condition`, kind: 'condition', name: condition });
    }
    collect(rest, `Outputs.${id}`, found);
  }
  return found;
}

function collect(value: Json, place: string, found: Reference[]): void {
  if (Array.isArray(value)) {
    for (const [index, element] of (value as readonly Json[]).entries()) {
      collect(element, `${place}[${String(index)}]`, found);
    }
    return;
  }
  if (!isObject(value)) return;
  const call = functionIn(value);
  if (call === undefined) {
    for (const [key, member] of Object.entries(value)) collect(member, `${place}.${key}`, found);
    return;
  }
  const [name, argument] = call;
  collectCall(name, argument, place, found);
}

function collectCall(name: string, argument: Json, place: string, found: Reference[]): void {
  const parts: readonly Json[] = Array.isArray(argument) ? (argument as readonly Json[]) : [argument];
  switch (name) {
    case 'Ref':
      found.push({ place, kind: 'value', name: textOf(argument) });
      return;
    case 'Condition':
      // A policy's own `Condition: {...}` is data.
      if (typeof argument === 'string') found.push({ place, kind: 'condition', name: argument });
      else collect(argument, `${place}.Condition`, found);
      return;
    case 'Fn::GetAtt': {
      const [id = '', ...attribute] = parts.flatMap((part) => textOf(part).split('.'));
      found.push({ place, kind: 'attribute', name: id, attribute: attribute.join('.') });
      return;
    }
    case 'Fn::If':
      found.push({ place, kind: 'condition', name: textOf(parts[0]) });
      for (const part of parts.slice(1)) collect(part, place, found);
      return;
    case 'Fn::FindInMap':
      found.push({ place, kind: 'map', name: textOf(parts[0]) });
      for (const part of parts.slice(1)) collect(part, place, found);
      return;
    case 'Fn::Sub':
      collectSub(parts, place, found);
      return;
    default:
      for (const part of parts) collect(part, place, found);
  }
}

function collectSub([text, given]: readonly Json[], place: string, found: Reference[]): void {
  const values = isObject(given) ? given : {};
  for (const [, inside = ''] of textOf(text).matchAll(/\$\{([^}]*)\}/g)) {
    const name = inside.trim();
    if (name.startsWith('!') || values[name] !== undefined) continue;
    const [id = '', ...attribute] = name.split('.');
    if (attribute.length === 0) found.push({ place, kind: 'value', name });
    else found.push({ place, kind: 'attribute', name: id, attribute: attribute.join('.') });
  }
  for (const value of Object.values(values)) collect(value, place, found);
}

/** What points nowhere, what nothing points at, and what points at itself. */
export function referenceProblems(template: JsonObject): readonly string[] {
  const references = referencesIn(template);
  const resources = sectionOf(template, 'Resources');
  const parameters = sectionOf(template, 'Parameters');
  const sections = {
    condition: sectionOf(template, 'Conditions'),
    map: sectionOf(template, 'Mappings'),
  };
  const problems: string[] = [];
  for (const { place, kind, name } of references) {
    const known =
      kind === 'value'
        ? name in resources || name in parameters || PSEUDO.has(name)
        : name in (kind === 'attribute' || kind === 'dependency' ? resources : sections[kind]);
    if (!known)
      problems.push(
        `${place}: there is no ${kind === 'value' ? 'resource or parameter' : ''}${nounOf(kind)} ${name}`,
      );
  }
  const used = new Set(references.map(({ kind, name }) => `${kind} ${name}`));
  for (const name of Object.keys(parameters)) {
    if (!used.has(`value ${name}`)) problems.push(`Parameters.${name}: nothing uses it`);
  }
  for (const kind of ['condition', 'map'] as const) {
    for (const name of Object.keys(sections[kind])) {
      if (!used.has(`${kind} ${name}`)) problems.push(`${nounOf(kind)} ${name}: nothing uses it`);
    }
  }
  return [...problems, ...circles(references, resources)];
}

function nounOf(kind: Reference['kind']): string {
  return { value: '', attribute: 'resource', dependency: 'resource', condition: 'condition', map: 'mapping' }[
    kind
  ];
}

/** Resources that cannot be made because each waits for another. */
function circles(references: readonly Reference[], resources: JsonObject): readonly string[] {
  const needs = new Map<string, Set<string>>();
  for (const { place, kind, name } of references) {
    const [, from = ''] = /^Resources\.([^.]+)/.exec(place) ?? [];
    if (from === '' || kind === 'condition' || kind === 'map' || !(name in resources)) continue;
    needs.set(from, (needs.get(from) ?? new Set()).add(name));
  }
  const done = new Set<string>();
  const problems: string[] = [];
  const visit = (id: string, path: readonly string[]): void => {
    if (done.has(id)) return;
    if (path.includes(id)) {
      problems.push(`${[...path.slice(path.indexOf(id)), id].join(' -> ')}: each needs the next`);
      return;
    }
    for (const next of needs.get(id) ?? []) visit(next, [...path, id]);
    done.add(id);
  };
  for (const id of needs.keys()) visit(id, []);
  return problems;
}
