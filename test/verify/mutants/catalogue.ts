/** All mutants of the core, and the core with all of them in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { changesIn } from './find.ts';
import type { Mutant } from './instrument.ts';
import { CORE, instrumented, placed } from './instrument.ts';
import { parse } from './syntax.ts';
import { vocabularyOf } from './vocabulary.ts';

export interface Catalogue {
  readonly mutants: readonly Mutant[];
  /** File name -> its source with every mutant of it. */
  readonly sources: ReadonlyMap<string, string>;
}

export function catalogueOf(root: string): Catalogue {
  const folder = join(root, CORE);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      return { file, text, program: parse(text) };
    });
  const vocabulary = vocabularyOf(files.map(({ program }) => program));
  const mutants: Mutant[] = [];
  const sources = new Map<string, string>();
  for (const { file, text, program } of files) {
    const own = placed(file, text, changesIn(text, program, vocabulary), mutants.length);
    mutants.push(...own);
    sources.set(file, instrumented(text, own));
  }
  return { mutants, sources };
}
