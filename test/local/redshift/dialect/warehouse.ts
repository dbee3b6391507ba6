/** A PostgreSQL server with the shim, and a session in which Redshift SQL can be run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';

import { installShim } from '../../../../local/redshift/dialect/shim/install.ts';
import type { Translated } from '../../../../local/redshift/dialect/translated.ts';
import { runTranslated } from '../../../../local/redshift/tree/lateral-aliases.ts';
import { refine } from '../../../../local/redshift/tree/refine.ts';
import { asSessionRole, prepareSessionRole } from '../../../../local/redshift/session-role.ts';
import { removeDataFolder, startPostgres } from '../../../../local/redshift/postgres/start-postgres.ts';
import { checkKinds } from './inferred-kinds.ts';
import { splitStatements, tokenize } from '../../../../shared/pipeline/lexer.ts';

/** Values as PostgreSQL writes them; NULL is null. */
type Row = readonly (string | null)[];

interface Outcome {
  readonly rows: readonly Row[];
  readonly columns: readonly string[];
  readonly count: number | null;
}

export interface Session {
  /** Runs one or several statements; gives the outcome of the last. */
  run(sql: string): Promise<Outcome>;
  client: Client;
  end(): Promise<void>;
}

export interface Warehouse {
  session(): Promise<Session>;
  stop(): Promise<void>;
}

const asText = { getTypeParser: () => (value: string) => value };

async function runOne(client: Client, translated: Translated): Promise<Outcome> {
  const none: Outcome = { rows: [], columns: [], count: null };
  if (translated.kind !== 'sql') return none;
  let outcome = none;
  let own = translated.statements.length > 1;
  if (own) await client.query('begin');
  try {
    for (const [at, text] of translated.statements.entries()) {
      const refined = await refine(text, client);
      if (refined.before !== undefined) {
        if (client.getTransactionStatus() === 'I') {
          own = true;
          await client.query('begin');
        }
        await client.query(refined.before);
      }
      const result = await client.query<string[]>({ text: refined.sql, rowMode: 'array', types: asText });
      checkKinds(refined.columns, result.fields);
      if (at === translated.rowsFrom) {
        outcome = {
          rows: result.rows,
          columns: result.fields.map(({ name }) => name),
          count: result.rowCount,
        };
      }
    }
    if (own) await client.query('commit');
  } catch (error) {
    if (own) await client.query('rollback');
    throw error;
  }
  return outcome;
}

export async function startWarehouse(): Promise<Warehouse> {
  const home = mkdtempSync(join(tmpdir(), 'baton-dialect-'));
  const postgres = await startPostgres({ home });
  const first = new Client(postgres.connect);
  await first.connect();
  await installShim(first);
  await prepareSessionRole(first, postgres.connect);
  await first.end();
  return {
    async session() {
      const client = new Client(asSessionRole(postgres.connect));
      await client.connect();
      return {
        client,
        async run(sql) {
          let outcome: Outcome = { rows: [], columns: [], count: null };
          for (const statement of splitStatements(tokenize(sql))) {
            const text = statement.map((token) => token.text).join('');
            outcome = await runTranslated(text, (translated) => runOne(client, translated));
          }
          return outcome;
        },
        end: () => client.end(),
      };
    },
    async stop() {
      await postgres.stop();
      removeDataFolder(home);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
