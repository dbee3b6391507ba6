/** Which states were seen: 96 bits of each one's SHA-256, and the number that it was given; outside of the heap. */
import { createHash } from 'node:crypto';

const WORDS = 4;

export class Visited {
  size = 0;
  #slots = new Uint32Array(WORDS << 16);
  #mask = (1 << 16) - 1;

  /** The number of a state; negative (-1 - number) where it is new. */
  add(text: string): number {
    if (this.size * 2 > this.#mask) this.#grow();
    const digest = createHash('sha256').update(text).digest();
    const a = digest.readUInt32LE(0);
    const b = digest.readUInt32LE(4);
    const c = digest.readUInt32LE(8);
    const at = this.#find(this.#slots, this.#mask, a, b, c);
    const there = this.#slots[at + 3] ?? 0;
    if (there !== 0) return there - 1;
    this.#slots.set([a, b, c, this.size + 1], at);
    this.size += 1;
    return -this.size;
  }

  #find(slots: Uint32Array, mask: number, a: number, b: number, c: number): number {
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS;
      if (slots[at + 3] === 0) return at;
      if (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c) return at;
    }
  }

  #grow(): void {
    const mask = this.#mask * 2 + 1;
    const slots = new Uint32Array((mask + 1) * WORDS);
    for (let at = 0; at < this.#slots.length; at += WORDS) {
      const [a = 0, b = 0, c = 0, number = 0] = this.#slots.subarray(at, at + WORDS);
      if (number !== 0) slots.set([a, b, c, number], this.#find(slots, mask, a, b, c));
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}
