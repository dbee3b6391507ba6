/** Which side of a comparison Redshift converts. */
import { isInteger, isMoment, isNumber, isString } from './type.ts';
import type { Type } from './type.ts';

export interface Conversion {
  readonly left?: Type;
  readonly right?: Type;
}

/** Undefined: no page says what it means. What PostgreSQL compares needs no conversion. */
export function conversion(a: Type, b: Type): Conversion | undefined {
  if (isString(b) && !isString(a)) {
    const { left: right, right: left } = conversion(b, a) ?? {};
    return conversion(b, a) && { ...(left && { left }), ...(right && { right }) };
  }
  if (isString(a)) {
    if (b.kind === 'decimal') return { left: { kind: 'decimal' } };
    if (isNumber(b)) return { right: { kind: 'varchar' } };
    if (isMoment(b)) return { left: { kind: b.kind } };
    return b.kind === 'boolean' ? undefined : {};
  }
  if (a.kind === 'boolean' && isInteger(b)) return { right: { kind: 'boolean' } };
  if (b.kind === 'boolean' && isInteger(a)) return { left: { kind: 'boolean' } };
  const groups = [a, b].map(groupOf);
  return groups.includes(undefined) || groups[0] === groups[1] ? {} : undefined;
}

function groupOf(type: Type): string | undefined {
  if (isNumber(type)) return 'number';
  if (isMoment(type)) return 'moment';
  return type.kind === 'boolean' ? 'boolean' : undefined;
}
