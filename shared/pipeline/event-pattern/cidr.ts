/** IP addresses as numbers, for `cidr` in event patterns. */
import { isIPv4, isIPv6 } from 'node:net';

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** `10.0.0.0/24` or `2001:db8::/32` as a test of an address's text; throws with EventBridge's words. */
export function parseCidr(text: string): (address: string) => boolean {
  const parts = text.split('/');
  const [base, mask] = parts;
  if (base === undefined || mask === undefined || parts.length !== 2) {
    throw new Error("Malformed CIDR, one '/' required");
  }
  if (!/^-?[0-9]+$/.test(mask)) throw new Error('Malformed CIDR, mask bits must be an integer');
  if (mask.startsWith('-')) throw new Error('Malformed CIDR, mask bits must not be negative');
  const network = parseAddress(base);
  if (network === undefined) throw new Error(`Nonstandard IP address: ${base}`);
  if (Number(mask) >= network.bits) {
    throw new Error(network.bits === 32 ? 'IPv4 mask bits must be < 32' : 'IPv6 mask bits must be < 128');
  }
  const shift = BigInt(network.bits) - BigInt(mask);
  return (given) => {
    const address = parseAddress(given);
    return address?.bits === network.bits && address.value >> shift === network.value >> shift;
  };
}

function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) {
    return { bits: 32, value: text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
  }
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<bigint>(zeros).fill(0n), ...after];
  return { bits: 128, value: groups.reduce((sum, group) => (sum << 16n) | group, 0n) };
}

function groupsOf(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    // The last 32 bits of an IPv6 address may be written as IPv4.
    const value = parseAddress(group)?.value ?? 0n;
    return [value >> 16n, value & 0xffffn];
  });
}
