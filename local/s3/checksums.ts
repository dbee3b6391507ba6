/**
 * The checksums a client may send with a body, computed while it streams.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { ownEntry } from '../own-entry.ts';

export interface RunningChecksum {
  update(data: Buffer): void;
  /** Base64, as in the `x-amz-checksum-…` headers. */
  digest(): string;
}

/** By the name's end of `x-amz-checksum-<name>`. */
const makers: Readonly<Record<string, () => RunningChecksum>> = {
  crc32: () => new Crc32((data, value) => crc32(data, value)),
  crc32c: () => new Crc32(crc32c),
  crc64nvme: () => new Crc64(),
  sha1: () => hashOf('sha1'),
  sha256: () => hashOf('sha256'),
  sha512: () => hashOf('sha512'),
  md5: () => hashOf('md5'),
};

export const checksumNames: readonly string[] = Object.keys(makers);

/** Undefined when the algorithm is not one we have. */
export function startChecksum(name: string): RunningChecksum | undefined {
  return ownEntry(makers, name)?.();
}

function hashOf(algorithm: string): RunningChecksum {
  const hash = createHash(algorithm);
  return {
    update: (data) => {
      hash.update(data);
    },
    digest: () => hash.digest('base64'),
  };
}

class Crc32 implements RunningChecksum {
  readonly #step: (data: Buffer, value: number) => number;
  #value = 0;

  constructor(step: (data: Buffer, value: number) => number) {
    this.#step = step;
  }

  update(data: Buffer): void {
    this.#value = this.#step(data, this.#value);
  }

  digest(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#value >>> 0);
    return bytes.toString('base64');
  }
}

const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

function crc32c(data: Buffer, before: number): number {
  let value = ~before;
  for (const byte of data) value = (CRC32C_TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}

/** CRC-64/NVME in two halves: BigInt for every byte would be too slow. */
class Crc64 implements RunningChecksum {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(data: Buffer): void {
    let high = this.#high;
    let low = this.#low;
    for (const byte of data) {
      const index = (low ^ byte) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] ?? 0);
      high = (high >>> 8) ^ (CRC64_HIGH[index] ?? 0);
    }
    this.#high = high;
    this.#low = low;
  }

  digest(): string {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(~this.#high >>> 0);
    bytes.writeUInt32BE(~this.#low >>> 0, 4);
    return bytes.toString('base64');
  }
}

const CRC64_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const CRC64_TABLE = Array.from({ length: 256 }, (_, index) => {
  let value = BigInt(index);
  for (let bit = 0; bit < 8; bit += 1)
    value = (value & 1n) === 1n ? (value >> 1n) ^ CRC64_POLYNOMIAL : value >> 1n;
  return value;
});
const CRC64_HIGH = Uint32Array.from(CRC64_TABLE, (value) => Number(value >> 32n));
const CRC64_LOW = Uint32Array.from(CRC64_TABLE, (value) => Number(value & 0xffffffffn));
