import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SqlClient } from '../../cli/aws/sql-client.ts';
import { CommandError, EXIT } from '../../cli/exit.ts';
import { applySetup } from '../../cli/query/apply-setup.ts';

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

function recorder(refused?: string): SqlClient & { batches: (readonly string[])[] } {
  const batches: (readonly string[])[] = [];
  return {
    batches,
    run: () => Promise.resolve([]),
    transaction: (statements) => {
      if (refused !== undefined && statements.includes(refused)) {
        return Promise.reject(new CommandError(EXIT.failed, 'ERROR: no'));
      }
      batches.push(statements);
      return Promise.resolve();
    },
  };
}

describe('the setup', () => {
  it('applies files in the order of their numbers, each as one transaction', async () => {
    const sql = writeSetup('sql', {
      '10_b.sql': 'CREATE TABLE b (a INT); CREATE TABLE c (a INT);',
      '9_a.sql': 'CREATE SCHEMA a;',
      '00_baton.sql': 'CREATE SCHEMA baton;',
      'notes.txt': 'no SQL',
    });
    const client = recorder();
    expect(await applySetup(client, sql, sql)).toEqual(['00_baton.sql', '9_a.sql', '10_b.sql']);
    expect(client.batches).toEqual([
      ['CREATE SCHEMA baton'],
      ['CREATE SCHEMA a'],
      ['CREATE TABLE b (a INT)', 'CREATE TABLE c (a INT)'],
    ]);
  });

  it("gives another folder the project's own file for the markers", async () => {
    const base = writeSetup('base', { '00_baton.sql': 'CREATE SCHEMA baton;', '10_mart.sql': 'SELECT 1;' });
    const other = writeSetup('other', { 'a.sql': 'CREATE SCHEMA a;' });
    expect(await applySetup(recorder(), other, base)).toEqual(['00_baton.sql', 'a.sql']);
    expect(await applySetup(recorder(), join(folder, 'none'), base)).toEqual(['00_baton.sql']);
  });

  it('sends at most 40 statements at once', async () => {
    const text = Array.from({ length: 85 }, (_, i) => `SELECT ${i};`).join('\n');
    const sql = writeSetup('sql', { '00_baton.sql': text });
    const client = recorder();
    await applySetup(client, sql, sql);
    expect(client.batches.map((batch) => batch.length)).toEqual([40, 40, 5]);
  });

  it('names the file whose statement is refused, and stops there', async () => {
    const sql = writeSetup('sql', {
      '00_baton.sql': 'SELECT 1;',
      '10_x.sql': 'BAD;',
      '20_y.sql': 'SELECT 2;',
    });
    const client = recorder('BAD');
    await expect(applySetup(client, sql, sql)).rejects.toThrow('setup/10_x.sql: ERROR: no');
    expect(client.batches).toEqual([['SELECT 1']]);
  });
});
