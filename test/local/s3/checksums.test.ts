import { describe, expect, it } from 'vitest';

import { checksumNames, startChecksum } from '../../../local/s3/checksums.ts';

/** Hex of the checksum of the ASCII digits 1 to 9, fed in two pieces. */
function ofDigits(name: string): string {
  const checksum = startChecksum(name);
  checksum?.update(Buffer.from('1234'));
  checksum?.update(Buffer.from('56789'));
  return Buffer.from(checksum?.digest() ?? '', 'base64').toString('hex');
}

describe('checksums', () => {
  // The "check" values of the published catalogue of parameterized CRC algorithms.
  it.each([
    ['crc32', 'cbf43926'],
    ['crc32c', 'e3069283'],
    ['crc64nvme', 'ae8b14860a799888'],
    ['md5', '25f9e794323b453885f5181f1b624d0b'],
    ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ])('%s gives its check value', (name, expected) => {
    expect(ofDigits(name)).toBe(expected);
  });

  it('has no algorithm by a name it does not know', () => {
    expect(startChecksum('xxhash64')).toBeUndefined();
    expect(startChecksum('constructor')).toBeUndefined();
    expect(checksumNames).toContain('sha256');
  });
});
