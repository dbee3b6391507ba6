/** Baton as npm installs it: packed from a copy of the sources, in a folder of its own, called by an ordinary user. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

import { packageRoot as root } from '../../build/project.ts';
import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import manifest from '../../package.json' with { type: 'json' };

const run = promisify(execFile);

/** What the package is made of; a person's own pipelines in `sql/` are not. */
const SOURCES = [
  'bin',
  'build',
  'cli',
  'docs',
  'functions',
  'local',
  'samples',
  'shared',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'package.json',
  'serverless.yml',
  'tsconfig.json',
  'tsconfig.package.json',
];

/** The test's own user may be root, for whom every file is writable. */
const NOBODY = 65_534;
const ordinary = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How the packages that Baton depends on come to it. */
export type Installation =
  /** `npm install` of the tarball, from the registry, into an empty cache. */
  | 'npm'
  /** Links to the packages of this repository, which takes a second instead of a minute. */
  | 'links';

export class Installed {
  readonly folder: string;
  readonly home: string;
  readonly tarball: string;
  /** The folder that Baton is installed in. */
  readonly place: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.home = join(folder, 'home');
    this.place = join(folder, 'place');
    this.tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`);
  }

  static async make(installation: Installation, options: readonly string[] = []): Promise<Installed> {
    const installed = new Installed(mkdtempSync(join(tmpdir(), 'baton-package-')));
    try {
      for (const path of [installed.home, installed.place]) mkdirSync(path);
      await installed.#pack();
      installed.#give();
      if (installation === 'npm') await installed.#install(options);
      else await installed.#link();
      return installed;
    } catch (error) {
      installed.remove();
      throw error;
    }
  }

  async #pack(): Promise<void> {
    const sources = join(this.folder, 'sources');
    for (const name of SOURCES) cpSync(join(root, name), join(sources, name), { recursive: true });
    copySampleSql(join(sources, 'sql'));
    symlinkSync(join(root, 'node_modules'), join(sources, 'node_modules'));
    await run('npm', ['pack', '--silent', '--pack-destination', this.folder], {
      cwd: sources,
      // What npm keeps there would belong to this process's user.
      env: { ...this.#environment(), HOME: sources },
    });
    rmSync(sources, { recursive: true });
  }

  /** Only what package.json names: a development dependency is not found. */
  async #link(): Promise<void> {
    const modules = join(this.place, 'node_modules');
    mkdirSync(join(modules, manifest.name), { recursive: true });
    await run('tar', ['-xzf', this.tarball, '--strip-components=1', '-C', join(modules, manifest.name)]);
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      // Those of other platforms are not here.
      if (!existsSync(join(root, 'node_modules', name))) continue;
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
    }
    mkdirSync(join(modules, '.bin'));
    symlinkSync(join('..', manifest.name, manifest.bin.baton), join(modules, '.bin', manifest.name));
    // As `npm install FILE` writes it.
    const dependencies = { [manifest.name]: `file:../${manifest.name}-${manifest.version}.tgz` };
    writeFileSync(join(this.place, 'package.json'), JSON.stringify({ dependencies }));
  }

  /** The folders to the ordinary user, who then may not write to a node_modules that is there already. */
  #give(): void {
    const { uid, gid } = ordinary;
    if (uid === undefined) return;
    for (const path of [this.folder, this.home, this.place]) chownSync(path, uid, gid);
  }

  /** Nothing of this process's own: no credentials, no Region, no home. Node as a newcomer's `npx` would find it. */
  #environment(): NodeJS.ProcessEnv {
    return {
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: this.home,
      TMPDIR: tmpdir(),
      NODE_EXTRA_CA_CERTS: process.env['NODE_EXTRA_CA_CERTS'],
    };
  }

  async #install(options: readonly string[]): Promise<void> {
    // The only setting of this machine's npm that is kept.
    const { stdout: registry } = await run('npm', ['config', 'get', 'registry']);
    const words = ['install', this.tarball, ...options, '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', [...words, '--registry', registry.trim()], {
      cwd: this.place,
      env: this.#environment(),
      ...ordinary,
    });
  }

  /** Packages of this repository, for the tools that a team has beside Baton. */
  lend(...names: readonly string[]): void {
    for (const name of names) {
      const link = join(this.place, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      if (!existsSync(link)) symlinkSync(join(root, 'node_modules', name), link);
    }
  }

  /** Starts `baton` in a folder below the place. */
  start(project: string, ...words: string[]): ChildProcess {
    return this.#start(project, join(this.place, 'node_modules', '.bin', 'baton'), ...words);
  }

  #start(project: string, program: string, ...words: string[]): ChildProcess {
    return spawn(process.execPath, [program, ...words], {
      cwd: join(this.place, project),
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...ordinary,
    });
  }

  async baton(project: string, ...words: string[]): Promise<Answer> {
    return this.node(project, join(this.place, 'node_modules', '.bin', 'baton'), ...words);
  }

  /** Runs a program of Node in a folder below the place. */
  async node(project: string, program: string, ...words: string[]): Promise<Answer> {
    const child = this.#start(project, program, ...words);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (number) => {
        resolve(number ?? -1);
      });
    });
    return { code, stdout, stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
