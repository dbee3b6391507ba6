/** Results of tests as JUnit XML, which CI systems show. Pure. */
import { printable } from '../output.ts';
import type { TestResult } from './run-test.ts';
import { mismatchText } from './show-result.ts';

/** One suite for each pipeline, in the order of the results. */
export function junitXml(results: readonly TestResult[]): string {
  const suites = [...new Set(results.map(({ test }) => test.pipeline))].map((pipeline) => {
    const those = results.filter(({ test }) => test.pipeline === pipeline);
    const open = `  <testsuite${attributes({ name: pipeline, ...countsOf(those) })}>\n`;
    return `${open}${those.map(caseOf).join('')}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes({ name: 'baton test', ...countsOf(results) })}>\n${suites.join('')}</testsuites>\n`;
}

function countsOf(results: readonly TestResult[]): Readonly<Record<string, string>> {
  const failures = results.filter(({ mismatches }) => mismatches.length > 0).length;
  const ms = results.reduce((sum, result) => sum + result.ms, 0);
  return { tests: String(results.length), failures: String(failures), errors: '0', time: seconds(ms) };
}

function caseOf({ test, ms, mismatches }: TestResult): string {
  const { pipeline: classname, name, file } = test;
  const open = `    <testcase${attributes({ classname, name, file, time: seconds(ms) })}`;
  const texts = mismatches.map(mismatchText);
  if (texts.length === 0) return `${open}/>\n`;
  const [message = ''] = (texts[0] ?? '').split('\n');
  return `${open}>\n      <failure${attributes({ message })}>${escaped(texts.join('\n'))}</failure>\n    </testcase>\n`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(value).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML has no control characters, not even as entities, and no half of a pair. */
function escaped(text: string): string {
  return printable(text)
    .replaceAll(/[\uFFFE\uFFFF]|\p{Surrogate}/gu, '\uFFFD')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
