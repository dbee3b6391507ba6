import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SqlClient } from '../../cli/aws/sql-client.ts';
import { CommandError, EXIT } from '../../cli/exit.ts';
import { applySetup, setupLine, type SetupFile } from '../../cli/query/apply-setup.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-setup-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeSetup(sql: string, files: Readonly<Record<string, string>>): string {
  const path = join(folder, sql);
  mkdirSync(join(path, 'setup'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, 'setup', name), text);
  return path;
}

function namesOf(files: readonly SetupFile[]): string[] {
  return files.map(({ name }) => name);
}

/** Refuses the statement; `error` is what it says then. */
function recorder(refused?: string, error = 'ERROR: no'): SqlClient & { batches: (readonly string[])[] } {
  const batches: (readonly string[])[] = [];
  return {
    batches,
    run: () => Promise.resolve([]),
    transaction: (statements) => {
      if (refused !== undefined && statements.includes(refused)) {
        return Promise.reject(new CommandError(EXIT.failed, error));
      }
      batches.push(statements);
      return Promise.resolve();
    },
  };
}

describe('baton setup', () => {
  it('applies files in the order of their numbers, each as one transaction', async () => {
    const sql = writeSetup('sql', {
      '10_b.sql': 'CREATE TABLE b (a INT); CREATE TABLE c (a INT);',
      '9_a.sql': 'CREATE SCHEMA a;',
      '00_baton.sql': 'CREATE SCHEMA baton;',
      '11_C.SQL': 'SELECT 11;',
      'notes.txt': 'no SQL',
      '.#9_a.sql': 'an editor has it open',
    });
    const client = recorder();
    expect(namesOf(await applySetup(client, sql, sql))).toEqual([
      'setup/00_baton.sql',
      'setup/9_a.sql',
      'setup/10_b.sql',
      'setup/11_C.SQL',
    ]);
    expect(client.batches).toEqual([
      ['CREATE SCHEMA baton'],
      ['CREATE SCHEMA a'],
      ['CREATE TABLE b (a INT)', 'CREATE TABLE c (a INT)'],
      ['SELECT 11'],
    ]);
  });

  it("applies the project's own marker file with another folder", async () => {
    const base = writeSetup('base', { '00_baton.sql': 'CREATE SCHEMA baton;', '10_mart.sql': 'SELECT 1;' });
    const other = writeSetup('other', { 'a.sql': 'CREATE SCHEMA a;' });
    expect(namesOf(await applySetup(recorder(), other, base))).toEqual(['setup/00_baton.sql', 'setup/a.sql']);
    expect(namesOf(await applySetup(recorder(), join(folder, 'none'), base))).toEqual(['setup/00_baton.sql']);
  });

  it('sends at most 40 statements at once', async () => {
    const text = Array.from({ length: 85 }, (_, i) => `SELECT ${i};`).join('\n');
    const sql = writeSetup('sql', { '00_baton.sql': text });
    const client = recorder();
    await applySetup(client, sql, sql);
    expect(client.batches.map((batch) => batch.length)).toEqual([40, 40, 5]);
  });

  it('reports the file whose statement is refused, and applies the others', async () => {
    const sql = writeSetup('sql', {
      '00_baton.sql': 'SELECT 1;',
      '10_x.sql': 'BAD;',
      '15_open.sql': "SELECT 'a;",
      '20_y.sql': 'SELECT 2;',
    });
    writeFileSync(join(sql, 'setup', '16_latin.sql'), Buffer.from("SELECT 1;\nSELECT 'Köln'", 'latin1'));
    const client = recorder('BAD');
    const told: SetupFile[] = [];
    const files = await applySetup(client, sql, sql, (file) => told.push(file));
    expect(client.batches).toEqual([['SELECT 1'], ['SELECT 2']]);
    expect(told).toEqual(files);
    expect(files.filter(({ error }) => error !== undefined).map(setupLine)).toEqual([
      'setup/10_x.sql: ERROR: no',
      'setup/15_open.sql: 1: unclosed string',
      expect.stringContaining('setup/16_latin.sql: 2:10: the file is not valid UTF-8'),
    ]);
  });

  it("stops if Baton's own file is refused: no run could work", async () => {
    const sql = writeSetup('sql', { '00_baton.sql': 'BAD;', '20_y.sql': 'SELECT 2;' });
    const client = recorder('BAD');
    await expect(applySetup(client, sql, sql)).rejects.toThrow('setup/00_baton.sql: ERROR: no');
    expect(client.batches).toEqual([]);
  });

  it('fails on an error that is not an error of a statement', async () => {
    const sql = writeSetup('sql', { '00_baton.sql': 'SELECT 1;' });
    const client = { ...recorder(), transaction: () => Promise.reject(new Error('ECONNREFUSED')) };
    await expect(applySetup(client, sql, sql)).rejects.toThrow('ECONNREFUSED');
  });

  it('leaves an existing materialized view unchanged, applies the other statements, and reports it', async () => {
    const view = '-- daily\nCREATE MATERIALIZED VIEW mart."Daily" AS SELECT 1';
    const sql = writeSetup('sql', {
      '00_baton.sql': 'SELECT 1;',
      '10_v.sql': `SELECT 2; ${view}; SELECT 3;`,
    });
    const client = recorder(view, 'ERROR: relation "daily" already exists');
    const files = await applySetup(client, sql, sql);
    expect(client.batches).toEqual([['SELECT 1'], ['SELECT 2', 'SELECT 3']]);
    expect(files[1]).toEqual({ name: 'setup/10_v.sql', existing: ['mart.daily'] });
    expect(files.map(setupLine)[1]).toContain('mart.daily: already exists, left unchanged');
  });

  it('suggests how to make another statement repeatable', async () => {
    const sql = writeSetup('sql', { '00_baton.sql': 'SELECT 1;', '10_t.sql': 'CREATE TABLE t (a INT);' });
    const client = recorder('CREATE TABLE t (a INT)', 'ERROR: relation "t" already exists');
    const [, file] = await applySetup(client, sql, sql);
    expect(file?.error).toContain('write CREATE … IF NOT EXISTS or CREATE OR REPLACE');
  });
});
