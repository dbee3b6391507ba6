/** In place of `@aws-sdk/util-dynamodb`: the same values for what items hold here, and errors for the rest. */

type AttributeValue = Readonly<Record<string, unknown>>;

interface Options {
  /** Else an undefined value is an error. */
  readonly removeUndefinedValues?: boolean;
}

export function marshall(data: object, options?: Options): Record<string, AttributeValue> {
  return membersOf(data, options);
}

export function unmarshall(data: Readonly<Record<string, AttributeValue>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, nativeOf(value)]));
}

function membersOf(data: object, options: Options | undefined): Record<string, AttributeValue> {
  const there = Object.entries(data).filter(
    ([, value]) => value !== undefined || options?.removeUndefinedValues !== true,
  );
  return Object.fromEntries(there.map(([key, value]) => [key, attributeOf(value, options)]));
}

function attributeOf(value: unknown, options: Options | undefined): AttributeValue {
  switch (typeof value) {
    case 'undefined':
      throw new Error(
        'Pass options.removeUndefinedValues=true to remove undefined values from map/array/set.',
      );
    case 'string':
      return { S: value };
    case 'boolean':
      return { BOOL: value };
    case 'bigint':
      return { N: String(value) };
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`Special numeric value ${String(value)} is not allowed`);
      if (Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new Error(`Number ${String(value)} is not exact`);
      return { N: String(value) };
    case 'object': {
      if (value === null) return { NULL: true };
      if (value instanceof Uint8Array) return { B: value };
      if (Array.isArray(value)) {
        const items = value.filter((item) => item !== undefined || options?.removeUndefinedValues !== true);
        return { L: items.map((item) => attributeOf(item, options)) };
      }
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype === Object.prototype || prototype === null) return { M: membersOf(value, options) };
      break;
    }
    default:
  }
  throw new Error(`Unsupported type passed: ${Object.prototype.toString.call(value)}`);
}

function nativeOf(attribute: AttributeValue): unknown {
  const [kind, value] = Object.entries(attribute).find(([, found]) => found !== undefined) ?? [];
  switch (kind) {
    case 'S':
    case 'BOOL':
    case 'B':
      return value;
    case 'NULL':
      return null;
    case 'N':
      return numberOf(value as string);
    case 'L':
      return (value as readonly AttributeValue[]).map(nativeOf);
    case 'M':
      return unmarshall(value as Readonly<Record<string, AttributeValue>>);
    case 'SS':
    case 'BS':
      return new Set(value as readonly unknown[]);
    case 'NS':
      return new Set((value as readonly string[]).map(numberOf));
    default:
      throw new Error(`Unsupported type passed: ${String(kind)}`);
  }
}

/** A number that is not exact as such is a bigint. */
function numberOf(text: string): number | bigint {
  const number = Number(text);
  return Math.abs(number) > Number.MAX_SAFE_INTEGER && Number.isFinite(number) ? BigInt(text) : number;
}
