/**
 * CloudFormation's intrinsic functions, as far as a compiled template uses them: Ref, Fn::GetAtt, Fn::Sub, Fn::Join,
 * Fn::Select, Fn::Split, Fn::FindInMap, Fn::If with Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition; parameters and
 * pseudo parameters. Any other function is an error that names it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
 */
import { isObject, type JsonObject } from '../json-object.ts';
import { describe, Node, TemplateError } from './json.ts';

export interface Surroundings {
  readonly region: string;
  readonly account: string;
  readonly stackName: string;
  /** Base of queue URLs: `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** Values for the template's parameters; the others take their default. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** What `Ref` and `Fn::GetAtt` of a resource give; `undefined`: this type has no such attribute here. */
export interface Referable {
  ref(): string;
  attribute(name: string): string | undefined;
}

const NO_VALUE = Symbol('AWS::NoValue');

export class Resolver {
  readonly #template: JsonObject;
  readonly #surroundings: Surroundings;
  readonly #referable: (logicalId: string) => Referable | undefined;
  readonly #conditions = new Map<string, boolean>();
  readonly #evaluating = new Set<string>();

  constructor(
    template: JsonObject,
    surroundings: Surroundings,
    referable: (logicalId: string) => Referable | undefined,
  ) {
    this.#template = template;
    this.#surroundings = surroundings;
    this.#referable = referable;
  }

  /** The value with every function in it replaced; `AWS::NoValue` drops its key or element. */
  resolve(value: unknown, place: string): unknown {
    const resolved = this.#any(value, place);
    return resolved === NO_VALUE ? undefined : resolved;
  }

  condition(name: string, place: string): boolean {
    const known = this.#conditions.get(name);
    if (known !== undefined) return known;
    const conditions = isObject(this.#template['Conditions']) ? this.#template['Conditions'] : {};
    const definition = conditions[name];
    if (definition === undefined) throw new TemplateError(`${place}: there is no condition ${name}`);
    const result = this.#once(`condition ${name}`, () => this.#truth(definition, `Conditions.${name}`));
    this.#conditions.set(name, result);
    return result;
  }

  #any(value: unknown, place: string): unknown {
    if (Array.isArray(value)) {
      return value
        .map((element, index) => this.#any(element, `${place}[${String(index)}]`))
        .filter((element) => element !== NO_VALUE);
    }
    if (!isObject(value)) return value;
    const keys = Object.keys(value);
    const only = keys.length === 1 ? keys[0] : undefined;
    if (only === 'Ref') return this.#ref(value['Ref'], place);
    if (only?.startsWith('Fn::') === true) return this.#function(only, value[only], `${place}.${only}`);
    const result: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      const resolved = this.#any(member, `${place}.${key}`);
      if (resolved !== NO_VALUE) result[key] = resolved;
    }
    return result;
  }

  #function(name: string, argument: unknown, place: string): unknown {
    switch (name) {
      case 'Fn::GetAtt':
        return this.#getAtt(argument, place);
      case 'Fn::Sub':
        return this.#sub(argument, place);
      case 'Fn::Join': {
        const [separator, parts] = this.#pair(argument, place);
        if (typeof separator !== 'string') throw new TemplateError(`${place}: the separator must be text`);
        return this.#texts(parts, place).join(separator);
      }
      case 'Fn::Split': {
        const [separator, text] = this.#pair(argument, place);
        if (typeof separator !== 'string') throw new TemplateError(`${place}: the separator must be text`);
        return this.#text(text, place).split(separator);
      }
      case 'Fn::Select': {
        const [index, choices] = this.#pair(argument, place);
        const list = this.#any(choices, place);
        const chosen = Array.isArray(list) ? (list as unknown[])[Number(this.#any(index, place))] : undefined;
        if (chosen === undefined) throw new TemplateError(`${place}: nothing at index ${describe(index)}`);
        return chosen;
      }
      case 'Fn::FindInMap':
        return this.#findInMap(argument, place);
      case 'Fn::If': {
        if (!Array.isArray(argument) || argument.length !== 3 || typeof argument[0] !== 'string') {
          throw new TemplateError(`${place}: [condition, then, else] is expected`);
        }
        const branch: unknown = this.condition(argument[0], place) ? argument[1] : argument[2];
        return this.#any(branch, place);
      }
      default:
        throw new TemplateError(`${place}: the local AWS does not know the function ${name}`);
    }
  }

  #ref(name: unknown, place: string): unknown {
    if (typeof name !== 'string') throw new TemplateError(`${place}: Ref needs a name`);
    const { region, account, stackName } = this.#surroundings;
    switch (name) {
      case 'AWS::Region':
        return region;
      case 'AWS::AccountId':
        return account;
      case 'AWS::Partition':
        return 'aws';
      case 'AWS::StackName':
        return stackName;
      case 'AWS::StackId':
        return `arn:aws:cloudformation:${region}:${account}:stack/${stackName}/local`;
      case 'AWS::URLSuffix':
        return 'amazonaws.com';
      case 'AWS::NoValue':
        return NO_VALUE;
      case 'AWS::NotificationARNs':
        return [];
      default:
        return this.#parameter(name) ?? this.#resource(name, place).ref();
    }
  }

