import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { runCommand } from '../../cli/command.ts';
import { verbHelp } from '../../cli/help.ts';
import { allVerbs, verbNames } from '../../cli/verbs.ts';

const verbs = await allVerbs();

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function baton(words: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  const code = await runCommand(words, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env,
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}

/** A port at which nobody listens: it was ours a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-command-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the help', () => {
  it('of the command lists every verb, on stdout, in 80 columns', async () => {
    const { code, stdout } = await baton(['--help']);
    expect(code).toBe(0);
    for (const verb of verbs) expect(stdout).toMatch(new RegExp(`^  ${verb.name} +\\S`, 'm'));
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each(verbs.map((verb) => [verb.name, verb] as const))(
    'of %s lists every option and positional, in 80 columns',
    async (name, verb) => {
      const { code, stdout } = await baton([...name.split(' '), '--help']);
      expect(code).toBe(0);
      expect(stdout).toBe(verbHelp(verb));
      for (const option of Object.keys(verb.options)) expect(stdout).toContain(`--${option}`);
      for (const positional of verb.positionals) expect(stdout).toContain(`  ${positional.name} `);
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    },
  );

  it('accepts --help before and after the verb, and for a group', async () => {
    expect((await baton(['help', 'drop'])).stdout).toBe((await baton(['drop', '-h'])).stdout);
    expect((await baton(['help', 'local', 'fault'])).stdout).toContain('kill-session');
    expect((await baton(['local', '--help'])).stdout).toContain('local advance');
  });

  it('is on stderr with exit code 2 without a verb', async () => {
    const { code, stdout, stderr } = await baton([]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('usage: baton VERB');
  });

  it('has examples that the parser accepts', async () => {
    const examples = verbs.flatMap((verb) =>
      verb.examples
        .filter((example) => example.startsWith('baton '))
        .map((example) => ({ verb, words: example.replace(/ < .*/, '').match(/"[^"]*"|\S+/g) ?? [] })),
    );
    expect(examples.length).toBeGreaterThan(15);
    for (const { verb, words } of examples) {
      const { code, stdout } = await baton([...words.slice(1), '--help']);
      expect({ words, code }).toEqual({ words, code: 0 });
      expect(stdout).toBe(verbHelp(verb));
    }
  });

  it('lists each verb under its own name', () => {
    expect(verbNames).toEqual(verbs.map(({ name }) => name));
  });

  it('has the version with --version', async () => {
    expect((await baton(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong usage ends with exit code 2, on stderr,', () => {
  it.each<[string, string[], string]>([
    ['for an unknown verb', ['dorp', 'x.csv'], 'did you mean drop?'],
    ['for an unknown verb of a group', ['local', 'advence', '1h'], 'did you mean local advance?'],
    ['for an unknown option', ['runs', '--pipelin', 'x'], 'did you mean --pipeline?'],
    ['for an unknown option before the verb', ['--stge', 'runs'], 'unknown option --stge'],
    ['for a file that is not there', ['drop', '/no/such/file.csv', '--to', 'x/'], 'no such file'],
    ['for a folder as file', ['drop', '/', '--to', 'x/'], 'not a file: /'],
    [
      'for a folder that is not there',
      ['validate', '--sql', '/no/such/folder'],
      'no such folder: /no/such/folder',
    ],
    ['for a bad number', ['runs', '--limit', 'many'], '--limit many: must be a whole number'],
    ['for a bad state', ['runs', '--state', 'FAILD'], 'did you mean FAILED?'],
    ['for a bad duration', ['local', 'advance', 'soon'], 'must be a duration such as 90s'],
    ['for a bad stage', ['runs', '--stage', 'Prod!'], 'not a stage name'],
    ['for a bad endpoint', ['runs', '--endpoint', 'nowhere'], 'not an endpoint'],
    [
      'for a plain package without its bucket',
      ['package', '--stage', 'dev', '--plain'],
      '--plain needs the bucket that the functions are deployed from',
    ],
    [
      'for a bucket that cannot be one',
      ['package', '--stage', 'dev', '--plain', '--code-bucket', 's3://team-code'],
      '--code-bucket s3://team-code: a bucket name (not an ARN or s3:// address)',
    ],
    [
      'for a prefix that cannot be one',
      ['package', '--stage', 'dev', '--plain', '--code-bucket', 'team-code', '--code-prefix', '/a//b'],
      '--code-prefix /a//b: must be letters, digits,',
    ],
    [
      'for the bucket of a plain package without --plain',
      ['package', '--stage', 'dev', '--code-bucket', 'team-code'],
      '--code-bucket and --code-prefix require --plain',
    ],
    ['for a local verb on another stage', ['local', 'status', '--stage', 'prod'], 'has no local AWS'],
  ])('%s', async (_what, words, message) => {
    const { code, stdout, stderr } = await baton(words);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  it('given SQL without a statement or with an unclosed string', async () => {
    expect(await baton(['query', '   ;'])).toMatchObject({ code: 2 });
    expect((await baton(['query', "select 'a"])).stderr).toContain('SQL:1: unclosed string');
  });
});

describe('an unreachable endpoint', () => {
  it.each([
    ['runs'],
    ['run', 'x'],
    ['resume', 'x'],
    ['cancel', 'x'],
    ['start', 'stores'],
    ['query', 'select 1'],
    ['setup'],
    ['local', 'status'],
  ])('ends %s with exit code 3 and how to start the local AWS', async (...words) => {
    const port = await freePort();
    const { code, stdout, stderr } = await baton(words, { BATON_PORT: String(port) });
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      `baton: cannot connect to http://127.0.0.1:${port}: ECONNREFUSED\n       start the local AWS with: npm start\n`,
    );
  });
});

describe('baton new', () => {
  it('creates a valid pipeline of the best grade, and refuses to create it twice', async () => {
    const made = await baton(['new', 'orders', '--sql', folder]);
    expect(made).toMatchObject({ code: 0 });
    expect(readdirSync(join(folder, 'orders')).sort()).toEqual([
      '10_stage.sql',
      '20_load.sql',
      '30_check.sql',
      '40_commit.sql',
      'pipeline.yml',
      'tests',
    ]);
    const { code, stdout } = await baton(['validate', '--sql', folder, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: true,
      problems: [],
      pipelines: [{ name: 'orders', grade: 'A' }],
    });
    expect(await baton(['new', 'orders', '--sql', folder])).toMatchObject({ code: 2, stdout: '' });
  });

  it.each(['Orders', '1st', 'a-b', '../x', 'table', 'setup', ''])('refuses the name %j', async (name) => {
    expect((await baton(['new', name, '--sql', folder])).code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('baton validate', () => {
  it('prints each problem with file, line and column, and ends with exit code 2', async () => {
    await baton(['new', 'orders', '--sql', folder]);
    const file = join(folder, 'orders', 'pipeline.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('description:', 'descripton:'));
    const { code, stdout, stderr } = await baton(['validate', '--sql', folder]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/orders\/pipeline\.yml:2:1: error: .*descripton.*description/);
    expect(stderr).toBe('1 error\n');
  });

  it('checks only the named pipeline', async () => {
    await baton(['new', 'orders', '--sql', folder]);
    await baton(['new', 'returns', '--sql', folder]);
    rmSync(join(folder, 'returns', 'pipeline.yml'));
    expect(await baton(['validate', 'orders', '--sql', folder])).toMatchObject({
      code: 0,
      stderr: 'valid: orders\n',
    });
    expect((await baton(['validate', 'returns', '--sql', folder])).code).toBe(2);
  });

  it.each<[string, (sql: string) => string[], string]>([
    [
      'a folder that is one pipeline',
      (sql) => ['--sql', join(sql, 'orders')],
      'orders is a single pipeline; --sql takes the folder that contains the pipelines\n       --sql ',
    ],
    [
      'a folder where its name is expected',
      (sql) => [sql],
      'is not a pipeline name\n       to choose the folder with the pipelines, pass --sql FOLDER',
    ],
    ['the path of a pipeline', () => ['sql/stores'], 'sql/stores is not a pipeline name'],
    ['the folder of the tables', (sql) => ['setup', '--sql', sql], 'setup is not a pipeline'],
    ['an empty name', (sql) => ['', '--sql', sql], 'PIPELINE is empty'],
    ['an unknown pipeline', (sql) => ['ordres', '--sql', sql], 'did you mean orders?'],
    ['a folder without pipelines', (sql) => ['--sql', join(sql, 'setup')], 'no pipeline found in '],
    ['a file', (sql) => ['--sql', join(sql, 'setup', 'orders.sql')], 'not a folder: '],
  ])('never ends well without having checked anything: %s', async (_, words, message) => {
    await baton(['new', 'orders', '--sql', folder]);
    const { code, stdout, stderr } = await baton(['validate', ...words(folder)]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('valid:');
  });

  it('reports statements that the local warehouse cannot run, as does plan; neither is an error', async () => {
    await baton(['new', 'orders', '--sql', folder]);
    writeFileSync(
      join(folder, 'orders', '35_more.sql'),
      `-- two\nDELETE FROM orders;\n\n  UPDATE orders SET name = '' WHERE id = :day;\n`,
    );
    writeFileSync(
      join(folder, 'orders', '36_out.sql'),
      `-- :day\nUNLOAD ('SELECT 1 WHERE :day > 1') TO 's3://out/x' IAM_ROLE :copy_role ALLOWOVERWRITE;\n`,
    );
    const file = join(folder, 'orders', 'pipeline.yml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}parameters:\n  day: { type: number }\n`);
    const expected = 'orders/36_out.sql:2:1: warning: UNLOAD is not supported by the local warehouse';
    const { code, stdout, stderr } = await baton(['validate', '--sql', folder]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'valid: orders\n' });
    expect(stdout.trimEnd().split('\n')).toEqual([expect.stringContaining(expected)]);
    const planned = await baton(['plan', 'orders', '--sql', folder]);
    expect(planned.code).toBe(0);
    expect(planned.stderr).toContain(expected);
    const { stdout: json } = await baton(['validate', '--sql', folder, '--json']);
    expect(JSON.parse(json)).toMatchObject({
      valid: true,
      problems: [{ file: 'orders/36_out.sql', line: 2, column: 1, severity: 'warning' }],
    });
  });
});

describe('baton plan', () => {
  beforeEach(async () => {
    await baton(['new', 'orders', '--sql', folder]);
  });

  it('shows the kind of each step, and what a resume at it re-runs', async () => {
    const { code, stdout } = await baton(['plan', 'orders', '--sql', folder]);
    expect(code).toBe(0);
    expect(stdout).toContain('grade A');
    expect(stdout).toContain('4. 40_commit.sql  durable  (one transaction, timeout 10m)');
    expect(stdout).toMatch(/on resume  re-runs 10_stage.sql, 20_load.sql/);
    const { stdout: json } = await baton(['plan', 'orders', '--sql', folder, '--json']);
    const { steps } = JSON.parse(json) as { steps: { step: string; kind: string }[] };
    expect(steps.map((step) => step.kind)).toEqual(['session', 'session', 'check', 'durable']);
  });

  it('with --statements shows every statement as submitted, even with a hostile file name', async () => {
    const uri = String.raw`s3://some-bucket/orders/a'; drop table x;--\.csv`;
    const { code, stdout } = await baton(['plan', 'orders', '--sql', folder, '--statements', '--file', uri]);
    expect(code).toBe(0);
    expect(stdout).toContain("FROM 's3://baton-local-artifacts/manifests/orders-example.json'");
    expect(stdout).toContain('INSERT INTO baton.step_marker');
    expect(stdout).not.toContain('drop table x');
  });

  it('suggests the nearest name for an unknown pipeline', async () => {
    const { code, stderr } = await baton(['plan', 'ordres', '--sql', folder]);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean orders?');
  });
});
