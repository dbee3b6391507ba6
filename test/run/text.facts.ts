/** Texts from outside: how many bytes are kept of each, by what holds it; how they are measured, and cut once more. */
import assert from 'node:assert/strict';

import { bounded, shortened, utf8Bytes } from '../../shared/run/text.ts';
import { fact } from './fact.ts';

/** What holds a text, the bytes of the longest one that is kept whole, and what is kept of one that has a byte more. */
const bounds = [
  ['message', 8_000, 7_979],
  ['error', 8_000, 7_979],
  ['reason', 8_000, 7_979],
  ['reasons', 8_000, 7_979],
  ['versionId', 1_024, 1_003],
  ['version', 256, 236],
  ['errorClass', 256, 236],
  ['statementId', 256, 236],
] as const;

const sizes = [
  ['', 0],
  ['\u{0}', 1],
  ['\u{7F}', 1],
  ['\u{80}', 2],
  ['\u{7FF}', 2],
  ['\u{800}', 3],
  ['\u{FFFF}', 3],
  ['\u{10000}', 4],
  ['\u{10FFFF}', 4],
] as const;

export const textFacts = [
  ...bounds.map(([name, most, kept]) =>
    fact(`a text called ${name} is cut to ${most} bytes, alone and in a list`, () => {
      const fits = 'a'.repeat(most);
      const long = 'a'.repeat(most + 1);
      const cut = `${'a'.repeat(kept)}… [cut: ${most + 1} bytes]`;
      assert.deepStrictEqual(bounded({ [name]: fits }), { [name]: fits });
      assert.deepStrictEqual(bounded({ [name]: long }), { [name]: cut });
      assert.deepStrictEqual(bounded({ [name]: [long, fits, long] }), { [name]: [cut, fits, cut] });
    }),
  ),
  fact('a text outside an object is cut like a name', () =>
    assert.equal(bounded('a'.repeat(257)), `${'a'.repeat(236)}… [cut: 257 bytes]`),
  ),
  fact('characters of every UTF-8 size are measured, and texts are cut before them', () => {
    for (const [character, size] of sizes) {
      assert.equal(utf8Bytes(character), size);
      assert.equal(
        shortened(`${character}${'a'.repeat(100)}`, 20 + size),
        `${character}… [cut: ${100 + size} bytes]`,
      );
      if (size > 0)
        assert.equal(shortened(`${character}${'a'.repeat(100)}`, 19 + size), `… [cut: ${100 + size} bytes]`);
    }
  }),
  fact('a text that is cut again keeps its beginning', () =>
    assert.equal(
      shortened(shortened(`b${'a'.repeat(4_999)}`, 1_000), 100),
      `b${'a'.repeat(78)}… [cut: 5000 bytes]`,
    ),
  ),
];