  #parameter(name: string): unknown {
    const parameters = isObject(this.#template['Parameters']) ? this.#template['Parameters'] : {};
    const definition = parameters[name];
    if (definition === undefined) return undefined;
    const given = this.#surroundings.parameters?.[name];
    const node = new Node(`Parameters.${name}`, definition);
    const value = given ?? node.value['Default'];
    if (value === undefined) throw new TemplateError(`Parameters.${name}: no value given and no Default`);
    const type = node.optionalText('Type') ?? 'String';
    if ((type === 'CommaDelimitedList' || type.startsWith('List<')) && typeof value === 'string') {
      return value.split(',').map((part) => part.trim());
    }
    return typeof value === 'number' ? String(value) : value;
  }

  #resource(name: string, place: string): Referable {
    const resource = this.#referable(name);
    if (resource === undefined)
      throw new TemplateError(`${place}: there is no resource or parameter ${name}`);
    return resource;
  }

  #getAtt(argument: unknown, place: string): string {
    const [name, ...rest] = typeof argument === 'string' ? argument.split('.') : this.#texts(argument, place);
    const attribute = rest.join('.');
    if (name === undefined || attribute === '') {
      throw new TemplateError(`${place}: [resource, attribute] is expected`);
    }
    const value = this.#once(`${name}.${attribute}`, () => this.#resource(name, place).attribute(attribute));
    if (value === undefined) {
      throw new TemplateError(
        `${place}: the local AWS does not support the attribute ${attribute} of ${name}`,
      );
    }
    return value;
  }

  #sub(argument: unknown, place: string): string {
    const [text, given] = Array.isArray(argument) ? (argument as unknown[]) : [argument, {}];
    if (typeof text !== 'string') throw new TemplateError(`${place}: text is expected`);
    const values = isObject(given) ? given : {};
    return text.replaceAll(/\$\{([^}]+)\}/g, (_whole, inside: string) => {
      if (inside.startsWith('!')) return `\${${inside.slice(1)}}`;
      const name = inside.trim();
      if (values[name] !== undefined) return this.#text(values[name], place);
      if (name.includes('.')) return this.#getAtt(name, place);
      return this.#text({ Ref: name }, place);
    });
  }

  #findInMap(argument: unknown, place: string): unknown {
    const [map, first, second] = this.#texts(argument, place);
    const mappings = isObject(this.#template['Mappings']) ? this.#template['Mappings'] : {};
    const level = map === undefined ? undefined : mappings[map];
    const row = isObject(level) && first !== undefined ? level[first] : undefined;
    const value = isObject(row) && second !== undefined ? row[second] : undefined;
    if (value === undefined) throw new TemplateError(`${place}: nothing at ${describe(argument)}`);
    return value;
  }

  #truth(definition: unknown, place: string): boolean {
    if (!isObject(definition) || Object.keys(definition).length !== 1) {
      throw new TemplateError(`${place}: a condition function is expected, not ${describe(definition)}`);
    }
    const [[name, argument]] = Object.entries(definition) as [[string, unknown]];
    if (name === 'Condition' && typeof argument === 'string') return this.condition(argument, place);
    const parts: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
    switch (name) {
      case 'Fn::Equals': {
        const [left, right] = parts.map((part) => this.#any(part, place));
        return JSON.stringify(left) === JSON.stringify(right);
      }
      case 'Fn::Not':
        return !this.#truth(parts[0], place);
      case 'Fn::And':
        return parts.every((part) => this.#truth(part, place));
      case 'Fn::Or':
        return parts.some((part) => this.#truth(part, place));
      default:
        throw new TemplateError(`${place}: the local AWS does not know the condition function ${name}`);
    }
  }

  #pair(argument: unknown, place: string): readonly [unknown, unknown] {
    if (!Array.isArray(argument) || argument.length !== 2) {
      throw new TemplateError(`${place}: two arguments are expected`);
    }
    return argument as unknown as readonly [unknown, unknown];
  }

  #texts(value: unknown, place: string): readonly string[] {
    const resolved = this.#any(value, place);
    if (!Array.isArray(resolved)) throw new TemplateError(`${place}: a list is expected`);
    return resolved.map((element) => this.#text(element, place));
  }

  #text(value: unknown, place: string): string {
    const resolved = this.#any(value, place);
    if (typeof resolved === 'string') return resolved;
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved);
    throw new TemplateError(`${place}: text is expected, not ${describe(resolved)}`);
  }

  /** Guards against a resource or condition that refers to itself. */
  #once<T>(what: string, evaluate: () => T): T {
    if (this.#evaluating.has(what)) throw new TemplateError(`${what} refers to itself`);
    this.#evaluating.add(what);
    try {
      return evaluate();
    } finally {
      this.#evaluating.delete(what);
    }
  }
}
