/** The rights that the functions' database user needs, as SQL: Baton's own, and those on what the pipelines name. */
import { tablesOf } from '../../shared/engine/named-tables.ts';
import { quoteLiteral } from '../../shared/pipeline/render.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { nameParts } from '../../shared/pipeline/table-name.ts';
import type { Environment } from '../aws/deployed-environment.ts';
import type { WarehouseTarget } from '../aws/warehouse-target.ts';

/**
 * Who the functions are in the warehouse; undefined where only a secret knows. A role is `IAMR:` and its name
 * (https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html).
 */
export function databaseUserOf(target: WarehouseTarget, environment: Environment): string | undefined {
  if (target.DbUser !== undefined) return target.DbUser;
  const { BATON_ROLE_NAME: role = '' } = environment;
  return target.SecretArn !== undefined || role === '' ? undefined : `IAMR:${role}`;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Returns one row if the user exists. */
export function userQuery(user: string): string {
  return `SELECT usename FROM pg_user WHERE usename = ${quoteLiteral(user)}`;
}

/** A role's user is made by its first sign-in; a right cannot be given to it before. */
export function createUser(user: string): string {
  return `CREATE USER ${quoteName(user)} PASSWORD DISABLE`;
}

const CALL = /^\s*call\s+(?:(\w+)|"([^"]+)")\s*\./i;

/** Schemas of the procedures that steps call. */
function calledSchemas(plans: readonly Plan[]): Set<string> {
  const found = new Set<string>();
  for (const statement of plans.flatMap((plan) => plan.steps.flatMap((step) => step.statements))) {
    const [, plain, quoted] =
      CALL.exec(statement.parts.filter((part) => typeof part === 'string').join('')) ?? [];
    const schema = plain?.toLowerCase() ?? quoted;
    if (schema !== undefined) found.add(schema);
  }
  return found;
}

function schemaOf(table: string): string {
  return nameParts(table)[0] ?? table;
}

/**
 * GRANT statements, those of Baton itself first. Tables that a pipeline names without a schema, makes itself, or reaches
 * through a view or a procedure alone are not in it.
 */
export function grantsFor(user: string, database: string, plans: readonly Plan[]): string[] {
  const to = `TO ${quoteName(user)}`;
  const tables = tablesOf(plans);
  const called = calledSchemas(plans);
  const made = plans.flatMap((plan) => plan.steps.flatMap((step) => step.lineage.redefines ?? []));
  const makesIn = new Set(made.filter((name) => nameParts(name).length === 2).map(schemaOf));
  const schemas = new Set([...tables.map(({ name }) => schemaOf(name)), ...called, ...makesIn]);
  return [
    `GRANT TEMP ON DATABASE ${quoteName(database)} ${to}`,
    `GRANT USAGE ON SCHEMA baton ${to}`,
    `GRANT SELECT, INSERT ON baton.step_marker ${to}`,
    ...[...schemas].sort().map((schema) => `GRANT USAGE ON SCHEMA ${schema} ${to}`),
    ...[...makesIn].sort().map((schema) => `GRANT CREATE ON SCHEMA ${schema} ${to}`),
    ...[...called].sort().map((schema) => `GRANT EXECUTE ON ALL PROCEDURES IN SCHEMA ${schema} ${to}`),
    ...tables.map(({ name, isWritten }) =>
      isWritten ? `GRANT SELECT, INSERT, UPDATE, DELETE ON ${name} ${to}` : `GRANT SELECT ON ${name} ${to}`,
    ),
  ];
}
