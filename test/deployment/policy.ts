/**
 * Statements of the template's policies with every name resolved, and what they allow: the part of IAM's evaluation
 * that this project's policies use. An operator that is not known here is an error, not a "yes".
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
import { Names } from '../../local/template/names.ts';
import { Node } from '../../local/template/json.ts';
import { Resolver } from '../../local/template/resolve.ts';
import { isObject, type Json, type JsonObject, textOf } from './references.ts';

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

export interface Statement {
  readonly place: string;
  readonly effect: string;
  readonly actions: readonly string[];
  /** Empty in a role's trust. */
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
  readonly principal?: Json;
}

interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** One thing that somebody wants to do. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  /** Condition keys of the request. */
  readonly context?: Readonly<Record<string, string>>;
  /** Who, and by which call. */
  readonly from: string;
}

/** The properties of a resource with all functions replaced. */
export function propertiesOf(template: JsonObject, logicalId: string): JsonObject {
  const definitions = new Node('Resources', template['Resources']);
  const surroundings = { region: REGION, account: ACCOUNT, stackName: 'baton', endpoint: 'http://sqs' };
  const names = new Names(definitions, surroundings, (value, place) => resolver.resolve(value, place));
  const resolver: Resolver = new Resolver(template, surroundings, (id) => names.of(id));
  const { place, value } = definitions.node(logicalId);
  return resolver.resolve(value['Properties'], `${place}.Properties`) as JsonObject;
}

/** What the policies in a role, a managed policy or a resource's own policy say. */
export function statementsOf(template: JsonObject, logicalId: string): readonly Statement[] {
  const properties = propertiesOf(template, logicalId);
  const inline = (properties['Policies'] as readonly JsonObject[] | undefined) ?? [];
  return [properties, ...inline].flatMap((holder) => {
    const document = holder['PolicyDocument'];
    if (!isObject(document)) return [];
    const name =
      typeof holder['PolicyName'] === 'string' ? `${logicalId}.${holder['PolicyName']}` : logicalId;
    return listOf(document['Statement']).map((statement, index) =>
      parseStatement(statement as JsonObject, `${name}[${String(index)}]`),
    );
  });
}

/** The services that may take a role on. */
export function trustOf(template: JsonObject, role: string): readonly string[] {
  const document = propertiesOf(template, role)['AssumeRolePolicyDocument'];
  if (!isObject(document)) return [];
  return listOf(document['Statement']).flatMap((statement) => {
    const principal = isObject(statement) ? statement['Principal'] : undefined;
    return isObject(principal) ? textsOf(principal['Service']) : [];
  });
}

function parseStatement(statement: JsonObject, place: string): Statement {
  for (const member of ['NotAction', 'NotResource', 'NotPrincipal']) {
    if (member in statement) throw new Error(`${place}: ${member} is not read here`);
  }
  const conditions = Object.entries((statement['Condition'] ?? {}) as JsonObject).flatMap(
    ([operator, keys]) =>
      Object.entries(keys as JsonObject).map(([key, values]) => ({ operator, key, values: textsOf(values) })),
  );
  return {
    place,
    effect: textOf(statement['Effect']),
    actions: textsOf(statement['Action']),
    resources: textsOf(statement['Resource']),
    conditions,
    ...('Principal' in statement && { principal: statement['Principal'] ?? null }),
  };
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

function textsOf(value: Json | undefined): readonly string[] {
  return listOf(value).map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
}

/** The statements by which it is allowed; empty where it is not, or where one denies it. */
export function allowedBy(statements: readonly Statement[], need: Need): readonly Statement[] {
  const applying = statements.filter((statement) => applies(statement, need));
  return applying.some(({ effect }) => effect === 'Deny') ? [] : applying;
}

function applies({ actions, resources, conditions }: Statement, need: Need): boolean {
  return (
    actions.some((action) => isLike(need.action.toLowerCase(), action.toLowerCase())) &&
    resources.some((resource) => isLike(need.resource, resource)) &&
    conditions.every((condition) => holds(condition, need.context ?? {}))
  );
}

function holds({ operator, key, values }: Condition, context: Readonly<Record<string, string>>): boolean {
  const [, name = operator, ifExists] = /^(.*?)(IfExists)?$/.exec(operator) ?? [];
  const found = Object.entries(context).find(([each]) => each.toLowerCase() === key.toLowerCase())?.[1];
  if (found === undefined) return ifExists !== undefined || name.startsWith('StringNot');
  switch (name) {
    case 'StringEquals':
    case 'ArnEquals':
      return values.includes(found);
    case 'StringLike':
    case 'ArnLike':
      return values.some((value) => isLike(found, value));
    case 'StringNotEquals':
      return !values.includes(found);
    case 'Bool':
      return values.includes(found);
    default:
      throw new Error(`the condition operator ${operator} is not known here`);
  }
}

/** With IAM's `*` and `?`. */
export function isLike(text: string, pattern: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** Needs that nothing allows: `action resource (from)`. */
export function refusedOf(statements: readonly Statement[], needs: readonly Need[]): readonly string[] {
  const refused = needs
    .filter((need) => allowedBy(statements, need).length === 0)
    .map(({ action, resource, context, from }) => {
      const more = context === undefined ? '' : ` ${JSON.stringify(context)}`;
      return `${action} ${resource}${more} (${from})`;
    });
  return [...new Set(refused)];
}

/** What is granted and no need used: `place action resource`, each action with each resource. */
export function unusedOf(statements: readonly Statement[], needs: readonly Need[]): readonly string[] {
  return statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap((statement) =>
      statement.actions.flatMap((action) =>
        statement.resources
          .filter((resource) => {
            const only = { ...statement, actions: [action], resources: [resource] };
            return !needs.some((need) => applies(only, need));
          })
          .map((resource) => `${action} ${resource}`),
      ),
    );
}
