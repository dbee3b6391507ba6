/** What a new project depends on: the Baton that makes it, from where that came. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isInstalled, packageRoot } from '../../build/project.ts';
import { usageError } from '../exit.ts';
import { packageName, version } from '../version.ts';

export interface Dependency {
  /** As it stands in package.json. */
  readonly spec: string;
  /** A tarball that the project keeps in itself, so that it installs on every machine: below the project, and from where. */
  readonly tarball?: { readonly path: string; readonly from: string };
}

type Dependencies = Readonly<Record<string, string>>;
interface Manifest {
  readonly dependencies?: Dependencies;
  readonly devDependencies?: Dependencies;
  readonly optionalDependencies?: Dependencies;
}

/** A folder or a tarball on this machine; not a version, a tag, a URL or a repository. */
const LOCAL = /^(?:file:|\.{0,2}\/)|^[^:@]+\.(?:tgz|tar\.gz)$/;

/**
 * @param given `--baton`: a version, a tarball, a folder, a URL or a repository; by default what brought this Baton
 * @throws CommandError where a file that it names does not exist
 */
export function dependencyOn(given: string | undefined, project: string): Dependency {
  const [spec, base] = given === undefined ? installedFrom() : [given, '.'];
  if (!LOCAL.test(spec)) return { spec };
  const path = spec.startsWith('file://') ? fileURLToPath(spec) : resolve(base, spec.replace(/^file:/, ''));
  if (!existsSync(path)) {
    throw usageError(
      `Baton's package ${path} does not exist`,
      'name what the project should depend on: --baton VERSION, or --baton FILE.tgz (npm pack makes one)',
    );
  }
  if (statSync(path).isDirectory()) return { spec: `file:${relative(project, path) || '.'}` };
  const kept = join('vendor', basename(path));
  return { spec: `file:${kept}`, tarball: { path: kept, from: path } };
}

/** What a package.json says of Baton; undefined where it says nothing. */
export function dependencyIn(text: string): string | undefined {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(text) as Manifest;
  return { ...optionalDependencies, ...devDependencies, ...dependencies }[packageName];
}

/**
 * How this Baton was installed, and the folder that this is relative to. A range becomes the version that is here.
 * Never a guess: in npm's public registry the name belongs to another package.
 */
function installedFrom(): [spec: string, base: string] {
  if (!isInstalled) return [packageRoot, '/'];
  // <project>/node_modules/baton/dist; npx has such a project for each package, too.
  const project = packageRoot.slice(0, packageRoot.lastIndexOf(`${sep}node_modules${sep}`));
  const path = join(project, 'package.json');
  const spec = existsSync(path) ? dependencyIn(readFileSync(path, 'utf8')) : undefined;
  if (spec === undefined) {
    throw usageError(
      `${project} does not say where this Baton came from`,
      'name what the project should depend on: --baton VERSION of your registry, or --baton FILE.tgz',
    );
  }
  // With a colon: file:, https:, git+ssh:, github:, npm:. With a slash: a repository of GitHub.
  return [/[:/]/.test(spec) ? spec : version, project];
}
