/** Randomness, injected into the engine. */
import { randomBytes, randomInt } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const TOKEN_LENGTH = 26;

/** 130 random bits as 26 characters of a-z2-7: within ClientToken's 1 to 64 characters. */
export function randomToken(): string {
  return Array.from(randomBytes(TOKEN_LENGTH), (byte) => ALPHABET[byte & 31]).join('');
}

export function randomFraction(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
