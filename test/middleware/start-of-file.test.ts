/** The beginning of a file, whatever is in it. */
import { gzipSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { textOfStart } from '../../shared/middleware/start-of-file.ts';

const text = 'id,näme\n1,a\n'.repeat(2_000);

test.each<[string, Uint8Array, string]>([
  ['UTF-8', Buffer.from(text), text],
  ['UTF-16', Buffer.from(`\uFEFF${text}`, 'utf16le'), text],
  ['gzip', gzipSync(text), text],
])('a file in %s is text', (_name, bytes, expected) => {
  expect(textOfStart(bytes)).toBe(expected);
});

test('of a gzip file whose end is missing, what there is comes', () => {
  // Of random text, which does not become small.
  const random = Array.from({ length: 20_000 }, (_, i) => ((i * 2_654_435_761) % 65_521).toString(36)).join(
    '\n',
  );
  const start = textOfStart(gzipSync(random).subarray(0, 10_000)) ?? '';
  expect(start.length).toBeGreaterThan(1_000);
  expect(random.startsWith(start)).toBe(true);
});

test('what cannot be decompressed is no text', () => {
  expect(textOfStart(Uint8Array.of(0x1f, 0x8b, 1, 2, 3))).toBeUndefined();
});
