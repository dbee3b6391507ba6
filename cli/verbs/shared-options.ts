/** Options that several verbs have. */
import type { RunState } from '../../shared/run/run.ts';
import { defined } from '../../shared/run/defined.ts';
import type { Arguments } from '../arguments.ts';
import type { Access } from '../aws/warehouse-target.ts';
import { usageError } from '../exit.ts';
import type { OptionSpec } from '../syntax.ts';

export const RUN_STATES: readonly RunState[] = [
  'QUEUED',
  'RUNNING',
  'WAITING',
  'CANCELLING',
  'NEEDS_DECISION',
  'FAILED',
  'PAUSED',
  'SUCCEEDED',
  'CANCELLED',
  'SUPERSEDED',
];

export const sqlOption: Readonly<Record<string, OptionSpec>> = {
  sql: { value: 'FOLDER', help: 'the folder with the pipelines (default: sql/)' },
};

export const noWaitOption: Readonly<Record<string, OptionSpec>> = {
  'no-wait': { help: 'print the run id and do not wait for the run to end' },
};

export const signInOptions: Readonly<Record<string, OptionSpec>> = {
  secret: { value: 'ARN', help: 'sign in to the warehouse with this secret of Secrets Manager' },
  'db-user': { value: 'NAME', help: 'sign in to the cluster as this database user' },
};

export const accessOptions: Readonly<Record<string, OptionSpec>> = {
  warehouse: { value: 'NAME', help: "a warehouse that pipelines name (default: the stage's own)" },
  ...signInOptions,
};

/** @throws CommandError (exit 2) when secret and user are given */
export function accessOf(args: Arguments): Access {
  const warehouse = args.text('warehouse');
  const secretArn = args.text('secret');
  const dbUser = args.text('db-user');
  if (secretArn !== undefined && dbUser !== undefined) {
    throw usageError('--secret and --db-user cannot be combined');
  }
  return defined({ warehouse, secretArn, dbUser });
}
