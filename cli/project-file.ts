/** Reads `baton.yml`: the stages of a project, where each is deployed, and their parameters. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { isMap, parseDocument } from 'yaml';

import { PROJECT_FILE, projectFolder } from '../build/project.ts';
import { PARAMETERS } from '../build/serverless/parameters.cjs';
import { formatProblem } from '../shared/pipeline/problem.ts';
import { readYaml } from '../shared/pipeline/read-yaml.ts';
import type { Key, Shape } from '../shared/pipeline/shape.ts';
import { defined } from '../shared/run/defined.ts';
import { usageError } from './exit.ts';

/** What baton.yml says of a stage. The command line is stronger than it, it is stronger than the environment. */
export interface StageSettings {
  readonly region?: string;
  /** Of the AWS configuration. */
  readonly profile?: string;
  /** Those of `build/serverless/parameters.cjs` that have a value: name -> text. */
  readonly parameters: Readonly<Record<string, string>>;
}

type Written = Readonly<Record<string, string>>;

const REGION = '^[a-z]{2}(-[a-z]+)+-\\d$';

const parameterKeys = Object.fromEntries(
  PARAMETERS.map((name): [string, Key] => [
    name,
    { shape: { kind: 'scalar' }, description: 'docs/deployment-parameters.md' },
  ]),
);

const shape: Shape = {
  kind: 'object',
  keys: {
    stages: {
      description: 'The stages of the project, by name.',
      shape: {
        kind: 'map',
        // The same names as `build/serverless/stage.cjs`.
        keyPattern: '^(?!local$)[a-z][a-z0-9-]{0,19}$',
        keyWords:
          'a stage name (a lower-case letter, then up to 19 lower-case letters, digits and dashes) other than local, which has no settings',
        of: {
          kind: 'object',
          keys: {
            region: {
              shape: { kind: 'text', pattern: REGION, words: 'a Region, like eu-central-1' },
              description: 'Where the stage is deployed.',
            },
            profile: {
              shape: { kind: 'text', pattern: '^\\S+$', words: 'the name of a profile' },
              description: 'Whose credentials are used: a profile of the AWS configuration.',
            },
            ...parameterKeys,
          },
        },
      },
    },
  },
};

/**
 * The stages of the project in `folder`; none without a baton.yml.
 * @throws CommandError (exit 2) with every problem of the file, each with line and column
 */
export function projectStages(folder: string = projectFolder): ReadonlyMap<string, StageSettings> {
  const path = join(folder, PROJECT_FILE);
  if (!existsSync(path)) return new Map();
  const { settings, problems } = readYaml<{ stages?: Readonly<Record<string, Written>> }>(
    readFileSync(path, 'utf8'),
    shape,
    relative('.', path),
    PROJECT_FILE,
  );
  if (problems.length > 0) throw usageError(problems.map(formatProblem).join('\n'));
  return new Map(
    Object.entries(settings?.stages ?? {}).map(([name, { region, profile, ...parameters }]) => [
      name,
      { ...defined({ region, profile }), parameters },
    ]),
  );
}

/** What baton.yml says of one stage; nothing where it does not name it. */
export function stageSettings(stage: string, folder?: string): StageSettings {
  return projectStages(folder).get(stage) ?? { parameters: {} };
}

/**
 * Sets a parameter of a stage in baton.yml, or removes it; comments stay. Gives the file's path; undefined: nothing was
 * written, since the project has no such file, it does not name the stage, or there was nothing to remove.
 */
export function writeParameter(
  stage: string,
  name: string,
  value: string | undefined,
  folder: string = projectFolder,
): string | undefined {
  const path = join(folder, PROJECT_FILE);
  if (!projectStages(folder).has(stage)) return undefined;
  const document = parseDocument(readFileSync(path, 'utf8'));
  const section = ['stages', stage];
  const place = [...section, name];
  // A stage without settings has none.
  const hasSettings = isMap(document.getIn(section));
  if (value !== undefined && hasSettings) document.setIn(place, value);
  else if (value !== undefined) document.setIn(section, { [name]: value });
  else if (hasSettings && document.hasIn(place)) document.deleteIn(place);
  else return undefined;
  writeFileSync(path, document.toString({ lineWidth: 0 }));
  return relative('.', path);
}
