/** The pages that messages name: in a project they lie with the installed Baton. */
import { dirname, join, relative } from 'node:path';

import { isInstalled, packageRoot } from '../build/project.ts';

const pages = isInstalled ? relative('.', join(dirname(packageRoot), 'docs')) : 'docs';

/** A text with `docs/NAME.md` in it, as these pages are found from the current folder. */
export function withPages(text: string, folder: string = pages): string {
  return text.replaceAll(/(?<![\w/.-])docs\/(?=[\w-]+\.md\b)/g, () => `${folder}/`);
}
