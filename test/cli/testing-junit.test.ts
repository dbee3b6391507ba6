/** Results of tests as JUnit XML. */
import { spawnSync } from 'node:child_process';

import { expect, it } from 'vitest';

import { junitXml } from '../../cli/testing/junit.ts';
import type { Mismatch } from '../../cli/testing/mismatch.ts';
import type { TestResult } from '../../cli/testing/run-test.ts';

function result(pipeline: string, name: string, ...texts: readonly string[]): TestResult {
  const test = {
    pipeline,
    name,
    file: `${pipeline}/tests/${name}.yml`,
    setup: [],
    given: [],
    when: [],
    run: { state: 'SUCCEEDED' as const },
    steps: [],
    tables: [],
    files: [],
    timeoutSeconds: 120,
  };
  return { test, ms: 1234, runs: [], mismatches: texts.map((text): Mismatch => ({ kind: 'error', text })) };
}

it('has a suite for each pipeline, with the counts and the texts of what failed', () => {
  const xml = junitXml([
    result('sales', 'a'),
    result('stores', 'b', 'first\nsecond', 'third'),
    result('sales', 'c'),
  ]);
  expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="baton test" tests="3" failures="1" errors="0" time="3.702">
  <testsuite name="sales" tests="2" failures="0" errors="0" time="2.468">
    <testcase classname="sales" name="a" file="sales/tests/a.yml" time="1.234"/>
    <testcase classname="sales" name="c" file="sales/tests/c.yml" time="1.234"/>
  </testsuite>
  <testsuite name="stores" tests="1" failures="1" errors="0" time="1.234">
    <testcase classname="stores" name="b" file="stores/tests/b.yml" time="1.234">
      <failure message="first">first
second
third</failure>
    </testcase>
  </testsuite>
</testsuites>
`);
});

const HOSTILE = 'a"<b>&amp;]]>\'\u0000\u001B[31m\r\u0085\uFFFF\uD800\u{1F600} --> é\tx';
const SHOWN = `a"<b>&amp;]]>'\\x00\\x1b[31m\\x0d\\x85\uFFFD\uFFFD\u{1F600} --> é\tx`;

it('has no character that XML does not have, whatever names and errors hold', () => {
  const xml = junitXml([result(HOSTILE, 'n', HOSTILE)]);
  // oxlint-disable-next-line no-control-regex
  expect(xml).not.toMatch(/[\u0000-\u0008\u000B-\u001F\uFFFE\uFFFF]|\p{Surrogate}/u);
  expect(xml.replaceAll(/&(amp|lt|gt|quot|#10|#9);/g, '')).not.toContain('&');
  expect(xml.match(/</g)).toHaveLength(9);
});

const PARSE = `
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
case = root.find('testsuite/testcase')
failure = case.find('failure')
print(json.dumps([root.find('testsuite').get('name'), case.get('classname'), failure.get('message'), failure.text]))`;

const hasPython = spawnSync('python3', ['--version']).status === 0;

it.runIf(hasPython)('is read by another parser with what names and errors hold', () => {
  const { stdout } = spawnSync('python3', ['-c', PARSE], {
    input: junitXml([result(HOSTILE, 'n', HOSTILE)]),
  });
  expect(JSON.parse(stdout.toString())).toEqual([SHOWN, SHOWN, SHOWN, SHOWN]);
});
