/** What is done to translated SQL before PostgreSQL gets it: it is parsed, and looked at as a tree. */
import type { ClientBase } from 'pg';

import { readCatalog } from '../types/catalog.ts';
import { inferTypes, isTyped, namesToRead } from '../types/infer.ts';
import { bodyOf } from '../types/procedure-body.ts';
import type { Column } from '../types/type.ts';
import { checkUnknowns } from './gate-catalog.ts';
import { gateTexts } from './gate-texts.ts';
import { gate } from './gate.ts';
import { canAsk, withLateBindingViews } from './late-binding.ts';
import { loadParser, parseTree, refuseTooDeep } from './parse.ts';
import type { Tree } from './parse.ts';
import { withCopiedProcedure } from './copied-procedure.ts';

export interface Refined {
  readonly sql: string;
  /** Of the result, in Redshift's types; undefined: they are not known. */
  readonly columns?: readonly Column[] | undefined;
  /** A statement to run first, in the same transaction. It takes no parameters. */
  readonly before?: string;
}

/**
 * @param sql one translated statement, its parameters as `$1`
 * @param client of the session that runs it: its catalog has the session's temporary tables
 * @throws UnsupportedSqlError naming what Redshift does not have
 */
export async function refine(sql: string, client: ClientBase): Promise<Refined> {
  await loadParser();
  const given = parseTree(sql);
  if (given === undefined) return { sql };
  await checkUnknowns(gate(given), client);
  await checkUnknowns(gateTexts(given, sql), client);
  try {
    return await typed(sql, given, client);
  } catch (error) {
    refuseTooDeep(error);
    throw error;
  }
}

async function typed(sql: string, given: NonNullable<Tree>, client: ClientBase): Promise<Refined> {
  const bound = await withLateBindingViews(sql, given, client);
  const read = await withCopiedProcedure(bound, given, client);
  const tree = read === sql ? given : parseTree(read);
  const body = tree !== undefined && canAsk(client) ? bodyOf(read, tree) : undefined;
  if (body !== undefined) {
    const inTypes = body.typed(await readCatalog(client, body.names));
    // A procedure gets the types of its tables when it is called; here only what is refused is refused.
    return { sql: body.isProcedure ? read : inTypes };
  }
  if (tree === undefined || !isTyped(tree) || !canAsk(client)) return { sql: read };
  return inferTypes(read, tree, await readCatalog(client, namesToRead(tree)));
}
