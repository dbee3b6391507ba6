/** The size of an item as DynamoDB counts it: a write costs one unit for each KB begun (developer guide: DynamoDB item sizes and formats). */

/** Of an item or a value in it, in bytes. Undefined members are not stored. */
export function itemSize(item: Readonly<Record<string, unknown>>): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + (value === undefined ? 0 : Buffer.byteLength(name) + valueSize(value)),
    0,
  );
}

function valueSize(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return numberSize(value);
  if (value instanceof Uint8Array) return value.length;
  // A list or a map takes 3 bytes, and each member one more.
  if (Array.isArray(value)) return value.reduce((sum: number, member) => sum + 1 + valueSize(member), 3);
  if (typeof value !== 'object' || value === null) return 1;
  const members = Object.values(value).filter((member) => member !== undefined);
  return 3 + members.length + itemSize(value as Readonly<Record<string, unknown>>);
}

/** One byte for each two significant digits begun, one more, and another one for a sign. */
function numberSize(value: number): number {
  const digits = String(Math.abs(value)).replace('.', '').replace(/^0+/, '').replace(/0+$/, '');
  return Math.ceil(digits.length / 2) + 1 + (value < 0 ? 1 : 0);
}
