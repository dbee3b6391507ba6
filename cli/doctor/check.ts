/** What `baton doctor` says of one thing. */
import { defined } from '../../shared/run/defined.ts';

export interface Check {
  readonly name: string;
  /** `unchecked`: it could not be looked at; that is no finding. */
  readonly status: 'ok' | 'finding' | 'unchecked';
  readonly message: string;
  /** What to do; of every finding. */
  readonly remedy?: string;
  /** How long it took, where a call was tried. */
  readonly ms?: number;
}

export function ok(name: string, message: string): Check {
  return { name, status: 'ok', message };
}

export function finding(name: string, message: string, remedy: string): Check {
  return { name, status: 'finding', message, remedy };
}

export function unchecked(name: string, message: string, remedy?: string): Check {
  return { name, status: 'unchecked', message, ...defined({ remedy }) };
}
