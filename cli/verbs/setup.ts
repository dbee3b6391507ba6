import { join } from 'node:path';

import { packageRoot } from '../../build/project.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Connection } from '../aws/connection.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { sqlFolder } from '../project.ts';
import { applySetup, setupLine } from '../query/apply-setup.ts';
import { createUser, databaseUserOf, grantsFor, userQuery } from '../query/grants.ts';
import type { Context, Verb } from '../verb.ts';
import { accessOf, accessOptions, sqlOption } from './shared-options.ts';

/** Prints the GRANTs, and changes nothing. */
async function printGrants(
  { args, out, json }: Context,
  connection: Connection,
  folder: string,
): Promise<ExitCode> {
  const { warehouse } = accessOf(args);
  // As the functions sign in, not as the caller does.
  const target = await connection.target(warehouse === undefined ? {} : { warehouse });
  const user = args.text('to') ?? databaseUserOf(target, await connection.deployed());
  if (user === undefined) {
    throw usageError(
      'the functions sign in with a secret, so their database user is not known here',
      'pass the user of the secret: --to USER',
    );
  }
  const client = await connection.sql(accessOf(args));
  const [found] = await client.run([userQuery(user)]);
  const isThere = found?.rows[0] !== undefined;
  const plans = loadPipelines(folder).plans.filter((plan) => plan.warehouse === warehouse);
  const statements = [...(isThere ? [] : [createUser(user)]), ...grantsFor(user, target.Database, plans)];
  if (json) out.json({ user, statements });
  else out.data(statements.map((statement) => `${statement};`).join('\n'));
  return EXIT.done;
}

export const setup: Verb = {
  name: 'setup',
  summary: 'apply sql/setup/ to the warehouse: tables and markers',
  description: `
Applies the files of sql/setup/ in name order, each in one transaction: the
tables of the pipelines, and baton.step_marker. Each file must be repeatable. A
file that fails is reported, the others are still applied, and the exit code
is 1. Locally \`baton up\` does this at each start.
With --grants it applies nothing and prints the GRANTs that the functions'
database user needs, on Baton's own table and on the tables that pipelines name
with their schema. It signs in like the functions, but with your credentials, or
with --secret or --db-user, since another user often creates tables and grants
permissions.
Run both for each warehouse that pipelines name (--warehouse).`,
  positionals: [],
  options: {
    grants: { help: 'print the GRANTs for the functions; apply nothing' },
    to: { value: 'USER', help: "--grants: to this database user (default: the functions' own)" },
    ...accessOptions,
    ...sqlOption,
  },
  examples: ['baton setup', 'baton setup --stage prod', 'baton setup --stage prod --grants > grants.sql'],
  run: async (context) => {
    const { args, out, json, connect } = context;
    const folder = sqlFolder(args.text('sql'));
    const connection = await connect();
    if (args.flag('grants')) return printGrants(context, connection, folder);
    if (args.text('to') !== undefined) throw usageError('--to requires --grants');
    const client = await connection.sql(accessOf(args));
    const files = await applySetup(client, folder, join(packageRoot, 'sql'), (file) => {
      const word = file.error === undefined ? out.style.good('ok  ') : out.style.bad('FAIL');
      out.say(`  ${word} ${setupLine(file)}`);
    });
    const failed = files.filter(({ error }) => error !== undefined);
    if (json) {
      const applied = files.filter(({ error }) => error === undefined).map(({ name }) => name);
      out.json({ applied, failed: failed.map(({ name, error }) => ({ name, error })) });
    } else if (files.length === 0) out.say(`no .sql files in ${folder}/setup`);
    return failed.length === 0 ? EXIT.done : EXIT.failed;
  },
};
