import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { packageRoot, projectAbove, projectFolder } from '../../build/project.ts';
import { projectStages, stageSettings, writeParameter } from '../../cli/project-file.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-project-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(text: string): void {
  writeFileSync(join(folder, 'baton.yml'), text);
}

/** The lines of the error, without the file's name. */
function problemsOf(text: string): string[] {
  write(text);
  try {
    projectStages(folder);
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace(/^.*baton\.yml:(?=\d)/, ''));
  }
  throw new Error('the file was accepted');
}

describe('baton.yml', () => {
  it('gives Region, profile and parameters of each stage, as text', () => {
    write(`
stages:
  dev:
    region: eu-central-1
    workgroup: etl
    archiveDays: 7
    watch: false
    tags: team=data,cost=12
  prod: { region: us-gov-west-1, profile: prod-admin, cluster: big }
  empty:
`);
    expect([...projectStages(folder)]).toEqual([
      [
        'dev',
        {
          region: 'eu-central-1',
          parameters: { workgroup: 'etl', archiveDays: '7', watch: 'false', tags: 'team=data,cost=12' },
        },
      ],
      ['prod', { region: 'us-gov-west-1', profile: 'prod-admin', parameters: { cluster: 'big' } }],
      ['empty', { parameters: {} }],
    ]);
    expect(stageSettings('other', folder)).toEqual({ parameters: {} });
  });

  it.each(['', '# nothing yet\n', 'stages:\n'])('may be without stages: %j', (text) => {
    write(text);
    expect(projectStages(folder).size).toBe(0);
  });

  it('reports every problem at once, with line, column and remedy', () => {
    const problems = problemsOf(`
stages:
  Dev: {}
  local: {}
  dev:
    workgruop: etl
    region: Frankfurt
    database:
stage: {}
`);
    expect(problems).toEqual([
      expect.stringMatching(/^3:3: error: "Dev" in stages must be a stage name \(a lower-case letter/),
      expect.stringMatching(
        /^4:3: error: "local" in stages must be .* other than local, which has no settings/,
      ),
      expect.stringMatching(
        /^6:5: error: unknown key workgruop in stages\.dev \(did you mean workgroup\?\); known keys: region, profile, workgroup,/,
      ),
      '7:13: error: stages.dev.region must be a Region, like eu-central-1; it is Frankfurt',
      expect.stringMatching(/^8:\d+: error: stages\.dev\.database must be a string, number or boolean$/),
      expect.stringMatching(/^9:1: error: unknown key stage in baton\.yml \(did you mean stages\?\)/),
    ]);
  });

  it.each([
    ['a list', '- dev\n', /^1:1: error: baton\.yml must be a list of keys \(stages\)/],
    ['a stage twice', 'stages:\n  dev: {}\n  dev: {}\n', /^3:3: error: duplicate key$/],
    ['no YAML', 'stages: {\n', /error: not YAML/],
  ])('is rejected as %s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(problem)]);
  });
});

describe('the project', () => {
  it('is found from the current folder upwards', () => {
    write('');
    const below = join(folder, 'sql', 'setup');
    mkdirSync(below, { recursive: true });
    expect(projectAbove(below)).toBe(folder);
    expect(projectAbove(folder)).toBe(folder);
    expect(projectAbove(tmpdir())).toBeUndefined();
  });

  it('is the repository where there is no baton.yml', () => {
    expect(projectFolder).toBe(packageRoot);
  });
});

describe('a parameter that is written into baton.yml', () => {
  const text = () => readFileSync(join(folder, 'baton.yml'), 'utf8');

  it('stands in its stage; comments and other stages stay as they are', () => {
    const before = `# Ours
stages:
  dev:
    region: eu-central-1 # Frankfurt
    workgroup: etl
  prod: { region: eu-west-1, cluster: big }
  empty:
`;
    write(before);
    expect(writeParameter('dev', 'observed', 'errorIds=true,busyAfterEndMs=340', folder)).toMatch(
      /baton\.yml$/,
    );
    expect(text()).toBe(
      before.replace(
        '    workgroup: etl\n',
        '    workgroup: etl\n    observed: errorIds=true,busyAfterEndMs=340\n',
      ),
    );
    writeParameter('dev', 'observed', 'errorIds=true', folder);
    writeParameter('prod', 'observed', 'errorIds=true', folder);
    writeParameter('empty', 'observed', 'errorIds=true', folder);
    for (const stage of ['dev', 'prod', 'empty'])
      expect(stageSettings(stage, folder).parameters['observed']).toBe('errorIds=true');
    writeParameter('dev', 'observed', undefined, folder);
    writeParameter('empty', 'observed', undefined, folder);
    expect(stageSettings('dev', folder)).toEqual({
      region: 'eu-central-1',
      parameters: { workgroup: 'etl' },
    });
    expect(text()).toContain('# Frankfurt');
  });

  it('is not written where the project does not name the stage', () => {
    write('stages:\n  dev:\n    workgroup: etl\n');
    const before = text();
    expect(writeParameter('local', 'observed', 'errorIds=true', folder)).toBeUndefined();
    expect(writeParameter('dev', 'observed', undefined, folder)).toBeUndefined();
    expect(text()).toBe(before);
  });
});
