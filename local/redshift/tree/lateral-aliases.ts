/**
 * References to an alias of the same SELECT, where FROM has a column of that name: FROM's wins. Only the catalog knows,
 * so the statement is translated again once such a name was found in both places.
 */
import { translate } from '../dialect/translate.ts';
import type { Translated } from '../dialect/translated.ts';
import { AliasIsColumn } from '../types/scope.ts';

/** @param run may be called again, with another translation; nothing of the first has run then */
export async function runTranslated<T>(
  sql: string,
  run: (translated: Translated) => Promise<T>,
  first: Translated = translate(sql),
): Promise<T> {
  const columns = new Set<string>();
  let translated = first;
  for (;;) {
    try {
      return await run(translated);
    } catch (error) {
      if (!(error instanceof AliasIsColumn) || columns.has(error.column)) throw error;
      columns.add(error.column);
      translated = translate(sql, columns);
    }
  }
}
